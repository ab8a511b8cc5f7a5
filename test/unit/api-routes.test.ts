// Every route, with every kind of key, in every state of the vault. What is expected is written here, not read from the
// table of the code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RIGHTS, type RouteName } from '../../api/rights.ts';
import { SCRIPT_ROUTES } from '../../api/scripts.ts';
import { WIRE } from '../../api/wire.ts';
import type { VaultState } from '../../core/engine.ts';
import { apiDoor, fieldsOf } from '../support/api-door.ts';
import { lineOf, ROUTE_NAMES, SAMPLES } from '../support/api-samples.ts';
import { KEYS } from '../support/engine-double.ts';

const STATES: readonly VaultState[] = ['setup', 'locked', 'open', 'unreadable'];

/** Callers that may use a route: n(obody), t(oken), p(roxy), a(dmin). States it works in: s, l, o, u. Success status. */
const EXPECTED: Readonly<Record<RouteName, readonly [who: string, states: string, status: number]>> = {
  'GET /v1/health': ['ntpa', 'slou', 200],
  'GET /v1/status': ['tpa', 'slou', 200],
  'GET /v1/openapi.json': ['tpa', 'slou', 200],
  'GET /v1/events': ['tpa', 'slou', 200],
  'GET /v1/token/{provider}': ['ta', 'o', 200],
  'GET /v1/token/{provider}/{account}': ['ta', 'o', 200],
  'POST /v1/refresh/{provider}': ['a', 'o', 200],
  'POST /v1/refresh/{provider}/{account}': ['a', 'o', 200],
  'POST /v1/revoke/{provider}': ['a', 'o', 200],
  'POST /v1/revoke/{provider}/{account}': ['a', 'o', 200],
  'GET /v1/connections': ['tpa', 'o', 200],
  'POST /v1/connections': ['a', 'o', 202],
  'GET /v1/connections/{ref}': ['tpa', 'o', 200],
  'PATCH /v1/connections/{ref}': ['a', 'o', 200],
  'DELETE /v1/connections/{ref}': ['a', 'o', 200],
  'GET /v1/consents': ['a', 'o', 200],
  'GET /v1/consents/{id}': ['a', 'o', 200],
  'DELETE /v1/consents/{id}': ['a', 'o', 200],
  'POST /v1/consents/{id}/open': ['a', 'o', 200],
  'POST /v1/consents/{id}/redirect': ['a', 'o', 200],
  'POST /v1/discovery': ['a', 'o', 200],
  'GET /v1/presets': ['a', 'o', 200],
  'GET /v1/providers': ['a', 'o', 200],
  'POST /v1/providers': ['a', 'o', 201],
  'GET /v1/providers/{provider}': ['a', 'o', 200],
  'PATCH /v1/providers/{provider}': ['a', 'o', 200],
  'DELETE /v1/providers/{provider}': ['a', 'o', 200],
  'POST /v1/providers/{provider}/check': ['a', 'o', 200],
  'POST /v1/providers/{provider}/import': ['a', 'o', 201],
  'GET /v1/keys': ['a', 'o', 200],
  'POST /v1/keys': ['a', 'o', 201],
  'DELETE /v1/keys/{name}': ['a', 'o', 200],
  'POST /v1/lock': ['a', 'slou', 200],
  'POST /v1/unlock': ['a', 'lou', 200],
  'GET /v1/vault/slots': ['a', 'lo', 200],
  'POST /v1/vault/slots': ['a', 'so', 201],
  'DELETE /v1/vault/slots/{id}': ['a', 'o', 200],
  'POST /v1/vault/repair': ['a', 'lou', 200],
  'POST /v1/vault/use-here': ['a', 'o', 200],
  'POST /v1/vault/backup': ['a', 'lo', 201],
  'POST /v1/vault/restore': ['a', 'slou', 200],
  'POST /v1/vault/export': ['a', 'o', 201],
  'POST /v1/vault/import': ['a', 'o', 200],
  'POST /v1/vault/rotate': ['a', 'o', 200],
  'GET /v1/activity': ['a', 'o', 200],
  'GET /v1/settings': ['a', 'slou', 200],
  'PATCH /v1/settings': ['a', 'slou', 200],
  'POST /v1/window/code': ['a', 'slou', 201],
  'POST /v1/refreshes/pause': ['a', 'slou', 200],
  'POST /v1/refreshes/resume': ['a', 'slou', 200],
  'GET /v1/doctor': ['a', 'ou', 200],
  'GET /v1/doctor/{ref}': ['a', 'o', 200],
  'GET /v1/sandbox': ['a', 'slou', 200],
  'POST /v1/sandbox/start': ['a', 'o', 200],
  'POST /v1/sandbox/reset': ['a', 'o', 200],
  'POST /v1/sandbox/stop': ['a', 'o', 200],
};

const CALLERS = [
  { letter: 'n', key: undefined },
  { letter: 'u', key: 'tt_nobody-knows-this-key' },
  { letter: 't', key: KEYS.token },
  { letter: 'p', key: KEYS.proxy },
  { letter: 'a', key: KEYS.admin },
] as const;

function expectedStatus(name: RouteName, letter: string, state: VaultState): number {
  const [who, states, status] = EXPECTED[name];
  // Whether a key is good cannot be told while the vault cannot be read.
  if (!who.includes('n') && letter === 'u') return state === 'unreadable' ? 503 : 401;
  if (!who.includes('n') && letter === 'n') return 401;
  if (!who.includes('n') && !who.includes(letter)) return 403;
  if (states.includes(state.charAt(0))) return status;
  return state === 'unreadable' ? 503 : 423;
}

test('promise 134: every route answers every kind of key in every state of the vault as the contract says', async () => {
  const wrong: string[] = [];
  for (const name of ROUTE_NAMES) {
    for (const { letter, key } of CALLERS) {
      for (const state of STATES) {
        const door = apiDoor();
        door.double.state = state;
        const response = await door.ask(lineOf(name), { key, json: SAMPLES[name].json });
        const expected = expectedStatus(name, letter, state);
        if (response.status !== expected)
          wrong.push(`${name} ${letter} ${state}: ${response.status}, not ${expected}`);
        await response.body?.cancel();
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('promise 134: the table of rights, the routes and this contract hold the same routes', () => {
  assert.deepEqual(Object.keys(RIGHTS).sort(), Object.keys(EXPECTED).sort());
  assert.deepEqual(Object.keys(SCRIPT_ROUTES).sort(), Object.keys(EXPECTED).sort());
  for (const [name, route] of Object.entries(SCRIPT_ROUTES)) assert.equal(route.name, name);
});

test('promise 134: an unknown address is 404 and a wrong method 405 with Allow', async () => {
  const { ask } = apiDoor();
  for (const path of [
    '/',
    '/v1',
    '/v1/',
    '/v2/status',
    '/v1/status/',
    '/v1/token',
    '/v1/token/a/b/c',
    '//v1/status',
  ]) {
    assert.equal((await ask(`GET ${path}`)).status, 404, path);
  }
  const table = [
    ['POST /v1/status', 'GET'],
    ['PUT /v1/connections', 'GET, POST'],
    ['GET /v1/lock', 'POST'],
    ['HEAD /v1/token/google/me', 'GET'],
    ['HEAD /v1/events', 'GET'],
    ['PUT /v1/connections/google', 'GET, PATCH, DELETE'],
    ['DELETE /v1/health', 'GET'],
  ] as const;
  for (const [line, allow] of table) {
    const response = await ask(line);
    assert.equal(response.status, 405, line);
    assert.equal(response.headers.get('allow'), allow, line);
  }
});

test('promise 134: without a valid key an unknown address and a wrong method look like any other', async () => {
  const answers = new Set<string>();
  for (const line of [
    'GET /v1/status',
    'GET /nowhere',
    'PUT /v1/status',
    'HEAD /v1/status',
    'POST /v1/health',
  ]) {
    const response = await apiDoor().ask(line, { key: undefined });
    answers.add(`${response.status} ${await response.text()}`);
  }
  assert.equal(answers.size, 1);
});

test('promise 134: HEAD hands nothing out and opens no stream', async () => {
  const door = apiDoor();
  await door.ask('HEAD /v1/token/google/me');
  await door.ask('HEAD /v1/events');
  assert.deepEqual(door.double.asked, []);
  assert.equal(door.double.listeners(), 0);
});

test('a vault that is not open says what to do about it', async () => {
  const door = apiDoor();
  door.double.state = 'locked';
  const locked = await fieldsOf(await door.ask('GET /v1/token/google/me'));
  assert.deepEqual(
    [locked.code, locked.action],
    ['locked', { method: 'POST', url: '/v1/unlock', command: 'tokentray unlock' }],
  );
  door.double.state = 'setup';
  const setup = await fieldsOf(await door.ask('GET /v1/token/google/me'));
  assert.deepEqual(
    [setup.code, setup.action],
    ['setup', { method: 'POST', url: '/v1/vault/slots', command: 'tokentray vault slots add' }],
  );
});

test('every answer has exactly the fields its schema names', async () => {
  for (const name of ROUTE_NAMES) {
    const { answer } = SCRIPT_ROUTES[name];
    if (answer === 'Events') continue;
    const response = await apiDoor().ask(lineOf(name), { json: SAMPLES[name].json });
    const parsed = WIRE[answer].safeParse(await fieldsOf(response));
    assert.ok(parsed.success, `${name}: ${JSON.stringify(parsed.error?.issues)}`);
  }
});

test('every answer is not to be stored, not to be sniffed, and has no ETag and no CORS header', async () => {
  for (const name of ROUTE_NAMES) {
    for (const key of [KEYS.admin, undefined]) {
      const { headers, body } = await apiDoor().ask(lineOf(name), { key, json: SAMPLES[name].json });
      assert.equal(headers.get('cache-control'), 'no-store', name);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', name);
      assert.deepEqual(
        [...headers.keys()].filter((header) => /^(etag|access-control-.*)$/.test(header)),
        [],
        name,
      );
      await body?.cancel();
    }
  }
});

test('status tells a script about its own connections only while the vault is open', async () => {
  const door = apiDoor();
  const open = await fieldsOf(await door.ask('GET /v1/status', { key: KEYS.token }));
  assert.deepEqual([open.connections, open.providers], [{ active: 1 }, undefined]);
  const admin = await fieldsOf(await door.ask('GET /v1/status'));
  assert.equal(admin.providers, 1);
  // Where the files are is told to those who may do everything.
  assert.deepEqual([open.home, admin.home], [undefined, '/home/me/tokentray']);
  door.double.state = 'locked';
  const locked = await fieldsOf(await door.ask('GET /v1/status'));
  assert.deepEqual([locked.state, locked.connections, locked.providers], ['locked', undefined, undefined]);
});
