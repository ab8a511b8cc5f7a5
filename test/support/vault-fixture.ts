// A fresh folder with the ports a vault needs, and ways to look at and damage its file from outside.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { TokentrayError } from '../../core/errors.ts';
import type { Clock, RandomPort } from '../../core/ports.ts';
import type { SlotCredential } from '../../core/vault/slots.ts';
import { createVault, type Vault } from '../../core/vault/vault.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';
import { MemoryKeychain } from './vault-keychain.ts';

/** A clock that stands still until a test moves it. */
export class StillClock implements Clock {
  now = 1_700_000_000_000;
  readonly #timers = new Map<object, { readonly at: number; readonly fn: () => void }>();

  wall(): number {
    return this.now;
  }

  monotonic(): number {
    return this.now;
  }

  timer(ms: number, fn: () => void): () => void {
    const id = {};
    this.#timers.set(id, { at: this.now + ms, fn });
    return () => this.#timers.delete(id);
  }

  /** Milliseconds to the next timer; undefined when nobody waits. */
  get next(): number | undefined {
    const times = [...this.#timers.values()].map(({ at }) => at - this.now);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  advance(ms: number): void {
    this.now += ms;
    for (const [id, { at, fn }] of this.#timers) {
      if (at > this.now) continue;
      this.#timers.delete(id);
      fn();
    }
  }
}

export const secureRandom: RandomPort = { bytes: (count) => new Uint8Array(randomBytes(count)) };

export interface VaultPlace {
  /** The folder around the data directory: a place for key files. */
  readonly outside: string;
  readonly directory: string;
  readonly path: string;
  readonly random: RandomPort;
  readonly clock: StillClock;
  readonly keychain: MemoryKeychain;
  readonly log: RecordingLog;
}

const places: string[] = [];

/** Options for a vault that does not exist yet, in a folder that does not exist yet. */
export function vaultPlace(): VaultPlace {
  const outside = mkdtempSync(join(tmpdir(), 'tokentray-vault-'));
  places.push(outside);
  const directory = join(outside, 'data');
  return {
    outside,
    directory,
    path: join(directory, 'vault.db'),
    random: secureRandom,
    clock: new StillClock(),
    keychain: new MemoryKeychain(),
    log: createRecordingLog(),
  };
}

export function warnings({ log }: VaultPlace): string[] {
  return log.entries.filter(({ level }) => level === 'warn').map(({ event }) => event);
}

/** For `after()` of every test file that made places. */
export function removeVaultPlaces(): void {
  for (const place of places.splice(0)) rmSync(place, { recursive: true, force: true });
}

/** For `assert.throws` and `assert.rejects`: the error must be ours and have that code. */
export function withCode(code: string, message = /./): (error: unknown) => boolean {
  return (error) => error instanceof TokentrayError && error.code === code && message.test(error.message);
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array | null | undefined): string | undefined {
  return value ? new TextDecoder().decode(value) : undefined;
}

/** The columns of a connection with that text as its tokens. */
export function connectionColumns(tokens: string) {
  return { doc: bytes('{}'), tokens: bytes(tokens), previous: null, intent: null };
}

/** A closed vault with one slot and one connection `c_1` whose tokens are `token`. */
export async function closedVault(credential: SlotCredential): Promise<{ place: VaultPlace; id: string }> {
  const place = vaultPlace();
  const vault = await createVault(place, credential);
  vault.put('connection', 'c_1', connectionColumns('token'), null);
  vault.close();
  return { place, id: vault.id };
}

/** A vault with two providers and two connections, every column filled. */
export async function filledVault(): Promise<{ place: VaultPlace; vault: Vault }> {
  const place = vaultPlace();
  const vault = await createVault(place, { kind: 'keychain' });
  for (const id of ['one', 'two']) {
    vault.put('provider', id, { doc: bytes(`doc ${id}`), secret: bytes(`secret ${id}`) }, null);
    const columns = { doc: bytes('d'), tokens: bytes(`t ${id}`), previous: bytes('p'), intent: bytes('i') };
    vault.put('connection', id, columns, null);
  }
  return { place, vault };
}

/** Fails unless the vault is open and gives the token of `c_1` back. */
export function assertOpens(vault: Vault): void {
  assert.equal(text(vault.get('connection', 'c_1')?.columns.tokens), 'token');
}

/** Only while the vault is closed: reading a file drops the locks SQLite holds on it. */
export function fileHash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Changes a closed vault behind its back. */
export function tamper(path: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path);
  try {
    work(database);
  } finally {
    database.close();
  }
}

/** Changes the header of a closed vault in both its places; `set` is what comes after `SET`. */
export function tamperHeader(path: string, set: string, ...values: SQLInputValue[]): void {
  tamper(path, (database) => {
    for (const table of ['header', 'header_copy'])
      database.prepare(`UPDATE ${table} SET ${set}`).run(...values);
  });
}

/** Waits for a condition that other callbacks bring about; fails after five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline)
      throw new Error('The condition did not come about within five seconds.');
    await setImmediate();
  }
}
