// The ledger: one sealed value that stands for the generation of every sealed row. A row that was taken away, or put back
// in an older state, still opens; with the ledger it is noticed (promise 70).
// What must stay true: every change of a row changes the ledger in the same transaction, and costs the same with ten
// thousand rows as with one.
import { createHmac } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import type { RandomPort } from '../ports.ts';
import { SEALED_TABLES, type SealedTable } from './schema.ts';
import { open, seal } from './sealing.ts';

/** What its key is derived for. */
export const LEDGER = 'ledger';

/** SHA-256. */
const BYTES = 32;

/** `new`: nothing was ever written down. `changed`: the rows are others than those that were written last. */
export type LedgerState = 'new' | 'same' | 'changed';

/** A row in one of its states. */
interface RowState {
  readonly table: SealedTable;
  readonly id: string;
  readonly generation: number;
}

export class Ledger {
  readonly #vaultId: string;
  readonly #random: RandomPort;
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #states: ReadonlyMap<SealedTable, StatementSync>;

  constructor(database: DatabaseSync, vaultId: string, random: RandomPort) {
    this.#vaultId = vaultId;
    this.#random = random;
    this.#get = database.prepare('SELECT sealed FROM ledger WHERE id = 1');
    this.#set = database.prepare(
      'INSERT INTO ledger (id, sealed) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed',
    );
    this.#states = new Map(
      (Object.keys(SEALED_TABLES) as SealedTable[]).map((table) => {
        const statement = database.prepare(`SELECT id, generation FROM ${table}`);
        statement.setReadBigInts(true);
        return [table, statement];
      }),
    );
  }

  compare(key: Uint8Array, markKey: Uint8Array): LedgerState {
    const stored = this.#get.get()?.sealed;
    if (stored === undefined) return 'new';
    const noted = this.#open(key, stored);
    return noted !== undefined && Buffer.compare(noted, this.#sum(markKey)) === 0 ? 'same' : 'changed';
  }

  /** Writes down the rows as they are now. */
  write(key: Uint8Array, markKey: Uint8Array): void {
    this.#write(key, this.#sum(markKey));
  }

  /** A row went from one state to another; undefined where there was, or is, none. One that is off stays off. */
  note(key: Uint8Array, markKey: Uint8Array, from: RowState | undefined, to: RowState | undefined): void {
    const noted = this.#open(key, this.#get.get()?.sealed);
    if (noted === undefined) return;
    for (const state of [from, to]) if (state) mix(noted, mark(markKey, state));
    this.#write(key, noted);
  }

  #sum(markKey: Uint8Array): Uint8Array {
    const sum = new Uint8Array(BYTES);
    for (const [table, statement] of this.#states) {
      for (const { id, generation } of statement.iterate())
        mix(sum, mark(markKey, { table, id: String(id), generation: Number(generation) }));
    }
    return sum;
  }

  /** Undefined for one that was damaged: that is noticed at the next start, and must not keep a rotation off the disk. */
  #open(key: Uint8Array, stored: unknown): Uint8Array | undefined {
    if (!(stored instanceof Uint8Array)) return undefined;
    try {
      return open(key, stored, this.#place());
    } catch (error) {
      // No error: `compare` says at the next start that rows were changed.
      if (error instanceof TokentrayError) return undefined;
      throw error;
    }
  }

  #write(key: Uint8Array, value: Uint8Array): void {
    this.#set.run(seal(key, value, this.#place(), this.#random));
  }

  #place() {
    const one = { row: '1', column: 'sealed', schemaVersion: 1, generation: 1 };
    return { vaultId: this.#vaultId, table: 'ledger', ...one };
  }
}

/** Keyed, and sealed as a sum: who cannot open the vault can neither make a mark nor take one out. */
function mark(key: Uint8Array, { table, id, generation }: RowState): Uint8Array {
  return createHmac('sha256', key)
    .update(JSON.stringify([table, id, generation]))
    .digest();
}

/** Adds a mark to a sum, or takes it out again. */
function mix(sum: Uint8Array, one: Uint8Array): void {
  for (let at = 0; at < BYTES; at += 1) sum[at]! ^= one[at]!;
}
