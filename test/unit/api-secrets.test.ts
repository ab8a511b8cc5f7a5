// No way in gets a secret out: every route, any key, any parameter, with an engine whose every view has secrets beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Door } from '../../api/guard.ts';
import { apiDoor } from '../support/api-door.ts';
import { lineOf, ROUTE_NAMES, SAMPLES } from '../support/api-samples.ts';
import { KEYS, PLANTED } from '../support/engine-double.ts';
import { inTime } from '../support/in-time.ts';

/** Field names that no answer has, but in the OpenAPI document, which names what can be sent in. */
const SECRET_FIELD =
  /"(refresh_token|id_token|code_verifier|vault_key|data_key|secret|digest|passphrase|wrapped)":/;
const SENT = /from-elsewhere|write-only|a pass phrase/;

async function judge(line: string, answer: Response): Promise<void> {
  if (answer.headers.get('content-type') === 'text/event-stream') return void (await answer.body?.cancel());
  const text = await answer.text();
  assert.doesNotMatch(text, new RegExp(PLANTED), line);
  if (line.includes('openapi')) return;
  assert.doesNotMatch(text, SECRET_FIELD, line);
  assert.doesNotMatch(text, SENT, line);
  const secret = /"client_secret":("[^"]*")/.exec(text);
  assert.ok(secret === null || secret[1] === '"set"' || secret[1] === '"unset"', line);
}

test('promise 118: no route gives a refresh token, a client secret or a vault key away, for any key', async () => {
  for (const name of ROUTE_NAMES) {
    for (const key of Object.values(KEYS)) {
      await judge(name, await apiDoor().ask(lineOf(name), { key, json: SAMPLES[name].json }));
    }
  }
});

test('promise 118: nor for any parameter, header or field a caller may think of', async () => {
  const word = fc.constantFrom(
    'refresh_token',
    'client_secret',
    'include',
    'fields',
    'format',
    'expand',
    'secret',
    'raw',
    'force',
    'min_valid',
    'scope',
    'id_token',
    '*',
    'true',
    'json',
    'header',
    '1',
    '__proto__',
  );
  const text = fc.oneof(word, fc.string({ maxLength: 12 }));
  const ways = fc.record({
    name: fc.constantFrom(...ROUTE_NAMES),
    key: fc.constantFrom(...Object.values(KEYS)),
    query: fc.array(fc.tuple(text, text), { maxLength: 3 }),
    body: fc.option(
      fc.dictionary(text, fc.oneof(text, fc.constant(null), fc.array(text, { maxLength: 2 })), {
        maxKeys: 3,
      }),
    ),
    accept: fc.constantFrom('*/*', 'text/plain', 'application/json', 'application/x-refresh-token'),
    door: fc.constantFrom<Door>('tcp', 'socket'),
  });
  await fc.assert(
    fc.asyncProperty(ways, async ({ name, key, query, body, accept, door }) => {
      const base = lineOf(name);
      const more = new URLSearchParams(query).toString();
      const line = more === '' ? base : `${base}${base.includes('?') ? '&' : '?'}${more}`;
      const sample = SAMPLES[name].json;
      const json = sample === undefined ? undefined : { ...sample, ...body };
      await judge(line, await apiDoor().ask(line, { key, json, headers: { accept }, door }));
    }),
    { numRuns: 400 },
  );
});

test('promise 118: the events tell names and ids only', async () => {
  const door = apiDoor();
  const { body } = await door.ask('GET /v1/events');
  door.double.emit({ type: 'hand_out', caller: 'backup', connection: 'google/me', id: 'c_x' });
  door.double.emit({ type: 'key', action: 'removed', name: 'admin' });
  const text = await inTime('the end of the stream', new Response(body).text());
  assert.match(text, /event: hand_out/);
  assert.doesNotMatch(text, /access_token|refresh_token|tt_/);
});
