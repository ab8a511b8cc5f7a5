// docs/faults.md is what the list of faults and the names of the tests say now.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAULT_CHAPTERS } from '../../scripts/faults.ts';
import { collectTests } from '../../scripts/test-names.ts';
import { FAULTS_FILE, faultsDocument, missingFaults } from '../../scripts/write-faults.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the document of faults is up to date (npm run promises writes it)', () => {
  assert.equal(readFileSync(join(ROOT, FAULTS_FILE), 'utf8'), faultsDocument(collectTests(ROOT, 'fault')));
});

test('the list has the numbers 1 to 74, each once and in order', () => {
  const numbers = FAULT_CHAPTERS.flatMap(({ faults }) => faults.map(({ number }) => number));
  assert.deepEqual(
    numbers,
    Array.from({ length: 74 }, (_, at) => at + 1),
  );
});

test('a test stands under every fault it names, and a fault without one is said to have none', () => {
  const own = [{ numbers: [13, 17], sentence: 'held <until> there is room', file: 'test/unit/a.test.ts' }];
  const text = faultsDocument(own);
  const line = '  - Held \\<until\\> there is room ([a](../test/unit/a.test.ts))';
  assert.equal(text.split(line).length, 3);
  assert.match(text, /\*\*12\*\* · .*\n {2}- No test is named after it yet\./);
  const missing = missingFaults(own);
  assert.equal(missing.length, 72);
  assert.ok(!missing.includes(13) && missing.includes(14));
});
