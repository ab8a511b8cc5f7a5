// Whole copies of the vault that are kept beside it: before a migration, and of what a running host holds when its file
// was replaced. What must stay true: a copy has its final name only when it is on the disk and was read back.
import { closeSync, copyFileSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { guarded, withDatabase } from './database.ts';
import {
  createPrivateFile,
  fileError,
  look,
  publishFile,
  syncDirectory,
  temporaryName,
} from './file-safety.ts';

/** Copies what the connection sees, commits in the write-ahead log included, into a new file. Throws `storage`. */
export function copyDatabase(database: DatabaseSync, target: string): void {
  const temporary = temporaryName(target);
  try {
    createPrivateFile(temporary, '');
    guarded(() => database.prepare('VACUUM INTO ?').run(temporary));
    syncFile(temporary);
    guarded(() => withDatabase(new DatabaseSync(temporary, { readOnly: true }), verify));
    publishFile(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A name beside the vault that says what the file is and when it was made: `vault.db.damaged-20260304T050607`. */
export function datedName(path: string, what: string, wall: number): string {
  const time = new Date(wall).toISOString().replace(/[-:]|\..*$/g, '');
  const name = `${path}.${what}-${time}`;
  for (let count = 2; ; count += 1) {
    const free = count === 2 ? name : `${name}-${count - 1}`;
    if (look(free) === undefined) return free;
  }
}

/**
 * Gives the vault at `path` another name beside its own, its log with it, so that a file can be renamed over it and there is
 * a vault at the path at every moment. No connection may be open. Answers `kept`; null when there was nothing.
 */
export function keepAside(path: string, kept: string): string | null {
  const found = look(path) !== undefined;
  for (const suffix of ['', '-wal', '-journal']) keep(`${path}${suffix}`, `${kept}${suffix}`);
  // A power cut must find the other name before it finds the old one gone.
  syncDirectory(dirname(path));
  // From here on the old log must not be taken for that of the new file.
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
  return found ? kept : null;
}

function keep(from: string, to: string): void {
  if (look(from) === undefined) return;
  try {
    linkSync(from, to);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // No error: a file system without links, or one whose error the copy meets as well.
    copyWhole(from, to);
  }
}

function copyWhole(from: string, to: string): void {
  try {
    copyFileSync(from, to);
    syncFile(to);
  } catch (error) {
    rmSync(to, { force: true });
    throw fileError(to, error);
  }
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function verify(database: DatabaseSync): void {
  const answer = Object.values(database.prepare('PRAGMA integrity_check(1)').get() ?? {})[0];
  if (answer === 'ok') return;
  throw new TokentrayError('storage', 'The copy of the vault could not be read back. Check the disk.');
}
