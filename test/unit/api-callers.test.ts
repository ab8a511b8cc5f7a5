// Who may ask: one answer for everybody without a valid key, a limit for guessers, and nothing said about what is hidden.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { type ApiDoor, apiDoor, fieldsOf } from '../support/api-door.ts';
import { KEYS } from '../support/engine-double.ts';

async function whole(response: Response): Promise<string> {
  const headers = [...response.headers].sort();
  return JSON.stringify([response.status, headers, await response.text()]);
}

const BAD: readonly (string | undefined)[] = [
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer tt_unknown-key',
  `Bearer  ${KEYS.admin}`,
  `Bearer ${KEYS.admin}x`,
  `Basic ${KEYS.admin}`,
  `Basic ${Buffer.from(`user:${KEYS.admin}`).toString('base64')}`,
  KEYS.admin,
  `Token ${KEYS.admin}`,
  `Bearer ${KEYS.admin}, Bearer ${KEYS.token}`,
  'Bearer session_of-a-window',
  `Bearer tt_${'x'.repeat(10_000)}`,
];

test('promise 114: no key, an unknown key and another scheme get one and the same 401', async () => {
  const answers = new Set<string>();
  for (const authorization of BAD) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    answers.add(await whole(await apiDoor().ask('GET /v1/token/google/me', { key: undefined, headers })));
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  const response = await apiDoor().ask('GET /v1/status', { key: undefined });
  assert.equal(response.status, 401);
  assert.equal(response.headers.get('www-authenticate'), 'Bearer');
  assert.equal((await fieldsOf(response)).code, 'unauthorized');
});

test('promise 114: only the Authorization header counts', async () => {
  for (const name of [
    'x-api-key',
    'cookie',
    'proxy-authorization',
    'x-tokentray-session',
    'x-authorization',
  ]) {
    const headers = { [name]: `Bearer ${KEYS.admin}` };
    assert.equal((await apiDoor().ask('GET /v1/status', { key: undefined, headers })).status, 401, name);
  }
});

test('RFC 9110 11.1: the scheme Bearer may be written in any case', async () => {
  const headers = { authorization: `bEARER ${KEYS.token}` };
  assert.equal((await apiDoor().ask('GET /v1/status', { key: undefined, headers })).status, 200);
});

async function guess(door: ApiDoor, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i += 1)
    statuses.push((await door.ask('GET /v1/status', { key: `tt_guess-${i}` })).status);
  return statuses;
}

test('promise 116: after ten bad keys in a minute further bad keys get 429 and Retry-After, a good key still works', async () => {
  const door = apiDoor();
  assert.deepEqual(new Set(await guess(door, LIMITS.badKeysPerMinute)), new Set([401]));
  const limited = await door.ask('GET /v1/status', { key: 'tt_one-more' });
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get('retry-after'), '60');
  assert.equal((await fieldsOf(limited)).retry_after, 60);
  assert.equal((await door.ask('GET /v1/status', { key: KEYS.token })).status, 200);
});

test('promise 116: the minute passes, and the limit of one door does not touch the other', async () => {
  const door = apiDoor();
  await guess(door, 20);
  assert.equal((await door.ask('GET /v1/status', { key: 'tt_x', door: 'socket' })).status, 401);
  door.clock.advance(59_999);
  assert.equal((await door.ask('GET /v1/status', { key: 'tt_x' })).status, 429);
  door.clock.advance(1);
  assert.equal((await door.ask('GET /v1/status', { key: 'tt_x' })).status, 401);
});

test('promise 116: health and good keys never count as bad', async () => {
  const door = apiDoor();
  for (let i = 0; i < 50; i += 1) {
    await door.ask('GET /v1/health', { key: undefined });
    await door.ask('GET /v1/status', { key: KEYS.token });
  }
  assert.equal((await door.ask('GET /v1/status', { key: 'tt_x' })).status, 401);
});

test('promise 116: the log says once that somebody guesses, without the guesses', async () => {
  const door = apiDoor();
  await guess(door, 40);
  assert.deepEqual(door.log.entries, [{ level: 'warn', event: 'bad_keys', fields: { door: 'tcp' } }]);
});

test('promise 117: a name that cannot exist gets the answer of one that does not, and the engine is not asked', async () => {
  const impossible = [
    'UPPER',
    'a b',
    '..%2f..',
    'a%2Fb%2Fc',
    'c_Short',
    '%00',
    '__proto__',
    'a'.repeat(65),
    '%F0%9F%98%80',
    '%',
  ];
  const paths = [
    'token/N',
    'token/google/N',
    'connections/N',
    'connections/google%2FN',
    'providers/N',
    'consents/a%20N',
  ];
  for (const path of paths) {
    const unknown = await whole(
      await apiDoor().ask(`GET /v1/${path.replace('N', 'nobody').replace('a%20', '')}`),
    );
    for (const name of impossible) {
      const door = apiDoor();
      const never = (): never => assert.fail('the engine was asked');
      Object.assign(door.double.engine.connections, { show: never });
      Object.assign(door.double.engine.tokens, { handOut: never });
      Object.assign(door.double.engine.providers, { show: never });
      Object.assign(door.double.engine.consents, { show: never });
      assert.equal(
        await whole(await door.ask(`GET /v1/${path.replace('N', name)}`)),
        unknown,
        `${path} ${name}`,
      );
    }
  }
});
