// The real headless host inside the test's own process with its window, in a home of its own and on ports it keeps, so
// that it can be stopped and started again under a browser. Knows every secret that passed, to look for them elsewhere.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/ports.ts';
import { type Host, startHost } from '../../host/start.ts';
import { commandEnvironment } from './cli-process.ts';
import { recordingHttp } from './recording-http.ts';
import { type KeychainMood, MemoryKeychain } from './vault-keychain.ts';

export interface WindowHostOptions {
  /** Folder of the built window. */
  readonly windowDirectory: string;
  /** `none`: nothing says where the key is, so that a new host stays in state `setup`. */
  readonly keySource?: 'file' | 'none';
  /** `unreachable` when not given. */
  readonly keychain?: KeychainMood;
  readonly sandbox?: boolean;
  /** Else the machine's. */
  readonly clock?: Clock;
  /** Fills the home before the first start: a vault, whose key is in the file. Returns the secrets it put there. */
  readonly fill?: (vaultPath: string, keyFile: string) => Promise<Iterable<string>>;
}

export interface WindowHost {
  readonly engine: Host['engine'];
  readonly home: string;
  readonly ownerKey: string;
  /** Of the endpoint. */
  readonly url: string;
  /** Scheme, host and port of the window. */
  readonly origin: string;
  /** Every token, code, verifier and client secret that went over the wire to a provider, and back. */
  readonly secrets: Set<string>;
  /** A fresh login link. */
  link(): string;
  /** Asks the endpoint as the owner; fails on anything but an answer of 2xx. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
  /** On the same home and ports. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

const SANDBOX = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));

export async function startWindowHost(options: WindowHostOptions): Promise<WindowHost> {
  const home = mkdtempSync(join(tmpdir(), 'tt-window-'));
  const keyHome = `${home}-key`;
  mkdirSync(keyHome, { mode: 0o700 });
  const [endpoint_port, redirect_port, window_port] = [await freePort(), await freePort(), await freePort()];
  const settings = { version: 1, endpoint_port, redirect_port, window_port, sandbox_port: 0 };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  const keyFile = join(keyHome, 'vault.key');
  const source =
    options.keySource === 'none' ? {} : { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: keyFile };
  const keychain = new MemoryKeychain();
  keychain.mood = options.keychain ?? 'unreachable';
  const secrets = new Set<string>(await options.fill?.(join(home, 'vault.db'), keyFile));
  const launch = (): Promise<Host> =>
    startHost({
      env: commandEnvironment(home, source),
      port: null,
      sandbox: options.sandbox ?? false,
      sandboxScript: SANDBOX,
      windowDirectory: options.windowDirectory,
      version: '0.0.0-test',
      ports: {
        browser: { open: async () => undefined },
        keychain,
        http: recordingHttp(secrets, []),
        ...(options.clock === undefined ? {} : { clock: options.clock }),
      },
    });
  let host = await launch();
  const ownerKey = readFileSync(host.paths.ownerKey, 'utf8').trim();
  secrets.add(ownerKey);
  const url = `http://127.0.0.1:${endpoint_port}`;
  return {
    get engine() {
      return host.engine;
    },
    home,
    ownerKey,
    url,
    origin: `http://127.0.0.1:${window_port}`,
    secrets,
    link() {
      const link = host.windowLink();
      secrets.add(link.hash.slice('#code='.length));
      return link.href;
    },
    async call(method, path, body) {
      const answer = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${ownerKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      const document: unknown = await answer.json();
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
      return document;
    },
    stop: () => host.close(),
    async start() {
      host = await launch();
    },
    async remove() {
      await host.close();
      for (const folder of [home, keyHome]) rmSync(folder, { recursive: true, force: true });
    },
  };
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
