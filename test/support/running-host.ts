// The real headless host inside the test's own process: its files in a fresh home, its doors on free ports, its key in a
// file outside the home. Nothing of the machine is used: no keychain, no browser, no proxy.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Ports } from '../../core/ports.ts';
import { type Host, type HostOptions, startHost } from '../../host/start.ts';
import { commandEnvironment, DEADLINE_MS } from './cli-process.ts';
import { MemoryKeychain } from './vault-keychain.ts';

export interface RunningHostOptions {
  /** A home that a host has used before, for restarts; else a new one. */
  readonly home?: string;
  readonly sandbox?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** By default the browser only keeps what it was given, and the keychain is unreachable. */
  readonly ports?: Partial<Ports>;
  readonly onStep?: NonNullable<HostOptions['onStep']>;
  /** `none`: nothing says where the key is, so that a new host stays in state `setup`. */
  readonly keySource?: 'file' | 'none';
}

export interface CallOptions {
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
  /** The owner's when not given; null: none. */
  readonly key?: string | null;
  readonly door?: 'tcp' | 'socket';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Fails the test when the body is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields it expects, and fails on the others by itself.
  readonly json: any;
}

export interface RunningHost {
  readonly host: Host;
  readonly home: string;
  /** Folder of the key file. */
  readonly keyHome: string;
  readonly ownerKey: string;
  readonly url: string;
  readonly socketPath: string;
  /** Addresses the default browser was asked to open. */
  readonly opened: readonly URL[];
  /** One request on a connection of its own; `path` may hold a query. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** For `tokentray` as a process (`startTokentray`, `runTokentray`). */
  readonly env: NodeJS.ProcessEnv;
  /** Ends the host and keeps its files. */
  stop(): Promise<void>;
  /** Ends the host and removes its files. */
  remove(): Promise<void>;
}

const SANDBOX = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));

export async function startRunningHost(options: RunningHostOptions = {}): Promise<RunningHost> {
  const home = options.home ?? (await newHostHome());
  const keyHome = `${home}-key`;
  mkdirSync(keyHome, { recursive: true, mode: 0o700 });
  const keySource =
    options.keySource === 'none'
      ? {}
      : { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: join(keyHome, 'vault.key') };
  const env = commandEnvironment(home, { ...keySource, ...options.env });
  const opened: URL[] = [];
  const keychain = new MemoryKeychain();
  keychain.mood = 'unreachable';
  const host = await startHost({
    env,
    port: 0,
    sandbox: options.sandbox ?? false,
    sandboxScript: SANDBOX,
    // No window is built for these tests; test/ui has one.
    windowDirectory: join(keyHome, 'no-window'),
    version: '0.0.0-test',
    ports: { browser: { open: async (url) => void opened.push(url) }, keychain, ...options.ports },
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  });
  assert.ok(host.url);
  const { url } = host;
  const ownerKey = readFileSync(host.paths.ownerKey, 'utf8').trim();
  const socketPath = host.paths.socket;
  const call: RunningHost['call'] = (method, path, given = {}) =>
    callHost({ url, socketPath, method, path, key: ownerKey, ...given });
  const stop = () => host.close();
  const remove = async () => {
    await stop();
    for (const folder of [home, keyHome]) rmSync(folder, { recursive: true, force: true });
  };
  return { host, home, keyHome, ownerKey, url, socketPath, opened, call, env, stop, remove };
}

/** A home whose sandbox and redirect listener take free ports. */
export async function newHostHome(): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'tt-host-'));
  const settings = { version: 1, sandbox_port: 0, redirect_port: await freePort() };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  return home;
}

interface HostCall extends CallOptions {
  readonly url: string;
  readonly socketPath: string;
  readonly method: string;
  readonly path: string;
}

export function callHost(call: HostCall): Promise<Reply> {
  const { url, socketPath, method, path, key, body, door = 'tcp', headers = {} } = call;
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const where =
    door === 'socket'
      ? { socketPath, headers: { host: 'localhost' } }
      : { hostname: '127.0.0.1', port: new URL(url).port, headers: {} };
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...where,
      method,
      path,
      headers: {
        ...where.headers,
        connection: 'close',
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(sent === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
        ...headers,
      },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      text(response).then(
        (answer) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: answer,
            get json() {
              return JSON.parse(answer);
            },
          }),
        reject,
      );
    });
    request.end(sent);
  });
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
