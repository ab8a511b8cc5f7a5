// An authorization server that means harm: mix-up, forged ID tokens, redirects that want our credentials, answers without
// end. What counts is where our secrets went and what became usable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LIMITS } from '../../core/limits.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import {
  answering,
  claimsOf,
  type Fields,
  type HostileProvider,
  honestly,
  redirecting,
  type Script,
} from '../support/hostile-provider.ts';
import { newSigner, unsigned } from '../support/id-tokens.ts';
import { inTime, until } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionOf,
  connectionsOf,
  consentAt,
  openWorld,
  startConsent,
  tokenOf,
} from '../support/integration-world.ts';

for (const [protection, entry] of [
  ['iss', {}],
  ['the redirect path alone', { issuer: undefined, authorization_response_iss_parameter_supported: false }],
] as const) {
  test(`promise 41: when an evil server sends the browser on to an honest one, the honest code never reaches the evil token endpoint (protection: ${protection})`, async (t) => {
    const world = await openWorld(t);
    const [honest, evil] = [await world.hostile(), await world.hostile()];
    await addProvider(world, honest.entry('honest', entry));
    await addProvider(world, evil.entry('evil', entry));
    const consent = await startConsent(world, 'evil');
    const mine = new URL(new URL(consent.authorization_url ?? '').searchParams.get('redirect_uri') ?? '');
    // An honest server sends codes of this client only to the path that is registered for it.
    mine.pathname = '/callback/honest';
    evil.onAuthorize((redirect) => {
      const state = redirect.searchParams.get('state') ?? '';
      const asked = new URL(consent.authorization_url ?? '').searchParams;
      asked.set('client_id', 'client-of-honest');
      asked.set('redirect_uri', mine.href);
      asked.set('state', state);
      redirect.href = `${honest.issuer}/authorize?${asked}`;
    });
    const page = await createUserAgent().open(consent.authorization_url ?? '');
    assert.equal(page.status, 404);
    assert.equal((await world.call('GET', `/v1/consents/${consent.id}`)).json.status, 'pending');
    await world.call('DELETE', `/v1/consents/${consent.id}`);

    assert.equal(honest.at('/authorize').length, 1);
    assert.deepEqual([evil.tokenRequests.length, honest.tokenRequests.length], [0, 0]);
  });
}

test('promise 41: an honest server that does not compare redirect addresses is told apart by its iss', async (t) => {
  const world = await openWorld(t);
  const [honest, evil] = [await world.hostile(), await world.hostile()];
  await addProvider(world, honest.entry('honest'));
  // The evil entry does not even promise iss.
  await addProvider(world, evil.entry('evil', { authorization_response_iss_parameter_supported: false }));
  evil.onAuthorize((redirect) => {
    const { searchParams } = new URL(consent.authorization_url ?? '');
    searchParams.set('client_id', 'client-of-honest');
    redirect.href = `${honest.issuer}/authorize?${searchParams}`;
  });
  const consent = await startConsent(world, 'evil');
  await createUserAgent().open(consent.authorization_url ?? '');
  const ended = (await world.call('GET', `/v1/consents/${consent.id}?wait=5`)).json;
  assert.deepEqual([ended.status, ended.code], ['failed', 'issuer_mismatch']);
  assert.equal(honest.at('/authorize').length, 1);
  assert.deepEqual([evil.tokenRequests.length, honest.tokenRequests.length], [0, 0]);
});

/** The honest ID token with other claims or another signature. */
function idToken(forge: (claims: Fields, provider: HostileProvider) => string | undefined) {
  return (provider: HostileProvider): Script =>
    honestly((body) => ({ ...body, id_token: forge(claimsOf(body), provider) }));
}
const changed = (change: Fields) =>
  idToken((claims, { signer }) => signer.sign(JSON.parse(JSON.stringify({ ...claims, ...change }))));
const now = () => Math.floor(Date.now() / 1_000);
const PAST_TOLERANCE = LIMITS.idTokenToleranceSeconds + 10;

for (const [what, script] of [
  ['is missing', idToken(() => undefined)],
  ['has no nonce', changed({ nonce: undefined })],
  ['has the nonce of another consent', changed({ nonce: 'another' })],
  ['is meant for another client', changed({ aud: 'somebody-else' })],
  ['is meant for others as well and names none of them as azp', changed({ aud: ['client-of-acme', 'evil'] })],
  ['comes from another issuer', changed({ iss: 'https://evil.test' })],
  ['names no issuer', changed({ iss: undefined })],
  [
    'comes from an issuer with one slash more',
    idToken((claims, { signer }) => signer.sign({ ...claims, iss: `${claims.iss}/` })),
  ],
  ['names nobody', changed({ sub: undefined })],
  ['has no end', changed({ exp: undefined })],
  ['has ended', changed({ exp: now() - PAST_TOLERANCE, iat: now() - 600 })],
  ['is valid only later', changed({ nbf: now() + 600 })],
  ['is not signed', idToken((claims) => unsigned(claims))],
  ['is signed by a stranger', idToken((claims) => newSigner().sign(claims))],
  ['is signed by a key nobody published', idToken((claims) => newSigner('key-9').sign(claims))],
  [
    'says it is signed with a shared secret',
    idToken((claims, { signer }) => signer.sign(claims, { alg: 'HS256' })),
  ],
  ['has a changed body', idToken((claims, { signer }) => tampered(signer.sign(claims)))],
] as const) {
  test(`promise 44: when the ID token ${what}, no token becomes usable, and the refresh token is rescued to be given back`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
    provider.onToken(script(provider));
    const consent = await consentAt(world, 'acme');
    assert.deepEqual([consent.status, consent.code], ['failed', 'provider_answer_invalid']);
    assertProblem(await askToken(world, 'acme'), 409, 'conflict');
    assertProblem(await askToken(world, 'acme', 'force'), 409, 'conflict');
    const removed = await world.call('DELETE', '/v1/connections/acme');
    assert.deepEqual(removed.json, { removed: true, revoked: true });
    assert.equal(provider.successorOf(provider.revoked[0] ?? ''), undefined);
  });
}

test('promise 44: an ID token that ended within the tolerance of 30 s is taken', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  provider.onToken(changed({ exp: now() - 5, iat: now() - 300 })(provider));
  assert.equal((await connect(world, 'acme')).status, 'active');
});

test('promise 44: an ID token whose keys cannot be fetched makes nothing usable', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  provider.onKeys(answering(500, 'later'));
  assert.equal((await consentAt(world, 'acme')).status, 'failed');
  assertProblem(await askToken(world, 'acme'), 409, 'conflict');
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`promise 45: a token endpoint that answers ${status} is not followed, and its target never hears of us`, async (t) => {
    const world = await openWorld(t, { fakeTime: true });
    const [provider, thief] = [await world.hostile(), await world.hostile()];
    const client_secret = provider.secret('client-secret');
    await addProvider(
      world,
      provider.entry('acme', { client_secret, token_endpoint_auth_method: 'client_secret_basic' }),
    );
    provider.onToken(redirecting(`${thief.issuer}/token`, status));
    assert.equal((await consentAt(world, 'acme')).status, 'failed');
    await connect(world, 'acme');
    provider.onToken(redirecting(`${thief.issuer}/token`, status));
    assertProblem(await askToken(world, 'acme', 'force'), 502, 'refresh_failed');
    provider.onRevoke(redirecting(`${thief.issuer}/revoke`, status));
    assertProblem(await world.call('POST', '/v1/revoke/acme'), 502, 'revocation_failed');
    assert.deepEqual(thief.requests, []);
    assert.equal((await connectionOf(world, 'acme')).status, 'active');
  });
}

test('promise 45: keys and profiles are not fetched from where a redirect points', async (t) => {
  const world = await openWorld(t);
  const [provider, thief] = [await world.hostile(), await world.hostile()];
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  provider.onKeys(redirecting(`${thief.issuer}/jwks`));
  assert.equal((await consentAt(world, 'acme')).status, 'failed');
  assert.deepEqual(thief.requests, []);
});

const FIVE_MB = 5 * 1_024 * 1_024;
const padding = (body: Fields) => ({ ...body, padding: 'x'.repeat(FIVE_MB) });
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

for (const [what, script] of [
  ['longer than 1 MiB', honestly(padding)],
  ['longer than 1 MiB when unpacked', zipped((body) => JSON.stringify(padding(body)), 1)],
  ['packed three times', zipped((body) => JSON.stringify(body), 3)],
  ['that stops in the middle and never ends', stalling],
] as const) {
  test(`promise 104: an answer ${what} is cut off; the refresh is in doubt, is tried once more, and nothing is lost`, async (t) => {
    const world = await openWorld(t, { fakeTime: true, limits: { totalMs: 1_000 } });
    const provider = await world.hostile({ strict: false });
    await addProvider(world, provider.entry('acme'));
    await connect(world, 'acme');
    provider.onToken(script);
    const before = world.clock.pending;
    const asked = askToken(world, 'acme', 'force');
    await until('the pause before the quick retry', () => world.clock.pending > before);
    world.clock.advance(LIMITS.inDoubtRetryMaxMs);
    assert.equal((await inTime('the answer', asked)).status, 200);
    assert.equal(provider.refreshes.length, 2);
  });

  test(`promise 104: a code exchange with an answer ${what} fails and stores nothing`, async (t) => {
    const world = await openWorld(t, { limits: { totalMs: 1_000 } });
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    provider.onToken(script);
    assert.equal((await consentAt(world, 'acme')).status, 'failed');
    assert.deepEqual(await connectionsOf(world, 'acme'), []);
    assert.equal(provider.tokenRequests.length, 1);
  });
}

test('promise 104: a document nested deeper than 32 is refused, and the token at hand stays', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile({ strict: false });
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const before = await tokenOf(world, 'acme');
  for (const depth of [LIMITS.jsonDepth + 1, 100_000]) {
    provider.onToken(
      answering(200, `{"access_token":"x","token_type":"Bearer","extra":${deep(depth)}}`, {
        'content-type': 'application/json',
      }),
    );
    const reply = await askToken(world, 'acme', 'force');
    assert.ok(reply.status >= 500, reply.body);
    assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);
  }
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  assert.equal((await askToken(world, 'acme', 'force')).status, 200);
});

test('promise 104: a discovery document without end is cut off', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  provider.metadata = { padding: 'x'.repeat(FIVE_MB) };
  const body = { id: 'acme', issuer: provider.issuer, client_id: 'c' };
  assertProblem(await world.call('POST', '/v1/providers', { body }), 503, 'offline');
});

test('promise 105: a provider that never answers delays no other one', async (t) => {
  const world = await openWorld(t);
  const [slow, quick] = [await world.hostile(), await world.hostile()];
  await addProvider(world, slow.entry('slow', { scopes: ['openid'] }));
  await addProvider(world, quick.entry('quick'));
  await connect(world, 'quick');
  const held = Promise.withResolvers<void>();
  const answers = [];
  for (const sub of ['1', '2', '3', '4']) {
    slow.user = { sub, email: `user${sub}` };
    await connect(world, 'slow');
  }
  const waiting: Script = async (exchange) => {
    await held.promise;
    await honestly()(exchange);
  };
  slow.onToken(waiting, waiting, waiting, waiting);
  for (const sub of ['1', '2', '3', '4']) answers.push(askToken(world, `slow/user${sub}`, 'force'));
  await until('two refreshes', () => slow.refreshes.length === 2);
  assert.equal((await inTime('the quick provider', askToken(world, 'quick', 'force'))).status, 200);
  assert.equal(slow.refreshes.length, 2, 'two at a time per provider');
  held.resolve();
  for (const answer of answers) assert.equal((await answer).status, 200);
});

function tampered(jwt: string): string {
  const [head, body = '', signature] = jwt.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url');
  return `${head}.${other}.${signature}`;
}

function zipped(text: (body: Fields) => string, times: number): Script {
  return ({ honest, response }) => {
    let bytes: Buffer = Buffer.from(text(honest().body));
    for (let time = 0; time < times; time += 1) bytes = gzipSync(bytes);
    const encoding = Array.from({ length: times }, () => 'gzip').join(', ');
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bytes);
  };
}

function stalling({ honest, response }: Parameters<Script>[0]): void {
  const text = JSON.stringify(honest().body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(text.length) });
  response.write(text.slice(0, 10));
}
