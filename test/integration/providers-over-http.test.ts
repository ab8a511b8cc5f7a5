// Provider entries through the endpoint: what discovery and the mix-up rule refuse, and what becomes of a client secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { runTokentray } from '../support/cli-process.ts';
import {
  addProvider,
  assertProblem,
  connect,
  openWorld,
  startConsent,
} from '../support/integration-world.ts';

test('promise 37: a provider whose metadata offers only the plain challenge is refused and nothing is stored', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  provider.metadata = { code_challenge_methods_supported: ['plain'] };
  const reply = await world.call('POST', '/v1/providers', {
    body: { id: 'acme', issuer: provider.issuer, client_id: 'c' },
  });
  assertProblem(reply, 502, 'discovery_failed');
  assert.match(reply.json.detail, /pkce/i);
  assert.deepEqual((await world.call('GET', '/v1/providers')).json.providers, []);
});

for (const [how, change] of [
  ['names another issuer', (issuer: string) => issuer.replace('127.0.0.1', 'localhost')],
  ['has one slash more', (issuer: string) => `${issuer}/`],
] as const) {
  test(`promise 38: a discovery document that ${how} is refused; nothing of it is stored or kept for later`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    provider.metadata = { issuer: change(provider.issuer) };
    const body = { id: 'acme', issuer: provider.issuer, client_id: 'c' };
    assertProblem(await world.call('POST', '/v1/providers', { body }), 502, 'issuer_mismatch');
    assert.deepEqual((await world.call('GET', '/v1/providers')).json.providers, []);

    provider.metadata = {};
    assert.equal((await world.call('POST', '/v1/providers', { body })).status, 201);
    assert.equal(provider.at('/.well-known/openid-configuration').length, 2);
  });
}

test('what an issuer says can be looked at before anything is saved, and a wrong one is told at its field', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const look = (issuer: string) => world.call('POST', '/v1/discovery', { body: { issuer } });
  const { status, json } = await look(provider.issuer);
  assert.equal(status, 200);
  assert.deepEqual(
    [json.issuer, json.discovery, json.token_endpoint, json.scopes[0]],
    [provider.issuer, 'openid', `${provider.issuer}/token`, 'openid'],
  );
  assert.deepEqual((await world.call('GET', '/v1/providers')).json.providers, []);
  const before = provider.requests.length;
  for (const issuer of ['http://issuer.test', 'https://me@issuer.test', 'file:///etc/passwd', 'issuer']) {
    const reply = await look(issuer);
    assertProblem(reply, 400, 'invalid_field');
    assert.equal(reply.json.field, 'issuer');
  }
  assert.equal(provider.requests.length, before);
  provider.metadata = { issuer: `${provider.issuer}/` };
  assertProblem(await look(provider.issuer), 502, 'issuer_mismatch');
});

test('a provider found by its issuer connects with the endpoints of its discovery document', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, { id: 'acme', issuer: provider.issuer, client_id: 'client-of-acme' });
  const entry = (await world.call('GET', '/v1/providers/acme')).json;
  assert.equal(entry.discovery, 'openid');
  assert.equal(entry.token_endpoint, `${provider.issuer}/token`);
  const connection = await connect(world, 'acme');
  assert.deepEqual([connection.issuer, connection.subject], [provider.issuer, 'sub-1']);
});

test('promise 42: an entry with the authorization endpoint of another one but its own token endpoint is not saved, new or changed', async (t) => {
  const world = await openWorld(t);
  const [honest, evil] = [await world.hostile(), await world.hostile()];
  await addProvider(world, honest.entry('honest'));
  const mixed = {
    ...evil.entry('evil'),
    authorization_endpoint: `${honest.issuer}/authorize`,
  };
  const refused = await world.call('POST', '/v1/providers', { body: mixed });
  assertProblem(refused, 409, 'conflict');
  assert.match(refused.json.detail, /honest/);
  assert.equal((await world.call('GET', '/v1/providers/evil')).status, 404);

  await addProvider(world, evil.entry('evil'));
  const changed = await world.call('PATCH', '/v1/providers/evil', {
    body: { authorization_endpoint: `${honest.issuer}/authorize` },
  });
  assertProblem(changed, 409, 'conflict');
  assert.equal(
    (await world.call('GET', '/v1/providers/evil')).json.authorization_endpoint,
    `${evil.issuer}/authorize`,
  );
});

for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
  test(`promise 61: a client secret is sent by ${method} alone, and never in an address`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    const client_secret = provider.secret('client secret');
    await addProvider(world, provider.entry('acme', { token_endpoint_auth_method: method, client_secret }));
    await connect(world, 'acme');
    await world.call('POST', '/v1/refresh/acme');
    await world.call('POST', '/v1/revoke/acme');
    const sent = [...provider.tokenRequests, ...provider.at('/revoke')];
    assert.equal(sent.length, 3);
    for (const { headers, form } of sent) {
      const basic = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
      const [, password = ''] = basic.split(':');
      const inHeader = decodeURIComponent(password.replaceAll('+', ' '));
      assert.equal(inHeader, method === 'client_secret_basic' ? client_secret : '');
      assert.equal(form.get('client_secret'), method === 'client_secret_post' ? client_secret : null);
    }
    for (const { query } of provider.requests) assert.equal(query.get('client_secret'), null);
    const shown = await world.call('GET', '/v1/providers/acme');
    assert.equal(shown.json.client_secret, 'set');
    assert.ok(!shown.body.includes(client_secret));
  });
}

test('promise 61: another token endpoint clears the secret, so it never reaches that endpoint; entered again it does', async (t) => {
  const world = await openWorld(t);
  const [first, second] = [await world.hostile(), await world.hostile()];
  const client_secret = first.secret('client-secret');
  await addProvider(
    world,
    first.entry('acme', { token_endpoint_auth_method: 'client_secret_post', client_secret }),
  );
  // The browser has gone to the old endpoint when the entry is changed.
  const open = await startConsent(world, 'acme');
  const changed = await world.call('PATCH', '/v1/providers/acme', {
    body: { token_endpoint: `${second.issuer}/token`, authorization_endpoint: `${second.issuer}/authorize` },
  });
  assert.deepEqual([changed.status, changed.json.client_secret], [200, 'unset']);
  await createUserAgent().open(open.authorization_url ?? '');
  const ended = (await world.call('GET', `/v1/consents/${open.id}?wait=5`)).json;
  assert.deepEqual([ended.status, ended.code], ['failed', 'conflict']);
  assert.deepEqual([first.tokenRequests.length, second.tokenRequests.length], [0, 0]);

  const again = first.secret('client-secret');
  const entered = await world.call('PATCH', '/v1/providers/acme', {
    body: {
      client_secret: again,
      issuer: second.issuer,
      jwks_uri: `${second.issuer}/jwks`,
      revocation_endpoint: `${second.issuer}/revoke`,
    },
  });
  assert.deepEqual([entered.status, entered.json.client_secret], [200, 'set']);
  await connect(world, 'acme');
  assert.equal(second.tokenRequests[0]?.form.get('client_secret'), again);
});

test('promise 61: a token endpoint cannot be changed under connections, whose refresh tokens belong to the old one', async (t) => {
  const world = await openWorld(t);
  const [first, second] = [await world.hostile(), await world.hostile()];
  await addProvider(world, first.entry('acme'));
  await connect(world, 'acme');
  const reply = await world.call('PATCH', '/v1/providers/acme', {
    body: { token_endpoint: `${second.issuer}/token` },
  });
  assertProblem(reply, 409, 'conflict');
  assert.equal((await world.call('POST', '/v1/refresh/acme')).status, 200);
  assert.deepEqual(second.requests, []);
});

for (const [field, change] of [
  ['revocation_endpoint', (evil: string) => ({ revocation_endpoint: `${evil}/revoke` })],
  ['profile.url', (evil: string) => ({ profile: { url: `${evil}/me`, subject: 'id', label: 'login' } })],
  ['userinfo_endpoint', (evil: string) => ({ userinfo_endpoint: `${evil}/me` })],
] as const) {
  test(`promises 61 and 118: under connections no ${field} leads secrets or tokens to another origin`, async (t) => {
    const world = await openWorld(t);
    const [honest, evil] = [await world.hostile(), await world.hostile()];
    await addProvider(
      world,
      honest.entry('acme', {
        token_endpoint_auth_method: 'client_secret_post',
        client_secret: honest.secret('client-secret'),
      }),
    );
    await connect(world, 'acme', { account: 'me' });
    const entry = (await world.call('GET', '/v1/providers/acme')).json;
    // Not even by way of no address at all.
    const gone = { [field.split('.')[0] ?? '']: null };
    for (const body of [change(evil.issuer), gone, change(evil.issuer)]) {
      const reply = await world.call('PATCH', '/v1/providers/acme', { body });
      if (body === gone) assert.equal(reply.status, 200, reply.body);
      else assertProblem(reply, 409, 'conflict');
      if (body !== gone) assert.equal(reply.json.field, field);
    }
    const back = change(honest.issuer);
    assert.equal((await world.call('PATCH', '/v1/providers/acme', { body: back })).status, 200);
    assert.equal((await world.call('GET', '/v1/providers/acme')).json.client_secret, entry.client_secret);
    assert.equal((await world.call('POST', '/v1/revoke/acme/me')).status, 200);
    assert.equal(honest.revoked.length, 1);
    assert.deepEqual(evil.requests, []);
  });
}

test('promise 61: another origin of the revocation endpoint clears the secret unless it is entered again', async (t) => {
  const world = await openWorld(t);
  const [first, second] = [await world.hostile(), await world.hostile()];
  const client_secret = first.secret('client-secret');
  await addProvider(
    world,
    first.entry('acme', { token_endpoint_auth_method: 'client_secret_post', client_secret }),
  );
  const patch = (body: object) => world.call('PATCH', '/v1/providers/acme', { body });
  const same = await patch({ revocation_endpoint: `${first.issuer}/end` });
  assert.deepEqual([same.status, same.json.client_secret], [200, 'set']);
  const moved = await patch({ revocation_endpoint: `${second.issuer}/revoke` });
  assert.deepEqual([moved.status, moved.json.client_secret], [200, 'unset']);
  const entered = await patch({ revocation_endpoint: `${first.issuer}/revoke`, client_secret });
  assert.deepEqual([entered.status, entered.json.client_secret], [200, 'set']);
});

test("the command line: the manual's own example, half a redirect rule, parameters that look like numbers, and one taken away", async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { authorization_parameters: { prompt: 'consent' } }));
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runTokentray(['providers', ...args, '--json'], world.host.env);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  const fixed = await run(
    'update',
    'acme',
    '--set',
    'redirect.port=fixed',
    '--set',
    'access_token_seconds=3600',
  );
  assert.deepEqual(
    [fixed.redirect, fixed.access_token_seconds],
    [{ host: '127.0.0.1', port: 'fixed' }, 3_600],
  );
  const parameters = ['include_granted_scopes=true', 'max_age=0', 'prompt='];
  const changed = await run(
    'update',
    'acme',
    ...parameters.flatMap((each) => ['--set', `authorization_parameters.${each}`]),
  );
  assert.deepEqual(changed.authorization_parameters, { include_granted_scopes: 'true', max_age: '0' });
  const endpoints = ['authorize', 'token'].map((path) => `${provider.issuer}/${path}`);
  const added = await run(
    'add',
    ...['--id', 'other', '--client-id', 'c', '--set', 'redirect.port=fixed'],
    ...['--set', `authorization_endpoint=${endpoints[0]}`, '--set', `token_endpoint=${endpoints[1]}`],
  );
  assert.deepEqual(added.redirect, { host: '127.0.0.1', port: 'fixed' });
});

test('an empty argument of the command line is named, ends with 2 and asks nobody', async (t) => {
  const world = await openWorld(t);
  for (const args of [
    ['token', ''],
    ['connections', 'remove', '', '--yes'],
    ['providers', 'show', ''],
  ]) {
    const { code, stdout, stderr } = await runTokentray(args, world.host.env);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /The argument \w+ is empty\. Give it a value\./);
  }
});
