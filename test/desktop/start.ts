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
import { Desktop, type Folders, type Running } from './desktop.ts';
import { ELECTRON, startElectron } from './electron-maker.ts';

export interface DesktopChoice {
  /** `none`: nothing says where the key is, so that a new tray stays in state `setup`. */
  readonly keySource?: 'file' | 'none';
  /** Fills the home before the start: a vault, whose key is in the file. Returns the secrets it put there. */
  readonly fill?: (vaultPath: string, keyFile: string) => Promise<Iterable<string>>;
  /** Over the usual environment: X11, no bus, no proxy. undefined takes a variable away. */
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  readonly sandbox?: boolean;
  /**
   * `tray` (when not given): a program in the place of dbus-send says that somebody shows tray icons, and knows nothing else.
   * `none`: it says that there is nobody. `real`: the machine's own programs ask the bus that `env` names.
   */
  readonly bus?: 'tray' | 'none' | 'real';
  /** Before the start: files that must be there, programs in the place of the machine's own. */
  readonly prepare?: (folders: Folders) => void | Promise<void>;
  /** How the stand-in presents itself. */
  readonly settings?: Partial<Pick<Settings, 'packaged' | 'links' | 'proxy'>>;
}

interface Started {
  readonly running: Running;
  readonly root: string;
  /** The same again, on the same files. */
  readonly again: (args: readonly string[]) => Promise<Desktop>;
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

/** In the place of dbus-send. Writes down what it was asked. */
function fakeBus(folders: Folders, bus: 'tray' | 'none'): string {
  const host = bus === 'tray' ? '*IsStatusNotifierHostRegistered*) echo "variant boolean true" ;;' : '';
  return `#!/bin/sh\necho "$*" >> '${join(folders.root, 'bus-calls')}'\ncase "$*" in\n${host}\n*) exit 1 ;;\nesac\n`;
}

const started = new Map<Desktop, Started>();

export const test = base.extend<Fixtures, WorkerFixtures>({
  desktopChoice: [{}, { option: true }],

  desktop: async ({ startDesktop, desktopChoice }, use, info) => {
    const desktop = await startDesktop(desktopChoice);
    await use(desktop);
    if (info.status !== info.expectedStatus) await info.attach('main process', { body: desktop.output() });
    // What the test itself started again ends with the worker.
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

/** Quits it, and starts another on the same files. */
export async function startAgain(desktop: Desktop, args: readonly string[] = []): Promise<Desktop> {
  const { running, again } = started.get(desktop) ?? {};
  if (running === undefined || again === undefined) throw new Error('That tray has been removed.');
  await desktop.quit();
  await running.close();
  started.delete(desktop);
  return again(args);
}

/** Ends it, if nobody has, and removes its files. Fails when the app used what the stand-in does not have. */
export async function endDesktop(desktop: Desktop): Promise<void> {
  const { running, root } = started.get(desktop) ?? {};
  started.delete(desktop);
  if (running === undefined || root === undefined) return;
  await running.close();
  // Windows holds the files of a program for a moment after its end.
  rmSync(root, { recursive: true, force: true, maxRetries: 10 });
  const lacking = running
    .output()
    .split('\n')
    .filter((line) => line.startsWith('stand-in'));
  if (lacking.length > 0) throw new Error(lacking.join('\n'));
}

async function start(browser: Browser, choice: DesktopChoice): Promise<Desktop> {
  const root = mkdtempSync(join(tmpdir(), 'tt-desktop-'));
  const folders: Folders = {
    root,
    home: join(root, 'home'),
    key: join(root, 'key'),
    bin: join(root, 'bin'),
    clipboard: join(root, 'clipboard'),
  };
  for (const folder of [folders.home, folders.key, folders.bin, folders.clipboard])
    mkdirSync(folder, { mode: 0o700 });
  const { home } = folders;
  const [endpoint_port, redirect_port] = [await freePort(), await freePort()];
  const ports = { version: 1, endpoint_port, redirect_port, sandbox_port: 0 };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(ports), { mode: 0o600 });
  const keyFile = join(folders.key, 'vault.key');
  const secrets = new Set<string>(await choice.fill?.(join(home, 'vault.db'), keyFile));
  const { bus = 'tray' } = choice;
  if (bus !== 'real' && process.platform === 'linux')
    writeFileSync(join(folders.bin, 'dbus-send'), fakeBus(folders, bus), { mode: 0o755 });
  await choice.prepare?.(folders);
  const env = defined({
    ...commandEnvironment(home),
    PATH: [folders.bin, process.env.PATH].join(delimiter),
    XDG_SESSION_TYPE: 'x11',
    XDG_CURRENT_DESKTOP: 'none',
    ...(choice.keySource === 'none' ? {} : { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: keyFile }),
    ...(choice.sandbox ? { TOKENTRAY_SANDBOX: '1' } : {}),
    ...choice.env,
  });
  const appPath = builtApp();
  const { clipboard } = folders;
  const main = join(appPath, 'electron', 'main.js');
  const launch = async (args: readonly string[]): Promise<Desktop> => {
    const { settings = {} } = choice;
    const running: Running =
      ELECTRON === undefined
        ? await StandIn.launch({ browser, main, appPath, env, clipboard, args, settings })
        : await startElectron({ appPath, env, args });
    const desktop = new Desktop(running, { folders, env, secrets });
    started.set(desktop, { running, root, again: launch });
    return desktop;
  };
  return launch(choice.args ?? []);
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
