// How tests, benches and pictures start Chromium: the system's own where there is one, and as quiet as it can be made.
import { existsSync } from 'node:fs';
import type { LaunchOptions } from '@playwright/test';

const SYSTEM_CHROMIUM = '/usr/bin/chromium';

export const CHROMIUM: LaunchOptions = {
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
};
