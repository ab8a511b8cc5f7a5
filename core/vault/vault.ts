// The vault: one SQLite file whose secrets are sealed under a data key, which only the key slots can give back.
// What must stay true: a vault is only ever made where no file is; a missing or wrong key changes nothing; while
// locked no key is in memory; a put that returned is on the disk.
import { hkdfSync } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Ports } from '../ports.ts';
import { AttemptDelay } from './attempt-delay.ts';
import { makeVaultFile, refuseOrphan } from './creation.ts';
import { guarded, openDatabase, readPragmas, Transactions } from './database.ts';
import { look, prepareDirectory } from './file-safety.ts';
import { type Header, readHeader, SLOTS_MAX, writeHeader } from './header.ts';
import { forgetInKeychain, storeInKeychain } from './key-sources.ts';
import { rotateSlots } from './rotation.ts';
import { type Columns, countValues, type DamagedRow, type SealedRow, SealedRows } from './rows.ts';
import { migrate, type SealedTable } from './schema.ts';
import { dataKeyCheck, findKey, makeSlot, type OpenedSlot } from './slot-keys.ts';
import { KEY_BYTES, type Slot, type SlotCredential, type SlotView, slotView } from './slots.ts';

export interface VaultOptions extends Pick<Ports, 'random' | 'clock' | 'keychain' | 'log'> {
  /** Where `vault.db` is, or shall be. */
  readonly path: string;
}

export interface Vault {
  readonly id: string;
  readonly unlocked: boolean;
  slots(): readonly SlotView[];
  /**
   * Does nothing when open. Without a credential tries the slots that need nobody: keychain, then key file. Throws `key_absent`, `key_wrong`,
   * `keychain_locked`, `keychain_denied`, `keychain_unreachable`, `wrong_passphrase`, `unsafe_path`; `locked` when only
   * a passphrase opens the vault or a lock came in between; `conflict` when there is no slot of that kind.
   */
  unlock(credential?: SlotCredential): Promise<void>;
  /** Does nothing when the credential opens a slot of this open vault, and throws as `unlock` does when not. */
  prove(credential: SlotCredential): Promise<void>;
  /** Overwrites the data key and ends every try to unlock that is under way. */
  lock(): void;
  addSlot(credential: SlotCredential): Promise<SlotView>;
  /** Also removes the item of a keychain slot. Throws `not_found`, and `conflict` for the last slot. */
  removeSlot(id: string): Promise<void>;
  /**
   * A new data key: everything is sealed again in one transaction and every slot wraps the new key. Throws
   * `invalid_field` naming a passphrase slot without its passphrase, `tampered` while a row is damaged.
   */
  rotate(credentials: readonly SlotCredential[]): Promise<void>;
  /** Throws `tampered` when this row does not open. */
  get(table: SealedTable, id: string): SealedRow | undefined;
  all(table: SealedTable): (SealedRow | DamagedRow)[];
  /**
   * Writes all columns of a row and returns its new generation. `expected` null: the row must not exist
   * (`already_exists`); else it must have that generation (`conflict`).
   */
  put(table: SealedTable, id: string, columns: Columns, expected: number | null): number;
  /** Throws `conflict` unless the row has that generation. */
  remove(table: SealedTable, id: string, expected: number): void;
  /**
   * All or nothing, durable when it returns. Calls inside join; one that throws undoes the whole, even when its error
   * is caught. Throws `storage` in words. Works while locked.
   */
  transaction<T>(work: () => T): T;
  /** 32 bytes derived from the data key for one purpose (HKDF-SHA256, RFC 5869). Another data key, another subkey. */
  subkey(purpose: string): Uint8Array;
  /** For the tables that are not sealed, `caller` and `audit`; usable while locked. */
  database(): DatabaseSync;
  /** What the vault's own connection says (promise 78). */
  pragmas(): Record<string, string | number>;
  close(): void;
}

/** Seals are counted ahead in blocks of this many, so that counting costs one small write in thousands. */
const SEAL_BLOCK = 4_096;

/** Makes a vault where there is none and returns it unlocked. Throws `already_exists` for anything at the path. */
export async function createVault(options: VaultOptions, credential: SlotCredential): Promise<Vault> {
  const path = resolve(options.path);
  const dataKey = await makeVaultFile(path, options, credential);
  return new OpenVault(path, options, dataKey);
}

/** Opens a vault that exists, locked. Throws `setup`, `unsafe_path`, `vault_damaged`, `vault_newer`, `storage`. */
export function openVault(options: VaultOptions): Vault {
  const path = resolve(options.path);
  if (look(path) === undefined) {
    refuseOrphan(path);
    throw new TokentrayError(
      'setup',
      `There is no vault at ${path} yet. Choose how it shall be opened to make one.`,
    );
  }
  prepareDirectory(dirname(path), options.log);
  return new OpenVault(path, options, undefined);
}

class OpenVault implements Vault {
  readonly #path: string;
  readonly #options: VaultOptions;
  readonly #database: DatabaseSync;
  readonly #transactions: Transactions;
  readonly #rows: SealedRows;
  readonly #delay: AttemptDelay;
  #header: Header;
  #dataKey: Uint8Array | undefined;
  #seals: number;
  /** Aborted by every lock: what began before it must not unlock the vault after it. */
  #untilLock = new AbortController();
  /** One change of keys at a time, in the order of the calls. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, options: VaultOptions, dataKey: Uint8Array | undefined) {
    this.#path = path;
    this.#options = options;
    this.#database = openDatabase(path, options.log);
    this.#transactions = new Transactions(this.#database);
    this.#delay = new AttemptDelay(options.clock);
    try {
      guarded(() => migrate(this.#database));
      this.#header = guarded(() => readHeader(this.#database));
      const { vault_id, schema_version, seals } = this.#header;
      this.#rows = guarded(() => new SealedRows(this.#database, vault_id, schema_version, options.random));
      this.#seals = seals;
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#dataKey = dataKey;
  }

  get id(): string {
    return this.#header.vault_id;
  }

  get unlocked(): boolean {
    return this.#dataKey !== undefined;
  }

  slots(): readonly SlotView[] {
    return this.#header.slots.map((slot) => slotView(slot, this.#header.slot_in_use));
  }

  unlock(credential?: SlotCredential): Promise<void> {
    return this.#inTurn(async (signal) => {
      if (this.#dataKey) return;
      const opened = await this.#open(credential, signal);
      opened.kek.fill(0);
      if (signal.aborted) {
        opened.dataKey.fill(0);
        throw lockedError();
      }
      this.#dataKey = opened.dataKey;
      this.#options.log.info('vault.unlocked', { vault: this.id, slot: opened.slot.kind });
      this.#recordUse(opened.slot.id);
    });
  }

  lock(): void {
    this.#untilLock.abort();
    this.#untilLock = new AbortController();
    if (!this.#dataKey) return;
    this.#dataKey.fill(0);
    this.#dataKey = undefined;
    this.#options.log.info('vault.locked', { vault: this.id });
  }

  addSlot(credential: SlotCredential): Promise<SlotView> {
    return this.#inTurn(async (signal) => {
      this.#key();
      const { slots, slot_in_use } = this.#header;
      if (slots.length >= SLOTS_MAX)
        throw conflict(`A vault has ${SLOTS_MAX} key slots at most. Remove one.`);
      if (credential.kind === 'keychain' && slots.some(({ kind }) => kind === 'keychain')) {
        throw conflict('The vault has a keychain slot already. Remove it first to make a new one.');
      }
      const dataKey = Uint8Array.from(this.#key());
      const slot = await makeSlot(credential, dataKey, this.id, dirname(this.#path), this.#options);
      dataKey.fill(0);
      if (signal.aborted) throw lockedError();
      this.#save({ ...this.#header, slots: [...slots, slot] });
      return slotView(slot, slot_in_use);
    });
  }

  prove(credential: SlotCredential): Promise<void> {
    return this.#inTurn(async (signal) => {
      this.#key();
      const { kek, dataKey } = await this.#open(credential, signal);
      kek.fill(0);
      dataKey.fill(0);
    });
  }

  removeSlot(id: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#key();
      const { slots, slot_in_use } = this.#header;
      const slot = slots.find((candidate) => candidate.id === id);
      if (!slot)
        throw new TokentrayError('not_found', 'There is no key slot by that id. See the list of slots.');
      if (slots.length === 1)
        throw conflict('This is the last key slot: nobody could open the vault without.');
      this.#save({
        ...this.#header,
        slots: slots.filter((other) => other !== slot),
        slot_in_use: slot_in_use === id ? null : slot_in_use,
      });
      if (slot.kind === 'keychain') await forgetInKeychain(this.#options, this.id);
    });
  }

  rotate(credentials: readonly SlotCredential[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#key();
      const fresh = this.#options.random.bytes(KEY_BYTES);
      const { slots, keychainKey } = await rotateSlots(this.#header, credentials, fresh, this.#options);
      // `locked` when a lock came in between: an unlock after it would wait for this turn to end.
      this.#resealUnder(fresh, slots);
      if (keychainKey) await this.#finishRotation(keychainKey);
      // What was sealed under the old key leaves the write-ahead log as well.
      guarded(() => this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
      this.#options.log.info('vault.rotated', { vault: this.id, seals: this.#seals });
    });
  }

  get(table: SealedTable, id: string): SealedRow | undefined {
    const key = this.#key();
    return guarded(() => this.#rows.get(key, table, id));
  }

  all(table: SealedTable): (SealedRow | DamagedRow)[] {
    const key = this.#key();
    return guarded(() => this.#rows.all(key, table));
  }

  put(table: SealedTable, id: string, columns: Columns, expected: number | null): number {
    const key = this.#key();
    this.#transactions.assertIntact();
    return guarded(() => {
      this.#countSeals(countValues(columns));
      return this.#rows.put(key, table, id, columns, expected);
    });
  }

  remove(table: SealedTable, id: string, expected: number): void {
    this.#key();
    this.#transactions.assertIntact();
    guarded(() => this.#rows.remove(table, id, expected));
  }

  transaction<T>(work: () => T): T {
    return this.#transactions.run(work);
  }

  subkey(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#key(), this.id, `tokentray ${purpose}`, KEY_BYTES));
  }

  database(): DatabaseSync {
    return this.#database;
  }

  pragmas(): Record<string, string | number> {
    return guarded(() => readPragmas(this.#database));
  }

  close(): void {
    this.lock();
    if (this.#database.isOpen) guarded(() => this.#database.close());
  }

  #key(): Uint8Array {
    if (this.#dataKey) return this.#dataKey;
    throw lockedError();
  }

  #inTurn<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#untilLock;
    const turn = this.#queue.then(() => {
      if (signal.aborted) throw lockedError();
      return work(signal);
    });
    // Whoever called is told of the error; the next in the queue only waits for the end.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #resealUnder(fresh: Uint8Array, slots: readonly Slot[]): void {
    const old = this.#key();
    const header = this.transaction(() => {
      const seals = this.#rows.reseal(old, fresh);
      const next = { ...this.#header, slots: [...slots], seals, key_check: dataKeyCheck(fresh, this.id) };
      writeHeader(this.#database, next);
      return next;
    });
    this.#header = header;
    this.#seals = header.seals;
    this.#dataKey = fresh;
    old.fill(0);
  }

  async #open(credential: SlotCredential | undefined, signal: AbortSignal): Promise<OpenedSlot> {
    if (credential?.kind === 'passphrase') await this.#delay.wait(signal);
    try {
      const opened = await findKey(this.#header, credential, this.#options);
      this.#delay.succeeded();
      if (opened.unfinished) await this.#finishRotation(opened.kek);
      return opened;
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      this.#options.log.warn('vault.unlock_failed', { vault: this.id, code: error.code });
      if (error.code !== 'wrong_passphrase') throw error;
      throw new TokentrayError(error.code, error.message, {
        retryAfter: Math.ceil(this.#delay.failed() / 1_000),
      });
    }
  }

  /** Leaves only the key in use in the keychain item. Not doing so is harmless: the next unlock tries again. */
  async #finishRotation(key: Uint8Array): Promise<void> {
    try {
      await storeInKeychain(this.#options, this.id, [key]);
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      this.#options.log.warn('vault.old_key_kept', { vault: this.id, code: error.code });
    }
  }

  /** A vault that cannot be written still opens: its tokens can be served from memory (fault 16). */
  #recordUse(slot: string): void {
    if (this.#header.slot_in_use === slot) return;
    try {
      this.#save({ ...this.#header, slot_in_use: slot });
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      this.#options.log.warn('vault.slot_not_recorded', { vault: this.id, code: error.code });
    }
  }

  #save(header: Header): void {
    this.transaction(() => writeHeader(this.#database, header));
    this.#header = header;
  }

  /** Inside a transaction that is rolled back the count on disk may stay a block behind: far from mattering. */
  #countSeals(count: number): void {
    const seals = this.#seals + count;
    if (seals > LIMITS.sealsPerKey) {
      throw new TokentrayError(
        'conflict',
        'The key of the vault has sealed as many values as it safely may. Give it a new one: tokentray vault slots rotate.',
        { action: { command: 'tokentray vault slots rotate' } },
      );
    }
    if (seals > this.#header.seals) {
      this.#save({ ...this.#header, seals: Math.min(seals + SEAL_BLOCK, LIMITS.sealsPerKey) });
    }
    this.#seals = seals;
  }
}

function lockedError(): TokentrayError {
  return new TokentrayError('locked', 'The vault is locked. Unlock it first.', {
    action: { command: 'tokentray unlock' },
  });
}

function conflict(message: string): TokentrayError {
  return new TokentrayError('conflict', message);
}
