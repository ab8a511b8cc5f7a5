// The judge of token answers: what is rescued of a bad one, what counts as an OAuth error, and what makes a token usable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import type { Provider } from '../../core/model/provider.ts';
import type { TokenSet } from '../../core/model/token-set.ts';
import {
  type Grant,
  judgeTokenAnswer,
  oauthErrorOf,
  rescueRefreshToken,
  validatedIdClaims,
} from '../../core/oauth/token-answer.ts';
import { refusedWith, said } from '../support/errors.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';
import { answered, FakeHttp, maybeSent, noHttp, responseOf } from '../support/fake-http.ts';
import { newSigner, unsigned } from '../support/id-tokens.ts';
import { acme, acmeOpenId } from '../support/provider-samples.ts';

const NONCE = 'nonce-canary-0d13';
const ACCESS = 'access-canary-7c20';
const REFRESH = 'refresh-canary-93aa';
const NOW_SECONDS = FAKE_NOW / 1_000;

const signer = newSigner();
const stranger = newSigner();

const claims = {
  iss: 'https://as.acme.test',
  sub: 'user-1',
  aud: 'client-1',
  nonce: NONCE,
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  email: 'jo@acme.test',
};

const body = { access_token: ACCESS, token_type: 'Bearer', expires_in: 3_600, refresh_token: REFRESH };
const openIdBody = (idToken: unknown) => ({ ...body, id_token: idToken });

const codeGrant = (openid: boolean): Grant => ({ type: 'code', nonce: NONCE, openid, asked: ['read'] });
const refreshGrant = (previous?: TokenSet): Grant => ({
  type: 'refresh',
  previous,
  asked: ['read'],
  refreshToken: 'refresh-0',
});

const jwksHttp = () => new FakeHttp(() => answered(200, signer.jwks));

function judgeOpenId(idToken: unknown, provider: Provider = acmeOpenId(), http = jwksHttp()) {
  return judgeTokenAnswer(http, provider, responseOf(200, openIdBody(idToken)), codeGrant(true), FAKE_NOW);
}

function judgePlain(answer: object | string | Uint8Array, grant = codeGrant(false), provider = acme()) {
  return judgeTokenAnswer(noHttp(), provider, responseOf(200, answer), grant, FAKE_NOW);
}

const earlier: TokenSet = {
  access_token: 'access-0',
  token_type: 'Bearer',
  refresh_token: 'refresh-0',
  id_token: 'id-0',
  scope: ['read', 'write'],
  issued_at: FAKE_NOW - 1_000,
  expires_at: FAKE_NOW,
  expires_source: 'expires_in',
};

test('OpenID Connect Core 3.1.3.7: a sound ID token gives the account that signed in', async () => {
  const http = jwksHttp();
  const { id, tokens } = await judgeOpenId(signer.sign(claims), acmeOpenId(), http);
  assert.deepEqual(id, { issuer: 'https://as.acme.test', subject: 'user-1', label: 'jo@acme.test' });
  assert.equal(tokens.access_token, ACCESS);
  assert.equal(tokens.refresh_token, REFRESH);
  assert.deepEqual(http.asked, ['https://as.acme.test/jwks']);
});

test('an ID token up to 30 s past its end is taken, as clocks differ a little', async () => {
  const { id } = await judgeOpenId(signer.sign({ ...claims, exp: NOW_SECONDS - 29 }));
  assert.equal(id?.subject, 'user-1');
});

test('an answer that was stored is judged as of the time it came, not of the time it is judged', async () => {
  const then = Date.UTC(2020, 0, 1);
  const idToken = signer.sign({ ...claims, iat: then / 1_000, exp: then / 1_000 + 300 });
  const response = responseOf(200, openIdBody(idToken));
  const judged = await judgeTokenAnswer(jwksHttp(), acmeOpenId(), response, codeGrant(true), then);
  assert.equal(judged.id?.subject, 'user-1');
});

const [head, middle, signature] = signer.sign(claims).split('.');
const { nonce: _nonce, ...noNonce } = claims;
const { aud: _aud, ...noAudience } = claims;
const { sub: _sub, ...noSubject } = claims;
const { exp: _exp, ...noExpiry } = claims;

/** ID tokens of which nothing may be used. */
const BAD_ID_TOKENS: Readonly<Record<string, unknown>> = {
  'is missing': undefined,
  'is null': null,
  'is empty': '',
  'is a number': 5,
  'is not a JWT': 'abc',
  'is encrypted (five parts)': 'a.b.c.d.e',
  'has a header that is not JSON': `AAAA.${middle}.${signature}`,
  'lacks the nonce': signer.sign(noNonce),
  'has the nonce of another consent': signer.sign({ ...claims, nonce: 'other' }),
  'has an empty nonce': signer.sign({ ...claims, nonce: '' }),
  'lacks an audience': signer.sign(noAudience),
  'has another audience': signer.sign({ ...claims, aud: 'client-2' }),
  'has several audiences and no authorized party': signer.sign({ ...claims, aud: ['client-1', 'client-2'] }),
  'was issued to another party': signer.sign({ ...claims, aud: ['client-1', 'client-2'], azp: 'client-2' }),
  'has another issuer': signer.sign({ ...claims, iss: 'https://evil.test' }),
  'has an issuer that differs by its last slash': signer.sign({ ...claims, iss: 'https://as.acme.test/' }),
  'lacks a subject': signer.sign(noSubject),
  'lacks an end': signer.sign(noExpiry),
  'has an end that is a text': signer.sign({ ...claims, exp: String(NOW_SECONDS + 300) }),
  'ended 31 s ago': signer.sign({ ...claims, exp: NOW_SECONDS - 31 }),
  'is not valid yet': signer.sign({ ...claims, nbf: NOW_SECONDS + 120 }),
  'has alg none and no signature': unsigned(claims),
  'has alg none and a signature': signer.sign(claims, { alg: 'none' }),
  'has alg None': signer.sign(claims, { alg: 'None' }),
  'names another algorithm than the entry allows': signer.sign(claims, { alg: 'RS256' }),
  'names a symmetric algorithm': signer.sign(claims, { alg: 'HS256' }),
  'is signed by a foreign key under the same key id': stranger.sign(claims),
  'is signed by a key that nobody published': stranger.sign(claims, { kid: 'key-9' }),
  'has the signature cut off': `${head}.${middle}.`,
  'has claims that were changed after signing': `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')}.${signature}`,
  'asks for an unknown critical extension': signer.sign(claims, { crit: ['x'], x: 1 }),
};

for (const [flaw, idToken] of Object.entries(BAD_ID_TOKENS)) {
  test(`promise 44: no token becomes usable when the ID token ${flaw}`, async () => {
    const error = await refusedWith('provider_answer_invalid', () => judgeOpenId(idToken));
    for (const secret of [ACCESS, REFRESH, NONCE, 'jo@acme.test']) assert.ok(!said(error).includes(secret));
  });

  test(`promise 83: the new refresh token is kept when the ID token ${flaw}`, () => {
    assert.equal(rescueRefreshToken(responseOf(200, openIdBody(idToken))), REFRESH);
  });
}

test('promise 44: no token becomes usable when the signing keys cannot be had', async () => {
  const unreachable = new FakeHttp(() => maybeSent('timeout'));
  const missing = new FakeHttp(() => answered(404, 'no'));
  const moved = new FakeHttp(() => answered(302, '', { location: 'https://evil.test/jwks' }));
  const empty = new FakeHttp(() => answered(200, { keys: [] }));
  for (const http of [unreachable, missing, moved, empty]) {
    await refusedWith('provider_answer_invalid', () => judgeOpenId(signer.sign(claims), acmeOpenId(), http));
    assert.ok(http.requests.every(({ url }) => url.host === 'as.acme.test'));
  }
  const { jwks_uri: _jwks, ...keyless } = acmeOpenId();
  await refusedWith('provider_answer_invalid', () => judgeOpenId(signer.sign(claims), keyless, noHttp()));
});

test('promise 44: keys that the ID token itself points to are never asked for', async () => {
  const http = jwksHttp();
  const idToken = stranger.sign(claims, { jku: 'https://evil.test/jwks', jwk: stranger.jwks.keys[0] });
  await refusedWith('provider_answer_invalid', () => judgeOpenId(idToken, acmeOpenId(), http));
  assert.ok(http.requests.every(({ url }) => url.href === 'https://as.acme.test/jwks'));
});

test('an ID token of a provider whose issuer is not known is ignored', async () => {
  const { id, tokens } = await judgePlain(openIdBody(unsigned(claims)));
  assert.equal(id, undefined);
  assert.equal(tokens.id_token, undefined);
});

const MALFORMED: Readonly<Record<string, object | string | Uint8Array>> = {
  'is not JSON': '<html>Sign in to the Wi-Fi</html>',
  'is cut in the middle': '{"access_token":"a","token_type":"Bearer"',
  'is an array': [body],
  'is a JSON text': '"access_token"',
  'is empty': '',
  'is not UTF-8': Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d),
  'lacks an access token': { token_type: 'Bearer', refresh_token: REFRESH },
  'has an empty access token': { ...body, access_token: '' },
  'has an access token that is a number': { ...body, access_token: 12 },
  'has an access token that is an object': { ...body, access_token: { toString: ACCESS } },
  'lacks a token type': { access_token: ACCESS, refresh_token: REFRESH },
  'has a refresh token that is a number': { ...body, refresh_token: 12 },
  'has a scope that is an object': { ...body, scope: { read: true } },
  'has an access token with a line break': { ...body, access_token: `${ACCESS}\r\nX-Evil: 1` },
  'has an access token with a control character': { ...body, access_token: `${ACCESS}\u001b[2J` },
  'has an access token with a space': { ...body, access_token: `${ACCESS} x` },
  'has an access token beyond ASCII': { ...body, access_token: `${ACCESS}é` },
  'has a negative expires_in': { ...body, expires_in: -1 },
  'has an expires_in that is a word': { ...body, expires_in: 'soon' },
  'has an expires_in that is an object': { ...body, expires_in: {} },
};

for (const [flaw, answer] of Object.entries(MALFORMED)) {
  test(`RFC 6749 5.1: an answer that ${flaw} is refused and nothing of it is repeated`, async () => {
    for (const grant of [codeGrant(false), refreshGrant(earlier)]) {
      const error = await refusedWith('provider_answer_invalid', () => judgePlain(answer, grant));
      for (const secret of [ACCESS, REFRESH, 'Wi-Fi']) assert.ok(!said(error).includes(secret));
    }
  });
}

for (const token_type of ['mac', 'DPoP', 'N_A', 'urn:ietf:params:oauth:token-type:jwt', 'Bearer ', '']) {
  test(`promise 46: an answer with token_type "${token_type}" gives no usable token`, async () => {
    await refusedWith('provider_answer_invalid', () => judgePlain({ ...body, token_type }));
  });
}

test('RFC 6749 5.1: token_type is compared without regard to case and handed out as Bearer', async () => {
  for (const token_type of ['bearer', 'BEARER', 'Bearer']) {
    const { tokens } = await judgePlain({ ...body, token_type });
    assert.equal(tokens.token_type, 'Bearer');
  }
});

test('promise 47: the scope is stored as granted, narrower or wider than asked', async () => {
  const granted = async (scope: unknown, provider = acme()) =>
    (await judgePlain({ ...body, scope }, codeGrant(false), provider)).tokens.scope;
  assert.deepEqual(await granted('write'), ['write']);
  assert.deepEqual(await granted('read write admin'), ['read', 'write', 'admin']);
  assert.deepEqual(await granted('read,write'), ['read,write']);
  assert.deepEqual(await granted('read,write', acme({ scope_separator: ',' })), ['read', 'write']);
  assert.deepEqual(await granted(' read\twrite '), ['read', 'write']);
});

test('RFC 6749 5.1: an answer without scope grants what was asked', async () => {
  for (const scope of [undefined, null, '', '  ']) {
    const { tokens } = await judgePlain({ ...body, scope });
    assert.deepEqual(tokens.scope, ['read']);
  }
});

test('RFC 6749 6: a refresh without scope keeps the scope of before', async () => {
  const { tokens } = await judgePlain(body, refreshGrant(earlier));
  assert.deepEqual(tokens.scope, ['read', 'write']);
});

test('promise 87: a refresh without a new refresh token keeps the old one', async () => {
  for (const refresh_token of [undefined, null, '', 'refresh-0']) {
    const { tokens } = await judgePlain({ ...body, refresh_token }, refreshGrant(earlier));
    assert.equal(tokens.refresh_token, 'refresh-0');
  }
});

test('promise 88: a refresh with a new refresh token replaces the old one', async () => {
  const { tokens } = await judgePlain(body, refreshGrant(earlier));
  assert.equal(tokens.refresh_token, REFRESH);
});

test('a code exchange without a refresh token gives a token set without one', async () => {
  for (const refresh_token of [undefined, null, '']) {
    const { tokens } = await judgePlain({ ...body, refresh_token });
    assert.ok(!('refresh_token' in tokens));
  }
});

test('promise 84: a refresh is judged without asking anybody anything', async () => {
  const response = responseOf(200, openIdBody(signer.sign(claims)));
  const { id, tokens } = await judgeTokenAnswer(
    noHttp(),
    acmeOpenId(),
    response,
    refreshGrant(earlier),
    FAKE_NOW,
  );
  assert.equal(id?.subject, 'user-1');
  assert.equal(tokens.issued_at, FAKE_NOW);
});

test('a refresh whose ID token is of another audience gives no usable token', async () => {
  const response = responseOf(200, openIdBody(signer.sign({ ...claims, aud: 'client-2' })));
  await refusedWith('provider_answer_invalid', () =>
    judgeTokenAnswer(noHttp(), acmeOpenId(), response, refreshGrant(earlier), FAKE_NOW),
  );
});

test('promise 98: every odd expires_in of an answer has one defined end', async () => {
  const end = async (expires_in: unknown) => {
    const { tokens } = await judgePlain({ ...body, expires_in });
    return [tokens.expires_at === null ? null : tokens.expires_at - FAKE_NOW, tokens.expires_source];
  };
  assert.deepEqual(await end(3_600), [3_600_000, 'expires_in']);
  assert.deepEqual(await end('3600'), [3_600_000, 'expires_in']);
  assert.deepEqual(await end(0), [0, 'expires_in']);
  assert.deepEqual(await end('0'), [0, 'expires_in']);
  assert.deepEqual(await end(1.5), [1_500, 'expires_in']);
  assert.deepEqual(await end(1e15), [LIMITS.lifetimeMaxSeconds * 1_000, 'expires_in']);
  assert.deepEqual(await end(undefined), [3_600_000, 'assumed']);
  assert.deepEqual(await end(null), [3_600_000, 'assumed']);
});

test('promise 98: an expires_in that is no number, or not finite, makes the answer unusable', async () => {
  for (const text of ['"NaN"', '-5', '"-5"', '[]', 'true', '""']) {
    const answer = `{"access_token":"a","token_type":"Bearer","expires_in":${text}}`;
    await refusedWith('provider_answer_invalid', () => judgePlain(answer));
  }
  // JSON has no infinity, but JavaScript reads one from this.
  await refusedWith('provider_answer_invalid', () =>
    judgePlain('{"access_token":"a","token_type":"Bearer","expires_in":1e999}'),
  );
});

test('promise 83: the refresh token of any 2xx JSON object is rescued, whatever else is wrong', () => {
  const rescued = [
    { refresh_token: REFRESH },
    { refresh_token: REFRESH, access_token: null, token_type: 7, expires_in: -4, id_token: {} },
    { refresh_token: REFRESH, error: 'server_error' },
    { access_token: ACCESS, token_type: 'mac', refresh_token: REFRESH, scope: [] },
  ];
  for (const answer of rescued) assert.equal(rescueRefreshToken(responseOf(200, answer)), REFRESH);
  assert.equal(rescueRefreshToken(responseOf(200, `\ufeff{"refresh_token":"${REFRESH}"}`)), REFRESH);
  for (const status of [201, 202, 299]) {
    assert.equal(rescueRefreshToken(responseOf(status, { refresh_token: REFRESH, error: 'x' })), REFRESH);
  }
  const untyped = responseOf(200, { refresh_token: REFRESH }, { 'content-type': 'text/html' });
  assert.equal(rescueRefreshToken(untyped), REFRESH);
});

test('promise 87: nothing is rescued where there is no refresh token that could be one', () => {
  const none = [
    {},
    { refresh_token: '' },
    { refresh_token: null },
    { refresh_token: 5 },
    { refresh_token: [REFRESH] },
  ];
  for (const answer of none) assert.equal(rescueRefreshToken(responseOf(200, answer)), undefined);
  assert.equal(rescueRefreshToken(responseOf(400, { refresh_token: REFRESH })), undefined);
  assert.equal(rescueRefreshToken(responseOf(200, `["${REFRESH}"]`)), undefined);
  const inherited = `{"__proto__":{"refresh_token":"${REFRESH}"}}`;
  assert.equal(rescueRefreshToken(responseOf(200, inherited)), undefined);
});

test('RFC 6749 5.2: a well-formed OAuth error is recognised, also in a 200 and from servers that bend the status', () => {
  const cases: readonly [number, object, string | undefined][] = [
    [400, { error: 'invalid_grant' }, 'invalid_grant'],
    [401, { error: 'invalid_client', error_description: 'x' }, 'invalid_client'],
    [403, { error: 'invalid_grant' }, 'invalid_grant'],
    [501, { error: 'unsupported_grant_type' }, 'unsupported_grant_type'],
    [200, { error: 'bad_refresh_token' }, 'bad_refresh_token'],
    [200, { error: 'invalid_grant', access_token: null }, 'invalid_grant'],
    [200, { error: 'invalid_grant', access_token: ACCESS }, undefined],
    [201, { error: 'invalid_grant' }, 'invalid_grant'],
    [201, { error: 'invalid_grant', access_token: ACCESS }, undefined],
    [500, { error: 'invalid_grant' }, undefined],
    [503, { error: 'temporarily_unavailable' }, undefined],
    [302, { error: 'invalid_grant' }, undefined],
    [400, { error: { code: 400, message: 'x' } }, undefined],
    [400, { error: '' }, undefined],
    [400, { error: 'with "quotes"' }, undefined],
    [400, { error: 'line\nbreak' }, undefined],
    [400, { error: 'x'.repeat(61) }, undefined],
    [400, { message: 'invalid_grant' }, undefined],
    [400, [{ error: 'invalid_grant' }], undefined],
  ];
  for (const [status, answer, error] of cases) {
    assert.equal(oauthErrorOf(responseOf(status, answer)), error, `${status} ${JSON.stringify(answer)}`);
  }
  assert.equal(oauthErrorOf(responseOf(400, '<html>invalid_grant</html>')), undefined);
});

test('whatever a token endpoint answers, it is judged or refused, never an unexpected error', async () => {
  const field = fc.constantFrom(
    'access_token',
    'token_type',
    'expires_in',
    'refresh_token',
    'scope',
    'id_token',
    'error',
  );
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('Bearer', ACCESS, signer.sign(claims)));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(field, value), async (answer) => {
      const response = responseOf(200, answer);
      oauthErrorOf(response);
      try {
        const { tokens } = await judgeTokenAnswer(
          jwksHttp(),
          acmeOpenId(),
          response,
          codeGrant(true),
          FAKE_NOW,
        );
        assert.equal(tokens.token_type, 'Bearer');
      } catch (error) {
        await refusedWith('provider_answer_invalid', () => {
          throw error;
        });
      }
    }),
    { numRuns: 200 },
  );
});

test('identity is read from an ID token that was accepted before, and from nothing else', () => {
  assert.equal(validatedIdClaims(signer.sign(claims))?.subject, 'user-1');
  for (const odd of ['', 'a', 'a.b.c', unsigned({ iss: 5, sub: 'x' }), unsigned([])]) {
    assert.equal(validatedIdClaims(odd), undefined);
  }
});
