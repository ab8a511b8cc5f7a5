// The sealed rows of the vault: every value sealed on its own, bound to its row, column and generation.
// What must stay true: a row changes only from the generation the writer saw, and one bad row harms no other.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import type { RandomPort } from '../ports.ts';
import { SEALED_TABLES, type SealedTable } from './schema.ts';
import { open, seal } from './sealing.ts';

/** Every sealed column of the table; null stands for "nothing there". */
export type Columns = Readonly<Record<string, Uint8Array | null>>;

export interface SealedRow {
  readonly id: string;
  readonly generation: number;
  readonly columns: Record<string, Uint8Array | null>;
}

/** A row that does not open. It stays in the vault as it is (promise 66). */
export interface DamagedRow {
  readonly id: string;
  readonly generation: number;
  readonly damaged: TokentrayError;
}

interface Statements {
  readonly get: StatementSync;
  readonly all: StatementSync;
  readonly insert: StatementSync;
  readonly update: StatementSync;
  readonly reseal: StatementSync;
  readonly remove: StatementSync;
}

type StoredRow = Record<string, SQLOutputValue>;

export class SealedRows {
  readonly #vaultId: string;
  readonly #schemaVersion: number;
  readonly #random: RandomPort;
  readonly #statements: Readonly<Record<SealedTable, Statements>>;

  constructor(database: DatabaseSync, vaultId: string, schemaVersion: number, random: RandomPort) {
    this.#vaultId = vaultId;
    this.#schemaVersion = schemaVersion;
    this.#random = random;
    this.#statements = {
      provider: prepare(database, 'provider'),
      connection: prepare(database, 'connection'),
    };
  }

  get(key: Uint8Array, table: SealedTable, id: string): SealedRow | undefined {
    const stored = this.#statements[table].get.get(id);
    return stored && this.#open(key, table, stored);
  }

  all(key: Uint8Array, table: SealedTable): (SealedRow | DamagedRow)[] {
    // One after the other, so that ten thousand sealed rows are not in memory beside the opened ones.
    return Array.from(this.#statements[table].all.iterate(), (stored) => {
      try {
        return this.#open(key, table, stored);
      } catch (error) {
        if (!(error instanceof TokentrayError)) throw error;
        return { id: String(stored.id), generation: Number(stored.generation), damaged: error };
      }
    });
  }

  put(key: Uint8Array, table: SealedTable, id: string, columns: Columns, expected: number | null): number {
    const generation = (expected ?? 0) + 1;
    const sealed = this.#seal(key, table, id, generation, columns);
    if (expected === null) {
      if (this.#statements[table].insert.run(id, generation, ...sealed).changes === 0) {
        throw new TokentrayError('already_exists', `There is a ${table} ${id} already.`);
      }
      return generation;
    }
    if (this.#statements[table].update.run(generation, ...sealed, id, expected).changes === 0)
      throw conflict(table, id);
    return generation;
  }

  remove(table: SealedTable, id: string, expected: number): void {
    if (this.#statements[table].remove.run(id, expected).changes === 0) throw conflict(table, id);
  }

  /** One value from elsewhere; undefined when it does not open at that place. */
  openCell(
    key: Uint8Array,
    table: SealedTable,
    id: string,
    generation: number,
    column: string,
    sealed: Uint8Array | null,
  ): Uint8Array | undefined {
    if (sealed === null) return undefined;
    try {
      return open(key, sealed, this.#place(table, id, column, generation));
    } catch (error) {
      // No error: this is asked of rows that are known to be damaged, and reported as such.
      if (error instanceof TokentrayError) return undefined;
      throw error;
    }
  }

  /** Seals every value again under another key; generations stay. Returns how many. A damaged row throws `tampered`. */
  reseal(from: Uint8Array, to: Uint8Array): number {
    let seals = 0;
    for (const table of sealedTables()) {
      for (const stored of this.#statements[table].all.all()) {
        const row = this.#open(from, table, stored);
        const sealed = this.#seal(to, table, row.id, row.generation, row.columns);
        this.#statements[table].reseal.run(...sealed, row.id);
        seals += countValues(row.columns);
      }
    }
    return seals;
  }

  #open(key: Uint8Array, table: SealedTable, stored: StoredRow): SealedRow {
    const id = String(stored.id);
    const generation = Number(stored.generation);
    const columns: Record<string, Uint8Array | null> = {};
    for (const column of SEALED_TABLES[table]) {
      const value = stored[column];
      const sealed = value instanceof Uint8Array ? value : new Uint8Array();
      columns[column] = value === null ? null : open(key, sealed, this.#place(table, id, column, generation));
    }
    return { id, generation, columns };
  }

  #seal(key: Uint8Array, table: SealedTable, id: string, generation: number, columns: Columns) {
    const names: readonly string[] = SEALED_TABLES[table];
    const unknown = Object.keys(columns).find((column) => !names.includes(column));
    if (unknown !== undefined) throw new TypeError(`The table ${table} has no column ${unknown}.`);
    return names.map((column) => {
      const value = columns[column];
      if (value === undefined) throw new TypeError(`A row of ${table} needs the column ${column}.`);
      return value && seal(key, value, this.#place(table, id, column, generation), this.#random);
    });
  }

  #place(table: SealedTable, row: string, column: string, generation: number) {
    return { vaultId: this.#vaultId, table, row, column, schemaVersion: this.#schemaVersion, generation };
  }
}

/** How many values of a row get sealed. */
export function countValues(columns: Columns): number {
  return Object.values(columns).filter((value) => value !== null).length;
}

function sealedTables(): SealedTable[] {
  return ['provider', 'connection'];
}

function prepare(database: DatabaseSync, table: SealedTable): Statements {
  const columns = SEALED_TABLES[table];
  const list = columns.join(', ');
  const marks = columns.map(() => '?').join(', ');
  const assignments = columns.map((column) => `${column} = ?`).join(', ');
  const statements = {
    get: database.prepare(`SELECT id, generation, ${list} FROM ${table} WHERE id = ?`),
    all: database.prepare(`SELECT id, generation, ${list} FROM ${table} ORDER BY id`),
    insert: database.prepare(
      `INSERT INTO ${table} (id, generation, ${list}) VALUES (?, ?, ${marks}) ON CONFLICT (id) DO NOTHING`,
    ),
    update: database.prepare(
      `UPDATE ${table} SET generation = ?, ${assignments} WHERE id = ? AND generation = ?`,
    ),
    reseal: database.prepare(`UPDATE ${table} SET ${assignments} WHERE id = ?`),
    remove: database.prepare(`DELETE FROM ${table} WHERE id = ? AND generation = ?`),
  };
  // A generation changed on disk may be larger than a number can hold; that row alone must fail, not the reading.
  statements.get.setReadBigInts(true);
  statements.all.setReadBigInts(true);
  return statements;
}

function conflict(table: SealedTable, id: string): TokentrayError {
  return new TokentrayError(
    'conflict',
    `The ${table} ${id} was changed or removed in the meantime. Read it again.`,
  );
}
