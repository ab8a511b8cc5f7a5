// The browser specs: a real Chromium against a real host, and the windows of the tray. Without second chances, because what fails once in a browser
// fails for somebody. Two files at a time; the one that measures runs alone, after the others.
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const MEASURING = '**/many.spec.ts';
// npm test runs these after the others; each run empties its own folder.
const DESKTOP_OUT = 'test-results/desktop-runs';
const SYSTEM_CHROMIUM = '/usr/bin/chromium';

export default defineConfig({
  testDir: 'test',
  outputDir: 'test-results/runs',
  workers: 2,
  projects: [
    { name: 'window', testDir: 'test/ui', testIgnore: MEASURING },
    { name: 'measures', testDir: 'test/ui', testMatch: MEASURING, dependencies: ['window'] },
    {
      name: 'desktop-build',
      testDir: 'test/desktop',
      testMatch: '**/build.setup.ts',
      outputDir: DESKTOP_OUT,
    },
    { name: 'desktop', testDir: 'test/desktop', dependencies: ['desktop-build'], outputDir: DESKTOP_OUT },
  ],
  retries: 0,
  reporter: 'list',
  // A cold Chromium and a cold host on a busy machine take ten seconds together; a spec takes two.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: 'chromium',
    launchOptions: {
      ...(existsSync(SYSTEM_CHROMIUM) ? { executablePath: SYSTEM_CHROMIUM } : {}),
      // Nothing of the browser's own may go out, so that what does is the product's.
      args: [
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
      // As root, in containers and on CI, Chromium cannot set up a sandbox of its own.
      chromiumSandbox: process.getuid?.() !== 0 && !process.env.CI,
    },
  },
});
