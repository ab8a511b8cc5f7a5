// `npm test`: prepares, runs the tests of node:test, then the specs of window and desktop, and says what did not run.
// Under CI nothing may be skipped on Linux: a skipped or unfinished test, or a missing tool, is a failure there. Only the
// binary of Electron may be missing; the desktop specs then run on its stand-in, and say so. Elsewhere, and in a real
// Electron, what a test needs can be missing: each such test is named with its reason, and one without a reason is a failure.
// Arguments: words that file names hold (`npm test -- vault`), else names of tests; options go to nobody.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { browserSpecs, prepareTests } from './prepare-tests.ts';
import { findBinary } from './start-choice.ts';

interface Outcome {
  readonly failed: boolean;
  /** Every test that did not run. */
  readonly notRun: readonly NotRun[];
}

interface NotRun {
  readonly name: string;
  readonly reason: string | undefined;
  /** It is a spec of the desktop, which can say what a real Electron does not let it show. */
  readonly desktop?: boolean;
}

/** As Playwright's reporter writes it, as far as it is read here. */
interface SpecSuite {
  readonly title: string;
  readonly suites?: readonly SpecSuite[];
  readonly specs: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly status: string;
      readonly annotations: readonly { readonly type: string; readonly description?: string }[];
    }[];
  }[];
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CI = Boolean(process.env.CI) && process.env.CI !== 'false';
// More files at once than cores only makes tests with time-outs slower.
const FILES_AT_ONCE = 2;
// A file that takes longer hangs.
const FILE_MS = 5 * 60_000;

async function runNodeTests(words: readonly string[]): Promise<Outcome> {
  const all = globSync('test/{unit,integration,cli}/**/*.test.ts', { cwd: ROOT }).sort();
  const named = all.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  const files = (named.length > 0 ? named : all).map((file) => join(ROOT, file));
  const notRun: NotRun[] = [];
  let failed = false;
  const tests = run({
    cwd: ROOT,
    files,
    concurrency: FILES_AT_ONCE,
    timeout: FILE_MS,
    ...(named.length > 0 ? {} : { testNamePatterns: words.map((word) => new RegExp(word, 'i')) }),
  });
  tests.on('test:fail', () => {
    failed = true;
  });
  tests.on('test:pass', ({ name, skip, todo }) => {
    const reason = skip ?? todo;
    if (reason === undefined || reason === false) return;
    notRun.push({ name, reason: typeof reason === 'string' ? reason : undefined });
  });
  const report = tests.compose(spec);
  report.pipe(process.stdout, { end: false });
  await finished(report);
  return { failed, notRun };
}

async function runBrowserSpecs(words: readonly string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-specs-'));
  try {
    const results = join(folder, 'results.json');
    const playwright = join(ROOT, 'node_modules', '@playwright', 'test', 'cli.js');
    const reporter = ['--reporter=list,json', '--pass-with-no-tests', ...(CI ? ['--forbid-only'] : [])];
    const child = spawn(process.execPath, [playwright, 'test', ...reporter, ...words], {
      cwd: ROOT,
      env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: results },
      stdio: 'inherit',
    });
    const [code] = await once(child, 'close');
    const { suites } = JSON.parse(readFileSync(results, 'utf8')) as { suites: SpecSuite[] };
    return { failed: code !== 0, notRun: suites.flatMap(skippedIn) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Also what did not run because something before it failed; it has no reason. */
function skippedIn({ suites = [], specs }: SpecSuite): NotRun[] {
  const own = specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'skipped')
      .map(({ annotations }) => ({
        name: `${file}: ${title}`,
        reason: annotations.find(({ type, description }) => type === 'skip' && description)?.description,
        desktop: file.split(/[\\/]/).includes('desktop'),
      })),
  );
  return [...own, ...suites.flatMap(skippedIn)];
}

/** Whether CI can do without it here. */
function mayBeMissing({ reason, desktop = false }: NotRun): boolean {
  if (reason === undefined) return false;
  return process.platform !== 'linux' || (desktop && hasElectron());
}

function hasElectron(): boolean {
  const electron = join(ROOT, 'node_modules', 'electron');
  return findBinary({ electron, env: process.env, platform: process.platform }) !== undefined;
}

async function main(words: readonly string[]): Promise<void> {
  const started = performance.now();
  const missing = prepareTests();
  process.env.TOKENTRAY_TEST_MISSING = missing.join(',');
  const outcomes = [await runNodeTests(words)];
  if (browserSpecs().length > 0) {
    if (missing.includes('chromium'))
      outcomes.push({ failed: false, notRun: [{ name: 'all browser specs', reason: undefined }] });
    else outcomes.push(await runBrowserSpecs(words));
  }
  const notRun = outcomes.flatMap((outcome) => outcome.notRun);
  const lines = [
    ...missing.map((tool) => `Missing, and not installed: ${tool}`),
    ...notRun.map(({ name, reason = 'no reason given' }) => `Not run: ${name} (${reason})`),
    ...(hasElectron()
      ? []
      : ['Not run: the desktop specs in a real Electron (no binary here). They ran on its stand-in.']),
    `Tests took ${((performance.now() - started) / 1_000).toFixed(1)} s.`,
  ];
  const incomplete = CI && (missing.length > 0 || !notRun.every(mayBeMissing));
  if (incomplete)
    lines.push(
      'Under CI every test must run, but what says that this system cannot run it, outside of Linux or in a real Electron.',
    );
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (incomplete || outcomes.some(({ failed }) => failed)) process.exitCode = 1;
}

await main(process.argv.slice(2).filter((argument) => !argument.startsWith('-')));
