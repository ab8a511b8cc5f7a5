// Starts, drives and hurts hosts as processes of their own (victim-host.ts), and opens the vault that they leave. Every
// process is ended by its own id when the test ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { commandEnvironment } from './cli-process.ts';
import { callHost, newHostHome, type RunningHost } from './running-host.ts';
import type { JournalLine, VictimOptions, VictimReady } from './victim-host.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

/** What outlives every host: its home, its key, and what the hosts noted. */
export interface VictimPlace {
  readonly home: string;
  readonly vault: string;
  readonly keyFile: string;
  readonly journal: string;
  journalLines(): JournalLine[];
}

export interface VictimStart extends Pick<VictimOptions, 'at'> {
  /** Before `node`, such as `unshare -rm`. */
  readonly through?: readonly string[];
  /** Options for node itself. */
  readonly nodeOptions?: readonly string[];
}

export interface Victim {
  readonly pid: number;
  readonly url: string;
  readonly call: RunningHost['call'];
  /** The header with the owner's key, for requests of another kind. */
  readonly authorization: { readonly authorization: string };
  /** What it said on stderr so far. */
  stderr(): string;
  /** Its end, however it comes. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Sends the signal and waits for the end. */
  end(
    signal?: NodeJS.Signals,
  ): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const PROGRAM = fileURLToPath(new URL('./victim-host.ts', import.meta.url));

export async function victimPlace(t: Cleanup): Promise<VictimPlace> {
  const home = await newHostHome();
  const outside = mkdtempSync(join(tmpdir(), 'tt-outside-'));
  t.after(() => {
    for (const folder of [home, outside]) rmSync(folder, { recursive: true, force: true });
  });
  const journal = join(outside, 'journal');
  return {
    home,
    vault: join(home, 'vault.db'),
    keyFile: join(outside, 'vault.key'),
    journal,
    journalLines() {
      if (!existsSync(journal)) return [];
      return readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line));
    },
  };
}

/** A host that has loaded everything and touched nothing; `start` lets it go. */
export interface Loaded {
  readonly child: ChildProcess;
  /** Rejects when it refuses to run. */
  start(): Promise<Victim>;
}

/** Loads a host in a process; it waits. */
export async function loadVictim(t: Cleanup, place: VictimPlace, how: VictimStart = {}): Promise<Loaded> {
  const { home, keyFile, journal } = place;
  const { through = [], nodeOptions = [], at } = how;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const options: VictimOptions = { home, keyFile, journal, ...(at === undefined ? {} : { at }) };
  const [file = '', ...args] = [
    ...through,
    process.execPath,
    ...nodeOptions,
    PROGRAM,
    JSON.stringify(options),
  ];
  const child = spawn(file, args, { env: commandEnvironment(home), stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  // It may be dead when `start` is written.
  child.stdin.on('error', () => child.stdin.destroy());
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const loaded = await lines.next();
  if (loaded.value !== 'loaded') throw new Error(`the host did not load: ${stderr}`);
  return {
    child,
    async start() {
      child.stdin.write('start\n');
      const { value } = await lines.next();
      const said: VictimReady & { refused?: string; detail?: string } = JSON.parse(value ?? '{}');
      if (said.url === undefined)
        throw Object.assign(new Error(said.detail ?? `the host died: ${stderr}`), { code: said.refused });
      const { url, socket: socketPath } = said;
      const key = ownerKeyOf(place, child);
      return {
        pid: child.pid ?? 0,
        url,
        call: (method, path, given = {}) => callHost({ url, socketPath, method, path, key, ...given }),
        authorization: { authorization: `Bearer ${key}` },
        stderr: () => stderr,
        ended,
        end(signal = 'SIGTERM') {
          child.kill(signal);
          return ended;
        },
      };
    },
  };
}

export async function startVictim(t: Cleanup, place: VictimPlace, how: VictimStart = {}): Promise<Victim> {
  return (await loadVictim(t, place, how)).start();
}

/** Its home may be in a mount of its own. */
function ownerKeyOf({ home }: VictimPlace, { pid }: ChildProcess): string {
  return readFileSync(join(`/proc/${pid}/root${home}`, 'owner.key'), 'utf8').trim();
}
