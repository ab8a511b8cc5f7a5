// JSON from providers: objects only, UTF-8 only, and never deeper than the limit.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import { isObject, isShallow, readJsonObject } from '../../core/oauth/json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('promise 104: JSON is read down to depth 32 and not one deeper', () => {
  assert.ok(readJsonObject(bytes(nested(LIMITS.jsonDepth))));
  assert.equal(readJsonObject(bytes(nested(LIMITS.jsonDepth + 1))), undefined);
});

test('promise 104: a megabyte of brackets is refused without being parsed', () => {
  const started = performance.now();
  for (const bracket of ['[', '{"a":', '"', '\\', ']']) {
    assert.equal(readJsonObject(bytes(bracket.repeat(200_000))), undefined);
  }
  assert.ok(performance.now() - started < 2_000);
});

test('only a JSON object in UTF-8 is read', () => {
  assert.deepEqual(readJsonObject(bytes('{"a":1}')), { a: 1 });
  assert.deepEqual(readJsonObject(bytes('\ufeff {"a":1} ')), { a: 1 });
  for (const text of [
    '',
    ' ',
    'null',
    'true',
    '5',
    '"x"',
    '[]',
    '[{}]',
    '{',
    '{}x',
    "{'a':1}",
    '{"a":NaN}',
    '<html>',
  ]) {
    assert.equal(readJsonObject(bytes(text)), undefined, text);
  }
  assert.equal(readJsonObject(Uint8Array.of(0x7b, 0x22, 0xc3, 0x22, 0x7d)), undefined);
});

test('a field called __proto__ stays a field and changes no object', () => {
  const value = readJsonObject(bytes('{"__proto__":{"admin":true}}'));
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.ok(!('admin' in {}));
});

test('objects are told from everything else', () => {
  for (const value of [{}, { a: 1 }]) assert.ok(isObject(value));
  for (const value of [null, undefined, [], 5, 'x', true, () => {}]) assert.ok(!isObject(value));
});

test('promise 104: for every JSON text, shallow means what the parsed value says', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), fc.integer({ min: 0, max: 8 }), (text, max) => {
      assert.equal(isShallow(text, max), depthOf(JSON.parse(text)) <= max);
    }),
    { numRuns: 1_000 },
  );
});

test('for every text, what is read is what JSON.parse reads, or nothing', () => {
  const hostile = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', '\\u0022'), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        hostile.map((parts) => parts.join('')),
      ),
      (text) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          parsed = undefined;
        }
        assert.deepEqual(readJsonObject(bytes(text)), isObject(parsed) ? parsed : undefined);
      },
    ),
    { numRuns: 2_000 },
  );
});
