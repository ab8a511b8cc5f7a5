// Names: what may be one, and how one is made from whatever a provider calls an account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionId, isName, name, providerId, slugName } from '../../core/model/name.ts';

const free = () => false;

test('names are 1 to 64 of a-z, 0-9, _ @ + . - and start with a letter or a digit', () => {
  for (const good of ['a', '0', 'jo@acme.test', 'a+b', 'a.b-c_d', 'x'.repeat(64)])
    assert.ok(isName(good), good);
  const bad = [
    '',
    'A',
    '-a',
    '.a',
    '@a',
    '_a',
    'a b',
    'a/b',
    'ä',
    'a\n',
    '\na',
    'a\0',
    '..',
    'x'.repeat(65),
    'a%2f',
  ];
  for (const value of bad) {
    assert.ok(!isName(value), JSON.stringify(value));
    assert.ok(!name.safeParse(value).success, JSON.stringify(value));
  }
});

test('a provider never looks like the id of a connection', () => {
  assert.ok(providerId.safeParse('cacme').success);
  for (const value of ['c_', 'c_acme', `c_${'A'.repeat(22)}`])
    assert.ok(!providerId.safeParse(value).success);
  assert.ok(connectionId.safeParse(`c_${'A'.repeat(22)}`).success);
  for (const value of ['c_', `c_${'A'.repeat(21)}`, `c_${'A'.repeat(23)}`, `c_${'A'.repeat(21)}!`, 'acme']) {
    assert.ok(!connectionId.safeParse(value).success);
  }
});

test('a label becomes a name: lower case, without accents, everything foreign a dash', () => {
  const cases: readonly [string, string][] = [
    ['jo@acme.test', 'jo@acme.test'],
    ['Jo.Doe+x@Acme.Test', 'jo.doe+x@acme.test'],
    ['Zoë Müller', 'zoe-muller'],
    ['  Jo  Doe  ', 'jo-doe'],
    ['../../etc/passwd', 'etc-passwd'],
    ['-rf', 'rf'],
    ['@jo', 'jo'],
    ['ﬁne', 'fine'],
    ['日本', 'account'],
    ['', 'account'],
    ['---', 'account'],
    ['jo\u202e\u0000\r\ndoe', 'jo-doe'],
    ['a'.repeat(300), 'a'.repeat(60)],
  ];
  for (const [label, expected] of cases) assert.equal(slugName(label, free), expected, label);
});

test('a taken name gets the next free number', () => {
  const taken = new Set(['jo', 'jo-2', 'jo-3']);
  assert.equal(
    slugName('Jo', (candidate) => taken.has(candidate)),
    'jo-4',
  );
});

test('a label always becomes a valid name, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (label) => {
      assert.ok(isName(slugName(label, free)));
    }),
    { numRuns: 1_000 },
  );
});

test('the name made from a label is always free, also behind many others', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.integer({ min: 0, max: 1_200 }), (label, count) => {
      const given = new Set<string>();
      // The first `count` candidates are taken, whatever they look like.
      const made = slugName(label, (candidate) => given.size < count && Boolean(given.add(candidate)));
      assert.ok(!given.has(made));
      assert.ok(isName(made), made);
    }),
    { numRuns: 200 },
  );
});

test('a hostile label of a hundred thousand characters is named at once', () => {
  const started = performance.now();
  for (const filler of ['-', '.', ' ', '\u0301', 'a']) {
    assert.ok(isName(slugName(`a${filler.repeat(100_000)}a`, free)));
  }
  assert.ok(performance.now() - started < 1_000);
});
