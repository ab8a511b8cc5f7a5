// Writes docs/faults.md: every fault of scripts/faults.ts with the tests that are named after it (`fault 18: …`).
// --check: ends with 1 when the file on disk is out of date. --require: ends with 1 when a fault has no test.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAULT_CHAPTERS, type Fault } from './faults.ts';
import { collectTests, type NumberedTest, testLine } from './test-names.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const FAULTS_FILE = 'docs/faults.md';

const HEAD = `# Faults

What can go wrong while tokens are kept and refreshed, what must be true afterwards, and the tests that make it happen. After each of them
the newest refresh token that was stored is still there, nothing was deleted that nobody asked to delete, and no other connection noticed.

The tests run on Linux, with real files, processes, signals and a real keychain; errors of the system are injected below the program. Where
something exists on macOS or Windows only, the line says what is tested instead. This file is written by \`npm run promises\`.
`;

/** The whole document. */
export function faultsDocument(tests: readonly NumberedTest[]): string {
  const chapters = FAULT_CHAPTERS.map(
    ({ title, faults }) => `## ${title}\n\n${faults.map((fault) => entry(fault, tests)).join('\n')}\n`,
  );
  return [HEAD, ...chapters].join('\n');
}

function entry({ number, what, outcome, instead }: Fault, tests: readonly NumberedTest[]): string {
  const own = tests.filter(({ numbers }) => numbers.includes(number));
  const lines = own.map((test) => `  - ${testLine(test)}`);
  if (lines.length === 0) lines.push('  - No test is named after it yet.');
  if (instead !== undefined) lines.push(`  - ${instead}`);
  return [`- **${number}** · ${what}: ${outcome}.`, ...lines].join('\n');
}

/** Faults that no test is named after. */
export function missingFaults(tests: readonly NumberedTest[]): number[] {
  const proved = new Set(tests.flatMap(({ numbers }) => numbers));
  return FAULT_CHAPTERS.flatMap(({ faults }) => faults)
    .map(({ number }) => number)
    .filter((number) => !proved.has(number));
}

function main(argv: readonly string[]): void {
  const tests = collectTests(ROOT, 'fault');
  const text = faultsDocument(tests);
  const path = join(ROOT, FAULTS_FILE);
  if (!argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    process.stdout.write(`${FAULTS_FILE} is out of date. Run: npm run promises\n`);
    process.exitCode = 1;
  }
  const missing = missingFaults(tests);
  if (missing.length === 0) return;
  process.stdout.write(`No test is named after these faults: ${missing.join(', ')}\n`);
  if (argv.includes('--require')) process.exitCode = 1;
}

if (import.meta.main) main(process.argv.slice(2));
