// The sandbox's API for whoever holds a token: the profile, the contacts page by page, and its refusals.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { startSandbox } from '../../sandbox/server.ts';
import {
  authorizeUrl,
  browserOf,
  freshDir,
  freshSandbox,
  get,
  PUBLIC,
  refresh,
  tokensFor,
} from '../support/sandbox-client.ts';

const idsOf = (body: Record<string, unknown>): unknown[] => {
  assert.ok(Array.isArray(body.contacts));
  return body.contacts.map((contact: { id: unknown }) => contact.id);
};

/** Writes rows behind the sandbox's back, as a customer's own data would be there. */
function openRows(t: TestContext, dataDir: string) {
  const db = new DatabaseSync(join(dataDir, 'sandbox.db'));
  t.after(() => db.close());
  const user = db.prepare("INSERT INTO users (id, username, password_hash) VALUES (?, ?, '')");
  const contact = db.prepare('INSERT INTO contacts (user_id, contact_id) VALUES (1, ?)');
  return {
    addContact(id: number): void {
      user.run(id, `person${id}`);
      contact.run(id);
    },
    count: (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n,
  };
}

test('AC-HF-05: /profile with the token in the header answers 200 {"id":1,"username":"user1"} as JSON', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { access } = await tokensFor({ issuer });
  const { status, headers, body } = await get(`${issuer}/profile`, access);
  assert.deepEqual([status, body], [200, { id: 1, username: 'user1' }]);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(headers.get('cache-control'), 'no-store');
});

test('AC-HF-05: a wrong token gets 401 with error="invalid_token", no token 401 without an error', async (t) => {
  const { issuer } = await freshSandbox(t);
  const wrong = await get(`${issuer}/profile`, 'wrong');
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get('www-authenticate') ?? '', /^Bearer realm="sandbox", error="invalid_token"/);
  const none = await get(`${issuer}/profile`);
  assert.equal(none.status, 401);
  assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="sandbox"');
  assert.equal(none.body.error, undefined);
});

test('AC-HF-05: a token in header and query gets 400, a token only in the query 401', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { access } = await tokensFor({ issuer });
  const twice = await get(`${issuer}/profile?access_token=${access}`, access);
  assert.deepEqual([twice.status, twice.body.error], [400, 'invalid_request']);
  const query = await get(`${issuer}/profile?access_token=${access}`);
  assert.equal(query.status, 401);
  assert.equal(query.headers.get('www-authenticate'), 'Bearer realm="sandbox"');
});

test('AC-HF-06: the contacts of user1, user2, user3, user4 are [2,3,4], [1,4], [2], [1] in this order', async (t) => {
  const { issuer } = await freshSandbox(t);
  const all: unknown[] = [];
  for (const username of ['user1', 'user2', 'user3', 'user4']) {
    const { access } = await tokensFor({ issuer, username });
    const { body } = await get(`${issuer}/contacts`, access);
    assert.equal(body.next, undefined);
    all.push(idsOf(body));
  }
  assert.deepEqual(all, [[2, 3, 4], [1, 4], [2], [1]]);
});

test('AC-HF-06: after two starts there are still 4 users and 7 links', async (t) => {
  const dataDir = await freshDir(t);
  await (await startSandbox({ dataDir, port: 0 })).close();
  await freshSandbox(t, { dataDir });
  const rows = openRows(t, dataDir);
  assert.deepEqual([rows.count('users'), rows.count('contacts')], [4, 7]);
});

test('AC-HF-07: 250 contacts come in pages of 100, 100, 50, each id once, and the last page has no next', async (t) => {
  const { issuer, dataDir } = await freshSandbox(t);
  const rows = openRows(t, dataDir);
  for (let id = 1000; id < 1247; id += 1) rows.addContact(id);
  const { access } = await tokensFor({ issuer });
  const sizes: number[] = [];
  const ids: unknown[] = [];
  let cursor = '';
  do {
    const { body } = await get(`${issuer}/contacts?limit=100${cursor}`, access);
    const page = idsOf(body);
    sizes.push(page.length);
    ids.push(...page);
    cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
  } while (cursor !== '');
  assert.deepEqual(sizes, [100, 100, 50]);
  assert.equal(new Set(ids).size, 250);
});

test('AC-HF-07: without a limit the first page has 100 contacts and a next; a limit of 500 is the largest', async (t) => {
  const { issuer, dataDir } = await freshSandbox(t);
  const rows = openRows(t, dataDir);
  for (let id = 1000; id < 1247; id += 1) rows.addContact(id);
  const { access } = await tokensFor({ issuer });
  const { body } = await get(`${issuer}/contacts`, access);
  assert.equal(idsOf(body).length, 100);
  assert.equal(typeof body.next, 'string');
  assert.equal(idsOf((await get(`${issuer}/contacts?limit=500`, access)).body).length, 250);
});

test('AC-HF-07: contacts added between two pages repeat no id', async (t) => {
  const { issuer, dataDir } = await freshSandbox(t);
  const rows = openRows(t, dataDir);
  for (let id = 1000; id < 1010; id += 1) rows.addContact(id);
  const { access } = await tokensFor({ issuer });
  const first = await get(`${issuer}/contacts?limit=5`, access);
  rows.addContact(5);
  rows.addContact(2000);
  const rest = await get(`${issuer}/contacts?limit=100&cursor=${first.body.next}`, access);
  assert.deepEqual(idsOf(first.body), [2, 3, 4, 1000, 1001]);
  assert.deepEqual(idsOf(rest.body), [1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 2000]);
});

test('AC-HF-07: a limit of 0, 501, 9999, -1, 1.5, x or two of them, and a garbage or foreign cursor get 400 with a reason', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { access } = await tokensFor({ issuer });
  const user2 = await tokensFor({ issuer, username: 'user2' });
  const foreign = String((await get(`${issuer}/contacts?limit=1`, user2.access)).body.next);
  const limits = ['0', '501', '9999', '-1', '1.5', 'x', '', '1&limit=2'];
  for (const limit of limits) {
    const { status, body } = await get(`${issuer}/contacts?limit=${limit}`, access);
    assert.deepEqual([status, body.error], [400, 'invalid_request'], limit);
    assert.equal(body.error_description, 'limit must be one whole number from 1 to 500.');
  }
  for (const cursor of ['garbage', '%00', '2', foreign, 'a&cursor=b', '']) {
    const { status, body } = await get(`${issuer}/contacts?cursor=${cursor}`, access);
    assert.deepEqual([status, body.error], [400, 'invalid_request'], cursor);
    assert.match(String(body.error_description), /^cursor must be/);
  }
});

test('/contacts needs the scope contacts: a token without it gets 403 insufficient_scope naming the scope', async (t) => {
  const { issuer } = await freshSandbox(t);
  const { access } = await tokensFor({ issuer, change: { scope: 'openid profile' } });
  const { status, headers, body } = await get(`${issuer}/contacts`, access);
  assert.deepEqual([status, body.error], [403, 'insufficient_scope']);
  assert.match(headers.get('www-authenticate') ?? '', /error="insufficient_scope".*, scope="contacts"$/);
  assert.equal((await get(`${issuer}/profile`, access)).status, 200);
});

test("AC-HF-11: a login as ' or 1=1 -- and tokens such as ../x and %2e%2e%2fx fail like any other, without a stack trace", async (t) => {
  const { issuer } = await freshSandbox(t);
  const agent = browserOf(issuer);
  const login = await agent.open(authorizeUrl(issuer, PUBLIC));
  const injection = { username: "' or 1=1 -- ", password: "' or 1=1 -- " };
  const answer = await agent.submit(login, injection);
  assert.match(answer.body, /do not belong together/);
  for (const token of ['../x', '%2e%2e%2fx', "' or 1=1 -- ", `${'x'.repeat(4000)}`, '__proto__']) {
    for (const path of ['profile', 'contacts']) {
      const { status, body } = await get(`${issuer}/${path}`, token);
      assert.equal(status, 401, token);
      assert.doesNotMatch(JSON.stringify(body), /\bat |\.ts|SQL/);
    }
  }
});

test('a reset puts back the default rows, ends everything issued and keeps the keys', async (t) => {
  const sandbox = await freshSandbox(t);
  const { issuer, dataDir } = sandbox;
  const rows = openRows(t, dataDir);
  rows.addContact(1000);
  const { body: jwks } = await get(`${issuer}/jwks`);
  const before = await tokensFor({ issuer });
  await sandbox.reset();
  assert.equal((await get(`${issuer}/profile`, before.access)).status, 401);
  assert.equal((await refresh(issuer, before.refresh)).body.error, 'invalid_grant');
  assert.deepEqual([rows.count('users'), rows.count('contacts'), rows.count('issued')], [4, 7, 0]);
  assert.deepEqual((await get(`${issuer}/jwks`)).body, jwks);
  const { access } = await tokensFor({ issuer });
  assert.deepEqual(idsOf((await get(`${issuer}/contacts`, access)).body), [2, 3, 4]);
});

test('requests() tells method, path, grant type and status of the last 1000 requests, and no secret', async (t) => {
  const sandbox = await freshSandbox(t);
  const { issuer } = sandbox;
  const { access, refresh: token } = await tokensFor({ issuer });
  await refresh(issuer, token);
  await get(`${issuer}/profile?access_token=${access}`, access);
  const seen = sandbox.requests().map(({ at: _at, ...rest }) => rest);
  assert.deepEqual(seen.slice(-3), [
    { method: 'POST', path: '/token', grantType: 'authorization_code', status: 200 },
    { method: 'POST', path: '/token', grantType: 'refresh_token', status: 200 },
    { method: 'GET', path: '/profile', status: 400 },
  ]);
  assert.ok(seen.some(({ path }) => path === '/interaction/…'));
  assert.doesNotMatch(JSON.stringify(seen), /[\w-]{43}/, 'no token, code or consent id');
  for (let index = 0; index < 1001; index += 1) await get(`${issuer}/profile`);
  assert.equal(sandbox.requests().length, 1000);
});
