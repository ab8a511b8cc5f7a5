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
import { copyDatabase, datedName } from './copies.ts';
import { makeVaultFile, refuseOrphan } from './creation.ts';
import {
  connect,
  guarded,
  isSound,
  openDatabase,
  readPragmas,
  Transactions,
  withDatabase,
} from './database.ts';
import { forgetEpoch, readEpoch, writeEpoch } from './epoch.ts';
import { look, prepareDirectory } from './file-safety.ts';
import { type Header, readHeader, SLOTS_MAX, writeHeader } from './header.ts';
import { InPlace } from './in-place.ts';
import { forgetInKeychain, storeInKeychain } from './key-sources.ts';
import { LEDGER, Ledger, type LedgerState } from './ledger.ts';
import { newReview, type Review, type ReviewCause, reviewCauseOf } from './review.ts';
import { rotateSlots } from './rotation.ts';
import { type Columns, countValues, type DamagedRow, type SealedRow, SealedRows } from './rows.ts';
import { migrate, newerError, SCHEMA_VERSION, SEALED_VERSION, type SealedTable, schemaOf } from './schema.ts';
import { dataKeyCheck, findKey, makeSlot, type OpenedSlot } from './slot-keys.ts';
import { KEY_BYTES, type Slot, type SlotCredential, type SlotView, slotView } from './slots.ts';

export interface VaultOptions extends Pick<Ports, 'random' | 'clock' | 'keychain' | 'log'> {
  /** Where `vault.db` is, or shall be. */
  readonly path: string;
  /** Stands for this machine and folder; a vault of another one needs review. Absent: nobody looks. */
  readonly device?: string | undefined;
}

export interface Vault {
  readonly id: string;
  readonly unlocked: boolean;
  /** Why no refresh token in it may be sent; undefined when all is well. While locked: as far as is known. */
  review(): Review | undefined;
  /** A person says that this vault is used here and nowhere else: ends the review. */
  useHere(): void;
  /** Why nothing can be written: `vault_newer` or `vault_replaced`. Undefined when it can, as far as is known. */
  unwritable(): TokentrayError | undefined;
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
  /**
   * As `put`, for what must not be lost although the vault's file was replaced: into the copy that is kept of it. False when
   * there is no such copy. Throws `storage`.
   */
  putAside(table: SealedTable, id: string, columns: Columns, expected: number): boolean;
  /** Throws `conflict` unless the row has that generation. */
  remove(table: SealedTable, id: string, expected: number): void;
  /**
   * All or nothing, durable when it returns. Calls inside join; one that throws undoes the whole, even when its error
   * is caught. Throws `storage` in words. Works while locked.
   */
  transaction<T>(work: () => T): T;
  /** False when SQLite finds damage anywhere in the file. */
  isSound(): boolean;
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
  const vault = new OpenVault(path, options);
  await vault.begin(dataKey);
  return vault;
}

/**
 * Opens a vault that exists, locked. One of a newer program is opened for reading only. Throws `setup`, `unsafe_path`,
 * `vault_damaged`, `vault_newer` (this program cannot even read what is in it) or `storage`.
 */
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
  return new OpenVault(path, options);
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
  /** Of the ledger; comes and goes with the data key. */
  #markKey: Uint8Array | undefined;
  #seals: number;
  readonly #ledger: Ledger;
  readonly #newer: boolean;
  readonly #hadLog: boolean;
  readonly #inPlace: InPlace;
  /** That this process uses the vault is on the disk. */
  #begun = false;
  /** Aborted by every lock: what began before it must not unlock the vault after it. */
  #untilLock = new AbortController();
  /** One change of keys at a time, in the order of the calls. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, options: VaultOptions) {
    this.#path = path;
    this.#options = options;
    const { database, newer, hadLog } = openDatabase(path, options.log);
    this.#database = database;
    this.#newer = newer;
    this.#hadLog = hadLog;
    this.#inPlace = new InPlace(path, database, options);
    this.#transactions = new Transactions(database);
    this.#delay = new AttemptDelay(options.clock);
    try {
      if (!newer) this.#migrate();
      this.#header = guarded(() => readHeader(database));
      const { vault_id, schema_version, seals } = this.#header;
      if (schema_version > SEALED_VERSION) throw newerError();
      this.#rows = guarded(() => new SealedRows(database, vault_id, schema_version, options.random));
      this.#ledger = guarded(() => new Ledger(database, vault_id, options.random));
      this.#seals = seals;
    } catch (error) {
      database.close();
      // Our statements make no sense in it.
      throw newer ? newerError() : error;
    }
  }

  get id(): string {
    return this.#header.vault_id;
  }

  get unlocked(): boolean {
    return this.#dataKey !== undefined;
  }

  unwritable(): TokentrayError | undefined {
    return this.#newer ? newerError() : this.#inPlace.replaced;
  }

  review(): Review | undefined {
    return this.#header.review ?? undefined;
  }

  useHere(): void {
    const key = this.#key();
    const device = this.#options.device ?? this.#header.device;
    const header = { ...this.#header, review: null, device };
    this.transaction(() => {
      this.#ledger.write(key, this.#markKey!);
      writeHeader(this.#database, header);
    });
    this.#header = header;
    this.#options.log.info('vault.used_here', { vault: this.id });
  }

  slots(): readonly SlotView[] {
    return this.#header.slots.map((slot) => slotView(slot, this.#header.slot_in_use));
  }

  unlock(credential?: SlotCredential): Promise<void> {
    return this.#inTurn(async (signal) => {
      if (this.#dataKey) return;
      const opened = await this.#open(credential, signal);
      opened.kek.fill(0);
      const remembers = opened.slot.kind === 'keychain' && !this.#begun;
      const epoch = remembers ? await readEpoch(this.#options, this.id) : undefined;
      if (signal.aborted) {
        opened.dataKey.fill(0);
        throw lockedError();
      }
      this.#options.log.info('vault.unlocked', { vault: this.id, slot: opened.slot.kind });
      await this.begin(opened.dataKey, opened.slot, epoch);
    });
  }

  lock(): void {
    this.#untilLock.abort();
    this.#untilLock = new AbortController();
    if (!this.#dataKey) return;
    this.#dataKey.fill(0);
    this.#markKey?.fill(0);
    this.#dataKey = undefined;
    this.#markKey = undefined;
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
      if (slot.kind !== 'keychain') return;
      await forgetInKeychain(this.#options, this.id);
      await forgetEpoch(this.#options, this.id);
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
    return this.transaction(() => {
      this.#countSeals(countValues(columns) + 1);
      const generation = this.#rows.put(key, table, id, columns, expected);
      const from = expected === null ? undefined : { table, id, generation: expected };
      this.#ledger.note(key, this.#markKey!, from, { table, id, generation });
      return generation;
    });
  }

  putAside(table: SealedTable, id: string, columns: Columns, expected: number): boolean {
    const key = this.#key();
    const { kept } = this.#inPlace;
    if (kept === undefined) return false;
    const { vault_id, schema_version } = this.#header;
    const { random, log } = this.#options;
    guarded(() =>
      withDatabase(connect(kept), (copy) => {
        const rows = new SealedRows(copy, vault_id, schema_version, random);
        const ledger = new Ledger(copy, vault_id, random);
        new Transactions(copy).run(() => {
          const generation = rows.put(key, table, id, columns, expected);
          ledger.note(key, this.#markKey!, { table, id, generation: expected }, { table, id, generation });
        });
      }),
    );
    log.warn('vault.kept_aside_too', { kept, table, id });
    return true;
  }

  remove(table: SealedTable, id: string, expected: number): void {
    const key = this.#key();
    this.#transactions.assertIntact();
    this.transaction(() => {
      this.#countSeals(1);
      this.#rows.remove(table, id, expected);
      this.#ledger.note(key, this.#markKey!, { table, id, generation: expected }, undefined);
    });
  }

  transaction<T>(work: () => T): T {
    return guarded(() => {
      if (!this.#database.isTransaction) this.#assertWritable();
      return this.#transactions.run(work);
    });
  }

  isSound(): boolean {
    return isSound(this.#database);
  }

  subkey(purpose: string): Uint8Array {
    return this.#subkeyOf(this.#key(), purpose);
  }

  #subkeyOf(key: Uint8Array, purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', key, this.id, `tokentray ${purpose}`, KEY_BYTES));
  }

  database(): DatabaseSync {
    return this.#database;
  }

  pragmas(): Record<string, string | number> {
    return guarded(() => readPragmas(this.#database));
  }

  close(): void {
    this.lock();
    if (!this.#database.isOpen) return;
    if (this.#begun) this.#saveIfPossible({ ...this.#header, running: false }, 'vault.end_not_recorded');
    guarded(() => this.#database.close());
  }

  /**
   * Takes the key. At the first time in this process: looks whether this is the vault of the last start, in the place
   * where it is at home, and notes on the disk that it is in use. `epoch`: what the keychain remembers.
   */
  async begin(dataKey: Uint8Array, slot: Slot = this.#header.slots[0]!, epoch?: number): Promise<void> {
    this.#dataKey = dataKey;
    this.#markKey = this.subkey(LEDGER);
    if (this.#begun) {
      if (this.#header.slot_in_use !== slot.id)
        this.#saveIfPossible({ ...this.#header, slot_in_use: slot.id }, 'vault.slot_not_recorded');
      return;
    }
    const ledger = guarded(() => this.#ledger.compare(dataKey, this.#markKey!));
    const header = this.#firstUse(slot, epoch, ledger);
    // Known even where it cannot be written down.
    this.#header = { ...this.#header, review: header.review };
    const noted = this.#saveIfPossible(header, 'vault.slot_not_recorded', () => {
      if (ledger === 'new') this.#ledger.write(dataKey, this.#markKey!);
    });
    if (!noted) return;
    this.#begun = true;
    // The file says by itself from now on that there must be a log beside it. The log keeps its length.
    guarded(() => this.#database.exec('PRAGMA wal_checkpoint(FULL)'));
    if (slot.kind === 'keychain') await writeEpoch(this.#options, this.id, header.epoch);
  }

  #firstUse(slot: Slot, epoch: number | undefined, ledger: LedgerState): Header {
    const here = this.#options.device;
    const { device, epoch: own, review, running } = this.#header;
    // During a review: only what has happened since it was found.
    const cause = reviewCauseOf({
      moved: here !== undefined && device !== null && device !== here && review?.device !== here,
      older: epoch !== undefined && epoch > own,
      logLost: running && !this.#hadLog,
      changed: ledger === 'changed' && review === null,
    });
    return {
      ...this.#header,
      slot_in_use: slot.id,
      device: device ?? here ?? null,
      epoch: Math.max(own, epoch ?? 0) + 1,
      running: true,
      review: cause ? this.#newReview(review?.cause ?? cause) : review,
    };
  }

  #newReview(cause: ReviewCause): Review {
    this.#options.log.warn('vault.needs_review', { vault: this.id, cause });
    return newReview(cause, this.#options);
  }

  /** One verified copy before the first step, so that no step can lose anything. */
  #migrate(): void {
    const version = schemaOf(this.#database);
    if (version === SCHEMA_VERSION) return;
    const { clock, log } = this.#options;
    const copy = datedName(this.#path, `schema-${version}`, clock.wall());
    copyDatabase(this.#database, copy);
    guarded(() => migrate(this.#database));
    log.info('vault.migrated', { from: version, to: SCHEMA_VERSION, copy });
  }

  #assertWritable(): void {
    const reason = this.unwritable();
    if (reason) throw reason;
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
    // No error: whoever called is told of it; the next in the queue only waits for the end.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #resealUnder(fresh: Uint8Array, slots: readonly Slot[]): void {
    const old = this.#key();
    const markKey = this.#subkeyOf(fresh, LEDGER);
    const header = this.transaction(() => {
      const changed = this.#ledger.compare(old, this.#markKey!) === 'changed';
      const seals = this.#rows.reseal(old, fresh) + 1;
      this.#ledger.write(fresh, markKey);
      const review = this.#header.review ?? (changed ? this.#newReview('rows_changed') : null);
      const key_check = dataKeyCheck(fresh, this.id);
      const next = { ...this.#header, slots: [...slots], seals, key_check, review };
      writeHeader(this.#database, next);
      return next;
    });
    this.#header = header;
    this.#seals = header.seals;
    this.#dataKey = fresh;
    this.#markKey?.fill(0);
    this.#markKey = markKey;
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
  #saveIfPossible(header: Header, event: string, also: () => void = () => {}): boolean {
    try {
      this.transaction(() => {
        also();
        this.#save(header);
      });
      return true;
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      this.#options.log.warn(event, { vault: this.id, code: error.code });
      return false;
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
