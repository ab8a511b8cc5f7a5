// A home with connections of the provider `bench`, and a host over it as users run it (dist/). The vault is filled through
// core, with tokens that last for the run, so that nothing but the host itself is measured.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillVault } from '../support/window-fill.ts';

export const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');
const HOUR_MS = 3_600_000;
/** As long as a JWT access token of a large provider. */
const TOKEN_BYTES = 900;

export interface Setting {
  readonly env: NodeJS.ProcessEnv;
  /** A key for the connections. */
  readonly key: string;
  readonly port: number;
  /** Starts the host anew; from the start of its process to the line that says it is ready, milliseconds. */
  restart(): Promise<number>;
  residentMiB(): number;
  close(): Promise<void>;
}

export async function prepare(connections: number): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-bench-'));
  const home = join(folder, 'home');
  mkdirSync(home, { mode: 0o700 });
  const keyFile = join(folder, 'vault.key');
  const filled = Array.from({ length: connections }, (_, number) => ({
    account: `user${number + 1}`,
    label: `user${number + 1}@example.test`,
    endsIn: HOUR_MS,
    scope: ['read', 'write'],
    tokenBytes: TOKEN_BYTES,
  }));
  await fillVault(filled, 'bench')(join(home, 'vault.db'), keyFile);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    TOKENTRAY_HOME: home,
    TOKENTRAY_KEY_SOURCE: 'file',
    TOKENTRAY_KEY_FILE: keyFile,
  };
  let host = await start(env);
  const key = await run(env, 'keys', 'add', 'bench', '--connection', 'bench');
  return {
    env,
    key,
    get port() {
      return Number(
        new URL((JSON.parse(readFileSync(join(home, 'endpoint.json'), 'utf8')) as { url: string }).url).port,
      );
    },
    async restart() {
      await stop(host.child);
      host = await start(env);
      return host.readyMs;
    },
    residentMiB: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${host.child.pid}/status`, 'utf8'))![1]) / 1_024,
    async close() {
      await stop(host.child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function run(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let data = '';
  child.stdout.on('data', (chunk: Buffer) => (data += chunk));
  child.stderr.resume();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`tokentray ${args[0]} ended with ${code}`);
  return data.trim();
}

async function start(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; readyMs: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise<void>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk;
      if (printed.includes('Ctrl-C')) resolve();
    });
    child.once('exit', () => reject(new Error('the host ended before it was ready')));
  });
  return { child, readyMs: performance.now() - began };
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
