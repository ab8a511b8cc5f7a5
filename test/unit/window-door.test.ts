// What the window's door answers once the guard let a request pass: to whom, in which states, and never with a token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WINDOW_RIGHTS } from '../../api/rights.ts';
import { WINDOW_ROUTES } from '../../api/window.ts';
import { WIRE } from '../../api/wire.ts';
import { apiDoor, fieldsOf } from '../support/api-door.ts';
import { handOut, KEYS, PLANTED } from '../support/engine-double.ts';
import { inTime } from '../support/in-time.ts';
import { EVERY_REQUEST, WINDOW_SAMPLES, windowDoor } from '../support/window-samples.ts';

/** Not the example of the OpenAPI document. */
const TOKEN = 'access-token-7c21';

function open() {
  const door = apiDoor();
  door.double.handOut = () => Promise.resolve({ ...handOut(), access_token: TOKEN });
  return windowDoor(door);
}

const stringOf = (value: unknown): string => {
  assert.ok(typeof value === 'string');
  return value;
};

async function ticketFor(door: Awaited<ReturnType<typeof open>>, format: string, connection = 'google/me') {
  const answer = await door.send('POST /window/copy', { json: { connection, format } });
  assert.equal(answer.status, 201);
  return stringOf((await fieldsOf(answer)).ticket);
}

const SECRETS = new RegExp(`${TOKEN}|tt_the-new-key|${PLANTED}`);
const MAY = /^POST \/v1\/keys\b/;

async function judge(line: string, answer: Response): Promise<void> {
  if (answer.headers.get('content-type') === 'text/event-stream') return void (await answer.body?.cancel());
  const text = await answer.text();
  if (MAY.test(line)) assert.doesNotMatch(text, new RegExp(`${TOKEN}|${PLANTED}`), line);
  else assert.doesNotMatch(text, SECRETS, line);
}

test('promise 161: no route of the window holds a token, and none but the making of a key holds a key', async () => {
  for (const { line, json } of EVERY_REQUEST) await judge(line, await (await open()).send(line, { json }));
});

test('promise 161: nor for any parameter, header or field a page may think of', async () => {
  const word = fc.constantFrom(
    'format',
    'token',
    'header',
    'force',
    'wait',
    'scope',
    'include',
    'secret',
    '1',
    '*',
  );
  const text = fc.oneof(word, fc.string({ maxLength: 12 }));
  const ways = fc.record({
    sample: fc.constantFrom(...EVERY_REQUEST),
    query: fc.array(fc.tuple(text, text), { maxLength: 3 }),
    body: fc.dictionary(text, fc.oneof(text, fc.constant(null)), { maxKeys: 3 }),
    accept: fc.constantFrom('*/*', 'text/plain', 'application/json'),
    key: fc.constantFrom(undefined, ...Object.values(KEYS)),
  });
  await fc.assert(
    fc.asyncProperty(ways, async ({ sample, query, body, accept, key }) => {
      const door = await open();
      const more = new URLSearchParams(query).toString();
      const line =
        more === '' ? sample.line : `${sample.line}${sample.line.includes('?') ? '&' : '?'}${more}`;
      const json = sample.json === undefined ? undefined : { ...sample.json, ...body };
      const headers = { accept, 'x-tokentray-session': door.secret };
      await judge(line, await door.send(line, { json, key, headers }));
    }),
    { numRuns: 400 },
  );
});

test('promise 161: a ticket is what a token comes out by: once, in its own session, audited as the window', async () => {
  const door = await open();
  const ticket = await ticketFor(door, 'token');
  const answer = await door.send(`POST /window/copy/${ticket}`);
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(await answer.text(), TOKEN);
  const [{ input } = { input: undefined }] = door.double.asked.filter(({ method }) => method === 'handOut');
  assert.ok(typeof input === 'object' && input !== null && 'door' in input);
  assert.equal(input.door, 'window');
  assert.equal((await door.send(`POST /window/copy/${ticket}`)).status, 404);

  const line = await door.send(`POST /window/copy/${await ticketFor(door, 'header')}`);
  assert.equal(await line.text(), `Authorization: Bearer ${TOKEN}`);

  const stolen = await ticketFor(door, 'token');
  assert.equal((await (await windowDoor(door)).send(`POST /window/copy/${stolen}`)).status, 404);
  door.clock.advance(10_000);
  assert.equal((await door.send(`POST /window/copy/${stolen}`)).status, 404);
});

test('promise 161: no ticket is made for a connection that does not exist', async () => {
  const door = await open();
  const json = { connection: 'google/nobody', format: 'token' };
  assert.equal((await door.send('POST /window/copy', { json })).status, 404);
});

test('the routes of tokens and login links are not found at the window, nor those of the window elsewhere', async () => {
  const door = await open();
  for (const line of [
    'GET /v1/token/google',
    'GET /v1/token/google/me',
    'POST /v1/window/code',
    'POST /v1/vault/restore',
    'POST /v1/vault/export',
    'POST /v1/vault/import',
    'GET /v1/proxy/a/b/c',
  ]) {
    assert.equal((await door.send(line)).status, 404, line);
  }
  for (const { line, json } of Object.values(WINDOW_SAMPLES)) {
    for (const way of ['tcp', 'socket'] as const) {
      assert.equal((await door.ask(line, { json, door: way })).status, 404, line);
    }
  }
  assert.equal((await door.ask('GET /')).status, 404);
});

test('the table of the window and its routes hold the same routes', () => {
  assert.deepEqual(Object.keys(WINDOW_ROUTES).sort(), Object.keys(WINDOW_RIGHTS).sort());
  for (const [name, route] of Object.entries(WINDOW_ROUTES)) assert.equal(route.name, name);
});

test('promise 166: without a session every route gets one and the same 401, whatever key comes along', async () => {
  const answers = new Set<string>();
  const proofs: Record<string, string>[] = [{}, { 'x-tokentray-session': 'x' }, { cookie: 'session=x' }];
  for (const { line, json } of EVERY_REQUEST) {
    if (/^(?:GET \/v1\/health|POST \/window\/session)/.test(line)) continue;
    for (const headers of proofs) {
      for (const key of [undefined, KEYS.admin]) {
        const { sessions, ask } = await open();
        assert.equal(sessions.list().length, 1);
        const answer = await ask(line, { json, headers, key, door: 'window-http' });
        answers.add(`${answer.status} ${await answer.text()}`);
      }
    }
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  assert.match([...answers].join(''), /^401 .*"code":"unauthorized".*"command":"tokentray open"/);
});

test('promise 166: a code begins a session that is the owner, and no cookie is set', async () => {
  const door = await open();
  const answer = await door.send('POST /window/session', {
    json: { code: door.sessions.newCode() },
    headers: {},
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('set-cookie'), null);
  const { session, expires_at } = await fieldsOf(answer);
  assert.equal(Date.parse(stringOf(expires_at)), door.clock.wall() + 12 * 3_600_000);
  const headers = { 'x-tokentray-session': stringOf(session) };
  assert.equal((await door.send('GET /v1/keys', { headers })).status, 200);
});

test('promise 166: a wrong code is 401, and a body that is none is refused before it is looked at', async () => {
  const door = await open();
  const wrong = await door.send('POST /window/session', { json: { code: 'wrong' }, headers: {} });
  assert.deepEqual([wrong.status, (await fieldsOf(wrong)).code], [401, 'unauthorized']);
  for (const json of [{}, { code: 1 }, { code: 'x'.repeat(101) }, { code: 'x', more: 1 }]) {
    assert.equal((await door.send('POST /window/session', { json, headers: {} })).status, 400);
  }
});

test('promise 170: a logout ends the session here, its event stream and its tickets', async () => {
  const door = await open();
  const stream = await door.send('GET /v1/events');
  const ticket = await ticketFor(door, 'token');
  assert.equal((await door.send('DELETE /window/session')).status, 200);
  assert.equal(await inTime('the end of the stream', new Response(stream.body).text()), ': ok\n\n');
  assert.equal((await door.send(`POST /window/copy/${ticket}`)).status, 401);
  assert.equal((await door.send('GET /v1/status')).status, 401);
  assert.equal(door.double.listeners(), 0);
});

test('promise 170: an open event stream keeps no session awake, and ends with it', async () => {
  const door = await open();
  const stream = await door.send('GET /v1/events');
  const text = new Response(stream.body).text();
  door.clock.advance(14 * 60_000);
  await (await door.send('GET /v1/events')).body?.cancel();
  await door.send('GET /v1/status', {
    headers: { 'x-tokentray-session': door.secret, 'x-tokentray-unattended': '1' },
  });
  door.clock.advance(60_000);
  await inTime('the end of the stream', text);
  assert.equal((await door.send('GET /v1/status')).status, 401);
});

test('promise 170: the list of sessions marks this one, and another one can be ended from it', async () => {
  const door = await open();
  const other = await windowDoor(door);
  const answer = await fieldsOf(await door.send('GET /window/sessions'));
  const parsed = WIRE.Sessions.parse(answer).sessions;
  assert.deepEqual(
    parsed.map(({ current }) => current),
    [false, true],
  );
  assert.ok(!JSON.stringify(answer).includes(door.secret));
  assert.equal((await door.send(`DELETE /window/sessions/${parsed[0]?.id}`)).status, 200);
  assert.equal((await other.send('GET /v1/status')).status, 401);
  assert.equal((await door.send('GET /v1/status')).status, 200);
  assert.equal((await door.send(`DELETE /window/sessions/${parsed[0]?.id}`)).status, 404);
});

/** What lets somebody else in. */
const LETS_IN = [
  ['POST /v1/keys', { name: 'backup', connections: ['google/me'] }, 201],
  ['POST /v1/vault/slots', { kind: 'passphrase', passphrase: 'a pass phrase' }, 201],
  ['DELETE /v1/vault/slots/s_aaaaaaaaaaa', undefined, 200],
] as const;

test('promise 170: 5 minutes after the login, a new key and every change of what opens the vault ask for a proof again', async () => {
  const door = await open();
  const answers = async () => {
    const sent = LETS_IN.map(async ([line, json]) => (await door.send(line, { json })).status);
    return Promise.all(sent);
  };
  const prove = async (json: object) => (await door.send('POST /window/proof', { json })).status;
  const done = LETS_IN.map(([, , status]) => status);
  assert.deepEqual(await answers(), done);
  door.clock.advance(5 * 60_000);
  assert.deepEqual(await answers(), [403, 403, 403]);
  const refused = await fieldsOf(await door.send('POST /v1/keys', { json: LETS_IN[0][1] }));
  assert.equal(refused.code, 'proof_needed');
  const nobody = { signal: AbortSignal.abort() };
  const wrong = await door.send('POST /window/proof', { json: { code: 'wrong' }, ...nobody });
  assert.deepEqual([wrong.status, await prove({ passphrase: 'another' })], [400, 403]);
  assert.deepEqual(await answers(), [403, 403, 403]);
  assert.equal(await prove({ passphrase: 'a pass phrase' }), 200);
  assert.deepEqual(await answers(), done);
  door.clock.advance(5 * 60_000);
  assert.deepEqual(await answers(), [403, 403, 403]);
  const code = door.sessions.newCode();
  assert.deepEqual([await prove({ code }), await answers()], [200, done]);
  // A key proves itself with every request: the scripts' doors ask for nothing else.
  door.clock.advance(5 * 60_000);
  assert.equal((await door.ask('POST /v1/keys', { json: LETS_IN[0][1] })).status, 201);
});

test('a locked vault shows its state and takes its key, and tells the window no name', async () => {
  const door = await open();
  door.double.state = 'locked';
  for (const line of ['GET /v1/status', 'GET /v1/vault/slots', 'GET /v1/settings', 'GET /window/sessions'])
    assert.equal((await door.send(line)).status, 200, line);
  const refused = [
    'GET /v1/connections',
    'GET /v1/providers',
    'GET /v1/keys',
    'GET /v1/activity',
    'GET /v1/presets',
    'GET /v1/consents/consent-1',
  ];
  for (const line of refused) assert.equal((await door.send(line)).status, 423, line);
  const json = { connection: 'google/me', format: 'token' };
  assert.equal((await door.send('POST /window/copy', { json })).status, 423);
  assert.equal((await door.send('POST /v1/unlock', { json: { passphrase: 'a pass phrase' } })).status, 200);
  assert.equal((await door.send('GET /v1/connections')).status, 200);
});

test('a vault that is not set up is set up from the window', async () => {
  const door = await open();
  door.double.state = 'setup';
  const status = await fieldsOf(await door.send('GET /v1/status'));
  assert.deepEqual([status.state, status.connections, status.providers], ['setup', undefined, undefined]);
  const connections = await fieldsOf(await door.send('GET /v1/connections'));
  assert.equal(connections.code, 'setup');
  const json = { kind: 'passphrase', passphrase: 'a pass phrase' };
  assert.equal((await door.send('POST /v1/vault/slots', { json })).status, 201);
});

test('promise 169: the page and its assets come with a policy that allows its own scripts and nothing else', async () => {
  const door = await open();
  for (const path of [
    '/',
    '/connections/c_AAAAAAAAAAAAAAAAAAAAAA',
    '/providers/new',
    '/decode',
    '/nowhere',
    '/assets/main-1a2b3c.js',
  ]) {
    const { headers, body } = await door.ask(`GET ${path}`, { key: undefined, door: 'window-http' });
    await body?.cancel();
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
    const others = [...headers.keys()].filter((name) =>
      /^(?:access-control-|set-cookie|server|x-powered)/.test(name),
    );
    assert.deepEqual(others, []);
  }
});

test('promise 169: only files of the manifest are served, however a path is spelled', async () => {
  const door = await open();
  const get = (path: string) => door.ask(`GET ${path}`, { key: undefined, door: 'window-http' });
  const page = await get('/');
  assert.deepEqual([page.status, page.headers.get('cache-control')], [200, 'no-store']);
  const script = await get('/assets/main-1a2b3c.js');
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(script.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  for (const path of [
    '/assets',
    '/assets/',
    '/assets/../package.json',
    '/assets/..%2fpackage.json',
    '/..%2f..%2fetc/passwd',
    '//etc/passwd',
    '/assets/main-1a2b3c.js/',
    '/assets/main-1a2b3c.js%00',
    '/ASSETS/main-1a2b3c.js',
    '/connections/a/b',
    '/index.html.map',
    '/__proto__',
  ]) {
    const answer = await get(path);
    assert.ok(answer.status === 404 || answer.status === 401, `${path}: ${answer.status}`);
  }
});

test('every answer of the window has exactly the fields its schema names', async () => {
  const door = await open();
  const made = { code: door.sessions.newCode() };
  const answers = [
    ['NewSession', await door.send('POST /window/session', { json: made, headers: {} })],
    ['Ticket', await door.send('POST /window/copy', { json: WINDOW_SAMPLES['POST /window/copy'].json })],
    ['Sessions', await door.send('GET /window/sessions')],
    ['Proof', await door.send('POST /window/proof', { json: { passphrase: 'a pass phrase' } })],
    ['Removed', await door.send('DELETE /window/session')],
  ] as const;
  for (const [name, answer] of answers) {
    const parsed = WIRE[name].safeParse(await fieldsOf(answer));
    assert.ok(parsed.success, `${name}: ${JSON.stringify(parsed.error?.issues)}`);
  }
});
