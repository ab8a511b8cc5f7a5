// Sleep, the network, a person who pauses, and idle time: what begins by itself and what does not, with a real host whose
// clock the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { type HostileProvider, hangingUp } from '../support/hostile-provider.ts';
import { until } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionsOf,
  openWorld,
  tokenOf,
  type World,
} from '../support/integration-world.ts';

const HOUR = 3_600_000;

interface Sleeper {
  readonly world: World;
  readonly provider: HostileProvider;
  readonly network: { online: boolean };
  readonly accounts: readonly string[];
}

async function sleeper(t: { after(fn: () => unknown): void }, count: number): Promise<Sleeper> {
  const network = { online: true };
  const world = await openWorld(t, {
    fakeTime: true,
    ports: { network: { online: () => network.online } },
  });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid', 'read'] }));
  const accounts = Array.from({ length: count }, (_, n) => `user${n}`);
  for (const account of accounts) {
    provider.user = { sub: account, email: `${account}@example.test` };
    await connect(world, 'acme', { account });
  }
  return { world, provider, network, accounts };
}

const engineOf = ({ host }: World) => host.host.engine;

async function settled(world: World): Promise<void> {
  const owner = engineOf(world).callers.identify(world.host.ownerKey);
  assert.ok(owner);
  await until('the end of the refreshes', () =>
    engineOf(world)
      .connections.list(owner)
      .every(({ state }) => state.status !== 'refreshing'),
  );
}

async function letPass(world: World, ms: number, step: number = LIMITS.tickMs): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    world.clock.advance(Math.min(step, ms - passed));
    await settled(world);
  }
}

test('fault 64: after eight hours of sleep nothing is refreshed before the network is back, then one after the other', async (t) => {
  const { world, provider, network, accounts } = await sleeper(t, 12);
  const { power } = engineOf(world);
  power.suspended();
  // Eight hours on the wall; what is left of the tick fires when the machine wakes.
  world.clock.jumpWall(8 * HOUR);
  network.online = false;
  await letPass(world, LIMITS.tickMs);
  power.resumed();
  await letPass(world, 90_000);
  assert.equal(provider.refreshes.length, 0);
  // The tick came before the word that it was a sleep, and nobody set a clock.
  assert.equal(world.log.entries.filter(({ event }) => event === 'clock_changed').length, 0);
  network.online = true;
  await letPass(world, 10_000, 10_000);
  assert.equal(provider.refreshes.length, 0);
  power.networkReturned();
  for (const n of accounts.keys()) {
    await until(`refresh ${n + 1}`, () => provider.refreshes.length > n);
    await settled(world);
    assert.equal(provider.refreshes.length, n + 1);
    world.clock.advance(LIMITS.catchUpMs);
  }
  await letPass(world, 60_000);
  assert.equal(provider.refreshes.length, accounts.length);
  const states = (await connectionsOf(world, 'acme')).map(({ status }) => status);
  assert.deepEqual(new Set(states), new Set(['active']));
});

test('fault 61: a clock that was set before the machine went to sleep is said, and so is one after a sleep whose end nobody told', async (t) => {
  const { world } = await sleeper(t, 1);
  const { power } = engineOf(world);
  const said = () =>
    world.log.entries.filter(({ event }) => event === 'clock_changed').map(({ fields }) => fields?.seconds);
  world.clock.jumpWall(-HOUR);
  power.suspended();
  assert.deepEqual(said(), [-3_600]);
  world.clock.jumpWall(8 * HOUR);
  await letPass(world, LIMITS.networkWaitMs + LIMITS.tickMs);
  assert.deepEqual(said(), [-3_600]);
  world.clock.jumpWall(HOUR);
  await letPass(world, LIMITS.tickMs);
  assert.deepEqual(said(), [-3_600, 3_600]);
});

test('fault 64: when nobody says that the network is back, two minutes after waking the next look does', async (t) => {
  const { world, provider, network } = await sleeper(t, 1);
  const { power } = engineOf(world);
  power.suspended();
  world.clock.jumpWall(8 * HOUR);
  power.resumed();
  network.online = false;
  await letPass(world, LIMITS.networkWaitMs + LIMITS.tickMs);
  assert.equal(provider.refreshes.length, 0);
  network.online = true;
  world.clock.advance(LIMITS.tickMs);
  await until('the refresh', () => provider.refreshes.length === 1);
  await settled(world);
});

test('fault 64: a refresh that was cut off when the machine went to sleep is in doubt, and its grant goes on', async (t) => {
  const { world, provider } = await sleeper(t, 1);
  const { power } = engineOf(world);
  provider.onToken(hangingUp);
  world.clock.advance(LIMITS.forceReuseMs + 1);
  const asked = askToken(world, 'acme', 'force');
  await until('the request', () => provider.refreshes.length === 1);
  power.suspended();
  world.clock.jumpWall(8 * HOUR);
  power.resumed();
  await until('the wait for the one quick retry', () => {
    world.clock.advance(100);
    return provider.refreshes.length === 2;
  });
  await asked;
  power.networkReturned();
  await settled(world);
  await letPass(world, LIMITS.retryLongestMs);
  assert.equal((await tokenOf(world, 'acme')).expires_in !== null, true);
  assert.equal((await connectionsOf(world, 'acme'))[0]?.status, 'active');
});

test('what failed for want of a network is tried at once when it is back, however long the pause was', async (t) => {
  const { world, provider } = await sleeper(t, 1);
  const { port } = provider;
  await provider.close();
  await letPass(world, HOUR);
  const failures = world.log.entries.filter(({ event }) => event === 'refresh_failed').length;
  assert.ok(failures > 3);
  await provider.open(port);
  engineOf(world).power.networkReturned();
  await until('the refresh', () => provider.refreshes.length === 1);
  await settled(world);
  assert.equal((await connectionsOf(world, 'acme'))[0]?.status, 'active');
});

test('while a person has paused it nothing is refreshed by itself; what is asked for is, and resuming catches up', async (t) => {
  const { world, provider } = await sleeper(t, 1);
  const events: unknown[] = [];
  engineOf(world).subscribe(({ event }) => events.push(event));
  assert.deepEqual((await world.call('POST', '/v1/refreshes/pause')).json, { paused: true });
  assert.deepEqual((await world.call('POST', '/v1/refreshes/pause')).json, { paused: true });
  await letPass(world, HOUR);
  assert.equal(provider.refreshes.length, 0);
  assert.equal((await tokenOf(world, 'acme')).expires_in, 3_600);
  assert.equal(provider.refreshes.length, 1);
  await letPass(world, HOUR);
  assert.equal((await world.call('GET', '/v1/status')).json.refreshes_paused, true);
  assert.deepEqual((await world.call('POST', '/v1/refreshes/resume')).json, { paused: false });
  await until('the refresh', () => provider.refreshes.length === 2);
  await settled(world);
  assert.deepEqual(
    events.filter((event) => JSON.stringify(event).includes('refreshes')),
    [
      { type: 'refreshes', paused: true },
      { type: 'refreshes', paused: false },
    ],
  );
});

test('the vault is locked when nobody used it for the time that was chosen: a hand-out or a window counts, a look does not', async (t) => {
  const { world } = await sleeper(t, 1);
  const body = { lock_after_minutes: 10 };
  assert.equal((await world.call('PATCH', '/v1/settings', { body })).json.lock_after_minutes, 10);
  const engine = engineOf(world);
  engine.touch();
  await letPass(world, 9 * 60_000);
  await tokenOf(world, 'acme');
  await letPass(world, 9 * 60_000);
  engine.touch();
  await letPass(world, 9 * 60_000);
  assert.equal((await world.call('GET', '/v1/status')).json.state, 'open');
  world.clock.advance(60_000);
  await until('the lock', () => engine.state() === 'locked');
  assertProblem(await askToken(world, 'acme'), 423, 'locked');
  assert.equal((await world.call('POST', '/v1/unlock')).status, 200);
  // A night of sleep is idle time, although no timer ran.
  world.clock.jumpWall(8 * HOUR);
  world.clock.advance(LIMITS.tickMs);
  await until('the lock', () => engine.state() === 'locked');
  assert.equal((await world.call('POST', '/v1/unlock')).status, 200);
  await world.call('PATCH', '/v1/settings', { body: { lock_after_minutes: 0 } });
  world.clock.advance(24 * HOUR);
  assert.equal(engine.state(), 'open');
});

test('no idle lock ends a consent while somebody signs in; it comes when the consent has ended', async (t) => {
  const { world } = await sleeper(t, 1);
  await world.call('PATCH', '/v1/settings', { body: { lock_after_minutes: 1 } });
  const engine = engineOf(world);
  const started = await world.call('POST', '/v1/connections', {
    body: { provider: 'acme', account: 'other' },
  });
  const { id } = started.json.consent;
  await letPass(world, 2 * 60_000);
  assert.equal(engine.state(), 'open');
  assert.equal((await world.call('GET', `/v1/consents/${id}`)).json.status, 'pending');
  await world.call('DELETE', `/v1/consents/${id}`);
  world.clock.advance(2 * 60_000);
  await until('the lock', () => engine.state() === 'locked');
});
