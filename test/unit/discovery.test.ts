// Discovery: which addresses are asked, and which documents are believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discover, discoveryUrls, judgeMetadata } from '../../core/oauth/discovery.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { refusedWith, said } from '../support/errors.ts';
import { answered, FakeHttp, maybeSent, notSent } from '../support/fake-http.ts';

const ISSUER = 'https://as.acme.test';
const document = {
  issuer: ISSUER,
  authorization_endpoint: 'https://as.acme.test/authorize',
  token_endpoint: 'https://as.acme.test/token',
  jwks_uri: 'https://as.acme.test/jwks',
  response_types_supported: ['code', 'code id_token'],
  code_challenge_methods_supported: ['S256'],
};

const judged = (changes: object, issuer = ISSUER) =>
  judgeMetadata(issuer, new TextEncoder().encode(JSON.stringify({ ...document, ...changes })));

test('RFC 8414 2: a sound discovery document gives its endpoints and nothing unknown', () => {
  const metadata = judged({ acme_extension: 'x', tls_client_certificate_bound_access_tokens: true });
  assert.equal(metadata.token_endpoint, 'https://as.acme.test/token');
  assert.ok(!('acme_extension' in metadata));
});

const OTHER_ISSUERS: Readonly<Record<string, unknown>> = {
  'names another issuer': 'https://evil.test',
  'names its issuer with a last slash': `${ISSUER}/`,
  'names its issuer in another case': 'https://AS.acme.test',
  'names its issuer with the default port': `${ISSUER}:443`,
  'names its issuer over http': 'http://as.acme.test',
  'names no issuer': undefined,
  'names a list as its issuer': [ISSUER],
  'names null as its issuer': null,
};

for (const [flaw, issuer] of Object.entries(OTHER_ISSUERS)) {
  test(`promise 38: a discovery document that ${flaw} is refused`, async () => {
    const error = await refusedWith('issuer_mismatch', () => judged({ issuer }));
    assert.equal(error.details.field, 'issuer');
    assert.ok(!said(error).includes('evil'));
  });
}

const UNUSABLE: Readonly<Record<string, object>> = {
  'lacks the authorization endpoint': { authorization_endpoint: undefined },
  'lacks the token endpoint': { token_endpoint: undefined },
  'has a token endpoint over plain http': { token_endpoint: 'http://as.acme.test/token' },
  'has a token endpoint that is a number': { token_endpoint: 5 },
  'has an authorization endpoint that runs script': { authorization_endpoint: 'javascript:alert(1)' },
  'has an authorization endpoint that is a file': { authorization_endpoint: 'file:///etc/passwd' },
  'has an authorization endpoint with a user name': { authorization_endpoint: 'https://a@as.acme.test/x' },
  'has an authorization endpoint with a fragment': { authorization_endpoint: 'https://as.acme.test/x#y' },
  'has a relative endpoint': { token_endpoint: '/token' },
  'has a key address over plain http': { jwks_uri: 'http://as.acme.test/jwks' },
  'has a revocation endpoint with a line break': { revocation_endpoint: 'https://as.acme.test/\nx' },
  'has an endpoint longer than 2000 characters': {
    token_endpoint: `https://as.acme.test/${'x'.repeat(2_000)}`,
  },
  'does not offer the code flow': { response_types_supported: ['token'] },
  'has a response type list that is a text': { response_types_supported: 'code' },
};

for (const [flaw, changes] of Object.entries(UNUSABLE)) {
  test(`RFC 8414 2: a discovery document that ${flaw} is refused, naming the issuer and no value`, async () => {
    const error = await refusedWith('discovery_failed', () => judged(changes));
    assert.match(error.message, /as\.acme\.test/);
    for (const value of Object.values(changes)) assert.ok(!error.message.includes(String(value)));
  });
}

test('RFC 8414 3: a body that is not a JSON object is refused', async () => {
  for (const body of ['', '<html>', '[]', '"x"', '{"issuer":', `${'['.repeat(40)}${']'.repeat(40)}`]) {
    await refusedWith('discovery_failed', () => judgeMetadata(ISSUER, new TextEncoder().encode(body)));
  }
});

test('RFC 8252 8.3: endpoints over plain http are taken on the three loopback names only', () => {
  for (const host of ['127.0.0.1:9', '[::1]:9', 'localhost:9']) {
    const issuer = `http://${host}`;
    const changes = { issuer, token_endpoint: `${issuer}/token`, authorization_endpoint: `${issuer}/a` };
    assert.equal(judged(changes, issuer).token_endpoint, `${issuer}/token`);
  }
});

test('OpenID Discovery 4 and RFC 8414 3.1: both well-known addresses are built from the issuer', () => {
  const urls = (issuer: string) => discoveryUrls(new URL(issuer)).map(({ url }) => url.href);
  assert.deepEqual(urls('https://as.acme.test'), [
    'https://as.acme.test/.well-known/openid-configuration',
    'https://as.acme.test/.well-known/oauth-authorization-server',
  ]);
  for (const issuer of ['https://as.acme.test:8443/tenant/v2', 'https://as.acme.test:8443/tenant/v2/']) {
    assert.deepEqual(urls(issuer), [
      'https://as.acme.test:8443/tenant/v2/.well-known/openid-configuration',
      'https://as.acme.test:8443/.well-known/oauth-authorization-server/tenant/v2',
    ]);
  }
});

test('promise 38: whatever its path looks like, an issuer is only ever asked at its own host', () => {
  for (const path of ['//evil.test', '///evil.test/', '/%2fevil.test', '/..//evil.test', '/@evil.test']) {
    for (const { url } of discoveryUrls(new URL(`https://as.acme.test${path}`))) {
      assert.equal(url.host, 'as.acme.test', path);
    }
  }
});

const well = '/.well-known/';
const site = (pages: Readonly<Record<string, HttpOutcome>>) =>
  new FakeHttp(({ url }) => pages[url.pathname.replace(well, '')] ?? answered(404, 'not here'));

test('the OpenID document is asked for first, then that of RFC 8414', async () => {
  const openid = site({ 'openid-configuration': answered(200, document) });
  assert.equal((await discover(openid, ISSUER)).kind, 'openid');
  assert.equal(openid.requests.length, 1);
  const oauth2 = site({ 'oauth-authorization-server': answered(200, document) });
  assert.equal((await discover(oauth2, ISSUER)).kind, 'oauth2');
  assert.equal(oauth2.requests.length, 2);
});

test('promise 45: a redirect in place of a discovery document is not followed', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const moved = answered(status, document, { location: 'https://evil.test/' });
    const http = site({ 'openid-configuration': moved, 'oauth-authorization-server': moved });
    await refusedWith('discovery_failed', () => discover(http, ISSUER));
    assert.ok(http.requests.every(({ url }) => url.host === 'as.acme.test'));
  }
});

test('promise 38: a wrong document is an answer: no other address is tried after it', async () => {
  const http = site({
    'openid-configuration': answered(200, { ...document, issuer: 'https://evil.test' }),
    'oauth-authorization-server': answered(200, document),
  });
  await refusedWith('issuer_mismatch', () => discover(http, ISSUER));
  assert.equal(http.requests.length, 1);
});

test('an issuer that cannot be reached is named as such, and that its document is missing is another thing', async () => {
  for (const outcome of [notSent('dns'), maybeSent('timeout')]) {
    const error = await refusedWith('offline', () => discover(new FakeHttp(() => outcome), ISSUER));
    assert.match(error.message, /as\.acme\.test.*(dns|timeout)/);
  }
  const error = await refusedWith('discovery_failed', () => discover(site({}), ISSUER));
  assert.match(error.message, /status 404.*by hand/);
});

test('discovery sends no credential and asks for JSON', async () => {
  const http = site({ 'openid-configuration': answered(200, document) });
  await discover(http, ISSUER);
  const [request] = http.requests;
  assert.deepEqual(
    [request?.method, request?.headers, request?.body],
    ['GET', { accept: 'application/json' }, undefined],
  );
});
