// docs/errors.md and the catalogue of errors say the same: every code once, with its status and exit code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EXIT, exitCode } from '../../cli/exit-codes.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';

const TEXT = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** Cells of every row of a table that begins with a code or a number. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^\| (?:`|\d)/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** `code status exit` of every row with five cells. */
function documented(text: string): string[] {
  return rows(text)
    .filter((cells) => cells.length === 5)
    .map(([code = '', status, exit]) => `${code.replaceAll('`', '')} ${status} ${exit}`);
}

const catalogue = Object.entries(ERROR_CATALOGUE).map(
  ([code, { status, exit }]) => `${code} ${status} ${exit}`,
);

test('the documentation has every error code once, with its status and exit code, and no other', () => {
  assert.deepEqual(documented(TEXT).sort(), [...catalogue].sort());
});

test('every documented error says what happened and what to do', () => {
  for (const [code, , , happened = '', advice = ''] of rows(TEXT).filter((cells) => cells.length === 5)) {
    assert.ok(happened.endsWith('.') && advice.length > 5, `${code} in docs/errors.md is not explained`);
  }
});

test('the documentation has every exit code, and no other', () => {
  const numbers = rows(TEXT).flatMap(([first = '']) => (/^\d+$/.test(first) ? [Number(first)] : []));
  assert.deepEqual(
    numbers,
    Object.values(EXIT).sort((left, right) => left - right),
  );
});

test('codes that only the command line has are documented with their exit codes', () => {
  const own = rows(TEXT).filter((cells) => cells.length === 3);
  assert.deepEqual(
    own.map(([code = '', exit]) => [code.replaceAll('`', ''), Number(exit)]),
    ['usage', 'interrupted'].map((code) => [code, exitCode(0, code)]),
  );
});

test('a missing row, a strange row and a wrong number are noticed', () => {
  const wrong = [
    TEXT.replace(/^\| `locked` .*\n/m, ''),
    TEXT.replace('| `locked` | 423', '| `lokced` | 423'),
    TEXT.replace('| `locked` | 423 | 7', '| `locked` | 423 | 8'),
  ];
  for (const text of wrong) assert.notDeepEqual(documented(text).sort(), [...catalogue].sort());
});
