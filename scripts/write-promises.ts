// Writes docs/promises.md from the names of the tests: a promise is there because a test of that name passes.
// What is not promised is a chapter of SECURITY.md, copied, so that it is written once.
// --check: ends with 1 when the file on disk is out of date. --require: ends with 1 when a promise of this version has no test.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectTests, type NumberedTest, testLine } from './test-names.ts';

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

/** Required numbers that no test is named after. */
export function missingPromises(promises: readonly NumberedTest[]): number[] {
  const kept = new Set(promises.flatMap(({ numbers }) => numbers));
  return REQUIRED.split(', ')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, step) => first + step);
    })
    .filter((number) => !kept.has(number));
}

/** The whole document. `security`: the text of SECURITY.md. */
export function promisesDocument(promises: readonly NumberedTest[], security: string): string {
  const chapters = CHAPTERS.flatMap(([upTo, title], at) => {
    const from = CHAPTERS[at - 1]?.[0] ?? 0;
    const own = promises.filter(({ numbers }) => numbers[0]! > from && numbers[0]! <= upTo);
    return own.length === 0 ? [] : [`## ${title}\n\n${own.map(line).join('\n')}\n`];
  });
  return [HEAD, ...chapters, notPromised(security)].join('\n');
}

function line(test: NumberedTest): string {
  return `- **${test.numbers.join(', ')}** · ${testLine(test)}`;
}

function notPromised(security: string): string {
  const start = security.indexOf(NOT_PROMISED);
  if (start === -1) throw new Error(`SECURITY.md has no chapter "${NOT_PROMISED}".`);
  const end = security.indexOf('\n## ', start + 1);
  return `${security.slice(start, end === -1 ? undefined : end).trim()}\n`;
}

function main(argv: readonly string[]): void {
  const promises = collectTests(ROOT, 'promise');
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
