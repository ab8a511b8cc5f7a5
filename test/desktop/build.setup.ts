// Runs before the specs of the desktop, once: builds, and says what they run on and what that cannot show.
import { createRequire } from 'node:module';
import { test } from '@playwright/test';
import { DECLARED } from '../support/electron/launch.ts';
import { buildApp } from './build.ts';
import { ELECTRON } from './electron-maker.ts';

const NOT_SHOWN =
  'It shows our logic, the order of our calls and the window. It does not show: privileges of the scheme, process sandbox, fuses, whether the desktop shows tray and notifications, the real clipboard and its focus, power events, registration of links, the single instance lock, certificates, Node of Electron.';

test('builds what users run', async ({ browser }) => {
  await buildApp();
  const playwright: string = createRequire(import.meta.url)('@playwright/test/package.json').version;
  const lines =
    ELECTRON === undefined
      ? [
          `Desktop specs run on the stand-in: declarations of Electron ${DECLARED}, Chromium ${browser.version()}, Node ${process.versions.node}, Playwright ${playwright}.`,
          NOT_SHOWN,
        ]
      : [`Desktop specs run on Electron ${DECLARED} at ${ELECTRON}, Playwright ${playwright}.`];
  process.stdout.write(`${lines.join('\n')}\n`);
});
