// The token answer: its three forms, its headers, and how its query is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HandOutOptions } from '../../core/engine.ts';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { apiDoor, fieldsOf } from '../support/api-door.ts';
import { handOut, KEYS } from '../support/engine-double.ts';
import { inTime, until } from '../support/in-time.ts';

const TOKEN = 'GET /v1/token/google/me';

async function optionsFor(query: string): Promise<HandOutOptions> {
  const door = apiDoor();
  let seen: HandOutOptions | undefined;
  door.double.handOut = (options) => {
    seen = options;
    return Promise.resolve(handOut());
  };
  const response = await door.ask(`${TOKEN}${query}`, { key: KEYS.token });
  assert.equal(response.status, 200, await response.text());
  assert.ok(seen);
  return seen;
}

test('promise 120: a token answer is JSON, not stored, not sniffed, without ETag', async () => {
  const response = await apiDoor().ask(TOKEN, { key: KEYS.token });
  assert.deepEqual([...response.headers].sort(), [
    ['cache-control', 'no-store'],
    ['content-type', 'application/json'],
    ['x-content-type-options', 'nosniff'],
  ]);
  assert.deepEqual(await fieldsOf(response), {
    access_token: 'the-access-token',
    token_type: 'Bearer',
    expires_at: '2026-01-31T13:00:00.000Z',
    expires_in: 3_599,
    expires_source: 'expires_in',
    scope: 'contacts',
    connection: 'google/me',
    account: 'me',
  });
});

test('promise 120: the bare token and the header line are not stored and not sniffed either', async () => {
  const table = [
    [`${TOKEN}?format=token`, {}, 'the-access-token'],
    [TOKEN, { accept: 'text/plain' }, 'the-access-token'],
    [TOKEN, { accept: 'text/plain;q=0.9, */*;q=0.1' }, 'the-access-token'],
    [`${TOKEN}?format=header`, { accept: 'application/json' }, 'Authorization: Bearer the-access-token'],
  ] as const;
  for (const [line, headers, text] of table) {
    const response = await apiDoor().ask(line, { key: KEYS.token, headers });
    assert.equal(await response.text(), text);
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('etag'), null);
  }
});

test('JSON is the form for everybody who does not ask for plain text alone', async () => {
  for (const accept of ['*/*', 'application/json', 'text/plain, application/json', 'text/html', '']) {
    const response = await apiDoor().ask(TOKEN, { headers: { accept } });
    assert.equal(response.headers.get('content-type'), 'application/json', accept);
  }
  const json = await apiDoor().ask(`${TOKEN}?format=json`, { headers: { accept: 'text/plain' } });
  assert.equal(json.headers.get('content-type'), 'application/json');
});

test('an unknown expiry is null in both fields', async () => {
  const door = apiDoor();
  door.double.handOut = () =>
    Promise.resolve({ ...handOut(), expires_at: null, expires_in: null, expires_source: 'unknown' });
  const { expires_at, expires_in, expires_source } = await fieldsOf(await door.ask(TOKEN));
  assert.deepEqual([expires_at, expires_in, expires_source], [null, null, 'unknown']);
});

test('the query becomes options of the hand-out', async () => {
  const plain = await optionsFor('');
  assert.deepEqual(
    [plain.minValid, plain.scope, plain.force, plain.wait, plain.door],
    [undefined, undefined, undefined, undefined, 'tcp'],
  );
  const all = await optionsFor('?min_valid=60&scope=a+b&scope=c&force&wait=5');
  assert.deepEqual([all.minValid, all.scope, all.force, all.wait], [60, ['a', 'b', 'c'], true, 5]);
  for (const yes of ['force', 'force=1', 'force=true'])
    assert.equal((await optionsFor(`?${yes}`)).force, true, yes);
  for (const no of ['force=0', 'force=false']) assert.equal((await optionsFor(`?${no}`)).force, false, no);
});

test('a query that cannot be used is refused by the name of its parameter, before the engine is asked', async () => {
  const table = [
    ['?min_valid=-1', 'min_valid', 'invalid_field'],
    ['?min_valid=1.5', 'min_valid', 'invalid_field'],
    ['?min_valid=', 'min_valid', 'invalid_field'],
    ['?min_valid=1e3', 'min_valid', 'invalid_field'],
    ['?min_valid=9999999999', 'min_valid', 'invalid_field'],
    ['?min_valid=1&min_valid=2', 'min_valid', 'invalid_field'],
    [`?wait=${LIMITS.waitMaxSeconds + 1}`, 'wait', 'invalid_field'],
    ['?force=yes', 'force', 'invalid_field'],
    ['?format=xml', 'format', 'invalid_field'],
    ['?minvalid=60', 'minvalid', 'unknown_field'],
    ['?__proto__=1', '__proto__', 'unknown_field'],
    ['?constructor=1', 'constructor', 'unknown_field'],
  ] as const;
  for (const [query, field, code] of table) {
    const door = apiDoor();
    const response = await door.ask(`${TOKEN}${query}`);
    const problem = await fieldsOf(response);
    assert.deepEqual([response.status, problem.code, problem.field], [400, code, field], query);
    assert.deepEqual(door.double.asked, [], query);
  }
});

test('what the engine says about an error reaches the caller whole', async () => {
  const door = apiDoor();
  const action = {
    method: 'POST',
    url: '/v1/connections',
    body: { provider: 'google', account: 'me' },
    command: 'tokentray connect google',
  };
  door.double.handOut = () => {
    throw new TokentrayError('consent_needed', 'The connection google/me needs your consent.', { action });
  };
  const response = await door.ask(TOKEN);
  assert.equal(response.status, 409);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual((await fieldsOf(response)).action, action);

  door.double.handOut = () =>
    Promise.reject(new TokentrayError('offline', 'The provider could not be reached.', { retryAfter: 7 }));
  const offline = await door.ask(TOKEN);
  assert.equal(offline.status, 503);
  assert.equal(offline.headers.get('retry-after'), '7');
  assert.equal((await fieldsOf(offline)).retry_after, 7);
});

test('a caller that goes away ends its wait', async () => {
  const door = apiDoor();
  const gone = new AbortController();
  let signal: AbortSignal | undefined;
  door.double.handOut = (options) =>
    new Promise((_, reject) => {
      signal = options.signal;
      signal?.addEventListener('abort', () => reject(new TokentrayError('timeout', 'The caller went away.')));
    });
  const answer = door.ask(`${TOKEN}?wait=600`, { signal: gone.signal });
  await until('the hand-out', () => signal !== undefined);
  gone.abort();
  assert.equal((await inTime('the answer', answer)).status, 408);
});

test('a switch with another value is refused in words that can be read', async () => {
  const { detail } = await fieldsOf(await apiDoor().ask(`${TOKEN}?force=maybe`));
  assert.equal(detail, 'The query: the field force must be true or false.');
});
