// What leaves a door when something goes wrong: a code and a sentence; never a stack, a path, a provider's words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problem } from '../../api/wire.ts';
import { ERROR_CATALOGUE, type ErrorCode, TokentrayError } from '../../core/errors.ts';
import { apiDoor, fieldsOf } from '../support/api-door.ts';
import { KEYS } from '../support/engine-double.ts';

const SECRET = 'planted-in-an-error-77b1';
const TOKEN = 'GET /v1/token/google/me';

function thrown(): unknown[] {
  const withCause = new Error(`provider said ${SECRET}`, { cause: { body: SECRET } });
  const manyLines = new Error(`first\n    at ${SECRET} (/home/user/file.ts)\n    second ${SECRET}`);
  const named = Object.assign(new TypeError(SECRET), { code: SECRET, body: SECRET });
  return [
    withCause,
    manyLines,
    named,
    new AggregateError([withCause], SECRET),
    SECRET,
    { message: SECRET },
    null,
    undefined,
  ];
}

test('promise 133: what was not thrown on purpose becomes a problem without stack, path or provider text', async () => {
  for (const error of thrown()) {
    for (const fail of [
      () => Promise.reject(error),
      () => {
        throw error;
      },
    ]) {
      const door = apiDoor();
      door.double.handOut = fail;
      const response = await door.ask(TOKEN);
      const body = await response.text();
      assert.equal(response.status, 500);
      assert.equal(response.headers.get('content-type'), 'application/problem+json');
      assert.equal(JSON.parse(body).code, 'unexpected');
      assert.doesNotMatch(body, new RegExp(`${SECRET}|\\.ts|node:|\\bat\\b .*:\\d+`));
    }
  }
});

test('promise 133: the log of such an error has its name and places, never its message or cause', async () => {
  for (const error of thrown()) {
    const door = apiDoor();
    door.double.handOut = () => Promise.reject(error);
    await door.ask(TOKEN);
    assert.equal(door.log.entries.length, 1);
    const [entry] = door.log.entries;
    assert.deepEqual([entry?.level, entry?.event], ['error', 'unexpected']);
    assert.doesNotMatch(JSON.stringify(entry), new RegExp(SECRET));
    if (!(error instanceof Error)) continue;
    assert.equal(entry?.fields.error, error.name);
    assert.match(JSON.stringify(entry?.fields.frames), /api-errors\.test\.ts:\d+/);
  }
});

test('promise 133: a failure of the host, of the engine or of a view that cannot be written is a problem too', async () => {
  const door = apiDoor();
  door.double.engine.connections.list = () => {
    throw new RangeError(SECRET);
  };
  assert.equal((await door.ask('GET /v1/connections')).status, 500);
  const badTime = apiDoor();
  badTime.double.handOut = async () => ({
    access_token: 'a',
    token_type: 'Bearer',
    expires_at: Number.NaN,
    expires_in: 1,
    expires_source: 'jwt',
    scope: '',
    connection: 'a/b',
    account: 'b',
  });
  assert.equal((await badTime.ask(TOKEN)).status, 500);
  const badState = apiDoor();
  badState.double.engine.state = () => {
    throw new Error(SECRET);
  };
  assert.equal((await badState.ask(TOKEN)).status, 500);
});

test('promise 133: every code of the catalogue goes over the wire as its own status and a document of the schema', async () => {
  for (const code of Object.keys(ERROR_CATALOGUE).filter(
    (name): name is ErrorCode => name in ERROR_CATALOGUE,
  )) {
    const door = apiDoor();
    door.double.handOut = () =>
      Promise.reject(new TokentrayError(code, 'A sentence.', { field: 'f', retryAfter: 1 }));
    const response = await door.ask(TOKEN);
    const document = await fieldsOf(response);
    assert.equal(response.status, ERROR_CATALOGUE[code].status, code);
    assert.ok(problem.safeParse(document).success, code);
    assert.equal(document.code, code);
    assert.deepEqual(door.log.entries, [], code);
  }
});

test('a key that may not do something is told which right it lacks', async () => {
  const response = await apiDoor().ask('GET /v1/keys', { key: KEYS.token });
  const document = await fieldsOf(response);
  assert.equal(document.code, 'denied');
  assert.match(String(document.detail), /right admin/);
});
