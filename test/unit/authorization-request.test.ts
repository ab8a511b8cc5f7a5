// The authorization request: fresh secrets per attempt, S256, and an address that every browser and opener carries whole.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import { authorizationUrl, newAttempt } from '../../core/oauth/authorization-request.ts';
import { refusedWith } from '../support/errors.ts';
import { acme, acmeOpenId } from '../support/provider-samples.ts';
import { seededRandom } from '../support/seeded-random.ts';

const REDIRECT = 'http://127.0.0.1:53211/callback/acme';
const attempt = newAttempt(seededRandom('authorization request'));

test('promise 36: 10 000 attempts have 10 000 states, nonces and verifiers of 256 bits and 43 characters', () => {
  const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
  const seen = new Set<string>();
  for (let index = 0; index < 10_000; index += 1) {
    const { state, nonce, codeVerifier } = newAttempt(random);
    for (const value of [state, nonce, codeVerifier]) {
      assert.match(value, /^[A-Za-z0-9_-]{43}$/);
      assert.equal(Buffer.from(value, 'base64url').length, 32);
      seen.add(value);
    }
  }
  assert.equal(seen.size, 30_000);
});

test('promise 36: the request carries state and the S256 challenge of the verifier, never the verifier', async () => {
  const url = await authorizationUrl(acme(), attempt, REDIRECT, ['read']);
  const challenge = createHash('sha256').update(attempt.codeVerifier).digest('base64url');
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    response_type: 'code',
    client_id: 'client-1',
    redirect_uri: REDIRECT,
    scope: 'read',
    state: attempt.state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  assert.ok(!url.href.includes(attempt.codeVerifier));
});

test('promise 37: without PKCE by hand the state is sent all the same', async () => {
  const url = await authorizationUrl(acme({ pkce: 'off' }), attempt, REDIRECT, ['read']);
  assert.equal(url.searchParams.get('state'), attempt.state);
  assert.ok(!url.searchParams.has('code_challenge') && !url.searchParams.has('code_challenge_method'));
});

test('OpenID Connect Core 3.1.2.1: a nonce is sent when openid is asked for, and only then', async () => {
  const nonce = async (scopes: string[]) =>
    (await authorizationUrl(acmeOpenId(), attempt, REDIRECT, scopes)).searchParams.get('nonce');
  assert.equal(await nonce(['openid', 'email']), attempt.nonce);
  assert.equal(await nonce(['email']), null);
});

test('RFC 6749 3.3: without scopes no empty scope parameter is sent', async () => {
  const url = await authorizationUrl(acme(), attempt, REDIRECT, []);
  assert.ok(!url.searchParams.has('scope'));
});

test('a provider with its own separator gets its scopes joined by that', async () => {
  const url = await authorizationUrl(acme({ scope_separator: ',' }), attempt, REDIRECT, ['read', 'write']);
  assert.equal(url.searchParams.get('scope'), 'read,write');
});

test('promise 57: spaces are written %20 and the whole address is plain ASCII without quotes, spaces or brackets', async () => {
  const provider = acme({
    client_id: `a b'"<>\`$(id)|;&+é`,
    authorization_parameters: { login_hint: `jo+x@acme.test '"\`$(id)` },
  });
  const url = await authorizationUrl(provider, attempt, REDIRECT, ['read', 'https://acme.test/a+b', 'write']);
  assert.match(url.search, /^\?[A-Za-z0-9%&=._*-]+$/);
  assert.match(url.search, /scope=read%20https/);
  assert.equal(url.searchParams.get('scope'), 'read https://acme.test/a+b write');
  assert.equal(url.searchParams.get('client_id'), provider.client_id);
  assert.equal(url.searchParams.get('login_hint'), provider.authorization_parameters.login_hint);
  assert.equal(new URL(url.href).href, url.href);
});

test('RFC 6749 3.1: the query of the endpoint and the parameters of the entry are kept', async () => {
  const provider = acme({
    authorization_endpoint: 'https://as.acme.test/authorize?p=policy%201&x=a+b',
    authorization_parameters: { prompt: 'consent' },
  });
  const url = await authorizationUrl(provider, attempt, REDIRECT, []);
  assert.equal(url.searchParams.get('p'), 'policy 1');
  assert.equal(url.searchParams.get('x'), 'a b');
  assert.equal(url.searchParams.get('prompt'), 'consent');
});

test('promise 36: a parameter of the entry can never replace one of the flow, even past the judge of entries', async () => {
  const names = [
    'response_type',
    'client_id',
    'redirect_uri',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
  ];
  const hostile = Object.fromEntries(names.map((name) => [name, 'evil']));
  const provider = { ...acmeOpenId(), authorization_parameters: hostile };
  const url = await authorizationUrl(provider, attempt, REDIRECT, ['openid']);
  for (const name of names) assert.ok(!url.searchParams.getAll(name).includes('evil'), name);
});

test('promise 58: an address longer than 8000 characters is refused, naming the field, and never cut', async () => {
  const scopes = Array.from({ length: 100 }, (_, index) => `${'s'.repeat(80)}${index}`);
  const error = await refusedWith('unsafe_url', () => authorizationUrl(acme(), attempt, REDIRECT, scopes));
  assert.equal(error.details.field, 'scopes');
  const url = await authorizationUrl(acme(), attempt, REDIRECT, scopes.slice(0, 80));
  assert.ok(url.href.length <= LIMITS.authorizationUrlChars);
  assert.equal(url.searchParams.get('scope')?.split(' ').length, 80);
});

test('promise 57: any parameter comes back from the address exactly as it was set', async () => {
  const value = fc.string({ unit: 'binary', maxLength: 100 }).map((text) => text.toWellFormed());
  await fc.assert(
    fc.asyncProperty(value, async (login_hint) => {
      const provider = acme({ authorization_parameters: { login_hint } });
      const url = await authorizationUrl(provider, attempt, REDIRECT, ['read']);
      assert.equal(new URL(url.href).searchParams.get('login_hint'), login_hint);
      assert.match(url.href, /^[\x21-\x7e]+$/);
    }),
    { numRuns: 200 },
  );
});
