// Opens an address in the user's browser. One judge decides what may reach the operating system's opener, for everybody
// who opens anything; no shell is ever between us and the opener (CVE-2025-6514).

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { TokentrayError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BrowserPort } from '../core/ports.ts';
import { isLoopback } from './proxy-choice.ts';

// An opener that finds no browser says so by ending with a failure; one that lives on is showing the page.
const EARLY_EXIT_MS = 1_000;

// What RFC 3986 section 2 lets a URL hold, without the quote. URL.href still passes some others through in a query.
const OUTSIDE_URL = /[^A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]/gu;
const STRICT_URL = /^https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]+$/;
// The URL parser lets quotes, backticks and "$(" into a host name.
const STRICT_HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])$/;

/**
 * The one form of an address that may be handed to the system: https (http only for the machine itself), no user-info,
 * RFC 3986 characters alone with `$(` broken up, at most `LIMITS.authorizationUrlChars`. Throws `unsafe_url`.
 */
export function strictUrl(url: URL): string {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw unsafe('only https addresses are opened, and http ones of this machine');
  }
  if (url.username !== '' || url.password !== '') throw unsafe('it holds a user name or a password');
  if (!STRICT_HOST.test(url.hostname)) throw unsafe('its host name has characters that no host name has');
  const href = url.href
    .replace(OUTSIDE_URL, encodeURIComponent)
    .replaceAll("'", '%27')
    .replaceAll('$(', '$%28');
  if (href.length > LIMITS.authorizationUrlChars) {
    throw unsafe(`it is longer than ${LIMITS.authorizationUrlChars} characters`);
  }
  if (!STRICT_URL.test(href) || href.includes('$(')) throw unsafe('it has characters that no address has');
  return href;
}

export interface BrowserOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

export function createBrowser(options: BrowserOptions = {}): BrowserPort {
  const env = options.env ?? process.env;
  const platform = options.platform ?? process.platform;
  return {
    async open(url) {
      const href = strictUrl(url);
      for (const [command, ...args] of openers(platform, env)) {
        if (await launchBrowser(command, [...args, href], env)) return;
      }
      throw unavailable();
    },
  };
}

type Opener = readonly [command: string, ...args: string[]];

function openers(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly Opener[] {
  // The full path: Windows looks in the current folder before it looks in its own.
  if (platform === 'win32') {
    return [[`${env.SystemRoot ?? 'C:\\Windows'}\\System32\\rundll32.exe`, 'url.dll,FileProtocolHandler']];
  }
  if (platform === 'darwin') return [['open']];
  const chosen = env.BROWSER ?? '';
  if (chosen === '') return env.DISPLAY || env.WAYLAND_DISPLAY ? [['xdg-open']] : [];
  // xdg-open honours BROWSER by itself; without xdg-open the first program of the list is started.
  return [['xdg-open'], [chosen.split(':')[0] ?? chosen]];
}

/** False when the program does not exist. Throws `browser_unavailable` when it ends at once with a failure. */
export async function launchBrowser(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const child = spawn(command, args, {
    detached: true,
    stdio: 'ignore',
    env: withoutOurs(env),
    shell: false,
  });
  child.unref();
  try {
    await once(child, 'spawn');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw unavailable();
  }
  const code = await earlyExit(child);
  if (code !== 0 && code !== undefined) throw unavailable();
  return true;
}

/** The exit code, null for a signal, undefined when the program is still there after a moment. */
async function earlyExit(child: ChildProcess): Promise<number | null | undefined> {
  const exited = once(child, 'exit');
  let patience: NodeJS.Timeout | undefined;
  const lives = new Promise<undefined>((resolve) => {
    patience = setTimeout(resolve, EARLY_EXIT_MS, undefined);
  });
  const outcome = await Promise.race([exited, lives]);
  clearTimeout(patience);
  return outcome?.[0];
}

// A browser has no business with our settings, some of which name key files.
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TOKENTRAY_')));
}

function unsafe(reason: string): TokentrayError {
  return new TokentrayError('unsafe_url', `The address was not opened: ${reason}.`);
}

function unavailable(): TokentrayError {
  return new TokentrayError(
    'browser_unavailable',
    'No browser could be opened here. Use --via paste, or open the printed address in a browser yourself.',
  );
}
