// docs/promises.md is what the names of the tests say now, and its writer reads them as they are meant.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { collectTests } from '../../scripts/test-names.ts';
import { missingPromises, PROMISES_FILE, promisesDocument } from '../../scripts/write-promises.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

function collected(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'promises-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), source);
    }
    return collectTests(root, 'promise');
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('the document of promises is up to date (npm run promises writes it)', () => {
  assert.equal(read(PROMISES_FILE), promisesDocument(collectTests(ROOT, 'promise'), read('SECURITY.md')));
});

test('the names of tests, suites and command line sessions are read, and nothing else', () => {
  const promises = collected({
    'test/unit/a.test.ts': [
      "test('promise 10: first wins', () => {});",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the source under test holds a template.
      "suite(`promises 8, 9 and 11: the ${'state'} counts`, () => {});",
      "test('promise 2, RFC 8252 8.3: loopback only', () => {});",
      "// test('promise 3: in a comment', …)",
      "check('promise 4: not a test');",
      "test('RFC 6749 5.1: no promise', () => {});",
    ].join('\n'),
    'test/cli/token.txt': '# promise 176: one line\n# host: open\n',
    'core/b.ts': "test('promise 5: not among the tests', () => {});",
  });
  assert.deepEqual(
    promises.map(({ numbers, sentence, file }) => [numbers, sentence, file]),
    [
      [[2], 'loopback only', 'test/unit/a.test.ts'],
      [[8, 9, 11], 'the … counts', 'test/unit/a.test.ts'],
      [[10], 'first wins', 'test/unit/a.test.ts'],
      [[176], 'one line', 'test/cli/token.txt'],
    ],
  );
});

test('a promise without a test is told, and one that is kept is not', () => {
  const [one] = collected({ 'test/unit/a.test.ts': "test('promises 1 and 2: bound first', () => {});" });
  assert.ok(one);
  const missing = missingPromises([one]);
  assert.deepEqual(missing.slice(0, 3), [3, 4, 5]);
  assert.equal(missing.includes(7), false);
  assert.equal(missing.at(-1), 199);
});

test('sentences are shown as they are: marks of Markdown in a name do nothing', () => {
  const text = promisesDocument(
    [{ numbers: [9], sentence: 'the field __proto__ and <b> of client_id', file: 'test/unit/a.test.ts' }],
    '## What we do not promise\n\nMuch.\n\n## Next\n',
  );
  assert.match(text, /^- \*\*9\*\* · The field \\_\\_proto\\_\\_ and \\<b\\> of client_id \(\[a\]\(/m);
  assert.match(text, /## What we do not promise\n\nMuch\.\n$/);
});

test('what is not promised is in the document, in plain words', () => {
  assert.match(read(PROMISES_FILE), /A program that runs as you, with your rights, can do what you can\./);
});
