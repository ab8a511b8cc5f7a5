// What every spec of the desktop begins with: the built tray in a home of its own, with its key in a file, on free ports,
// in a desktop session that is described by the environment alone. Everything it made is removed at the end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, test as base } from '@playwright/test';
import { commandEnvironment } from '../support/cli-process.ts';
import { StandIn } from '../support/electron/launch.ts';
import type { Settings } from '../support/electron/settings.ts';
import { builtApp } from './build.ts';
import { Desktop, type Places } from './desktop.ts';

export interface DesktopChoice {
  /** `none`: nothing says where the key is, so that a new tray stays in state `setup`. */
  readonly keySource?: 'file' | 'none';
  /** Fills the home before the start: a vault, whose key is in the file. Returns the secrets it put there. */
  readonly fill?: (vaultPath: string, keyFile: string) => Promise<Iterable<string>>;
  /** Over the usual environment: X11, no bus, no proxy. undefined takes a variable away. */
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  readonly sandbox?: boolean;
  /** Programs of the machine by name, as scripts with their first line. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Called with the home before the start, for files that must be there. */
  readonly prepare?: (home: string) => void | Promise<void>;
  /** How the stand-in presents itself. */
  readonly settings?: Partial<Pick<Settings, 'packaged' | 'links' | 'proxy'>>;
}

interface Started {
  readonly desktop: Desktop;
  readonly running: StandIn;
  readonly folders: readonly string[];
}

interface Fixtures {
  readonly desktopChoice: DesktopChoice;
  /** A tray for this test alone. */
  readonly desktop: Desktop;
}

interface WorkerFixtures {
  /** For files whose tests share a tray: start it in beforeAll, end it in afterAll with `endDesktop`. */
  readonly startDesktop: (choice?: DesktopChoice) => Promise<Desktop>;
}

const started = new Map<Desktop, Started>();

export const test = base.extend<Fixtures, WorkerFixtures>({
  desktopChoice: [{}, { option: true }],

  desktop: async ({ startDesktop, desktopChoice }, use, info) => {
    const desktop = await startDesktop(desktopChoice);
    await use(desktop);
    if (info.status !== info.expectedStatus) await info.attach('main process', { body: desktop.output() });
    await endDesktop(desktop);
  },

  startDesktop: [
    async ({ browser }, use) => {
      await use((choice = {}) => start(browser, choice));
      for (const desktop of started.keys()) await endDesktop(desktop);
    },
    { scope: 'worker' },
  ],
});

export { expect } from '@playwright/test';

/** Ends it, if nobody has, and removes its files. */
export async function endDesktop(desktop: Desktop): Promise<void> {
  const { running, folders } = started.get(desktop) ?? {};
  started.delete(desktop);
  await running?.close();
  for (const folder of folders ?? []) rmSync(folder, { recursive: true, force: true });
}

async function start(browser: Browser, choice: DesktopChoice): Promise<Desktop> {
  const home = mkdtempSync(join(tmpdir(), 'tt-desktop-'));
  const [keyHome, bin, clipboard] = [`${home}-key`, `${home}-bin`, `${home}-clipboard`];
  for (const folder of [keyHome, bin, clipboard]) mkdirSync(folder, { mode: 0o700 });
  for (const [name, source] of Object.entries(choice.programs ?? {}))
    writeFileSync(join(bin, name), source, { mode: 0o755 });
  const [endpoint_port, redirect_port] = [await freePort(), await freePort()];
  const ports = { version: 1, endpoint_port, redirect_port, sandbox_port: 0 };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(ports), { mode: 0o600 });
  const keyFile = join(keyHome, 'vault.key');
  const secrets = new Set<string>(await choice.fill?.(join(home, 'vault.db'), keyFile));
  await choice.prepare?.(home);
  const env = defined({
    ...commandEnvironment(home),
    PATH: [bin, process.env.PATH].join(delimiter),
    XDG_SESSION_TYPE: 'x11',
    XDG_CURRENT_DESKTOP: 'stand-in',
    // For programs in the place of the system's own, such as wl-copy.
    TEST_CLIPBOARD: clipboard,
    ...(choice.keySource === 'none' ? {} : { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: keyFile }),
    ...(choice.sandbox ? { TOKENTRAY_SANDBOX: '1' } : {}),
    ...choice.env,
  });
  const appPath = builtApp();
  const running = await StandIn.launch({
    browser,
    main: join(appPath, 'electron', 'main.js'),
    appPath,
    env,
    clipboard,
    args: choice.args ?? [],
    settings: choice.settings ?? {},
  });
  const places: Places = { home, keyHome, bin, clipboard, env, secrets };
  const desktop = new Desktop(running, places);
  started.set(desktop, { desktop, running, folders: [home, keyHome, bin, clipboard] });
  return desktop;
}

function defined(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
  });
  return promise;
}
