// The callers and their keys. A key is random, shown once and stored as a digest; digests are not sealed, so that a
// locked vault can still tell a stranger from a caller. The owner's key belongs to the command line and to no table.
import { hash, timingSafeEqual } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  type Caller,
  type CallerDoc,
  type CallerView,
  callerDoc,
  type NewCaller,
  OWNER,
} from '../model/caller.ts';
import type { Clock, LogPort, RandomPort } from '../ports.ts';
import type { Vault } from '../vault/vault.ts';

type Store = Pick<Vault, 'database' | 'transaction'>;

const PREFIX_CHARS = 7;

interface Known {
  readonly caller: Caller;
  readonly digest: Buffer;
  readonly view: Omit<CallerView, 'last_used_at'>;
}

export class Callers {
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #random: RandomPort;
  readonly #log: LogPort;
  readonly #owner: Known;
  /** The entry behind a caller that was identified once. */
  readonly #known = new WeakMap<Caller, Known>();
  /** Names of rows that cannot be read: they open nothing, keep their name and can be removed. */
  readonly #damaged = new Set<string>();
  #byDigest = new Map<string, Known>();
  #lastUsed = new Map<string, number>();
  #store: Store | undefined;

  constructor(clock: Pick<Clock, 'wall'>, random: RandomPort, ownerKey: string, log: LogPort) {
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#owner = {
      caller: OWNER,
      digest: digestOf(ownerKey),
      view: {
        ...OWNER,
        prefix: ownerKey.slice(0, PREFIX_CHARS),
        created_at: 0,
        expires_at: null,
      },
    };
    this.#byDigest.set(this.#owner.digest.toString('base64'), this.#owner);
  }

  /** Reads the table; works while the vault is locked. A damaged row is nobody's key; all others work. */
  load(store: Store): void {
    this.clear();
    this.#store = store;
    for (const row of store
      .database()
      .prepare('SELECT name, digest, prefix, doc, created_at, last_used_at, expires_at FROM caller')
      .all()) {
      const name = String(row.name);
      const doc = docOf(String(row.doc));
      if (doc === undefined) {
        this.#damaged.add(name);
        this.#log.error('caller_damaged', { name });
        continue;
      }
      const view = {
        name,
        prefix: String(row.prefix),
        ...doc,
        created_at: Number(row.created_at),
        expires_at: row.expires_at === null ? null : Number(row.expires_at),
      };
      const digest = Buffer.from(row.digest as Uint8Array);
      this.#remember({ caller: { name, ...doc }, digest, view });
      if (row.last_used_at !== null) this.#lastUsed.set(view.name, Number(row.last_used_at));
    }
  }

  /** For a file that goes: nobody but the owner is known. */
  clear(): void {
    this.#store = undefined;
    this.#byDigest = new Map([[this.#owner.digest.toString('base64'), this.#owner]]);
    this.#lastUsed = new Map();
    this.#damaged.clear();
  }

  /** Unknown, revoked and expired keys are all the same: undefined (promise 114). */
  identify(key: string): Caller | undefined {
    const digest = digestOf(key);
    // The digest is looked up, not the key, so timing tells nothing about a key; the comparison is constant-time anyway.
    const known = this.#byDigest.get(digest.toString('base64')) ?? this.#owner;
    if (!timingSafeEqual(known.digest, digest)) return undefined;
    return this.#hasEnded(known) ? undefined : known.caller;
  }

  /**
   * False once the key behind a caller was removed or has expired: whatever it asked for before is not given any more
   * (promise 122). The owner, and whoever came without a key of this table, stays.
   */
  isValid(caller: Caller): boolean {
    const known = this.#known.get(caller);
    if (known === undefined) return true;
    return this.#byDigest.get(known.digest.toString('base64')) === known && !this.#hasEnded(known);
  }

  list(): CallerView[] {
    return [...this.#byDigest.values()]
      .filter((known) => known !== this.#owner)
      .map(({ view }) => ({ ...view, last_used_at: this.#lastUsed.get(view.name) ?? null }))
      .sort((left, right) => left.name.localeCompare(right.name));
  }

  /** `connections` holds ids, provider ids or `*`, settled by the engine. Throws `already_exists`. */
  add(input: NewCaller): { readonly caller: CallerView; readonly key: string } {
    const taken =
      input.name === OWNER.name ||
      this.#damaged.has(input.name) ||
      [...this.#byDigest.values()].some(({ view }) => view.name === input.name);
    if (taken)
      throw new TokentrayError(
        'already_exists',
        `There is a key named ${input.name} already. Choose another name, or remove it first.`,
        { field: 'name' },
      );
    const key = `tt_${Buffer.from(this.#random.bytes(LIMITS.keyBytes)).toString('base64url')}`;
    const digest = digestOf(key);
    const now = this.#clock.wall();
    const doc = { rights: input.rights, connections: input.connections };
    const view = {
      name: input.name,
      prefix: key.slice(0, PREFIX_CHARS),
      ...doc,
      created_at: now,
      expires_at: input.expires_in === undefined ? null : now + input.expires_in * 1_000,
    };
    this.#write(
      'INSERT INTO caller (name, digest, prefix, doc, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
      [view.name, digest, view.prefix, JSON.stringify(doc), now, view.expires_at],
    );
    this.#remember({ caller: { name: view.name, ...doc }, digest, view });
    return { caller: { ...view, last_used_at: null }, key };
  }

  /** Throws `not_found`. */
  remove(name: string): void {
    const found = [...this.#byDigest].find(([, known]) => known.view.name === name && known !== this.#owner);
    if (found === undefined && !this.#damaged.has(name))
      throw new TokentrayError('not_found', 'There is no key by that name.', { field: 'name' });
    this.#write('DELETE FROM caller WHERE name = ?', [name]);
    if (found !== undefined) this.#byDigest.delete(found[0]);
    this.#damaged.delete(name);
    this.#lastUsed.delete(name);
  }

  /** Remembers a use; the audit writes it to disk with its own records. */
  used(name: string, at: number): void {
    this.#lastUsed.set(name, at);
  }

  #remember(known: Known): void {
    this.#byDigest.set(known.digest.toString('base64'), known);
    this.#known.set(known.caller, known);
  }

  #hasEnded({ view: { expires_at: end } }: Known): boolean {
    return end !== null && end <= this.#clock.wall();
  }

  #write(statement: string, values: readonly SQLInputValue[]): void {
    const store = this.#store;
    if (store === undefined) throw new TokentrayError('setup', 'Tokentray is not set up yet.');
    store.transaction(() =>
      store
        .database()
        .prepare(statement)
        .run(...values),
    );
  }
}

/** The one refusal for a key that is missing, unknown, removed or expired (promise 114). */
export function unauthorized(): TokentrayError {
  return new TokentrayError(
    'unauthorized',
    'Send a valid key as: Authorization: Bearer tt_… A key is made with: tokentray keys add NAME',
  );
}

function docOf(text: string): CallerDoc | undefined {
  try {
    return callerDoc.safeParse(JSON.parse(text)).data;
  } catch {
    // No error: what is not JSON is as damaged as the wrong JSON, and counts as no key.
    return undefined;
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
