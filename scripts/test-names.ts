// Which tests are named after a numbered promise or fault, read from the sources of the tests without running them.
import { globSync, readFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { readTokens } from './read-imports.ts';

export interface NumberedTest {
  readonly numbers: readonly number[];
  readonly sentence: string;
  /** Path of the test from the root of the project, with slashes. */
  readonly file: string;
}

/** All tests named after `promise 8`, `faults 8, 9 and 10`, or `promise 86, fault 13`; by number, then file, then place. */
export function collectTests(root: string, word: 'promise' | 'fault'): NumberedTest[] {
  const files = globSync('test/**/*.{test.ts,spec.ts,txt}', { cwd: root });
  return files
    .map((file) => file.split(sep).join('/'))
    .sort()
    .flatMap((file) =>
      namesIn(file, readFileSync(join(root, file), 'utf8')).flatMap((name) => parse(name, word, file)),
    )
    .map((test, place) => ({ test, place }))
    .sort((left, right) => left.test.numbers[0]! - right.test.numbers[0]! || left.place - right.place)
    .map(({ test }) => test);
}

/** The first comment of a session of the command line is its name; elsewhere a name is the first argument of a test. */
function namesIn(file: string, source: string): string[] {
  if (file.endsWith('.txt')) return [source.split('\n', 1)[0]!.replace(/^#\s*/, '')];
  const tokens = readTokens(source);
  return tokens.flatMap((token, at) => {
    const called = tokens[at - 2];
    const isName =
      token.kind === 'string' &&
      tokens[at - 1]?.text === '(' &&
      /^(?:test|suite|describe|it)$/.test(called?.text ?? '');
    return isName ? [token.text] : [];
  });
}

/** `promise 8: …`, `promises 8, 9 and 10: …`, `promise 121, RFC 9112 6.3: …` */
function parse(name: string, word: string, file: string): NumberedTest[] {
  const [, head, sentence] = /^((?:promise|fault)s? \d[^:]*): (.+)$/s.exec(name) ?? [];
  if (head === undefined || sentence === undefined) return [];
  const [, list] = new RegExp(`\\b${word}s? (\\d+(?:(?:, | and |, and )\\d+)*)`).exec(head) ?? [];
  if (list === undefined) return [];
  return [{ numbers: list.split(/\D+/).map(Number), sentence: sentence.trim(), file }];
}

/** The sentence and the way to its test, in Markdown. */
export function testLine({ sentence, file }: NumberedTest): string {
  const label = basename(file).replace(/\.(?:test\.ts|spec\.ts|txt)$/, '');
  return `${markdown(capital(sentence))} ([${label}](../${file}))`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Sentences hold names such as `__proto__` and `<script>`, which must be read as they are. */
function markdown(text: string): string {
  return text.replace(/[\\*<>[\]|]|(?<!\w)_+|_+(?!\w)/g, (found) =>
    [...found].map((one) => `\\${one}`).join(''),
  );
}
