// Whose grant it is: a connection belongs to an issuer and a subject, never to a name. The same person renews in place,
// another person than the one asked for changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, honestly } from '../support/hostile-provider.ts';
import {
  addProvider,
  connect,
  connectionOf,
  connectionsOf,
  consentAt,
  openWorld,
  tokenOf,
} from '../support/integration-world.ts';

test('the same person consenting again renews the connection in place', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const first = await connect(world, 'sandbox', { username: 'user1' });
  const before = await tokenOf(world, 'sandbox/user1');
  const second = await connect(world, 'sandbox', { username: 'user1' });
  assert.deepEqual([second.id, second.name, second.subject], [first.id, first.name, first.subject]);
  assert.ok(second.generation > first.generation);
  assert.notEqual((await tokenOf(world, 'sandbox/user1')).access_token, before.access_token);
  assert.equal((await connectionsOf(world, 'sandbox')).length, 1);
});

test('the same person keeps the connection when its name was changed, or another name is asked for', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const first = await connect(world, 'sandbox', { username: 'user1' });
  await world.call('PATCH', `/v1/connections/${first.id}`, { body: { account: 'work' } });
  assert.equal((await connect(world, 'sandbox', { username: 'user1' })).name, 'sandbox/work');
  const asked = await connect(world, 'sandbox', { username: 'user1', account: 'private' });
  assert.deepEqual([asked.id, asked.name], [first.id, 'sandbox/work']);
});

test('two people are two connections, each with its own tokens', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const one = await connect(world, 'sandbox', { username: 'user1' });
  const two = await connect(world, 'sandbox', { username: 'user2' });
  assert.notEqual(one.id, two.id);
  const tokens = [await tokenOf(world, 'sandbox/user1'), await tokenOf(world, 'sandbox/user2')];
  assert.notEqual(tokens[0]?.access_token, tokens[1]?.access_token);
});

test('another person than the one asked for is refused, overwrites nothing, and the new grant is given back', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  const connection = await connect(world, 'acme', { account: 'me' });
  const before = await tokenOf(world, 'acme/me');
  provider.user = { sub: 'sub-2', email: 'somebody@example.test' };
  const consent = await consentAt(world, 'acme', { account: 'me' });
  assert.deepEqual([consent.status, consent.code], ['failed', 'wrong_account']);
  assert.match(consent.reason ?? '', /acme\/me .*somebody@example\.test/);

  assert.deepEqual(await connectionsOf(world, 'acme'), [connection]);
  assert.deepEqual(
    (await tokenOf(world, 'acme/me')).access_token,
    before.access_token,
    'the old token stays',
  );
  assert.equal(provider.revoked.length, 1);
  assert.equal(provider.successorOf(provider.revoked[0] ?? ''), undefined);
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200);
});

test('another person than the one asked for keeps the connection that they have here already', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  // As at Google: one revocation would end everything that this person ever granted.
  provider.revokesByPerson = true;
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  await connect(world, 'acme', { account: 'me' });
  provider.user = { sub: 'sub-2', email: 'somebody@example.test' };
  await connect(world, 'acme', { account: 'you' });
  const before = await connectionsOf(world, 'acme');
  const consent = await consentAt(world, 'acme', { account: 'me' });
  assert.deepEqual([consent.status, consent.code], ['failed', 'wrong_account']);
  assert.deepEqual(await connectionsOf(world, 'acme'), before);
  for (const name of ['acme/me', 'acme/you']) {
    assert.equal((await world.call('POST', `/v1/refresh/${name}`)).status, 200, name);
  }
});

test('another person than the one asked for is refused also when the grant cannot be given back', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  const connection = await connect(world, 'acme', { account: 'me' });
  provider.user = { sub: 'sub-2', email: 'somebody@example.test' };
  provider.onRevoke(answering(503));
  assert.equal((await consentAt(world, 'acme', { account: 'me' })).code, 'wrong_account');
  assert.deepEqual(await connectionsOf(world, 'acme'), [connection]);
});

test('names come from labels, made fit for an address and numbered when taken', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  for (const [sub, email, name] of [
    ['1', 'Zoë Müller@Example.test', 'acme/zoe-muller@example.test'],
    ['2', 'zoe muller@example.test', 'acme/zoe-muller@example.test-2'],
    ['3', 'ZOE MULLER@EXAMPLE.TEST', 'acme/zoe-muller@example.test-3'],
    ['4', '../../etc/passwd', 'acme/etc-passwd'],
    ['5', '<script>alert(1)</script>', 'acme/script-alert-1-script'],
    ['6', '日本', 'acme/account'],
  ] as const) {
    provider.user = { sub, email };
    assert.equal((await connect(world, 'acme')).name, name);
  }
});

test('the same label and subject at another provider is another connection', async (t) => {
  const world = await openWorld(t);
  const [left, right] = [await world.hostile(), await world.hostile()];
  await addProvider(world, left.entry('left', { scopes: ['openid'] }));
  await addProvider(world, right.entry('right', { scopes: ['openid'] }));
  const connections = [await connect(world, 'left'), await connect(world, 'right')];
  assert.deepEqual(
    connections.map(({ issuer, subject }) => [issuer, subject]),
    [
      [left.issuer, 'sub-1'],
      [right.issuer, 'sub-1'],
    ],
  );
  assert.notEqual(connections[0]?.id, connections[1]?.id);
});

test('a refresh that is answered with the token of another person is not used', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  const connection = await connect(world, 'acme');
  const before = await tokenOf(world, 'acme');
  provider.onToken(
    honestly((body) => {
      const now = Math.floor(Date.now() / 1_000);
      const claims = { iss: provider.issuer, aud: 'client-of-acme', sub: 'sub-2', iat: now, exp: now + 60 };
      return { ...body, id_token: provider.signer.sign(claims) };
    }),
  );
  const reply = await world.call('POST', '/v1/refresh/acme');
  assert.deepEqual([reply.status, reply.json.code], [502, 'provider_answer_invalid']);
  const after = await connectionOf(world, 'acme');
  assert.deepEqual([after.status, after.subject], ['error', connection.subject]);
  assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);
});

test('without an ID token the profile address tells people apart', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const plain = { issuer: undefined, authorization_response_iss_parameter_supported: false };
  const profile = { url: `${provider.issuer}/profile`, subject: 'id', label: 'login' };
  await addProvider(world, provider.entry('hub', { ...plain, profile }));
  provider.onPage('/profile', () => ({ id: 7, login: 'Octo Cat' }));
  const first = await connect(world, 'hub');
  assert.deepEqual([first.name, first.subject], ['hub/octo-cat', '7']);
  provider.onPage('/profile', () => ({ id: 7, login: 'renamed' }));
  assert.equal((await connect(world, 'hub')).id, first.id);
  provider.onPage('/profile', () => ({ id: 8, login: 'Octo Cat' }));
  assert.equal((await connect(world, 'hub')).name, 'hub/octo-cat-2');
});

test('a consent at an OpenID provider always asks for openid, so that it says whose grant it is', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid', 'read'] }));
  const before = await connect(world, 'acme', { account: 'me' });
  const { access_token } = await tokenOf(world, 'acme/me');
  provider.user = { sub: 'sub-2', email: 'somebody@example.test' };
  const consent = await consentAt(world, 'acme', { account: 'me', scopes: ['read'] });
  assert.deepEqual([consent.status, consent.code], ['failed', 'wrong_account']);
  assert.deepEqual(
    provider.at('/authorize').map(({ query }) => query.get('scope')),
    ['openid read', 'openid read'],
  );
  assert.deepEqual(await connectionOf(world, 'acme/me'), before);
  assert.equal((await tokenOf(world, 'acme/me')).access_token, access_token);
});

test('a consent that does not say who signed in renews no connection of a known person', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  // As at Google: to give the new grant back could end the old one.
  provider.revokesByPerson = true;
  await addProvider(world, provider.entry('acme', { scopes: ['openid', 'read'] }));
  const before = await connect(world, 'acme', { account: 'me' });
  const changed = await world.call('PATCH', '/v1/providers/acme', { body: { scopes: ['read'] } });
  assert.equal(changed.status, 200, changed.body);
  for (const sub of ['sub-2', 'sub-1']) {
    provider.user = { sub, email: 'somebody@example.test' };
    const consent = await consentAt(world, 'acme', { account: 'me' });
    assert.deepEqual([consent.status, consent.code], ['failed', 'wrong_account']);
    assert.match(consent.reason ?? '', /acme\/me .*does not say who signed in.*openid/);
  }
  assert.deepEqual(await connectionsOf(world, 'acme'), [before]);
  assert.equal(before.subject, 'sub-1');
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200);
  // Under no name it is a connection of its own.
  const other = await connect(world, 'acme');
  assert.deepEqual([other.id === before.id, other.subject], [false, null]);
});
