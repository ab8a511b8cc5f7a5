// The one opener of addresses in the tray: judged by the rule every host has, then the system's browser, or the browser and
// profile that was chosen for a connection. Never through a shell, and nothing else in this room opens anything.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { shell } from 'electron';
import type { DesktopPreferences } from '../api/desktop.ts';
import { TokentrayError } from '../core/errors.ts';
import type { BrowserPort } from '../core/ports.ts';
import { launchBrowser, strictUrl } from '../host/browser.ts';
import { type FoundBrowser, findBrowsers, openArguments } from './browsers-known.ts';

export interface BrowserChoice extends BrowserPort {
  /** What is installed; looked for anew after a minute, as people install browsers. */
  found(): readonly FoundBrowser[];
}

/** A list of a hundred profiles has fewer; more is not one. */
const LIST_BYTES = 4 * 1_024 * 1_024;
const LOOK_AGAIN_MS = 60_000;

export function createBrowserChoice(
  chosen: () => DesktopPreferences['browsers'],
  env: NodeJS.ProcessEnv = process.env,
): BrowserChoice {
  let browsers: readonly FoundBrowser[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  const found = (): readonly FoundBrowser[] => {
    if (performance.now() - lookedAt < LOOK_AGAIN_MS) return browsers;
    lookedAt = performance.now();
    browsers = findBrowsers({ platform: process.platform, env, exists: existsSync, read: readList });
    return browsers;
  };
  return {
    found,
    async open(url, about) {
      const address = strictUrl(url);
      const choice = about?.connection === undefined ? undefined : chosen()[about.connection];
      if (choice === undefined) return openInUsual(address);
      const browser = found().find(({ id }) => id === choice.browser);
      // To open it elsewhere would sign the person in as somebody else.
      if (browser === undefined)
        throw gone(`The browser chosen for this connection (${choice.browser}) is not here.`);
      const known = choice.profile === undefined || browser.profiles.some(({ id }) => id === choice.profile);
      if (!known) throw gone(`${browser.name} has no profile ${choice.profile} any more.`);
      const args = openArguments(browser, choice.profile, address);
      if (!(await launchBrowser(browser.program, args, env)))
        throw gone(`${browser.name} could not be started.`);
    },
  };
}

async function openInUsual(address: string): Promise<void> {
  try {
    await shell.openExternal(address);
  } catch {
    // Its own words name the address.
    throw gone('No browser could be opened here.');
  }
}

function gone(what: string): TokentrayError {
  return new TokentrayError(
    'browser_unavailable',
    `${what} Choose another one in Settings, or open the address yourself from the list of connections.`,
  );
}

function readList(path: string): string | undefined {
  try {
    return statSync(path).size > LIST_BYTES ? undefined : readFileSync(path, 'utf8');
  } catch {
    // Not there, or not for us to read: then there is no list.
    return undefined;
  }
}
