// Bodies: how large, of what type, with which fields. What is refused is named by field and never repeated by value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { apiDoor, fieldsOf } from '../support/api-door.ts';

const KEYS_ROUTE = 'POST /v1/keys';

test('promise 121: a body over 64 KiB is refused with 413 before the engine sees it', async () => {
  const padding = (bytes: number): string => JSON.stringify({ name: 'x'.repeat(bytes) });
  const door = apiDoor();
  const tooLarge = await door.ask(KEYS_ROUTE, { text: padding(LIMITS.endpointBodyBytes) });
  assert.deepEqual([tooLarge.status, (await fieldsOf(tooLarge)).code], [413, 'too_large']);
  const announced = await door.ask(KEYS_ROUTE, { text: '{}', headers: { 'content-length': '65537' } });
  assert.equal(announced.status, 413);
  const justFits = await door.ask(KEYS_ROUTE, { text: padding(LIMITS.endpointBodyBytes - 11) });
  assert.deepEqual([justFits.status, (await fieldsOf(justFits)).code], [400, 'invalid_field']);
  assert.deepEqual(door.double.asked, []);
});

test('promise 121: characters of several bytes count as bytes', async () => {
  const text = JSON.stringify({ name: '€'.repeat(LIMITS.endpointBodyBytes / 3) });
  assert.ok(text.length < LIMITS.endpointBodyBytes);
  assert.equal((await apiDoor().ask(KEYS_ROUTE, { text })).status, 413);
});

test('promise 121: a stream without a length is cut off at the limit, not read to its end', async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 16_384;
      controller.enqueue(new Uint8Array(16_384).fill(32));
    },
  });
  const response = await apiDoor().ask(KEYS_ROUTE, { text: body });
  assert.equal(response.status, 413);
  assert.ok(sent < LIMITS.endpointBodyBytes * 3, `${sent} bytes were read`);
});

test('only JSON is taken, and malformed JSON is refused without repeating it', async () => {
  const table = [
    ['{"name":"a"}', { 'content-type': 'text/plain' }],
    ['name=a', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['{"name":"a"}', { 'content-type': 'application/jsonp' }],
    ['{"name":"secret-value"', {}],
    ['', {}],
    ['null', {}],
    ['[]', {}],
    ['"text"', {}],
    ['\u0000', {}],
  ] as const;
  for (const [text, headers] of table) {
    const response = await apiDoor().ask(KEYS_ROUTE, { text, headers });
    const answer = await response.text();
    assert.equal(response.status, 400, text);
    assert.equal(JSON.parse(answer).code, 'bad_request', text);
    assert.doesNotMatch(answer, /secret-value/);
  }
  const charset = { 'content-type': 'application/json; charset=utf-8' };
  assert.equal((await apiDoor().ask(KEYS_ROUTE, { json: { name: 'a' }, headers: charset })).status, 201);
});

test('an unknown field and a wrong one are named, their values are not', async () => {
  const table = [
    [KEYS_ROUTE, { name: 'a', extra: 'secret-value' }, 'unknown_field', 'extra'],
    [KEYS_ROUTE, { name: 'SECRET-VALUE' }, 'invalid_field', 'name'],
    [KEYS_ROUTE, { name: 'a\u0000secret-value' }, 'invalid_field', 'name'],
    [KEYS_ROUTE, { name: 'a', rights: ['root'] }, 'invalid_field', 'rights.0'],
    ['POST /v1/connections', { provider: 'c_secret-value' }, 'invalid_field', 'provider'],
    ['POST /v1/connections', {}, 'invalid_field', 'provider'],
    ['POST /v1/connections', { provider: 'google', via: 'secret-value' }, 'invalid_field', 'via'],
    ['POST /v1/providers', { client_secret: 1 }, 'invalid_field', 'client_secret'],
    [
      'POST /v1/providers',
      { token_endpoint: 'http://secret-value.test/' },
      'invalid_field',
      'token_endpoint',
    ],
    ['POST /v1/providers', { schema: 1 }, 'unknown_field', 'schema'],
    ['PATCH /v1/providers/google', { redirect_uri: 'x' }, 'unknown_field', 'redirect_uri'],
    ['POST /v1/vault/slots', { kind: 'secret-value' }, 'invalid_field', 'kind'],
    ['POST /v1/vault/slots', { kind: 'passphrase' }, 'invalid_field', 'passphrase'],
    ['POST /v1/vault/slots', { kind: 'keychain', passphrase: 'secret-value' }, 'unknown_field', 'passphrase'],
    ['POST /v1/vault/rotate', { credentials: [{ kind: 'no' }] }, 'invalid_field', 'credentials.0.kind'],
    ['POST /v1/providers/google/import', {}, 'invalid_field', 'refresh_token'],
  ] as const;
  for (const [line, json, code, field] of table) {
    const door = apiDoor();
    const response = await door.ask(line, { json });
    const answer = await response.text();
    const problem = JSON.parse(answer);
    assert.deepEqual([response.status, problem.code, problem.field], [400, code, field], `${line} ${answer}`);
    assert.doesNotMatch(answer, /secret-value/i);
    assert.deepEqual(door.double.asked, [], line);
  }
});

test('__proto__ as a field name is refused and pollutes nothing', async () => {
  for (const text of [
    '{"name":"a","__proto__":{"rights":["admin"]}}',
    '{"name":"a","constructor":{"prototype":{"x":1}}}',
  ]) {
    const door = apiDoor();
    const response = await door.ask(KEYS_ROUTE, { text });
    assert.deepEqual([response.status, (await fieldsOf(response)).code], [400, 'unknown_field']);
  }
  const parameters = '{"authorization_parameters":{"__proto__":"x"}}';
  const door = apiDoor();
  await door.ask('POST /v1/providers', { text: parameters });
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false);
  for (const { input } of door.double.asked) assert.equal(Object.getPrototypeOf(input), Object.prototype);
});

test('a deeply nested body is refused without harm', async () => {
  const depth = 30_000;
  const response = await apiDoor().ask(KEYS_ROUTE, { text: `${'['.repeat(depth)}${']'.repeat(depth)}` });
  assert.equal(response.status, 400);
});

test('routes that need no body take a request without one, and unlock takes both', async () => {
  assert.equal((await apiDoor().ask('POST /v1/lock')).status, 200);
  for (const [json, credential] of [
    [undefined, undefined],
    [{}, undefined],
    [{ passphrase: 'a pass phrase' }, { kind: 'passphrase', passphrase: 'a pass phrase' }],
    [{ key_file: '/keys/k' }, { kind: 'file', path: '/keys/k' }],
  ] as const) {
    const door = apiDoor();
    door.double.state = 'locked';
    const response = await door.ask('POST /v1/unlock', { json });
    assert.deepEqual(await fieldsOf(response), { state: 'open' });
    assert.deepEqual(door.double.asked, [{ method: 'unlock', input: credential }]);
  }
  const both = await apiDoor().ask('POST /v1/unlock', { json: { passphrase: 'x', key_file: 'y' } });
  assert.equal(both.status, 400);
  assert.equal((await apiDoor().ask('POST /v1/keys')).status, 400);
});

test('null in a change of a provider reaches the engine as null', async () => {
  const door = apiDoor();
  await door.ask('PATCH /v1/providers/google', { json: { issuer: null, name: 'G', client_secret: 'new' } });
  assert.deepEqual(door.double.asked, [
    { method: 'updateProvider', input: { issuer: null, name: 'G', client_secret: 'new' } },
  ]);
});

test('a query on a route without parameters is refused by its name', async () => {
  const response = await apiDoor().ask('GET /v1/keys?verbose=1');
  const problem = await fieldsOf(response);
  assert.deepEqual([response.status, problem.code, problem.field], [400, 'unknown_field', 'verbose']);
});
