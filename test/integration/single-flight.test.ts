// One refresh in flight per connection, whatever the number of callers and whichever door they come through.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import type { TokenJson } from '../../api/wire.ts';
import { Connections } from '../../core/connections.ts';
import { EventLog } from '../../core/event-log.ts';
import { buildEntry, splitSecret } from '../../core/providers/entry.ts';
import { Registry } from '../../core/providers/registry.ts';
import { Refresher } from '../../core/refresh/refresher.ts';
import { createVault } from '../../core/vault/vault.ts';
import { systemClock } from '../../host/clock.ts';
import { createHttp } from '../../host/fetch.ts';
import { runTokentray } from '../support/cli-process.ts';
import { after, answering, HostileProvider, honestly } from '../support/hostile-provider.ts';
import { addProvider, askToken, connect, openWorld, tokenOf } from '../support/integration-world.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { removeVaultPlaces, vaultPlace } from '../support/vault-fixture.ts';

/** What every caller of one refresh must have got, and what the provider must have seen. */
function assertOneRefresh(
  provider: HostileProvider,
  before: number,
  tokens: readonly Pick<TokenJson, 'access_token' | 'expires_at'>[],
): void {
  assert.equal(provider.tokenRequests.length - before, 1, 'requests at the token endpoint');
  assert.equal(new Set(tokens.map(({ access_token }) => access_token)).size, 1, 'access tokens');
  assert.equal(new Set(tokens.map(({ expires_at }) => expires_at)).size, 1, 'ends');
}

/** Resolves when that many requests for tokens have arrived at a server of this process. */
function arrivals(t: { after(fn: () => void): void }, wanted: number): Promise<void> {
  const all = Promise.withResolvers<void>();
  let count = 0;
  const arrived = (message: unknown) => {
    const { request } = message as { request: { url: string } };
    if (request.url.startsWith('/v1/token/')) count += 1;
    if (count === wanted) all.resolve();
  };
  subscribe('http.server.request.start', arrived);
  t.after(() => unsubscribe('http.server.request.start', arrived));
  return all.promise;
}

test('promises 89 and 102: 200 callers that force a refresh at once, by TCP, by socket and as 20 commands, cause one token request and all get its token', {
  // Twenty processes start in about three seconds on two cores.
  timeout: 60_000,
}, async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const before = provider.tokenRequests.length;
  const all = arrivals(t, 200);
  // The answer waits until the last of them has come.
  provider.onToken(after(all, honestly()));

  const commands = Array.from({ length: 20 }, () =>
    runTokentray(['token', 'acme', '--force', '--format', 'json'], world.host.env),
  );
  const calls = Array.from({ length: 180 }, (_, index) =>
    world.call('GET', '/v1/token/acme?force', { door: index % 2 === 0 ? 'tcp' : 'socket' }),
  );
  await all;
  const tokens: TokenJson[] = [];
  for (const reply of await Promise.all(calls)) {
    assert.equal(reply.status, 200, reply.body);
    tokens.push(reply.json);
  }
  for (const ended of await Promise.all(commands)) {
    assert.equal(ended.code, 0, ended.stderr);
    tokens.push(JSON.parse(ended.stdout));
  }
  assert.equal(tokens.length, 200);
  assertOneRefresh(provider, before, tokens);
});

test('promise 89: 100 callers whose token has just ended cause one token request and all get its token', async (t) => {
  // Without a network nothing is refreshed by itself, so that the callers are the first.
  const world = await openWorld(t, { fakeTime: true, ports: { network: { online: () => false } } });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const ended = await tokenOf(world, 'acme');
  const before = provider.tokenRequests.length;
  world.clock.advance(3_600_000);
  const all = arrivals(t, 100);
  provider.onToken(after(all, honestly()));
  const replies = await Promise.all(Array.from({ length: 100 }, () => askToken(world, 'acme')));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
  const tokens = replies.map((reply): TokenJson => reply.json);
  assertOneRefresh(provider, before, tokens);
  assert.notEqual(tokens[0]?.access_token, ended.access_token);
});

test('promise 89: a refresh that fails is told to all 100 callers and is tried once', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const all = arrivals(t, 100);
  provider.onToken(after(all, answering(400, { error: 'invalid_grant' })));
  const replies = await Promise.all(Array.from({ length: 100 }, () => askToken(world, 'acme', 'force')));
  assert.deepEqual([...new Set(replies.map(({ json }) => json.code))], ['consent_needed']);
  assert.equal(provider.refreshes.length, 1);
});

test('a refresher that forgets what is in flight fails these tests', async (t) => {
  t.after(removeVaultPlaces);
  const provider = await HostileProvider.start({ strict: false });
  t.after(() => provider.close());
  const place = vaultPlace();
  const vault = await createVault(place, { kind: 'keychain' });
  t.after(() => vault.close());
  const log = createRecordingLog();
  const connections = new Connections(log, place.random);
  const registry = new Registry(log);
  connections.load(vault);
  registry.load(vault);
  registry.put(buildEntry(splitSecret(provider.entry('acme')), undefined), null);
  const id = connections.newId();
  connections.insert({
    doc: {
      schema: 1,
      id,
      provider: 'acme',
      account: 'me',
      label: null,
      identity: null,
      scopes_asked: [],
      created_at: 0,
      consented_at: null,
      refreshed_at: null,
      state: { status: 'new', since: 0 },
    },
    secrets: { refresh_token: provider.grantElsewhere('client-of-acme'), tokens: null },
    previous: null,
    intent: null,
  });
  const world = {
    clock: systemClock,
    http: createHttp({ env: {} }),
    random: place.random,
    log,
    connections,
    registry,
    events: new EventLog(systemClock, log),
  };
  const ask = async (refresher: Refresher) => {
    // Whoever loses the race is told so; those that win it have each sent a request.
    await refresher.refresh(id, { prove: true }).catch(() => undefined);
    const { tokens } = connections.row(id).secrets;
    return { access_token: tokens?.access_token ?? '', expires_at: String(tokens?.expires_at) };
  };
  const one = new Refresher(world);
  const before = provider.tokenRequests.length;
  const tokens = await Promise.all(Array.from({ length: 20 }, () => ask(one)));
  assertOneRefresh(provider, before, tokens);

  const since = provider.tokenRequests.length;
  const each = await Promise.all(Array.from({ length: 20 }, () => ask(new Refresher(world))));
  assert.throws(() => assertOneRefresh(provider, since, each), /requests at the token endpoint/);
});
