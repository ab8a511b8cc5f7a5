// The browser specs: a real Chromium against real hosts. Without second chances, because what fails once in a browser fails
// for somebody. Every test has a host of its own, so that any two can run at once; nothing here measures time.
import { defineConfig } from '@playwright/test';
import { CHROMIUM } from './test/support/chromium.ts';

export default defineConfig({
  testDir: 'test/ui',
  outputDir: 'test-results/runs',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  reporter: 'list',
  // A cold Chromium and a cold host on a busy machine take ten seconds together; a spec takes two.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: { browserName: 'chromium', launchOptions: CHROMIUM },
});
