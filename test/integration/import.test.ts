// Importing a refresh token from elsewhere: proved by a refresh at once, and kept only then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { runTokentray } from '../support/cli-process.ts';
import { answering, hangingUp, honestly } from '../support/hostile-provider.ts';
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

function importToken(world: World, refresh_token: string, account?: string) {
  return world.call('POST', '/v1/providers/acme/import', { body: { refresh_token, account } });
}

test('an imported refresh token is proved by a refresh at once, and its successor is kept', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const foreign = provider.grantElsewhere('client-of-acme');
  const reply = await importToken(world, foreign, 'me');
  assert.equal(reply.status, 201, reply.body);
  assert.deepEqual([reply.json.name, reply.json.status], ['acme/me', 'active']);
  assert.deepEqual(provider.refreshTokensSeen, [foreign]);
  assert.equal((await tokenOf(world, 'acme/me')).connection, 'acme/me');
  const successor = provider.successorOf(foreign);
  await world.restart();
  assert.equal((await world.call('POST', '/v1/refresh/acme')).status, 200);
  assert.deepEqual(provider.refreshTokensSeen, [foreign, successor]);
});

test('an imported refresh token comes by standard input and is in no argument and no answer', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const foreign = provider.grantElsewhere('client-of-acme');
  const args = ['import', 'acme', '--refresh-token-stdin', '--account', 'me', '--json'];
  const ended = await runTokentray(args, world.host.env, `${foreign}\n`);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(JSON.parse(ended.stdout).name, 'acme/me');
  for (const secret of provider.secrets) assert.ok(!`${ended.stdout}${ended.stderr}`.includes(secret));
});

for (const [what, script, status, code] of [
  ['does not know it', answering(400, { error: 'invalid_grant' }), 502, 'provider_refused'],
  ['does not know our client', answering(401, { error: 'invalid_client' }), 502, 'refresh_failed'],
  ['is broken', answering(500, 'later'), 502, 'refresh_failed'],
  ['is behind a captive portal', answering(200, '<h1>Hotel</h1>'), 503, 'offline'],
  [
    'answers without an access token and keeps the refresh token',
    answering(200, { token_type: 'Bearer' }),
    502,
    'provider_answer_invalid',
  ],
] as const) {
  test(`an imported refresh token is not stored when the provider ${what}`, async (t) => {
    const world = await openWorld(t, { fakeTime: true });
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    const foreign = provider.grantElsewhere('client-of-acme');
    provider.onToken(script);
    assertProblem(await importToken(world, foreign, 'me'), status, code);
    assert.deepEqual(await connectionsOf(world, 'acme'), []);
    await world.restart();
    assert.deepEqual(await connectionsOf(world, 'acme'), []);
    // It is still the user's own, and works when the trouble is over.
    assert.equal((await importToken(world, foreign, 'me')).status, 201);
  });
}

test('an import whose provider hangs up twice stores nothing', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const foreign = provider.grantElsewhere('client-of-acme');
  provider.onToken(hangingUp, hangingUp);
  const before = world.clock.pending;
  const asked = importToken(world, foreign);
  await until('the pause before the quick retry', () => world.clock.pending > before);
  world.clock.advance(LIMITS.inDoubtRetryMaxMs);
  assertProblem(await asked, 502, 'refresh_failed');
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
});

test('an import that replaced the token but cannot be used keeps the new one, because the user has no other', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const foreign = provider.grantElsewhere('client-of-acme');
  provider.onToken(honestly({ access_token: undefined }));
  assertProblem(await importToken(world, foreign, 'me'), 502, 'provider_answer_invalid');
  const [held] = await connectionsOf(world, 'acme');
  assert.deepEqual([held?.name, held?.status], ['acme/me', 'error']);
  assertProblem(await askToken(world, 'acme'), 409, 'conflict');
  const removed = await world.call('DELETE', '/v1/connections/acme');
  assert.deepEqual(removed.json, { removed: true, revoked: true });
  assert.equal(provider.successorOf(foreign), undefined);
});

test('an import of a grant that is connected already renews that connection', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  const connection = await connect(world, 'acme');
  const foreign = provider.grantElsewhere('client-of-acme', 'openid');
  const reply = await importToken(world, foreign);
  assert.equal(reply.status, 201, reply.body);
  assert.deepEqual([reply.json.id, reply.json.name], [connection.id, connection.name]);
  assert.equal((await connectionsOf(world, 'acme')).length, 1);
  assert.equal((await world.call('POST', '/v1/refresh/acme')).status, 200);
});

test('an import under a name that is taken changes nothing and sends nothing', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme', { account: 'me' });
  const foreign = provider.grantElsewhere('client-of-acme');
  assertProblem(await importToken(world, foreign, 'me'), 409, 'already_exists');
  assert.equal(provider.refreshes.length, 0);
  assert.equal((await connectionsOf(world, 'acme')).length, 1);
});
