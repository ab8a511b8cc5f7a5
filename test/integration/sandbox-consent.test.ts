// The sandbox seen by a person in a browser: login, consent, who they are, and where the answer may go.
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { consentAs, createUserAgent } from '../../sandbox/user-agent.ts';
import {
  authorizeUrl,
  browserOf,
  CONFIDENTIAL,
  consentFor,
  exchange,
  freshSandbox,
  get,
  inBody,
  OTHER,
  PUBLIC,
  post,
  redirectUri,
  tokensFor,
} from '../support/sandbox-client.ts';

const USER1 = { username: 'user1', password: 'password' };

test('AC-HF-01: an authorization request lands on a login page; signing in and allowing leads to R with code, state and iss', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const login = await agent.open(authorizeUrl(issuer, PUBLIC));
  assert.equal(login.status, 200);
  assert.match(login.body, /<h1>Sign in<\/h1>/);
  const consent = await agent.submit(login, USER1);
  const done = await agent.submit(consent, { decision: 'allow' });
  assert.equal(done.status, 303);
  const target = new URL(done.stoppedBefore ?? '');
  assert.equal(target.origin + target.pathname, redirectUri(PUBLIC));
  assert.match(target.searchParams.get('code') ?? '', /^[\w-]{43}$/);
  assert.equal(target.searchParams.get('state'), 'S');
  assert.equal(target.searchParams.get('iss'), issuer, 'RFC 9207');
});

test('AC-HF-01: a wrong password and an unknown user get the login page again with the same sentence', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const login = await agent.open(authorizeUrl(issuer, PUBLIC));
  const sentence =
    /role="alert">This user name and password do not belong together\. Check both and try again\.</;
  assert.match((await agent.submit(login, { username: 'user1', password: 'wrong' })).body, sentence);
  assert.match((await agent.submit(login, { username: 'nobody', password: 'password' })).body, sentence);
  assert.match((await agent.submit(login, USER1)).body, /Allow Tokentray\?/, 'the same consent goes on');
});

test('AC-HF-01: a request without a scope gets openid profile contacts offline_access, and so a refresh token', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { body } = await tokensFor({ issuer });
  assert.equal(body.scope, 'openid profile contacts offline_access');
  assert.equal(typeof body.refresh_token, 'string');
});

test('a public client must use PKCE with S256: without it, or with plain, R gets invalid_request', async (t) => {
  const { issuer } = await freshSandbox(t);
  const without = { code_challenge: '', code_challenge_method: '' };
  for (const change of [without, { code_challenge_method: 'plain' }]) {
    const page = await browserOf(issuer).open(authorizeUrl(issuer, PUBLIC, change));
    assert.equal(new URL(page.stoppedBefore ?? '').searchParams.get('error'), 'invalid_request');
  }
});

test('AC-HF-02: the consent page names the client, the host of R and each scope in words; Deny leads to R with access_denied and state', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const page = await agent.submit(await agent.open(authorizeUrl(issuer, CONFIDENTIAL)), USER1);
  assert.match(page.body, /<strong>Web &#60;App&#62;<\/strong>/, 'and escapes the name');
  assert.match(page.body, /The answer goes to <code>127\.0\.0\.1:9<\/code>/);
  for (const words of [
    'know which user you are',
    'see your user name',
    'read your contacts',
    'while you are away',
  ]) {
    assert.ok(page.body.includes(words), words);
  }
  assert.match(page.body, /Practice server, test data only/);
  const denied = await agent.submit(page, { decision: 'deny' });
  const answer = new URL(denied.stoppedBefore ?? '').searchParams;
  assert.equal(answer.get('error'), 'access_denied');
  assert.equal(answer.get('state'), 'S');
  assert.equal(answer.get('code'), null);
});

test('AC-HF-02: a decision and a login without the anti-forgery value of their form are refused with 403', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const login = await agent.open(authorizeUrl(issuer, PUBLIC));
  assert.equal((await agent.submit(login, { ...USER1, xsrf: '' })).status, 403);
  const consent = await agent.submit(login, USER1);
  for (const xsrf of ['', 'x'.repeat(43)]) {
    const refused = await agent.submit(consent, { decision: 'allow', xsrf });
    assert.equal(refused.status, 403);
    assert.equal(refused.stoppedBefore, undefined);
  }
});

test('AC-HF-02: the consent page is never skipped: asked again in the same browser, and prompt=none is answered with an error', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  await consentFor({ issuer, client: CONFIDENTIAL, agent });
  const again = await agent.open(authorizeUrl(issuer, CONFIDENTIAL));
  assert.match(again.body, /Signed in as user1/);
  const silent = await agent.open(authorizeUrl(issuer, CONFIDENTIAL, { prompt: 'none' }));
  assert.equal(new URL(silent.stoppedBefore ?? '').searchParams.get('error'), 'consent_required');
});

test('AC-HF-02: only a client with the auto_approve test switch goes from login straight to R', async (t) => {
  const eager = { ...OTHER, client_id: 'eager', auto_approve: true };
  const { issuer } = await freshSandbox(t, { clients: [eager] });
  const agent = browserOf(issuer);
  const page = await agent.submit(await agent.open(authorizeUrl(issuer, eager)), USER1);
  assert.match(new URL(page.stoppedBefore ?? '').searchParams.get('code') ?? '', /^[\w-]{43}$/);
});

test('"Not you?" goes back to login within the same consent, and what the first user allowed before stays', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const first = await tokensFor({ issuer, agent });
  const consent = await agent.open(authorizeUrl(issuer, PUBLIC));
  const [, link = ''] = /<a href="([^"]+)">Not you\?/.exec(consent.body) ?? [];
  const login = await agent.open(issuer + link);
  assert.match(login.body, /<h1>Sign in<\/h1>/);
  const asked = await agent.submit(login, { username: 'user2', password: 'password' });
  assert.match(asked.body, /Signed in as user2/);
  const done = await agent.submit(asked, { decision: 'allow' });
  const code = new URL(done.stoppedBefore ?? '').searchParams.get('code') ?? '';
  const { body } = await post(`${issuer}/token`, { ...exchange(code), ...inBody(PUBLIC) });
  assert.equal((await get(`${issuer}/profile`, String(body.access_token))).body.username, 'user2');
  assert.equal((await get(`${issuer}/profile`, first.access)).body.username, 'user1');
});

test('prompt=login lets another user sign in over the first one', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  await consentFor({ issuer, agent });
  const second = await tokensFor({ issuer, agent, username: 'user3', change: { prompt: 'login' } });
  assert.equal((await get(`${issuer}/profile`, second.access)).body.username, 'user3');
});

test('AC-HF-10: a redirect URI that differs in anything from the registered one gets an error page and no redirect', async (t) => {
  const { issuer } = await freshSandbox(t);
  const registered = redirectUri(CONFIDENTIAL);
  const others = [
    'http://127.0.0.1:9@evil.example/web/callback',
    'http://127.0.0.1:10/web/callback',
    `${registered}/more`,
    registered.replace('http:', 'https:'),
    `${registered}#x`,
    `${registered}?x=1`,
    'http://hcs-stack-int-a@evil.example/x-b.opp.me:80/oauth/callback',
  ];
  for (const redirect_uri of others) {
    const page = await browserOf(issuer).open(authorizeUrl(issuer, CONFIDENTIAL, { redirect_uri }));
    assert.equal(page.status, 400, redirect_uri);
    assert.equal(page.headers.location, undefined, redirect_uri);
    assert.match(page.body, /This request cannot go on/);
  }
});

test('AC-HF-10: for a native client with a loopback redirect URI only the port may differ (RFC 8252 7.3)', async (t) => {
  const { issuer } = await freshSandbox(t);
  const statusOf = async (redirect_uri: string) =>
    (await browserOf(issuer).open(authorizeUrl(issuer, PUBLIC, { redirect_uri }))).status;
  for (const host of ['127.0.0.1', '127.0.0.1:1', '[::1]:65535', 'localhost:40001']) {
    assert.equal(await statusOf(`http://${host}/callback/sandbox`), 200, host);
  }
  for (const place of [
    '127.0.0.1:1/callback',
    '127.0.0.2:1/callback/sandbox',
    'x@127.0.0.1:1/callback/sandbox',
  ]) {
    assert.equal(await statusOf(`http://${place}`), 400, place);
  }
});

test('AC-HF-12: in 50 parallel consents of 4 users at 2 clients every token is of the user who signed in, and no code works for the other client', async (t) => {
  const { issuer } = await freshSandbox(t);
  const run = async (index: number) => {
    const [client, stranger] = index % 2 ? [CONFIDENTIAL, OTHER] : [OTHER, CONFIDENTIAL];
    const username = `user${(index % 4) + 1}`;
    const code = (await consentFor({ issuer, client, username })).get('code') ?? '';
    const stolen = await post(`${issuer}/token`, { ...exchange(code, client), ...inBody(stranger) });
    const own = await post(`${issuer}/token`, { ...exchange(code, client), ...inBody(client) });
    const profile = await get(`${issuer}/profile`, String(own.body.access_token));
    return [stolen.status, stolen.body.error, profile.body.username === username];
  };
  const results = await Promise.all(Array.from({ length: 50 }, (_, index) => run(index)));
  assert.deepEqual(results, Array(50).fill([400, 'invalid_grant', true]));
});

test('AC-HF-15: the home page and both well-known documents list the same endpoints, and the page says test data only', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { body: metadata } = await get(`${issuer}/.well-known/openid-configuration`);
  assert.deepEqual((await get(`${issuer}/.well-known/oauth-authorization-server`)).body, metadata);
  assert.equal(metadata.issuer, issuer);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  const page = (await browserOf(issuer).open(`${issuer}/`)).body;
  assert.match(page, /test data only/);
  const listed = [...page.matchAll(/<dt>(\w+)<\/dt><dd><code>([^<]+)</g)].map(([, name, url]) => [name, url]);
  const live = Object.entries(metadata).filter(([name]) => /^issuer$|_endpoint$|_uri$/.test(name));
  assert.deepEqual(listed.toSorted(), live.toSorted());
  assert.deepEqual(
    live.map(([name]) => name).toSorted(),
    ['authorization', 'contacts', 'end_session', 'profile', 'revocation', 'token']
      .map((name) => `${name}_endpoint`)
      .concat('issuer', 'jwks_uri')
      .toSorted(),
  );
});

test('every page forbids scripts and foreign parts, and its form may lead to the sandbox and R only', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const login = await agent.open(authorizeUrl(issuer, PUBLIC));
  const consent = await agent.submit(login, USER1);
  const broken = await agent.open(authorizeUrl(issuer, PUBLIC, { client_id: '<script>' }));
  const pages = [
    login,
    consent,
    broken,
    await agent.open(`${issuer}/`),
    await agent.open(`${issuer}/logout`),
  ];
  for (const { body, headers } of pages) {
    assert.doesNotMatch(body, /<script|style=|javascript:|(?:src|href)="https?:/i);
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; style-src 'self'; base-uri 'none'/,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['cache-control'], 'no-store');
  }
  assert.match(
    String(consent.headers['content-security-policy']),
    /form-action 'self' http:\/\/127\.0\.0\.1:9$/,
  );
});

test('consentAs does what a person does, up to the page behind the 303 of the callback, with the headers of a browser', async (t) => {
  const { issuer } = await freshSandbox(t);
  const arrivals: { url: string; headers: IncomingHttpHeaders }[] = [];
  const app = createServer((request, response) => {
    arrivals.push({ url: request.url ?? '', headers: request.headers });
    if (request.url === '/done/1') response.end('Connected');
    else response.writeHead(303, { Location: '/done/1' }).end();
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  t.after(() => app.close());
  const address = app.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const redirect_uri = `http://127.0.0.1:${port}/callback/sandbox`;
  const authorizationUrl = authorizeUrl(issuer, PUBLIC, { redirect_uri });
  const last = await consentAs({ authorizationUrl, ...USER1, decision: 'allow' });
  assert.deepEqual(last, { finalUrl: `http://127.0.0.1:${port}/done/1`, status: 200, body: 'Connected' });
  assert.equal(arrivals.length, 2);
  const { url, headers } = arrivals[0] ?? { url: '', headers: {} };
  assert.match(url, /^\/callback\/sandbox\?code=[\w-]{43}&state=S&iss=/);
  assert.equal(headers['sec-fetch-mode'], 'navigate');
  assert.equal(headers['sec-fetch-dest'], 'document');
  assert.equal(headers['sec-fetch-site'], 'same-site');
  assert.match(headers.accept ?? '', /^text\/html/);
});

test('consentAs rejects with a sentence when the password is wrong, and ends on an error page where there is one', async (t) => {
  const { issuer } = await freshSandbox(t);
  const visit = { ...USER1, decision: 'allow' as const };
  await assert.rejects(
    consentAs({ ...visit, authorizationUrl: authorizeUrl(issuer, PUBLIC), password: 'wrong' }),
    /refused this user name and password/,
  );
  const page = await consentAs({
    ...visit,
    authorizationUrl: authorizeUrl(issuer, PUBLIC, { client_id: 'nobody' }),
  });
  assert.equal(page.status, 400);
  const stopped = AbortSignal.abort();
  await assert.rejects(createUserAgent({ signal: stopped }).open(issuer), { name: 'AbortError' });
});
