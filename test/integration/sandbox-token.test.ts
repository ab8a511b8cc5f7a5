// The sandbox's token endpoint: who may exchange what, how often, for how long, and what survives a restart.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { createProvider, DEFAULT_CLIENT } from '../../sandbox/provider.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { openStore } from '../../sandbox/store.ts';
import {
  basic,
  browserOf,
  CONFIDENTIAL,
  consentFor,
  exchange,
  freshDir,
  freshSandbox,
  get,
  inBody,
  OTHER,
  PUBLIC,
  post,
  refresh,
  tokensFor,
  toTokens,
} from '../support/sandbox-client.ts';

async function codeOf(issuer: string, client = CONFIDENTIAL): Promise<string> {
  return (await consentFor({ issuer, client })).get('code') ?? '';
}

/** Freezes Date (not the timers) and returns how to move it on by seconds. */
function frozenClock(t: TestContext): (seconds: number) => void {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  return (seconds) => t.mock.timers.setTime(Date.now() + seconds * 1000);
}

const claimsOf = (idToken: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(idToken).split('.')[1] ?? '', 'base64url').toString());

test('AC-HF-03: a code is exchanged with HTTP Basic, and in a second run with id and secret in the body, for one client', async (t) => {
  const { issuer } = await freshSandbox(t);
  const authenticated = [
    { fields: {}, headers: basic(CONFIDENTIAL) },
    { fields: inBody(CONFIDENTIAL), headers: {} },
  ];
  for (const { fields, headers } of authenticated) {
    const code = await codeOf(issuer);
    const answer = await post(`${issuer}/token`, { ...exchange(code, CONFIDENTIAL), ...fields }, headers);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    const { access_token, refresh_token, ...rest } = answer.body;
    assert.match(String(access_token), /^[\w-]{43}$/);
    assert.match(String(refresh_token), /^[\w-]{43}$/);
    assert.deepEqual([rest.token_type, rest.expires_in], ['Bearer', 3600]);
  }
});

test('AC-HF-03: Basic and body at once are refused with 400 invalid_request', async (t) => {
  const { issuer } = await freshSandbox(t);
  const fields = { ...exchange(await codeOf(issuer), CONFIDENTIAL), ...inBody(CONFIDENTIAL) };
  const answer = await post(`${issuer}/token`, fields, basic(CONFIDENTIAL));
  assert.deepEqual([answer.status, answer.body.error], [400, 'invalid_request']);
});

test('AC-HF-03: a wrong secret gets 401 invalid_client, with WWW-Authenticate: Basic when Basic was used', async (t) => {
  const { issuer } = await freshSandbox(t);
  const fields = exchange(await codeOf(issuer), CONFIDENTIAL);
  const byHeader = await post(`${issuer}/token`, fields, basic(CONFIDENTIAL, 'wrong'));
  assert.deepEqual([byHeader.status, byHeader.body.error], [401, 'invalid_client']);
  assert.match(byHeader.headers.get('www-authenticate') ?? '', /^Basic realm="/);
  const byBody = await post(`${issuer}/token`, {
    ...fields,
    ...inBody({ ...CONFIDENTIAL, client_secret: 'wrong' }),
  });
  assert.deepEqual([byBody.status, byBody.body.error], [401, 'invalid_client']);
});

test('AC-HF-03: a public client gets tokens with the right PKCE verifier, and 400 invalid_grant with a wrong one or none', async (t) => {
  const { issuer } = await freshSandbox(t);
  const fields = { ...exchange(await codeOf(issuer, PUBLIC)), ...inBody(PUBLIC) };
  const wrong = await post(`${issuer}/token`, { ...fields, code_verifier: 'w'.repeat(43) });
  const { code_verifier: _left, ...without } = fields;
  const missing = await post(`${issuer}/token`, without);
  assert.deepEqual([wrong.status, wrong.body.error], [400, 'invalid_grant']);
  assert.deepEqual([missing.status, missing.body.error], [400, 'invalid_grant']);
  assert.equal((await post(`${issuer}/token`, fields)).status, 200);
});

test('the id token names the user as sub and preferred_username', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { body } = await tokensFor({ issuer, username: 'user3', change: { nonce: 'N' } });
  const { sub, preferred_username, nonce, iss, aud } = claimsOf(body.id_token);
  assert.deepEqual([sub, preferred_username, nonce, iss, aud], ['3', 'user3', 'N', issuer, PUBLIC.client_id]);
});

test('AC-HF-04: a code used again gets 400 invalid_grant, and the tokens of the first use stop working', async (t) => {
  const { issuer } = await freshSandbox(t);
  const fields = { ...exchange(await codeOf(issuer, PUBLIC)), ...inBody(PUBLIC) };
  const first = toTokens((await post(`${issuer}/token`, fields)).body);
  assert.equal((await get(`${issuer}/profile`, first.access)).status, 200);
  const second = await post(`${issuer}/token`, fields);
  assert.deepEqual([second.status, second.body.error], [400, 'invalid_grant']);
  assert.equal((await get(`${issuer}/profile`, first.access)).status, 401);
  assert.equal((await refresh(issuer, first.refresh)).body.error, 'invalid_grant');
});

test('AC-HF-04: of two exchanges of one code at the same moment, one succeeds and its tokens are revoked by the other', async (t) => {
  const { issuer } = await freshSandbox(t);
  const fields = { ...exchange(await codeOf(issuer, PUBLIC)), ...inBody(PUBLIC) };
  const answers = await Promise.all([post(`${issuer}/token`, fields), post(`${issuer}/token`, fields)]);
  const issued = answers.filter(({ status }) => status === 200);
  assert.equal(issued.length, 1);
  for (const { body } of issued)
    assert.equal((await get(`${issuer}/profile`, toTokens(body).access)).status, 401);
});

test('AC-HF-04: a code works after 59 s and is refused with 400 invalid_grant after 61 s', async (t) => {
  const { issuer } = await freshSandbox(t);
  const later = frozenClock(t);
  for (const [seconds, expected] of [
    [59, [200, undefined]],
    [61, [400, 'invalid_grant']],
  ] as const) {
    const code = await codeOf(issuer, PUBLIC);
    later(seconds);
    const { status, body } = await post(`${issuer}/token`, { ...exchange(code), ...inBody(PUBLIC) });
    assert.deepEqual([status, body.error], expected, `${seconds} s`);
  }
});

test('AC-HF-04: a code presented by another client or with another redirect URI gets 400 invalid_grant', async (t) => {
  const { issuer } = await freshSandbox(t);
  const code = await codeOf(issuer);
  const byOther = await post(`${issuer}/token`, { ...exchange(code, OTHER), ...inBody(OTHER) });
  assert.deepEqual([byOther.status, byOther.body.error], [400, 'invalid_grant']);
  const own = { ...exchange(code, CONFIDENTIAL), ...inBody(CONFIDENTIAL) };
  const elsewhere = await post(`${issuer}/token`, { ...own, redirect_uri: 'http://127.0.0.1:9/web' });
  assert.deepEqual([elsewhere.status, elsewhere.body.error], [400, 'invalid_grant']);
  assert.equal((await post(`${issuer}/token`, own)).status, 200, 'neither attempt used it up');
});

test('AC-HF-04: 10 000 codes all differ, and each has 43 characters that take all 64 values: 258 bits', async (t) => {
  const store = await openStore(await freshDir(t));
  t.after(() => store.close());
  const seconds = { accessTokenSeconds: 60, refreshTokenSeconds: 60 };
  const provider = createProvider({
    issuer: 'http://127.0.0.1:9',
    store,
    clients: [DEFAULT_CLIENT],
    ...seconds,
  });
  const client = await provider.Client.find(DEFAULT_CLIENT.client_id);
  assert.ok(client);
  const properties = { client, accountId: '1', grantId: 'g', gty: 'authorization_code', scope: 'openid' };
  const codes = new Set<string>();
  const seen = Array.from({ length: 43 }, () => new Set<string>());
  for (let index = 0; index < 10_000; index += 1) {
    const code = await new provider.AuthorizationCode(properties).save();
    codes.add(code);
    assert.equal(code.length, 43);
    seen.forEach((values, place) => {
      values.add(code.charAt(place));
    });
  }
  assert.equal(codes.size, 10_000);
  assert.deepEqual(new Set(seen.map((values) => values.size)), new Set([64]));
});

test('AC-HF-13: a refresh gives a new pair, and the old refresh token used again ends the whole family', async (t) => {
  const { issuer } = await freshSandbox(t);
  const first = await tokensFor({ issuer });
  const second = toTokens((await refresh(issuer, first.refresh)).body);
  assert.notEqual(second.refresh, first.refresh);
  assert.notEqual(second.access, first.access);
  assert.equal((await get(`${issuer}/profile`, second.access)).status, 200);
  const reused = await refresh(issuer, first.refresh);
  assert.deepEqual([reused.status, reused.body.error], [400, 'invalid_grant']);
  assert.equal((await refresh(issuer, second.refresh)).body.error, 'invalid_grant');
  assert.equal((await get(`${issuer}/profile`, second.access)).status, 401);
});

test('a confidential client rotates too, and two refreshes with one token at the same moment end the family', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { refresh: token } = await tokensFor({ issuer, client: CONFIDENTIAL });
  const both = [refresh(issuer, token, CONFIDENTIAL), refresh(issuer, token, CONFIDENTIAL)];
  const issued = (await Promise.all(both)).filter(({ status }) => status === 200);
  assert.equal(issued.length, 1);
  for (const { body } of issued) {
    assert.equal((await refresh(issuer, toTokens(body).refresh, CONFIDENTIAL)).body.error, 'invalid_grant');
  }
});

test('AC-HF-13: after a restart tokens still work, a used refresh token is still refused, and the keys are the same', async (t) => {
  const dataDir = await freshDir(t);
  const before = await startSandbox({ dataDir, port: 0 });
  const { issuer, port } = before;
  const agent = browserOf(issuer);
  const old = await tokensFor({ issuer, agent });
  const kept = toTokens((await refresh(issuer, old.refresh)).body);
  const other = await tokensFor({ issuer });
  const { body: jwks } = await get(`${issuer}/jwks`);
  await before.close();
  await freshSandbox(t, { dataDir, port });
  assert.equal((await get(`${issuer}/profile`, kept.access)).body.username, 'user1');
  assert.equal((await refresh(issuer, other.refresh)).status, 200);
  assert.deepEqual((await get(`${issuer}/jwks`)).body, jwks);
  assert.match((await agent.open(`${issuer}/logout`)).body, /Sign out\?/, 'still signed in');
  assert.equal((await refresh(issuer, old.refresh)).body.error, 'invalid_grant');
  assert.equal((await refresh(issuer, kept.refresh)).body.error, 'invalid_grant', 'reuse ended its family');
});

test('AC-HF-13: an access token is refused once expires_in has passed, and not before', async (t) => {
  const { issuer } = await freshSandbox(t, { accessTokenSeconds: 5 });
  const later = frozenClock(t);
  const { access, body } = await tokensFor({ issuer });
  assert.equal(body.expires_in, 5);
  later(4);
  assert.equal((await get(`${issuer}/profile`, access)).status, 200);
  later(1);
  assert.equal((await get(`${issuer}/profile`, access)).status, 401);
});

test('AC-HF-13: a revoked token is refused; another client cannot revoke it (RFC 7009 2.1)', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { access, refresh: token } = await tokensFor({ issuer, client: CONFIDENTIAL });
  assert.equal((await post(`${issuer}/revoke`, { token, ...inBody(OTHER) })).status, 200);
  assert.equal((await get(`${issuer}/profile`, access)).status, 200);
  assert.equal((await post(`${issuer}/revoke`, { token, ...inBody(CONFIDENTIAL) })).status, 200);
  assert.equal((await get(`${issuer}/profile`, access)).status, 401);
  assert.equal((await refresh(issuer, token, CONFIDENTIAL)).body.error, 'invalid_grant');
});

test('AC-HF-13: signing out ends the access of what the user allowed, and of nobody else', async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const mine = await tokensFor({ issuer, agent });
  const theirs = await tokensFor({ issuer, username: 'user2' });
  const asked = await agent.open(`${issuer}/logout`);
  await agent.submit(asked, {});
  assert.equal((await get(`${issuer}/profile`, mine.access)).status, 200, 'stay signed in changes nothing');
  const gone = await agent.submit(await agent.open(`${issuer}/logout`), { logout: 'yes' });
  assert.match(gone.body, /You are not signed in here/);
  assert.equal((await get(`${issuer}/profile`, mine.access)).status, 401);
  assert.equal((await refresh(issuer, mine.refresh)).body.error, 'invalid_grant');
  assert.equal((await get(`${issuer}/profile`, theirs.access)).status, 200);
});

test('AC-HF-14: passwords are stored as salted hashes, and two fresh stores have different keys', async (t) => {
  const one = await openStore(await freshDir(t));
  const two = await openStore(await freshDir(t));
  t.after(() => one.close());
  t.after(() => two.close());
  assert.notEqual(one.keys.cookies, two.keys.cookies);
  assert.notEqual(one.keys.forms, two.keys.forms);
  assert.notEqual(one.keys.signing.n, two.keys.signing.n);
  const stored = one.db.prepare('SELECT password_hash FROM users').all();
  const hashes = new Set(stored.map((row) => String(row.password_hash)));
  assert.equal(hashes.size, 4);
  for (const hash of hashes) assert.match(hash, /^scrypt:[\w-]{22}:[\w-]{43}$/);
});

for (const umask of [0o000, 0o777]) {
  const name = umask.toString(8).padStart(3, '0');
  test(`the data directory is 0700 and each file in it 0600 under umask ${name}`, async (t) => {
    const dataDir = await freshDir(t);
    const before = process.umask(umask);
    t.after(() => process.umask(before));
    const { issuer } = await freshSandbox(t, { dataDir });
    await tokensFor({ issuer });
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    const files = readdirSync(dataDir).toSorted();
    assert.deepEqual(files, ['sandbox.db', 'sandbox.db-shm', 'sandbox.db-wal']);
    for (const file of files) assert.equal(statSync(join(dataDir, file)).mode & 0o777, 0o600, file);
  });
}

test('expired rows are deleted while the sandbox runs', async (t) => {
  const { issuer, dataDir } = await freshSandbox(t);
  const later = frozenClock(t);
  await codeOf(issuer, PUBLIC);
  const db = new DatabaseSync(join(dataDir, 'sandbox.db'));
  t.after(() => db.close());
  const codes = () =>
    db.prepare("SELECT count(*) AS n FROM issued WHERE model = 'AuthorizationCode'").get()?.n;
  assert.equal(codes(), 1);
  later(61);
  await codeOf(issuer, PUBLIC);
  assert.equal(codes(), 1, 'the new one');
});
