// The SQLite connection of the vault: how it is opened and checked, its transactions, and its errors in words.
// What must stay true: opening changes nothing, a commit that returned is on the disk, a failed one left nothing.
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { TokentrayError } from '../errors.ts';
import type { LogPort } from '../ports.ts';
import { look, prepareFile } from './file-safety.ts';
import { isNewer } from './schema.ts';

/** `host.lock` keeps other hosts out; only a backup or a curious shell may hold the file for a moment. */
const BUSY_MS = 250;

/** Promise 78. fullfsync matters on macOS only and does no harm elsewhere. */
const PRAGMAS = {
  journal_mode: 'wal',
  synchronous: 2,
  fullfsync: 1,
  checkpoint_fullfsync: 1,
  secure_delete: 1,
  trusted_schema: 0,
  cell_size_check: 1,
  foreign_keys: 1,
  busy_timeout: BUSY_MS,
} as const;

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  /** Of a newer program: it is open for reading only, and stays as it is. */
  readonly newer: boolean;
  /** Whether there was anything in the write-ahead log. */
  readonly hadLog: boolean;
}

/** Opens a vault file that exists. Checks it on a connection that cannot write; only then opens it for writing. */
export function openDatabase(path: string, log: LogPort): OpenedDatabase {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) prepareFile(file, log);
  refuseJournal(path);
  const hadLog = (look(`${path}-wal`)?.size ?? 0) > 0;
  return guarded(() => {
    if (hadLog) refuseForeignLog(path);
    const reader = openReader(path);
    let newer: boolean;
    try {
      newer = isNewer(reader);
      checkPages(reader, path);
    } catch (error) {
      reader.close();
      throw error;
    }
    if (newer) return { database: reader, newer, hadLog };
    reader.close();
    return { database: connect(path), newer, hadLog };
  });
}

function openReader(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  for (const name of ['trusted_schema', 'cell_size_check'] as const)
    database.exec(`PRAGMA ${name} = ${PRAGMAS[name]}`);
  return database;
}

/** We never leave a rollback journal under this name, and SQLite would write its pages into the vault. */
function refuseJournal(path: string): void {
  if ((look(`${path}-journal`)?.size ?? 0) === 0) return;
  throw new TokentrayError(
    'vault_damaged',
    `There is a file ${path}-journal that Tokentray did not make and that would change the vault. Nothing was changed. Move that file away.`,
  );
}

/** SQLite takes any log of the right name. That of another vault would take the place of this vault's pages. */
function refuseForeignLog(path: string): void {
  const bare = pathToFileURL(path);
  bare.searchParams.set('immutable', '1');
  const own = idIn(bare);
  if (own === undefined || own === idIn(path)) return;
  throw new TokentrayError(
    'vault_damaged',
    `The write-ahead log ${path}-wal does not belong to the vault beside it. Nothing was changed. Bring the right one back, or move this one away.`,
  );
}

/** The id in the header; undefined when it cannot be read, which the checks after this one say better. */
function idIn(location: string | URL): string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(location, { readOnly: true, timeout: BUSY_MS });
    const found = database
      .prepare("SELECT json_extract(doc, '$.vault_id') AS id FROM header WHERE id = 1")
      .get();
    return typeof found?.id === 'string' ? found.id : undefined;
  } catch (error) {
    // No error: the checks that follow say better what is wrong with a file that cannot be read.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR') return undefined;
    throw error;
  } finally {
    database?.close();
  }
}

/** A connection with the vault's pragmas set. */
export function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    for (const [name, value] of Object.entries(PRAGMAS)) database.exec(`PRAGMA ${name} = ${value}`);
    if (readPragma(database, 'journal_mode') === PRAGMAS.journal_mode) return database;
    throw new TokentrayError('storage', 'This file system cannot hold the vault: it has no write-ahead log.');
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs `work` and closes the database, whatever happens. */
export function withDatabase(database: DatabaseSync, work: (database: DatabaseSync) => void): void {
  try {
    work(database);
  } finally {
    database.close();
  }
}

/** The pragmas of promise 78 as this connection has them. */
export function readPragmas(database: DatabaseSync): Record<string, string | number> {
  return Object.fromEntries(Object.keys(PRAGMAS).map((name) => [name, readPragma(database, name)]));
}

function readPragma(database: DatabaseSync, name: string): string | number {
  const value = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  return typeof value === 'string' ? value : Number(value);
}

/** Whether every page and index is as it should be. */
export function isSound(database: DatabaseSync): boolean {
  try {
    return Object.values(database.prepare('PRAGMA integrity_check(1)').get() ?? {})[0] === 'ok';
  } catch (error) {
    // No error: that SQLite cannot read it is the answer to the question.
    if (error instanceof Error && 'errcode' in error) return false;
    throw error;
  }
}

function checkPages(database: DatabaseSync, path: string): void {
  const answer = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (answer !== 'ok') throw damaged();
  // SQLite takes a last page that is cut short for a whole one, unless the write-ahead log still holds it.
  const journal = look(`${path}-wal`)?.size ?? 0;
  const ragged = (look(path)?.size ?? 0) % Number(readPragma(database, 'page_size')) !== 0;
  if (ragged && journal === 0) throw damaged();
}

/** Transactions of one connection: `BEGIN IMMEDIATE … COMMIT`; calls inside another join it. */
export class Transactions {
  readonly #database: DatabaseSync;
  #depth = 0;
  /** A joined call failed: the whole must not be committed, even when somebody caught the error. */
  #failure: { readonly error: unknown } | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run<T>(work: () => T): T {
    return guarded(() => (this.#depth > 0 ? this.#join(work) : this.#whole(work)));
  }

  /** SQLite ends a transaction by itself when the disk is full; what follows must not be written without the rest. */
  assertIntact(): void {
    if (this.#depth === 0 || this.#database.isTransaction) return;
    throw new TokentrayError('storage', 'The change was given up after an error of the disk. Try again.');
  }

  #join<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  #whole<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    this.#depth = 1;
    try {
      const result = work();
      if (result instanceof Promise)
        throw new TypeError('A transaction cannot wait: its function must not be async.');
      if (this.#failure) throw this.#failure.error;
      this.assertIntact();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth = 0;
      this.#failure = undefined;
    }
  }
}

/** Runs `work` and turns an error of SQLite into `storage` or `vault_damaged`. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error);
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that have a sentence of their own. */
const SENTENCES: Readonly<Record<number, string>> = {
  5: 'The vault could not be written: another program is using it. Close that program and try again.',
  6: 'The vault could not be written: another part of this program is using it. Try again.',
  8: 'The vault could not be written: its file or file system is read-only. Make it writable and try again.',
  10: 'The vault could not be read or written: the disk reported an error. Check the disk and try again.',
  13: 'The vault could not be written: the disk is full. Free some space and try again.',
  14: 'The vault could not be opened. Check that its folder exists and belongs to you.',
};
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** The error in words. The text of SQLite is not passed on: it may name values. Other errors come back as they are. */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ERR_INVALID_STATE') return new TokentrayError('storage', 'The vault is closed.');
  if (error.code !== 'ERR_SQLITE_ERROR' || !('errcode' in error) || typeof error.errcode !== 'number')
    return error;
  const primary = error.errcode & 0xff;
  if (primary === CORRUPT || primary === NOT_A_DATABASE) return damaged();
  return new TokentrayError(
    'storage',
    SENTENCES[primary] ?? `The vault could not be read or written (SQLite error ${error.errcode}).`,
  );
}

function damaged(): TokentrayError {
  return new TokentrayError(
    'vault_damaged',
    'The vault file is damaged. It was left as it is. Restore a backup, or move the file away to start new.',
  );
}
