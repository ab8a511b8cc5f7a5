// Writes docs/promises.md from the names of the tests: a promise is there because a test of that name passes.
// What is not promised is a chapter of SECURITY.md, copied, so that it is written once.
// --check: ends with 1 when the file on disk is out of date. --require: ends with 1 when a promise of this version has no test.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTokens } from './read-imports.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const PROMISES_FILE = 'docs/promises.md';

/** What version 0.1 promises. Numbers are never used again for something else. */
const REQUIRED =
  '1-6, 8-15, 17-24, 36-48, 56, 57, 61, 63-69, 71-75, 77, 78, 83-85, 87-89, 97, 98, 104, 109-111, 113-121, 123, 128, 129, 131-135, 176-178, 195-199';

/** Last number and title of each chapter, in order. */
const CHAPTERS: readonly (readonly [upTo: number, title: string])[] = [
  [24, 'The way back from the browser'],
  [35, 'Links that open Tokentray'],
  [62, 'Getting your consent'],
  [82, 'The vault'],
  [108, 'Refreshing and rotation'],
  [135, 'The local endpoint'],
  [147, 'The proxy'],
  [153, 'The message bus'],
  [164, 'The window'],
  [175, 'The window in your browser'],
  [185, 'The command line'],
  [194, 'Import, export and backup'],
  [203, 'Logs and privacy'],
];

const NOT_PROMISED = '## What we do not promise';

const HEAD = `# Promises

Every line below is the name of a test that runs before a version is released; the link leads to it. The numbers are fixed:
a promise keeps its number for good. This file is written by \`npm run promises\`; to change a line, change the test.
`;

export interface KeptPromise {
  readonly numbers: readonly number[];
  readonly sentence: string;
  /** Path of the test from the root of the project, with slashes. */
  readonly file: string;
}

/** All promises that tests are named after, by number, then file, then place. */
export function collectPromises(root: string): KeptPromise[] {
  const files = globSync('test/**/*.{test.ts,spec.ts,txt}', { cwd: root });
  return files
    .map((file) => file.split(sep).join('/'))
    .sort()
    .flatMap((file) =>
      namesIn(file, readFileSync(join(root, file), 'utf8')).flatMap((name) => parse(name, file)),
    )
    .map((promise, place) => ({ promise, place }))
    .sort((left, right) => left.promise.numbers[0]! - right.promise.numbers[0]! || left.place - right.place)
    .map(({ promise }) => promise);
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
function parse(name: string, file: string): KeptPromise[] {
  const [, head, sentence] = /^promises? (\d[^:]*): (.+)$/s.exec(name) ?? [];
  if (head === undefined || sentence === undefined) return [];
  const [, list = ''] = /^(\d+(?:(?:, | and |, and )\d+)*)/.exec(head) ?? [];
  return [{ numbers: list.split(/\D+/).map(Number), sentence: sentence.trim(), file }];
}

/** Required numbers that no test is named after. */
export function missingPromises(promises: readonly KeptPromise[]): number[] {
  const kept = new Set(promises.flatMap(({ numbers }) => numbers));
  return REQUIRED.split(', ')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, step) => first + step);
    })
    .filter((number) => !kept.has(number));
}

/** The whole document. `security`: the text of SECURITY.md. */
export function promisesDocument(promises: readonly KeptPromise[], security: string): string {
  const chapters = CHAPTERS.flatMap(([upTo, title], at) => {
    const from = CHAPTERS[at - 1]?.[0] ?? 0;
    const own = promises.filter(({ numbers }) => numbers[0]! > from && numbers[0]! <= upTo);
    return own.length === 0 ? [] : [`## ${title}\n\n${own.map(line).join('\n')}\n`];
  });
  return [HEAD, ...chapters, notPromised(security)].join('\n');
}

function line({ numbers, sentence, file }: KeptPromise): string {
  const label = basename(file).replace(/\.(?:test\.ts|spec\.ts|txt)$/, '');
  return `- **${numbers.join(', ')}** · ${markdown(capital(sentence))} ([${label}](../${file}))`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Sentences hold names such as `__proto__` and `<script>`, which must be read as they are. */
function markdown(text: string): string {
  return text.replace(/[\\*<>[\]|]|(?<!\w)_+|_+(?!\w)/g, (found) =>
    [...found].map((one) => `\\${one}`).join(''),
  );
}

function notPromised(security: string): string {
  const start = security.indexOf(NOT_PROMISED);
  if (start === -1) throw new Error(`SECURITY.md has no chapter "${NOT_PROMISED}".`);
  const end = security.indexOf('\n## ', start + 1);
  return `${security.slice(start, end === -1 ? undefined : end).trim()}\n`;
}

function main(argv: readonly string[]): void {
  const promises = collectPromises(ROOT);
  const text = promisesDocument(promises, readFileSync(join(ROOT, 'SECURITY.md'), 'utf8'));
  const path = join(ROOT, PROMISES_FILE);
  if (!argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    process.stdout.write(`${PROMISES_FILE} is out of date. Run: npm run promises\n`);
    process.exitCode = 1;
  }
  const missing = missingPromises(promises);
  if (missing.length === 0) return;
  process.stdout.write(`No test is named after these promises: ${missing.join(', ')}\n`);
  if (argv.includes('--require')) process.exitCode = 1;
}

if (import.meta.main) main(process.argv.slice(2));
