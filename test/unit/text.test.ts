// Text from outside, made inert before a page, a terminal or a log shows it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable } from '../../core/text.ts';

const UNSAFE = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;

test('ordinary text stays as it is, in every script', () => {
  for (const text of [
    '',
    'read:user',
    'Zoë',
    '日本語',
    'שלום',
    '👩‍🚀'.replace('\u200d', ''),
    'a'.repeat(200),
  ]) {
    assert.equal(printable(text, 200), text);
  }
});

test('promise 20: control characters, line ends and text that reverses or hides are written as escapes', () => {
  const cases: readonly [string, string][] = [
    ['a\r\nb', 'a\\u{d}\\u{a}b'],
    ['a\u0000b', 'a\\u{0}b'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
    ['\u0085', '\\u{85}'],
  ];
  for (const [text, inert] of cases) assert.equal(printable(text, 200), inert);
});

test('promise 20: long text is cut to its limit with an ellipsis, also when escapes make it longer', () => {
  assert.equal(printable('a'.repeat(201), 200), `${'a'.repeat(199)}…`);
  assert.equal(printable('\u202e'.repeat(10_000), 200).length, 200);
});

test('a cut never leaves half a character', () => {
  assert.equal(printable('😀😀😀', 4), '😀…');
  assert.equal(printable('😀😀', 4), '😀😀');
  assert.equal(printable('\ud83d', 4), '\ufffd');
});

test('promise 20: whatever comes in, what comes out is one inert line within its limit', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.integer({ min: 1, max: 50 }),
      (text, max) => {
        const inert = printable(text, max);
        assert.ok(inert.length <= max, `${inert.length} of ${max}`);
        assert.ok(!UNSAFE.test(inert));
        assert.ok(inert.isWellFormed());
      },
    ),
    { numRuns: 2_000 },
  );
});
