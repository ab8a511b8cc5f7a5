// Judges the copy of a vault without its key: whether it is one of ours, whole, and what is in it.
// What must stay true: nothing of it is believed before SQLite and we have looked at every page and row; it is not written.
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { TokentrayError } from '../errors.ts';
import { guarded, isSound, storageError } from './database.ts';
import { readHeader } from './header.ts';
import { isNewer, MIGRATIONS, migrate, SEALED_TABLES, type SealedTable, schemaOf } from './schema.ts';
import type { SlotCredential } from './slots.ts';

/** Layout byte, nonce and tag. */
const SEALED_HEAD_BYTES = 29;

export interface CopyFacts {
  readonly vault_id: string;
  readonly schema: number;
  /** Wall clock, milliseconds: when the vault was made. */
  readonly created_at: number;
  /** Where it is at home; null while nobody has said so. */
  readonly device: string | null;
  readonly opens_with: readonly SlotCredential['kind'][];
  readonly providers: number;
  readonly connections: number;
  readonly keys: number;
  /** Rows that cannot open, in the vault as in the copy. */
  readonly damaged: number;
}

/** Throws `backup_unusable`, or `vault_newer` for one that only a newer program can read. */
export function copyFacts(path: string): CopyFacts {
  // Nothing is made beside it: it has no log, and nobody else has it open.
  const location = pathToFileURL(path);
  location.searchParams.set('immutable', '1');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(location, { readOnly: true });
    for (const pragma of ['trusted_schema = 0', 'cell_size_check = 1']) database.exec(`PRAGMA ${pragma}`);
    return guarded(() => factsOf(database!));
  } catch (error) {
    const said = storageError(error);
    if (!(said instanceof TokentrayError) || said.code !== 'vault_damaged') throw said;
    throw unusable('it is damaged, or no copy of a vault');
  } finally {
    database?.close();
  }
}

function factsOf(database: DatabaseSync): CopyFacts {
  if (isNewer(database)) {
    throw new TokentrayError(
      'vault_newer',
      'The file was written by a newer version of Tokentray. Nothing was changed. Update Tokentray.',
    );
  }
  if (!isSound(database)) throw unusable('it is damaged');
  const schema = schemaOf(database);
  // A trigger or view that somebody put into it would act on our own statements.
  if (shapeOf(database) !== shapeOfVersion(schema)) throw unusable('it holds more, or less, than a vault');
  const { vault_id, created_at, device, slots } = readHeader(database);
  return {
    vault_id,
    schema,
    created_at,
    device,
    opens_with: [...new Set(slots.map(({ kind }) => kind))],
    providers: count(database, 'provider'),
    connections: count(database, 'connection'),
    keys: count(database, 'caller'),
    damaged: notSealed(database, 'provider') + notSealed(database, 'connection'),
  };
}

function shapeOf(database: DatabaseSync): string {
  const rows = database
    .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')
    .all();
  return JSON.stringify(rows);
}

function shapeOfVersion(version: number): string {
  const fresh = new DatabaseSync(':memory:');
  try {
    migrate(fresh, MIGRATIONS.slice(0, version));
    return shapeOf(fresh);
  } finally {
    fresh.close();
  }
}

function count(database: DatabaseSync, table: SealedTable | 'caller'): number {
  return Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows);
}

/** Rows with a value that does not even begin as a sealed one does. */
function notSealed(database: DatabaseSync, table: SealedTable): number {
  const wrong = SEALED_TABLES[table]
    .map(
      (column) =>
        `(${column} IS NOT NULL AND (length(${column}) < ${SEALED_HEAD_BYTES} OR substr(${column}, 1, 1) <> x'01'))`,
    )
    .join(' OR ');
  return Number(database.prepare(`SELECT count(*) AS rows FROM ${table} WHERE ${wrong}`).get()?.rows);
}

export function unusable(why: string): TokentrayError {
  return new TokentrayError('backup_unusable', `The file cannot be used: ${why}. Nothing was changed.`, {
    field: 'path',
  });
}
