// The browser specs: a real Chromium against real hosts, and the windows of the tray. Without second chances, because what
// fails once in a browser fails for somebody. Any two tests of the window can run at once, each has a host of its own; a file
// of the desktop shares one tray. Nothing here measures time.
import { defineConfig } from '@playwright/test';
import { CHROMIUM } from './test/support/chromium.ts';

export default defineConfig({
  outputDir: 'test-results/runs',
  fullyParallel: true,
  workers: 2,
  projects: [
    { name: 'window', testDir: 'test/ui' },
    { name: 'desktop-build', testDir: 'test/desktop', testMatch: '**/build.setup.ts' },
    { name: 'desktop', testDir: 'test/desktop', dependencies: ['desktop-build'], fullyParallel: false },
  ],
  retries: 0,
  reporter: 'list',
  // A cold Chromium and a cold host on a busy machine take ten seconds together; a spec takes two.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: { browserName: 'chromium', launchOptions: CHROMIUM },
});
