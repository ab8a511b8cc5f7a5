// What a disk may hold after the power is cut in the middle of a rotation. strace records every write and sync of one
// rotation with all its bytes; then for each moment every state is built that a disk may be in: what was synced is there,
// of what was not any part may be, in any order, and the last write may be torn.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runRotation, type Template } from './broken-rotation.ts';

type Operation =
  | { readonly kind: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly length: number }
  | { readonly kind: 'sync'; readonly file: string }
  /** The process said this. */
  | { readonly kind: 'said'; readonly text: string };

export interface PowerLoss {
  /** Folders with a vault each, and whether the commit of the new token had returned. */
  readonly states: readonly { readonly vault: string; readonly committed: boolean }[];
  /** Moments at which the power was cut. */
  readonly moments: number;
}

const CALLS = ['write', 'pwrite64', 'fsync', 'fdatasync', 'ftruncate'];
/** Of more unsynced writes than this not every subset is tried, but each alone, each missing, and each prefix. */
const ALL_SUBSETS_OF = 6;
/** Disks write whole sectors. */
const SECTOR = 512;

/** Files of the vault that outlive a power cut; `-shm` is made anew by whoever opens the vault first. */
const FILES = ['vault.db', 'vault.db-wal'];

/** Records one rotation; strace must be there. */
export async function recordRotation(template: Template): Promise<Operation[]> {
  const file = join(template.folder, 'recording');
  const all = ['-f', '--seccomp-bpf', '-qqq', '-y', '-xx', '-s', '1000000', '-o', file];
  await runRotation(template, { through: ['strace', ...all, '-e', `trace=${CALLS.join(',')}`] });
  return readFileSync(file, 'utf8').split('\n').flatMap(operationOf);
}

function operationOf(line: string): Operation[] {
  const [, name = '', fd = '', path = '', rest = ''] = /^\d+ +(\w+)\((\d+)<([^>]*)>(.*)$/.exec(line) ?? [];
  const file = basename(path.includes('\\x') ? unhex(path).toString() : path);
  if (name === 'write' && fd === '1') {
    const said = unhex(/"([^"]*)"/.exec(rest)?.[1] ?? '').toString();
    return said
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => ({ kind: 'said', text }));
  }
  if (!FILES.includes(file)) return [];
  if (!/ = \d+$/.test(rest)) throw new Error(`a call that failed was recorded: ${line.slice(0, 80)}`);
  if (name === 'fsync' || name === 'fdatasync') return [{ kind: 'sync', file }];
  if (name === 'ftruncate') return [{ kind: 'truncate', file, length: Number(/, (\d+)\)/.exec(rest)?.[1]) }];
  const [, hex = '', at = ''] = /, "([^"]*)", \d+, (\d+)\)/.exec(rest) ?? [];
  return [{ kind: 'write', file, at: Number(at), bytes: unhex(hex) }];
}

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

/** Builds the states below `template.folder`. `every`: all of them, else only those with all or nothing unsynced. */
export function cutPower(template: Template, operations: readonly Operation[], every: boolean): PowerLoss {
  const first = new Map<string, Buffer>([
    ['vault.db', readFileSync(join(template.folder, 'template', 'vault.db'))],
  ]);
  const seen = new Set<string>();
  const states: { vault: string; committed: boolean }[] = [];
  let moments = 0;
  let committed = false;
  for (const [moment, operation] of operations.entries()) {
    if (operation.kind === 'said') {
      committed ||= operation.text === 'S7';
      continue;
    }
    moments += 1;
    const until = operations.slice(0, moment + 1);
    const synced = (file: string) => until.findLastIndex((one) => one.kind === 'sync' && one.file === file);
    const changes = until.flatMap((one, at) =>
      one.kind === 'write' || one.kind === 'truncate' ? [{ one, loose: at > synced(one.file) }] : [],
    );
    const durable = changes.filter(({ loose }) => !loose).map(({ one }) => one);
    const loose = changes.filter(({ loose }) => loose).map(({ one }) => one);
    // What the process knew: after the sync of the commit the state is that after it, said or not.
    const later = operations.slice(moment + 1).find((one) => one.kind === 'said');
    const isCommitted =
      committed || (operation.kind === 'sync' && later?.kind === 'said' && later.text === 'S7');
    for (const some of choices(loose, every)) {
      const files = new Map([...first].map(([name, bytes]) => [name, Buffer.from(bytes)]));
      for (const one of [...durable, ...some]) apply(files, one);
      const hash = createHash('sha256').update(String(isCommitted));
      for (const [name, bytes] of files) hash.update(name).update(bytes);
      const digest = hash.digest('hex').slice(0, 16);
      if (seen.has(digest)) continue;
      seen.add(digest);
      const folder = join(template.folder, `state-${digest}`);
      mkdirSync(folder, { mode: 0o700 });
      for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
      states.push({ vault: join(folder, 'vault.db'), committed: isCommitted });
    }
  }
  return { states, moments };
}

type Change = Extract<Operation, { kind: 'write' | 'truncate' }>;

function choices(loose: readonly Change[], every: boolean): Change[][] {
  const without = (gone: number) => loose.filter((_, at) => at !== gone);
  if (!every) return [[], [...loose]];
  const some =
    loose.length <= ALL_SUBSETS_OF
      ? Array.from({ length: 2 ** loose.length }, (_, mask) => loose.filter((_one, at) => (mask >> at) & 1))
      : [[], [...loose], ...loose.flatMap((one, at) => [[one], without(at), loose.slice(0, at)])];
  const last = loose.at(-1);
  if (last?.kind !== 'write') return some;
  const torn = Math.floor(last.bytes.length / 2 / SECTOR) * SECTOR || Math.floor(last.bytes.length / 2);
  return [...some, [...loose.slice(0, -1), { ...last, bytes: last.bytes.subarray(0, torn) }]];
}

function apply(files: Map<string, Buffer>, change: Change): void {
  const old = files.get(change.file) ?? Buffer.alloc(0);
  if (change.kind === 'truncate') {
    const next = Buffer.alloc(change.length);
    old.copy(next);
    files.set(change.file, next);
    return;
  }
  const next = Buffer.alloc(Math.max(old.length, change.at + change.bytes.length));
  old.copy(next);
  change.bytes.copy(next, change.at);
  files.set(change.file, next);
}
