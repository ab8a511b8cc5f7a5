// One real host with ears on its network, log and output, hostile providers and practice users beside it. When the test
// ends, everything that the host left on disk, logged or printed is searched for every secret that passed (promise 65).
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { ConnectionJson, ConsentJson, TokenJson } from '../../api/wire.ts';
import { LIMITS } from '../../core/limits.ts';
import type { RandomPort } from '../../core/ports.ts';
import type { HttpOptions } from '../../host/fetch.ts';
import { systemRandom } from '../../host/random.ts';
import { createUserAgent, type UserAgent, walkConsent } from '../../sandbox/user-agent.ts';
import { scanForCanaries, scanText } from './canary-scan.ts';
import { FakeClock } from './fake-clock.ts';
import { type Fields, type HostileOptions, HostileProvider } from './hostile-provider.ts';
import { type RecordingHttp, recordingHttp, type Trace } from './recording-http.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';
import { type Reply, type RunningHost, type RunningHostOptions, startRunningHost } from './running-host.ts';

// Everything temporary of this process, of SQLite and of its children lies in a folder of its own, so that all of it
// can be searched.
const temporary = mkdtempSync(join(tmpdir(), 'tt-it-'));
process.env.TMPDIR = temporary;
after(() => rmSync(temporary, { recursive: true, force: true }));

const printed: string[] = [];
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: never[]) => {
    printed.push(Buffer.from(chunk).toString('latin1'));
    return write(chunk, ...rest);
  };
}

/** What `after` of a test looks like. */
interface Cleanup {
  after(fn: () => unknown): void;
}

export interface WorldOptions extends RunningHostOptions {
  /** Time stands still until the test moves it; the providers of this world live in it too. */
  readonly fakeTime?: boolean;
  /** Of the network adapter. */
  readonly limits?: HttpOptions['limits'];
}

export interface World {
  /** The host as it runs now: another one after restart(). */
  readonly host: RunningHost;
  readonly clock: FakeClock;
  readonly http: RecordingHttp;
  readonly log: RecordingLog;
  /** Every secret that passed. */
  readonly secrets: Set<string>;
  /** Network and rotation steps, in order. */
  readonly trace: Trace;
  call: RunningHost['call'];
  hostile(options?: HostileOptions): Promise<HostileProvider>;
  /** Stops the host and starts another one over its files. */
  restart(): Promise<void>;
  /** Fails the test when any secret lies readable on disk, in a log or in what was printed. */
  assertNothingLeaked(): void;
}

export async function openWorld(t: Cleanup, options: WorldOptions = {}): Promise<World> {
  const { fakeTime = false, limits, ports, onStep, ...rest } = options;
  const clock = new FakeClock();
  const log = createRecordingLog();
  const secrets = new Set<string>();
  const trace: Trace = [];
  const http = recordingHttp(secrets, trace, limits);
  const providers: HostileProvider[] = [];
  const random: RandomPort = {
    bytes(count) {
      const bytes = systemRandom.bytes(count);
      // States, nonces, verifiers and keys: also those that never left the host.
      if (count === LIMITS.stateBytes) secrets.add(Buffer.from(bytes).toString('base64url'));
      return bytes;
    },
  };
  const start = (home?: string) =>
    startRunningHost({
      ...rest,
      ...(home === undefined ? {} : { home }),
      ports: { http, log, random, ...(fakeTime ? { clock } : {}), ...ports },
      onStep: (step, id) => {
        trace.push(step);
        onStep?.(step, id);
      },
    });
  let host = await start();
  const known = () => [...secrets, ...providers.flatMap((provider) => [...provider.secrets])];
  const world: World = {
    get host() {
      return host;
    },
    clock,
    http,
    log,
    secrets,
    trace,
    call: (...args) => host.call(...args),
    async hostile(given = {}) {
      const provider = await HostileProvider.start({
        ...(fakeTime ? { now: () => clock.wall() } : {}),
        ...given,
      });
      providers.push(provider);
      return provider;
    },
    async restart() {
      await host.stop();
      host = await start(host.home);
    },
    assertNothingLeaked() {
      // The keys of vaults, and the practice server's own store.
      const keys = readdirSync(temporary).filter((name) => name.endsWith('-key'));
      const except = [join(host.home, 'sandbox'), ...keys.map((name) => join(temporary, name))];
      const hits = [
        ...scanForCanaries([temporary], known(), except),
        ...scanText('log', JSON.stringify(log.entries), known()),
        ...scanText('output', printed.join(''), known()),
      ];
      assert.deepEqual(hits, []);
    },
  };
  t.after(async () => {
    try {
      world.assertNothingLeaked();
    } finally {
      await host.remove();
      for (const provider of providers) await provider.close();
    }
  });
  return world;
}

/** Adds a provider to the host. */
export async function addProvider(world: World, entry: Fields): Promise<void> {
  const reply = await world.call('POST', '/v1/providers', { body: entry });
  assert.equal(reply.status, 201, reply.body);
}

export interface Asked {
  readonly account?: string;
  readonly scopes?: readonly string[];
  /** Name of a practice user; none: the server asks nobody. */
  readonly username?: string;
  readonly agent?: UserAgent;
}

/** Starts a consent and answers its address; nobody has opened it. */
export async function startConsent(world: World, provider: string, asked: Asked = {}): Promise<ConsentJson> {
  const { account, scopes } = asked;
  const reply = await world.call('POST', '/v1/connections', { body: { provider, account, scopes } });
  assert.equal(reply.status, 202, reply.body);
  const consent: ConsentJson = reply.json.consent;
  const address = new URL(consent.authorization_url ?? '');
  world.secrets.add(address.searchParams.get('state') ?? '');
  return consent;
}

/** Opens the address as a browser would and waits for the end of the consent. */
export async function finishConsent(
  world: World,
  consent: ConsentJson,
  asked: Asked = {},
): Promise<ConsentJson> {
  const { agent = createUserAgent(), username } = asked;
  const authorizationUrl = consent.authorization_url ?? '';
  if (username === undefined) await agent.open(authorizationUrl);
  else await walkConsent(agent, { authorizationUrl, username, password: 'password', decision: 'allow' });
  return (await world.call('GET', `/v1/consents/${consent.id}?wait=10`)).json;
}

/** A whole consent; its result, good or not. */
export async function consentAt(world: World, provider: string, asked: Asked = {}): Promise<ConsentJson> {
  return finishConsent(world, await startConsent(world, provider, asked), asked);
}

/** A whole consent that must succeed. */
export async function connect(world: World, provider: string, asked: Asked = {}): Promise<ConnectionJson> {
  const consent = await consentAt(world, provider, asked);
  assert.equal(consent.status, 'done', consent.reason);
  return connectionOf(world, consent.connection_id ?? '');
}

export async function connectionOf(world: World, ref: string): Promise<ConnectionJson> {
  const reply = await world.call('GET', `/v1/connections/${encodeURIComponent(ref)}`);
  assert.equal(reply.status, 200, reply.body);
  return reply.json;
}

export async function connectionsOf(world: World, provider: string): Promise<ConnectionJson[]> {
  const { connections }: { connections: ConnectionJson[] } = (await world.call('GET', '/v1/connections'))
    .json;
  return connections.filter((connection) => connection.provider === provider);
}

/** `query` such as `force` or `min_valid=60`. */
export function askToken(world: World, ref: string, query = ''): Promise<Reply> {
  return world.call('GET', `/v1/token/${ref}${query === '' ? '' : `?${query}`}`);
}

/** A token that must be given. */
export async function tokenOf(world: World, ref: string, query = ''): Promise<TokenJson> {
  const reply = await askToken(world, ref, query);
  assert.equal(reply.status, 200, reply.body);
  return reply.json;
}

/** Fails unless the answer is a problem document with this status and code. */
export function assertProblem(reply: Reply, status: number, code: string): void {
  assert.deepEqual({ status: reply.status, code: reply.json.code }, { status, code }, reply.body);
}
