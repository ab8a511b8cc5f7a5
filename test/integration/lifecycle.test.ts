// Locking, stopping, cancelling, revoking and full disks in the middle of work: what is under way is finished or was
// never begun, and no grant is lost on the way.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { systemRandom } from '../../host/random.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { after, answering, type HostileProvider, honestly } from '../support/hostile-provider.ts';
import { inTime, until } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionsOf,
  finishConsent,
  openWorld,
  startConsent,
  type World,
  type WorldOptions,
} from '../support/integration-world.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

async function worldOf(
  t: Cleanup,
  accounts: readonly string[],
  options: WorldOptions = {},
): Promise<{ world: World; provider: HostileProvider }> {
  const world = await openWorld(t, options);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid', 'read'] }));
  for (const account of accounts) {
    provider.user = { sub: account, email: `${account}@example.test` };
    await connect(world, 'acme', { account });
  }
  return { world, provider };
}

const force = (world: World, account: string) => askToken(world, `acme/${account}`, 'force&min_valid=1');

test('promise 82: a lock refuses new work at once, lets a refresh in flight be stored, and loses no grant', async (t) => {
  const { world, provider } = await worldOf(t, ['a', 'b']);
  const answer = Promise.withResolvers<void>();
  provider.onToken(after(answer.promise, honestly()));
  const inFlight = force(world, 'a');
  await until('the refresh request', () => provider.refreshes.length === 1);
  const lock = world.call('POST', '/v1/lock');
  await until('the lock to begin', () => world.host.host.engine.state() === 'locked');
  assertProblem(await askToken(world, 'acme/b'), 423, 'locked');
  assertProblem(await force(world, 'b'), 423, 'locked');
  answer.resolve();
  assert.equal((await inTime('the lock', lock)).status, 200);
  await inFlight;
  assert.deepEqual([provider.refreshes.length, provider.revoked.length], [1, 0]);
  assert.equal((await world.call('POST', '/v1/unlock')).status, 200);
  for (const account of ['a', 'b']) assert.equal((await force(world, account)).status, 200, account);
});

test('promise 82: a lock overwrites the key in memory, once the refresh in flight is stored and not before', async (t) => {
  // By reference: what the vault does to its key is seen here.
  const drawn: Uint8Array[] = [];
  const random = {
    bytes(count: number) {
      drawn.push(systemRandom.bytes(count));
      return drawn.at(-1)!;
    },
  };
  const { world, provider } = await worldOf(t, ['a'], { ports: { random } });
  const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
  const living = drawn.filter((bytes) => bytes.length === 32 && !isZero(bytes));
  const answer = Promise.withResolvers<void>();
  provider.onToken(after(answer.promise, honestly()));
  const inFlight = force(world, 'a');
  await until('the refresh request', () => provider.refreshes.length === 1);
  const lock = world.call('POST', '/v1/lock');
  await until('the lock to begin', () => world.host.host.engine.state() === 'locked');
  assert.deepEqual(living.filter(isZero), []);
  answer.resolve();
  await inTime('the lock', lock);
  await inFlight;
  assert.equal(living.filter(isZero).length, 1);
  assert.equal((await world.call('POST', '/v1/unlock')).status, 200);
  assert.equal((await force(world, 'a')).status, 200);
});

test('promise 82: who waits in the queue of a provider when a lock begins has sent nothing', async (t) => {
  const accounts = ['a', 'b', 'c', 'd', 'e'];
  const { world, provider } = await worldOf(t, accounts);
  const answer = Promise.withResolvers<void>();
  provider.onToken(...accounts.map(() => after(answer.promise, honestly())));
  const asked = accounts.map((account) => force(world, account));
  await until('two requests', () => provider.refreshes.length === 2);
  const lock = world.call('POST', '/v1/lock');
  await until('the lock to begin', () => world.host.host.engine.state() === 'locked');
  answer.resolve();
  assert.equal((await inTime('the lock', lock)).status, 200);
  await Promise.all(asked);
  assert.equal(provider.refreshes.length, 2);
});

test('promise 173: a stop starts no refresh that it would cut off, and every grant works after the next start', async (t) => {
  const accounts = ['a', 'b', 'c', 'd', 'e'];
  const { world, provider } = await worldOf(t, accounts);
  const answer = Promise.withResolvers<void>();
  provider.onToken(...accounts.map(() => after(answer.promise, honestly())));
  const asked = accounts.map((account) => force(world, account).catch(() => undefined));
  await until('two requests', () => provider.refreshes.length === 2);
  const restarted = world.restart();
  answer.resolve();
  await inTime('the restart', restarted);
  await Promise.all(asked);
  assert.equal(provider.refreshes.length, 2);
  for (const account of accounts) {
    assert.equal((await world.call('POST', `/v1/refresh/acme/${account}`)).status, 200, account);
  }
});

test('promise 86: a new refresh token that the disk does not take is kept, tried again, and never replaced by the old one', async (t) => {
  const { world, provider } = await worldOf(t, ['a']);
  const other = new DatabaseSync(join(world.host.home, 'vault.db'));
  t.after(() => other.close());
  provider.onToken((exchange) => {
    // From the answer on, the file is busy for longer than anybody waits.
    other.exec('BEGIN IMMEDIATE');
    return honestly()(exchange);
  });
  const refused = await force(world, 'a');
  assertProblem(refused, 500, 'storage');
  assertProblem(await force(world, 'a'), 500, 'storage');
  other.exec('ROLLBACK');
  const reply = await force(world, 'a');
  assert.equal(reply.status, 200, reply.body);
  assert.equal(provider.refreshes.length, 1);
  assert.equal((await world.call('POST', '/v1/refresh/acme/a')).status, 200);
  assert.equal(provider.refreshes.length, 2);
});

test('promise 86: a stop waits until a held refresh token is on disk', async (t) => {
  const { world, provider } = await worldOf(t, ['a']);
  const other = new DatabaseSync(join(world.host.home, 'vault.db'));
  t.after(() => other.close());
  provider.onToken((exchange) => {
    other.exec('BEGIN IMMEDIATE');
    return honestly()(exchange);
  });
  assertProblem(await force(world, 'a'), 500, 'storage');
  const restarted = world.restart();
  other.exec('ROLLBACK');
  await inTime('the restart', restarted);
  assert.equal((await world.call('POST', '/v1/refresh/acme/a')).status, 200);
});

test('promise 86: a lock waits for a held refresh token, and says for as long as it cannot be done why', async (t) => {
  const { world, provider } = await worldOf(t, ['a'], { fakeTime: true });
  const other = new DatabaseSync(join(world.host.home, 'vault.db'));
  t.after(() => other.close());
  provider.onToken((exchange) => {
    other.exec('BEGIN IMMEDIATE');
    return honestly()(exchange);
  });
  assertProblem(await force(world, 'a'), 500, 'storage');
  const { engine } = world.host.host;
  const lock = world.call('POST', '/v1/lock');
  await until('the lock to begin', () => engine.state() === 'locked');
  world.clock.advance(LIMITS.lockMs);
  assertProblem(await inTime('the lock', lock), 500, 'storage');
  const { state, warnings } = (await world.call('GET', '/v1/status')).json;
  assert.equal(state, 'open');
  assert.match(String(warnings), /should have been locked and was not/);
  other.exec('ROLLBACK');
  assert.equal((await force(world, 'a')).status, 200);
  assert.deepEqual((await world.call('GET', '/v1/status')).json.warnings, []);
  assert.equal((await world.call('POST', '/v1/lock')).json.state, 'locked');
});

test('a consent whose refresh token cannot be stored gives it back and says so', async (t) => {
  const { world, provider } = await worldOf(t, []);
  const other = new DatabaseSync(join(world.host.home, 'vault.db'));
  t.after(() => other.close());
  provider.onToken((exchange) => {
    other.exec('BEGIN IMMEDIATE');
    return honestly()(exchange);
  });
  const ended = await finishConsent(world, await startConsent(world, 'acme'));
  other.exec('ROLLBACK');
  assert.deepEqual([ended.status, ended.code], ['failed', 'storage']);
  assert.equal(provider.revoked.length, 1);
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
});

test('an imported grant cannot be refreshed or handed out by others before it is settled whose it is', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const known = Promise.withResolvers<void>();
  const profile = { url: `${provider.issuer}/token`, subject: 'id', label: 'name' };
  await addProvider(world, provider.entry('acme', { profile }));
  provider.onToken(honestly(), after(known.promise, answering(200, { id: 'u1', name: 'u' })));
  const body = { refresh_token: provider.grantElsewhere('client-of-acme'), account: 'me' };
  const imported = world.call('POST', '/v1/providers/acme/import', { body });
  await until('the profile request', () => provider.tokenRequests.length >= 1 && world.trace.includes('S8'));
  assertProblem(await askToken(world, 'acme/me'), 409, 'conflict');
  assertProblem(await world.call('POST', '/v1/refresh/acme/me'), 409, 'conflict');
  known.resolve();
  assert.equal((await inTime('the import', imported)).status, 201);
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200);
});

test('promise 107: a consent that brings no refresh token leaves a rotation under way alone', async (t) => {
  const { world, provider } = await worldOf(t, ['a']);
  const answer = Promise.withResolvers<void>();
  const withoutRefresh = honestly((fields) => ({ ...fields, refresh_token: undefined }));
  provider.onToken(after(answer.promise, honestly()), withoutRefresh);
  const asked = force(world, 'a');
  await until('the refresh request', () => provider.refreshes.length === 1);
  assert.equal(
    (await finishConsent(world, await startConsent(world, 'acme', { account: 'a' }))).status,
    'done',
  );
  answer.resolve();
  assert.equal((await inTime('the refresh', asked)).status, 200);
  assert.equal((await world.call('POST', '/v1/refresh/acme/a')).status, 200);
});

test('a consent whose answer has arrived cannot be cancelled any more, and ends once', async (t) => {
  const { world, provider } = await worldOf(t, []);
  const answer = Promise.withResolvers<void>();
  provider.onToken(after(answer.promise, honestly()));
  const consent = await startConsent(world, 'acme');
  const visited = createUserAgent().open(consent.authorization_url!);
  await until('the exchange', () => provider.tokenRequests.length === 1);
  assertProblem(await world.call('DELETE', `/v1/consents/${consent.id}`), 409, 'conflict');
  answer.resolve();
  await visited;
  const ended = await world.call('GET', `/v1/consents/${consent.id}?wait=5`);
  assert.equal(ended.json.status, 'done');
  assert.equal((await connectionsOf(world, 'acme')).length, 1);
});
