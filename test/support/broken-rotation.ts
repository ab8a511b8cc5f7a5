// One rotation in a process (one-rotation.ts) over a copy of a small vault, with something broken below it by strace or a
// limit; what it said, how it ended, and what its vault holds afterwards.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connections } from '../../core/connections.ts';
import { Registry } from '../../core/providers/registry.ts';
import { createVault } from '../../core/vault/vault.ts';
import { systemClock } from '../../host/clock.ts';
import { commandEnvironment } from './cli-process.ts';
import { R1, R2 } from './one-rotation.ts';
import { acme } from './provider-samples.ts';
import { createRecordingLog } from './recording-log.ts';
import { insertConnections } from './seeded-connections.ts';
import { secureRandom } from './vault-fixture.ts';
import { MemoryKeychain } from './vault-keychain.ts';
import { readVaultRows, type VaultRows } from './vault-rows.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

const PROGRAM = fileURLToPath(new URL('./one-rotation.ts', import.meta.url));
/** The connection that is refreshed, and others that must not notice. */
const CONNECTIONS = 4;
/** The one before `R1`: it is dropped with the commit of `R2` (S9). */
const R0 = 'refresh-R0';

export interface Template {
  readonly folder: string;
  readonly keyFile: string;
}

export interface Broken {
  /** Before `node`: `strace …`, `prlimit …`. */
  readonly through?: readonly string[];
  /** How long it goes on after a failure. */
  readonly seconds?: number;
}

export interface Rotated {
  /** What it said, in order. */
  readonly said: readonly string[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly vault: string;
}

/** A vault with one connection whose next refresh answers `R2`. */
export async function rotationTemplate(t: Cleanup): Promise<Template> {
  const folder = mkdtempSync(join(tmpdir(), 'tt-rotation-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const log = createRecordingLog();
  const ports = { random: secureRandom, clock: systemClock, keychain: new MemoryKeychain(), log };
  const keyFile = join(folder, 'vault.key');
  const path = join(folder, 'template', 'vault.db');
  const vault = await createVault({ path, ...ports }, { kind: 'file', path: keyFile });
  const registry = new Registry(log);
  const connections = new Connections(log, secureRandom);
  registry.load(vault);
  connections.load(vault);
  registry.put(acme(), undefined);
  const now = Date.now();
  const [first = ''] = insertConnections(connections, 'acme', CONNECTIONS, {
    tokens: { issued_at: now, expires_at: now + 3_600_000 },
    doc: { created_at: now, consented_at: now },
  });
  connections.update(first, (row) => ({ ...row, previous: R0 }));
  vault.close();
  return { folder, keyFile };
}

/** Runs one over a copy of its own. Only SIGKILL, or an end of its own, ends it. */
export async function runRotation(template: Template, broken: Broken = {}): Promise<Rotated> {
  const { through = [], seconds = 0 } = broken;
  const place = mkdtempSync(join(template.folder, 'copy-'));
  cpSync(join(template.folder, 'template'), place, { recursive: true });
  const vault = join(place, 'vault.db');
  const [file = '', ...args] = [
    ...through,
    process.execPath,
    PROGRAM,
    vault,
    template.keyFile,
    String(seconds),
  ];
  const child = spawn(file, args, {
    env: commandEnvironment(place),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code, signal] = await once(child, 'close');
  const said = stdout.split('\n').filter((line) => line !== '');
  assert.ok(said.includes('ready'), `it did not begin: ${stderr}`);
  return { said, code, signal, vault };
}

export type Left = 'R1' | 'R1 and intent' | 'R2';

/** Opens what it left. */
export async function leftIn(vault: string, keyFile: string): Promise<Left> {
  return leftBy(await readVaultRows(vault, keyFile));
}

/** `R1` with or without its intent, or `R2`, and everything else as it was. Whatever is not that fails the test. */
export function leftBy({ sound, damaged, rows }: VaultRows): Left {
  assert.equal(sound, true);
  assert.deepEqual(damaged, []);
  assert.equal(rows.length, CONNECTIONS);
  const [row, ...others] = rows.toSorted((left, right) => left.doc.account.localeCompare(right.doc.account));
  for (const [at, other] of others.entries()) {
    assert.equal(other.secrets.refresh_token, `refresh-acme-${at + 1}`);
    assert.equal(other.intent, null);
  }
  const found = [row?.secrets.refresh_token, row?.previous];
  if (found[0] === R2) {
    assert.deepEqual(found, [R2, R1]);
    return 'R2';
  }
  assert.deepEqual(found, [R1, R0]);
  if (row?.intent === null) return 'R1';
  assert.equal(row?.intent.kind, 'sent');
  return 'R1 and intent';
}

/** One system call that writes or syncs, and what was said before it. */
export interface Call {
  readonly name: string;
  /** Which call of that name this is in the thread, from 1: strace's `when`. */
  readonly nth: number;
  readonly after: string;
}

const WRITES = ['pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'unlink'] as const;

/** strace that does something at one call. Its filter in the kernel (`--seccomp-bpf`) is faster and sends no signals. */
export function killedAt({ name, nth }: Call): string[] {
  return ['strace', ...QUIET, '-e', `trace=${name}`, '-e', `inject=${name}:signal=SIGKILL:when=${nth}`];
}

/** `error`: once, or from this call on. */
export function failingAt({ name, nth }: Call, error: 'EIO' | 'ENOSPC' | 'EROFS', forEver = false): string[] {
  const rule = `inject=${name}:error=${error}:when=${nth}${forEver ? '+' : ''}`;
  return ['strace', ...QUIET, '--seccomp-bpf', '-e', `trace=${name}`, '-e', rule];
}

const QUIET = ['-f', '-qqq', '-o', '/dev/null'];

/** The writes and syncs of a whole rotation, from `ready` to its end. */
export async function callsOf(template: Template): Promise<Call[]> {
  const file = join(template.folder, 'calls');
  const trace = [
    '-f',
    '--seccomp-bpf',
    '-qqq',
    '-s',
    '20',
    '-o',
    file,
    '-e',
    `trace=write,${WRITES.join(',')}`,
  ];
  const { said } = await runRotation(template, { through: ['strace', ...trace] });
  assert.ok(said.includes('refreshed'), said.join('\n'));
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  let after = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, name = '', rest = ''] = /^\d+ +(\w+)\((.*)/.exec(line) ?? [];
    if (name === 'write') {
      const text = /^1, "(\w+)/.exec(rest)?.[1];
      if (text !== undefined) after = text;
    } else if (name !== '') {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      if (after !== '') calls.push({ name, nth, after });
    }
    if (after === 'refreshed') break;
  }
  return calls;
}
