// The inside of the engine without its doors: a real vault in a folder of its own, and fakes for everything outside.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connections } from '../../core/connections.ts';
import { type ConsentStart, Consents } from '../../core/consent/consents.ts';
import { EventLog } from '../../core/event-log.ts';
import { LIMITS } from '../../core/limits.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import type { Provider } from '../../core/model/provider.ts';
import type {
  BrowserPort,
  HttpOutcome,
  HttpRequest,
  LinksOwner,
  LinksPort,
  RandomPort,
} from '../../core/ports.ts';
import { Registry } from '../../core/providers/registry.ts';
import { Receipts } from '../../core/refresh/receipts.ts';
import { Refresher } from '../../core/refresh/refresher.ts';
import { createVault } from '../../core/vault/vault.ts';
import { FakeClock } from './fake-clock.ts';
import { answered, FakeHttp } from './fake-http.ts';
import { acme } from './provider-samples.ts';
import { createRecordingLog } from './recording-log.ts';
import { removeVaultPlaces, vaultPlace } from './vault-fixture.ts';

export interface CoreWorldOptions {
  readonly providers?: readonly Provider[];
  /** What the provider answers; without it every code and refresh token gives fresh tokens. */
  readonly answer?: (request: HttpRequest) => HttpOutcome | Promise<HttpOutcome>;
  readonly redirectPort?: number;
}

const ends: Array<() => Promise<void>> = [];

/** For `after()` of every test file that made worlds: closes what still listens, and removes the folders. */
export async function endCoreWorlds(): Promise<void> {
  await Promise.all(ends.splice(0).map((end) => end()));
  removeVaultPlaces();
}

export async function coreWorld(options: CoreWorldOptions = {}) {
  const place = vaultPlace();
  const vault = await createVault(place, { kind: 'keychain' });
  const log = createRecordingLog();
  const clock = new FakeClock();
  const http = new FakeHttp(options.answer ?? freshTokens());
  const events = new EventLog(clock, log);
  const emitted: TokentrayEvent[] = [];
  events.subscribe(({ event }) => emitted.push(event));
  /** All that the engine drew at random, to look for it where it must not be. */
  const drawn: Buffer[] = [];
  const random: RandomPort = {
    bytes(count) {
      drawn.push(randomBytes(count));
      return new Uint8Array(drawn.at(-1)!);
    },
  };
  const opened: URL[] = [];
  const browser: BrowserPort & { onOpen: (url: URL) => Promise<void> } = {
    onOpen: () => Promise.resolve(),
    async open(url) {
      opened.push(url);
      await browser.onOpen(url);
    },
  };
  const links: LinksPort & { now: LinksOwner } = {
    now: { kind: 'none' },
    owner: () => Promise.resolve(links.now),
  };
  const connections = new Connections(log, random);
  const registry = new Registry(log);
  registry.load(vault);
  connections.load(vault);
  for (const provider of options.providers ?? [acme()]) registry.put(provider, undefined);
  const redirectPort = () => options.redirectPort ?? 1;
  const shared = { clock, http, log, random, browser, links, events, connections, registry, redirectPort };
  const consents = new Consents(shared);
  const refresher = new Refresher(shared);
  const receipts = new Receipts(shared);
  ends.push(async () => {
    await consents.endAll('The test is over.');
    // Past every pause in which a browser could still follow to its last page.
    clock.advance(LIMITS.listenerLifeMs);
    vault.close();
  });

  return {
    ...shared,
    vault,
    place,
    consents,
    refresher,
    receipts,
    emitted,
    opened,
    drawn,
    start: (start: Partial<ConsentStart> = {}) => {
      const provider = start.provider ?? registry.all()[0]!;
      return consents.start({
        provider,
        account: undefined,
        scopes: provider.scopes,
        via: undefined,
        ...start,
      });
    },
    /** Requests to token endpoints so far. */
    tokenRequests: () => http.requests.filter(({ url }) => url.pathname.endsWith('/token')),
    /** Every byte of every file of the vault. Only after `vault.close()`. */
    onDisk: () =>
      Buffer.concat(readdirSync(place.directory).map((file) => readFileSync(join(place.directory, file)))),
  };
}

export type CoreWorld = Awaited<ReturnType<typeof coreWorld>>;

/** A token endpoint that gives new tokens each time, and a revocation endpoint that takes everything. */
function freshTokens(): (request: HttpRequest) => HttpOutcome {
  let count = 0;
  return ({ url }) => {
    if (!url.pathname.endsWith('/token')) return answered(200);
    count += 1;
    return answered(200, {
      access_token: `access-${count}`,
      token_type: 'Bearer',
      expires_in: 3_600,
      refresh_token: `refresh-${count}`,
    });
  };
}
