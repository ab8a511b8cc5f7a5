// Many connections due at once: how many requests go out, in what order, and what one provider's trouble means for the
// others and for its own connections.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { HttpOutcome, HttpRequest } from '../../core/ports.ts';
import { Background } from '../../core/refresh/background.ts';
import { type CoreWorld, type CoreWorldOptions, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';
import { answered, maybeSent, notSent } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { insertConnections } from '../support/seeded-connections.ts';
import { until } from '../support/vault-fixture.ts';

// Thousands of durable writes, of which nothing is to be proved here: in memory, where there is such a place.
if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';
after(endCoreWorlds);

const providerOf = ({ url }: HttpRequest): string => url.hostname.split('.')[0]!;

const at = (id: string) =>
  acme({
    id,
    issuer: undefined,
    authorization_endpoint: `https://${id}.test/authorize`,
    token_endpoint: `https://${id}.test/token`,
  });

/** A world whose connections are all due within the same minute, and the background that sees it. */
async function due(
  accounts: Readonly<Record<string, number>>,
  answer?: CoreWorldOptions['answer'],
): Promise<{ world: CoreWorld; background: Background; ids: string[] }> {
  const providers = Object.keys(accounts).map(at);
  const world = await coreWorld(answer === undefined ? { providers } : { providers, answer });
  const ids = Object.entries(accounts).flatMap(([provider, count]) =>
    insertConnections(world.connections, provider, count),
  );
  // At 90 % of the life of their tokens; they are still good.
  world.clock.advance(3_240_000);
  const background = new Background({ ...world, network: { online: () => true } });
  background.start();
  return { world, background, ids };
}

const FRESH = { access_token: 'a', token_type: 'Bearer', expires_in: 3_600 };

/** Lets what was begun come to its end. */
async function settle(world: CoreWorld): Promise<void> {
  await world.refresher.settled();
}

test('fault 71: 1000 connections due in the same minute go out two per provider and eight at once, each once', async () => {
  let running = 0;
  let most = 0;
  const perProvider = new Map<string, number>();
  let mostOfOne = 0;
  const { world, background } = await due({ a: 200, b: 200, c: 200, d: 200, e: 200 }, async (request) => {
    const provider = providerOf(request);
    running += 1;
    perProvider.set(provider, (perProvider.get(provider) ?? 0) + 1);
    most = Math.max(most, running);
    mostOfOne = Math.max(mostOfOne, perProvider.get(provider)!);
    await turn();
    running -= 1;
    perProvider.set(provider, perProvider.get(provider)! - 1);
    return answered(200, FRESH);
  });
  // A tick in the middle of the storm adds nothing to it.
  background.tick();
  await until(() => world.http.requests.length > 20);
  background.tick();
  await settle(world);
  background.tick();
  await settle(world);
  assert.deepEqual([most, mostOfOne], [8, 2]);
  const sent = world.http.requests.map(({ body }) => new URLSearchParams(body).get('refresh_token'));
  assert.equal(sent.length, 1_000);
  assert.equal(new Set(sent).size, 1_000);
  background.stop();
});

test('promise 105: with 200 connections due at a provider that hangs on every call, all others are refreshed meanwhile', async () => {
  const never = Promise.withResolvers<HttpOutcome>();
  const { world, background } = await due({ hangs: 200, b: 40, c: 40 }, (request) =>
    providerOf(request) === 'hangs' ? never.promise : answered(200, FRESH),
  );
  background.tick();
  const to = (provider: string) => world.http.requests.filter((each) => providerOf(each) === provider).length;
  await until(() => to('b') === 40 && to('c') === 40);
  assert.equal(to('hangs'), 2);
  assert.ok(world.connections.ofProvider('b').every(({ refreshed_at }) => refreshed_at !== null));
  background.stop();
  never.resolve(notSent());
  await settle(world);
});

test('a caller does not wait behind 200 connections that nobody waits for', async () => {
  const gates: Array<() => void> = [];
  const { world, background, ids } = await due({ a: 200 }, async () => {
    await new Promise<void>((go) => gates.push(go));
    return answered(200, FRESH);
  });
  background.tick();
  const last = ids.at(-1)!;
  const asked = world.refresher.refresh(last);
  assert.equal(world.refresher.inFlightSince(last), undefined, 'it has no place yet');
  await until(() => gates.length === 2);
  gates[0]!();
  await until(() => gates.length === 3);
  gates[2]!();
  await asked;
  const third = new URLSearchParams(world.http.requests[2]?.body);
  assert.equal(third.get('refresh_token'), 'refresh-a-199');
  background.stop();
  world.refresher.pause(new TokentrayError('locked', 'The test is over.'));
  for (const go of gates) go();
  await settle(world);
});

test('promise 95: a provider that asks for patience gets no request for any of its connections until then; others go on', async () => {
  let limited = true;
  const { world, background } = await due({ a: 100, b: 3 }, (request) =>
    limited && providerOf(request) === 'a'
      ? answered(429, '', { 'retry-after': '600' })
      : answered(200, FRESH),
  );
  background.tick();
  await settle(world);
  const to = (provider: string) => world.http.requests.filter((each) => providerOf(each) === provider).length;
  // Two were under way when the first answer came.
  assert.deepEqual([to('a'), to('b')], [2, 3]);
  const untouched = world.connections.ofProvider('a')[50]!;
  assert.equal(untouched.state.status, 'active');
  await refusedWith('refresh_failed', () => world.refresher.refresh(untouched.id));
  world.clock.advance(599_000);
  await settle(world);
  assert.equal(to('a'), 2);
  limited = false;
  world.clock.advance(1_000);
  await world.refresher.refresh(untouched.id);
  assert.equal(to('a'), 3);
  // The background follows within a tenth of the time, not all at the same moment.
  const before = to('a');
  background.tick();
  await settle(world);
  const first = to('a') - before;
  assert.ok(first < 50, `${first} of 99 at once`);
  world.clock.advance(60_000 + LIMITS.tickMs);
  await settle(world);
  assert.equal(to('a'), 102);
  background.stop();
});

test('fault 41: however far away a Retry-After is, an hour later the background asks again', async () => {
  const { world, background } = await due({ a: 1 }, () => answered(503, '', { 'retry-after': '315360000' }));
  background.tick();
  await settle(world);
  world.clock.advance(LIMITS.retryAfterCapMs - LIMITS.tickMs);
  await settle(world);
  assert.equal(world.http.requests.length, 1);
  world.clock.advance(LIMITS.retryAfterCapMs * LIMITS.retryAfterJitter + 2 * LIMITS.tickMs);
  await settle(world);
  assert.equal(world.http.requests.length, 2);
  background.stop();
});

test('fault 53: a provider that rejects our client is asked once an hour for all its connections, says so once, and loses nothing', async () => {
  let rejects = true;
  const { world, background } = await due({ a: 50 }, () =>
    rejects ? answered(401, { error: 'invalid_client' }) : answered(200, FRESH),
  );
  background.tick();
  await settle(world);
  const refusals = () => world.emitted.filter((event) => event.type === 'provider');
  // Two were under way when the first answer came.
  assert.equal(world.http.requests.length, 2);
  assert.equal(refusals().length, 1);
  const { error } = world.refresher.clientRefusal('a')!;
  assert.equal(error, 'invalid_client');
  for (let hour = 1; hour <= 3; hour += 1) {
    // Longer than an hour by the jitter of the background.
    for (let ms = 0; ms < LIMITS.clientProbeMs * 1.1; ms += LIMITS.tickMs) {
      world.clock.advance(LIMITS.tickMs);
      await settle(world);
    }
    assert.ok(world.http.requests.length - 2 <= hour + 1, `${world.http.requests.length} after ${hour} h`);
    assert.ok(world.http.requests.length - 2 >= hour, `${world.http.requests.length} after ${hour} h`);
  }
  assert.equal(refusals().length, 1);
  assert.ok(
    world.connections.all().every(({ id }) => world.connections.row(id).secrets.refresh_token !== null),
  );
  rejects = false;
  for (let ms = 0; ms < LIMITS.clientProbeMs * 1.1; ms += LIMITS.tickMs) {
    world.clock.advance(LIMITS.tickMs);
    await settle(world);
  }
  assert.equal(world.refresher.clientRefusal('a'), undefined);
  assert.ok(world.connections.all().every(({ refreshed_at }) => refreshed_at !== null));
  background.stop();
});

test('promise 94: a try that reached nobody is not the one of that hour', async () => {
  const answers: HttpOutcome[] = [answered(401, { error: 'invalid_client' }), notSent('dns')];
  const { world, background, ids } = await due({ a: 2 }, () => answers.shift() ?? answered(200, FRESH));
  background.stop();
  const [one, two] = ids as [string, string];
  await refusedWith('refresh_failed', () => world.refresher.refresh(one));
  await refusedWith('refresh_failed', () => world.refresher.refresh(two));
  assert.equal(world.http.requests.length, 1);
  world.clock.advance(LIMITS.clientProbeMs);
  await refusedWith('offline', () => world.refresher.refresh(one));
  await world.refresher.refresh(two);
  assert.equal(world.http.requests.length, 3);
});

test('fault 58: a network that comes and goes every 2 s for 5 minutes costs each connection at most 14 requests, one at a time, and all are well in the end', async () => {
  let up = false;
  let now = 0;
  const sending = new Map<string, number>();
  const { world, background } = await due({ a: 5, b: 5 }, async ({ body }) => {
    const token = new URLSearchParams(body).get('refresh_token')!;
    sending.set(token, (sending.get(token) ?? 0) + 1);
    assert.equal(sending.get(token), 1, 'two requests with one refresh token at once');
    await turn();
    sending.set(token, 0);
    // Up, a request may be cut off on its way just as well as it may arrive.
    if (!up) return now % 3 === 0 ? maybeSent('reset') : notSent('dns');
    return now >= 300 ? answered(200, FRESH) : maybeSent('timeout');
  });
  for (now = 0; now < 300; now += 2) {
    up = !up;
    world.clock.advance(2_000);
    if (now % 10 === 0) background.tick();
    for (let index = 0; index < 5; index += 1) await turn();
  }
  const tries = new Map<string, number>();
  for (const { body } of world.http.requests) tries.set(body!, (tries.get(body!) ?? 0) + 1);
  // A pause that doubles: 5, 10, 20, 40, 80, 160 s, and one quick repeat of each try that was in doubt.
  assert.ok(Math.max(...tries.values()) <= 14, `${Math.max(...tries.values())} requests`);
  assert.ok(world.connections.all().every(({ state }) => state.status === 'active'));
  up = true;
  for (let ms = 0; ms < LIMITS.retryLongestMs * 1.25; ms += LIMITS.tickMs) {
    world.clock.advance(LIMITS.tickMs);
    for (let index = 0; index < 5; index += 1) await turn();
  }
  await settle(world);
  assert.ok(world.connections.all().every(({ refreshed_at }) => (refreshed_at ?? 0) > FAKE_NOW));
  background.stop();
});
