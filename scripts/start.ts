// `npm start`: the tray, where there is a display and an Electron or a way to get one; else, after one line that says why,
// the headless host with the same window in the browser. Options: --sandbox, --port N.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fetchElectron } from './fetch-electron.ts';
import {
  chooseStart,
  findBinary,
  readArguments,
  type StartArguments,
  type StartPlace,
  versionOf,
} from './start-choice.ts';

const ROOT = join(import.meta.dirname, '..');
const PACKAGE = join(ROOT, 'node_modules', 'electron');
// The binary has some 120 MB; a line that needs longer is one to start the headless host on.
const FETCH_MS = 120_000;
/** An Electron that cannot run here (no sandbox, a missing library) ends at once, by a signal or like a missing program. */
const EARLY_MS = 10_000;

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  if (args === undefined) {
    say('npm start takes --sandbox and --port N, behind two dashes: npm start -- --sandbox');
    return 2;
  }
  const place: StartPlace = {
    electron: existsSync(join(PACKAGE, 'package.json')) ? PACKAGE : undefined,
    env: process.env,
    platform: process.platform,
  };
  const choice = chooseStart(place);
  if (choice.kind === 'headless') return headless(choice.reason, args);
  if (choice.kind === 'tray') return tray(choice.binary, args);
  const failure = await fetchIt();
  const binary = findBinary(place);
  if (binary !== undefined) return tray(binary, args);
  return headless(
    `Electron could not be fetched (${failure ?? 'it is not where it should be'}), so no tray`,
    args,
  );
}

async function fetchIt(): Promise<string | undefined> {
  const title = `Fetching Electron ${versionOf(PACKAGE)} for the tray, once`;
  const { isTTY } = process.stderr;
  if (!isTTY) say(`${title}.`);
  const failure = await fetchElectron({
    electron: PACKAGE,
    env: process.env,
    limitMs: FETCH_MS,
    progress(megabytes, seconds) {
      if (isTTY) process.stderr.write(`\r${title}: ${megabytes} MB, ${seconds} s `);
      // A log needs a sign of life, not each second.
      else if (seconds % 10 === 0) say(`  ${megabytes} MB, ${seconds} s`);
    },
  });
  if (isTTY) process.stderr.write('\n');
  return failure;
}

async function tray(binary: string, args: StartArguments): Promise<number> {
  const started = performance.now();
  const { code, signal } = await run(binary, [ROOT], { ...process.env, ...args.env });
  const early = performance.now() - started < EARLY_MS;
  const cannot = signal === null ? code === 127 : !['SIGINT', 'SIGTERM', 'SIGHUP'].includes(signal);
  if (!early || !cannot) return code;
  return headless('Electron cannot run here (see above), so no tray', args);
}

async function headless(reason: string, { serve }: StartArguments): Promise<number> {
  say(`${reason}: starting the headless host, with its window in your browser.`);
  const { code } = await run(
    process.execPath,
    [join(ROOT, 'dist', 'cli.js'), 'serve', '--open', ...serve],
    process.env,
  );
  return code;
}

interface Ended {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

/** Runs it in our place: its output is ours, what ends us ends it, and its exit code is ours. */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(program, args, { env, stdio: 'inherit', shell: false });
  // A terminal sends its signals to both of us, and twice would be too much; whoever ends us by our number means the child.
  const alone = (name: string) => name === 'SIGTERM' || !process.stdin.isTTY;
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const listener = () => void (alone(name) && child.kill(name));
    process.on(name, listener);
    return { name, listener };
  });
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return { code: code ?? 1, signal };
  } catch {
    say(`${program} could not be started.`);
    return { code: 127, signal: null };
  } finally {
    for (const { name, listener } of listeners) process.off(name, listener);
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

process.exitCode = await main();
