// Salvage: everything that can be saved from a vault file into a new one. Sealed rows are copied as they are once they
// have been opened; the old file stays under another name.
// What must stay true: nothing is changed before the new file is whole and was read back; at every moment there is a
// vault at the path; what is lost is named.
import { hkdfSync } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { datedName, keepAside, syncFile } from './copies.ts';
import { connect, guarded, withDatabase } from './database.ts';
import { createPrivateFile, syncDirectory, temporaryName } from './file-safety.ts';
import { type Header, parseHeader, writeHeader } from './header.ts';
import { LEDGER, Ledger } from './ledger.ts';
import { readRemains, type StoredRecord, type StoredValue } from './remains.ts';
import { newReview } from './review.ts';
import { SealedRows } from './rows.ts';
import { migrate, SEALED_TABLES, type SealedTable } from './schema.ts';
import { findKey } from './slot-keys.ts';
import { KEY_BYTES, type SlotCredential } from './slots.ts';
import type { VaultOptions } from './vault.ts';

export interface LostRow {
  readonly kind: 'provider' | 'connection' | 'provider or key';
  /** The id, or the name where that could still be read. */
  readonly name: string;
}

export interface RepairReport {
  /** False: everything opens, and nothing was changed. */
  readonly repaired: boolean;
  /** Where the file is that was damaged. */
  readonly kept: string | null;
  readonly saved: {
    readonly providers: number;
    readonly connections: number;
    readonly keys: number;
    readonly activity: number;
  };
  readonly lost: readonly LostRow[];
}

interface SealedRemains {
  readonly table: SealedTable;
  readonly id: string;
  readonly generation: bigint;
  readonly cells: readonly (Uint8Array | null)[];
}

interface Remains {
  readonly headers: readonly Header[];
  readonly sealed: readonly SealedRemains[];
  readonly callers: readonly StoredRecord[];
  readonly audit: readonly StoredRecord[];
  /** Ids and names that an index still has. */
  readonly indexed: ReadonlySet<string>;
}

/**
 * Saves what opens. No connection to the file may be open. `isSound`: SQLite has nothing to say against it; then it is
 * only changed when something is lost. Throws `vault_damaged` when there is nothing to open it with, what `findKey`
 * throws when the key is not at hand, or `storage`; in all of these cases nothing was changed.
 */
export async function salvage(
  options: VaultOptions,
  credential: SlotCredential | undefined,
  isSound: boolean,
): Promise<RepairReport> {
  const { path } = options;
  const remains = sortOut(readRemains(path));
  const { header, dataKey } = await keyOf(remains.headers, credential, options);
  try {
    // Also during a review: a row that was given since may have been saved in an older state.
    const next = { ...header, running: false, review: newReview('repaired', options) };
    return save(path, options, next, dataKey, remains, isSound);
  } finally {
    dataKey.fill(0);
  }
}

/** The first header whose slots give the key. */
async function keyOf(
  headers: readonly Header[],
  credential: SlotCredential | undefined,
  options: VaultOptions,
): Promise<{ header: Header; dataKey: Uint8Array }> {
  let first: TokentrayError | undefined;
  for (const header of headers) {
    try {
      const { kek, dataKey } = await findKey(header, credential, options);
      kek.fill(0);
      return { header, dataKey };
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      first ??= error;
    }
  }
  throw (
    first ??
    new TokentrayError(
      'vault_damaged',
      'Nothing can be saved from the vault: both places that say how to open it are lost. It was left as it is. Restore a backup, or move the file away to start new.',
    )
  );
}

function save(
  path: string,
  options: VaultOptions,
  header: Header,
  dataKey: Uint8Array,
  remains: Remains,
  isSound: boolean,
): RepairReport {
  const temporary = temporaryName(path);
  try {
    createPrivateFile(temporary, '');
    const report = guarded(() => fill(temporary, options, header, dataKey, remains));
    if (isSound && report.lost.length === 0) return { ...report, repaired: false };
    syncFile(temporary);
    const kept = keepAside(path, datedName(path, 'damaged', options.clock.wall()));
    renameSync(temporary, path);
    syncDirectory(dirname(path));
    options.log.warn('vault.repaired', { kept, lost: report.lost.length });
    return { ...report, kept };
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${temporary}${suffix}`, { force: true });
  }
}

function fill(
  file: string,
  { random }: VaultOptions,
  header: Header,
  dataKey: Uint8Array,
  remains: Remains,
): RepairReport {
  const lost: LostRow[] = [];
  const saved = { providers: 0, connections: 0, keys: 0, activity: 0 };
  const { vault_id, schema_version } = header;
  withDatabase(connect(file), (database) => {
    migrate(database);
    const rows = new SealedRows(database, vault_id, schema_version, random);
    database.exec('BEGIN IMMEDIATE');
    writeHeader(database, header);
    for (const versions of byPlace(remains.sealed)) {
      const { table, id } = versions[0]!;
      const good = versions.find((version) => opens(database, rows, dataKey, version));
      if (good === undefined) lost.push({ kind: table, name: nameIn(rows, dataKey, versions) ?? id });
      else if (table === 'provider') saved.providers += 1;
      else saved.connections += 1;
    }
    for (const { values } of remains.callers) saved.keys += insert(database, 'caller', CALLER, values);
    for (const { rowid, values } of remains.audit)
      saved.activity += insert(database, 'audit', AUDIT, [rowid, ...values.slice(1)]);
    lost.push(...missing(database, remains));
    const markKey = new Uint8Array(hkdfSync('sha256', dataKey, vault_id, `tokentray ${LEDGER}`, KEY_BYTES));
    new Ledger(database, vault_id, random).write(dataKey, markKey);
    database.exec('COMMIT');
    // All of it in the file itself: it is published without a log.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  });
  return { repaired: true, kept: null, saved, lost };
}

const CALLER = 'name, digest, prefix, doc, created_at, last_used_at, expires_at, revoked_at';
const AUDIT = 'seq, at, caller, connection, door, action, outcome, mark';

/** 1 when it was taken: what breaks a rule of the table is no row of ours. */
function insert(
  database: DatabaseSync,
  table: string,
  columns: string,
  values: readonly StoredValue[],
): number {
  const marks = values.map(() => '?').join(', ');
  const statement = database.prepare(`INSERT OR IGNORE INTO ${table} (${columns}) VALUES (${marks})`);
  try {
    return Number(statement.run(...values).changes);
  } catch (error) {
    // No error: a value of a type that a strict table does not take; the row is counted as lost.
    if (error instanceof Error && 'errcode' in error) return 0;
    throw error;
  }
}

/** Puts the row into the new file and opens it there; one that does not open is taken out again. */
function opens(database: DatabaseSync, rows: SealedRows, key: Uint8Array, row: SealedRemains): boolean {
  const columns = ['id', 'generation', ...SEALED_TABLES[row.table]].join(', ');
  if (insert(database, row.table, columns, [row.id, row.generation, ...row.cells]) === 0) return false;
  try {
    return rows.get(key, row.table, row.id) !== undefined;
  } catch (error) {
    // No error: the row is counted as lost, and named in the report.
    if (!(error instanceof TokentrayError)) throw error;
    database.prepare(`DELETE FROM ${row.table} WHERE id = ?`).run(row.id);
    return false;
  }
}

/** `provider/account` of a connection whose document still opens, although its tokens do not. */
function nameIn(rows: SealedRows, key: Uint8Array, versions: readonly SealedRemains[]): string | undefined {
  for (const { table, id, generation, cells } of versions) {
    const text = rows.openCell(key, table, id, Number(generation), 'doc', cells[0] ?? null);
    if (table !== 'connection' || text === undefined) continue;
    const doc = parseJson(text);
    if (doc instanceof Object && 'provider' in doc && 'account' in doc)
      return `${doc.provider}/${doc.account}`;
  }
  return undefined;
}

function parseJson(text: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(text).toString());
  } catch (error) {
    // No error: the schema refuses what is no JSON, and the row is counted as lost.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What an index knows and no table has: the row itself was on a page that is lost. */
function missing(database: DatabaseSync, { indexed, sealed }: Remains): LostRow[] {
  const here = new Set<unknown>(sealed.map(({ id }) => id));
  for (const { name } of database.prepare('SELECT name FROM caller').all()) here.add(name);
  return [...indexed]
    .filter((id) => !here.has(id))
    .map((id) => ({ kind: id.startsWith('c_') ? 'connection' : 'provider or key', name: id }));
}

/** Versions of the same row, newest first. */
function byPlace(rows: readonly SealedRemains[]): SealedRemains[][] {
  const groups = new Map<string, SealedRemains[]>();
  for (const row of rows) {
    const place = `${row.table} ${row.id}`;
    groups.set(place, [...(groups.get(place) ?? []), row]);
  }
  return [...groups.values()].map((group) =>
    group.sort((left, right) => (left.generation < right.generation ? 1 : -1)),
  );
}

/** Tells our rows by their shape. A sealed row of another shape than its table's could not open anyway. */
function sortOut(records: readonly StoredRecord[]): Remains {
  const headers: Header[] = [];
  const sealed: SealedRemains[] = [];
  const callers: StoredRecord[] = [];
  const audit: StoredRecord[] = [];
  const indexed = new Set<string>();
  for (const record of records) {
    const [first, second] = record.values;
    const { length } = record.values;
    if (record.kind === 'index') {
      if (length === 2 && typeof first === 'string') indexed.add(first);
    } else if (length === 2 && first === null) {
      const header = parseHeader(second);
      if (header) headers.push(header);
    } else if (length === 8 && first === null) audit.push(record);
    else if (length === 8 && typeof first === 'string' && second instanceof Uint8Array) callers.push(record);
    else sealed.push(...sealedOf(record.values));
  }
  return { headers, sealed, callers, audit, indexed };
}

function sealedOf([id, generation, ...cells]: readonly StoredValue[]): SealedRemains[] {
  const table = tableWith(cells.length);
  if (table === undefined || typeof id !== 'string') return [];
  if (typeof generation !== 'number' && typeof generation !== 'bigint') return [];
  const isCell = (value: StoredValue) => value === null || value instanceof Uint8Array;
  return cells.every(isCell) ? [{ table, id, generation: BigInt(generation), cells }] : [];
}

function tableWith(columns: number): SealedTable | undefined {
  if (columns === SEALED_TABLES.provider.length) return 'provider';
  return columns === SEALED_TABLES.connection.length ? 'connection' : undefined;
}
