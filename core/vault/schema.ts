// The tables of the vault, as numbered migrations: each runs once, in one transaction, and is never edited again.
// What must stay true: a vault of a newer program is never written, and a half-made step is never seen.
import type { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';

/** Version of what the sealed values hold. Part of every seal: a migration that raises it must seal everything again. */
export const SEALED_VERSION = 1;

/** Sealed tables with their sealed columns, in the order in which they are stored. */
export const SEALED_TABLES = {
  provider: ['doc', 'secret'],
  connection: ['doc', 'tokens', 'previous', 'intent'],
} as const satisfies Record<string, readonly string[]>;

export type SealedTable = keyof typeof SEALED_TABLES;

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE header (id INTEGER PRIMARY KEY CHECK (id = 1), doc TEXT NOT NULL) STRICT;

  CREATE TABLE provider (
    id TEXT PRIMARY KEY NOT NULL, generation INTEGER NOT NULL, doc BLOB, secret BLOB
  ) STRICT;

  CREATE TABLE connection (
    id TEXT PRIMARY KEY NOT NULL, generation INTEGER NOT NULL, doc BLOB, tokens BLOB, previous BLOB, intent BLOB
  ) STRICT;

  -- Not sealed: a locked vault must still tell a known key from an unknown one.
  CREATE TABLE caller (
    name TEXT PRIMARY KEY NOT NULL, digest BLOB UNIQUE NOT NULL, prefix TEXT, doc TEXT, created_at INTEGER,
    last_used_at INTEGER, expires_at INTEGER, revoked_at INTEGER
  ) STRICT;

  -- Not sealed: ids and outcomes only.
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, caller TEXT, connection TEXT, door TEXT, action TEXT,
    outcome TEXT, mark TEXT
  ) STRICT;
  `,
  `
  -- The header once more, on a page of its own.
  CREATE TABLE header_copy (id INTEGER PRIMARY KEY CHECK (id = 1), doc TEXT NOT NULL) STRICT;
  INSERT INTO header_copy SELECT id, doc FROM header;

  -- What tells that the rows are those that were written last.
  CREATE TABLE ledger (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL) STRICT;
  `,
];

/** The schema this program writes, kept in SQLite's user_version. */
export const SCHEMA_VERSION = MIGRATIONS.length;

export function schemaOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

/** Whether a newer program wrote it. Throws `vault_damaged` for a database that is not a vault. Never writes. */
export function isNewer(database: DatabaseSync): boolean {
  const version = schemaOf(database);
  const header = database
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'header'")
    .get();
  if (header === undefined || version < 1) {
    throw new TokentrayError(
      'vault_damaged',
      'The vault file is empty or is not a vault. It was left as it is. Restore a backup, or move the file away to start new.',
    );
  }
  return version > SCHEMA_VERSION;
}

/** For what needs to be written, or cannot be read by this program. */
export function newerError(): TokentrayError {
  return new TokentrayError(
    'vault_newer',
    'The vault was written by a newer version of Tokentray, so this one only reads it. Nothing was changed. Update Tokentray.',
  );
}

/** Brings a database to the schema of this program, or of `steps`, one transaction for each step. */
export function migrate(database: DatabaseSync, steps: readonly string[] = MIGRATIONS): void {
  for (let version = schemaOf(database); version < steps.length; version += 1) {
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(steps[version]!);
      database.exec(`PRAGMA user_version = ${version + 1}`);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}
