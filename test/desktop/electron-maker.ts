// The maker with a real Electron, where there is one: Playwright starts it, and a recorder in front of the main file keeps
// what cannot be read from outside. The binary is looked for first, because Playwright would download it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type Page } from '@playwright/test';
import { findBinary } from '../../scripts/start-choice.ts';
import type { Running } from './desktop.ts';

export interface ElectronOptions {
  /** Folder with the package.json that names the main file. */
  readonly appPath: string;
  readonly env: NodeJS.ProcessEnv;
  readonly args: readonly string[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RECORDER = fileURLToPath(new URL('recorder.cjs', import.meta.url));
const SECOND_MS = 15_000;
/** What a program with windows inherits from the desktop session it runs in; the second half is of Windows and macOS. */
const SESSION = [
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'ELECTRON_OVERRIDE_DIST_PATH',
  'SystemRoot',
  'SystemDrive',
  'ComSpec',
  'PATHEXT',
  'TEMP',
  'TMP',
  'TMPDIR',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
];

/** Path of the binary, or undefined. */
export const ELECTRON = findBinary({
  electron: join(ROOT, 'node_modules', 'electron'),
  env: process.env,
  platform: process.platform,
});

export async function startElectron({ appPath, env, args }: ElectronOptions): Promise<Running> {
  const session = Object.fromEntries(SESSION.map((name) => [name, process.env[name]]));
  const whole = present({ ...session, ...env });
  const app = await _electron.launch({
    args: ['-r', RECORDER, appPath, ...args],
    env: whole,
    // Without it Playwright adds --no-sandbox, and hardening specs prove nothing; root cannot have it.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const child = app.process();
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const complaints: string[] = [];
  const foreign: string[] = [];
  const watched = new WeakSet<Page>();
  const watch = (page: Page) => {
    if (watched.has(page)) return;
    watched.add(page);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('tokentray-ui://app/'))
        foreign.push(`${request.resourceType()} ${request.url()}`);
    });
  };
  app.on('window', watch);
  for (const page of app.windows()) watch(page);
  const ask: Running['ask'] = (op, ...given) =>
    app.evaluate(
      (electron, [name, rest]) => (globalThis as unknown as Recorded).desktopRecorder(electron, name, rest),
      [op, given] as const,
    );
  const ended = once(child, 'exit').then(([code]: (number | null)[]) => ({ code: code ?? null }));
  return {
    maker: 'electron',
    pid: child.pid ?? 0,
    ended,
    ask,
    pages: () => app.windows().filter((page) => !page.isClosed()),
    idOf: async (page) => (await app.browserWindow(page)).evaluate((window) => window.id),
    async secondStart(again) {
      const second = spawn(ELECTRON ?? '', [appPath, ...again], {
        env: whole,
        stdio: 'ignore',
        timeout: SECOND_MS,
        killSignal: 'SIGKILL',
      });
      const [code] = (await once(second, 'exit')) as (number | null)[];
      return { code: code ?? null };
    },
    async close() {
      await app.close();
      return ended;
    },
    output: () => output,
    copied: async () => (await ask('clipboard.formats')) as Record<string, string>,
    copy: async (text) => void (await ask('clipboard.put', text)),
    foreign,
    refused: async () => (await ask('refused')) as string[],
    complaints,
  };
}

interface Recorded {
  desktopRecorder(electron: unknown, op: string, given: readonly unknown[]): Promise<unknown>;
}

function present(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
