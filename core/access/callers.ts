// The callers and their keys. A key is random, shown once and stored as a digest; digests are not sealed, so that a
// locked vault can still tell a stranger from a caller. The owner's key belongs to the command line and to no table.
import { hash, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { type Caller, type CallerView, callerDoc, type NewCaller, OWNER } from '../model/caller.ts';
import type { Clock, RandomPort } from '../ports.ts';

const PREFIX_CHARS = 7;

interface Known {
  readonly caller: Caller;
  readonly digest: Buffer;
  readonly view: Omit<CallerView, 'last_used_at'>;
}

export class Callers {
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #random: RandomPort;
  readonly #owner: Known;
  #byDigest = new Map<string, Known>();
  #lastUsed = new Map<string, number>();
  #database: DatabaseSync | undefined;

  constructor(clock: Pick<Clock, 'wall'>, random: RandomPort, ownerKey: string) {
    this.#clock = clock;
    this.#random = random;
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

  /** Reads the table; works while the vault is locked. */
  load(database: DatabaseSync): void {
    this.#database = database;
    this.#byDigest = new Map([[this.#owner.digest.toString('base64'), this.#owner]]);
    this.#lastUsed = new Map();
    for (const row of database
      .prepare('SELECT name, digest, prefix, doc, created_at, last_used_at, expires_at FROM caller')
      .all()) {
      const doc = callerDoc.parse(JSON.parse(String(row.doc)));
      const view = {
        name: String(row.name),
        prefix: String(row.prefix),
        ...doc,
        created_at: Number(row.created_at),
        expires_at: row.expires_at === null ? null : Number(row.expires_at),
      };
      const digest = Buffer.from(row.digest as Uint8Array);
      this.#byDigest.set(digest.toString('base64'), { caller: { name: view.name, ...doc }, digest, view });
      if (row.last_used_at !== null) this.#lastUsed.set(view.name, Number(row.last_used_at));
    }
  }

  /** Unknown, revoked and expired keys are all the same: undefined (promise 114). */
  identify(key: string): Caller | undefined {
    const digest = digestOf(key);
    // The digest is looked up, not the key, so timing tells nothing about a key; the comparison is constant-time anyway.
    const known = this.#byDigest.get(digest.toString('base64')) ?? this.#owner;
    if (!timingSafeEqual(known.digest, digest)) return undefined;
    const { expires_at: end } = known.view;
    return end !== null && end <= this.#clock.wall() ? undefined : known.caller;
  }

  list(): CallerView[] {
    return [...this.#byDigest.values()]
      .filter((known) => known !== this.#owner)
      .map(({ view }) => ({ ...view, last_used_at: this.#lastUsed.get(view.name) ?? null }))
      .sort((left, right) => left.name.localeCompare(right.name));
  }

  /** `connections` holds ids, provider ids or `*`, settled by the engine. Throws `already_exists`. */
  add(input: NewCaller): { readonly caller: CallerView; readonly key: string } {
    const database = this.#table();
    const taken =
      input.name === OWNER.name || [...this.#byDigest.values()].some(({ view }) => view.name === input.name);
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
    database
      .prepare(
        'INSERT INTO caller (name, digest, prefix, doc, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(view.name, digest, view.prefix, JSON.stringify(doc), now, view.expires_at);
    this.#byDigest.set(digest.toString('base64'), { caller: { name: view.name, ...doc }, digest, view });
    return { caller: { ...view, last_used_at: null }, key };
  }

  /** Throws `not_found`. */
  remove(name: string): void {
    const found = [...this.#byDigest].find(([, known]) => known.view.name === name && known !== this.#owner);
    if (found === undefined)
      throw new TokentrayError('not_found', 'There is no key by that name.', { field: 'name' });
    this.#table().prepare('DELETE FROM caller WHERE name = ?').run(name);
    this.#byDigest.delete(found[0]);
    this.#lastUsed.delete(name);
  }

  /** Remembers a use; the audit writes it to disk with its own records. */
  used(name: string, at: number): void {
    this.#lastUsed.set(name, at);
  }

  #table(): DatabaseSync {
    if (this.#database === undefined) throw new TokentrayError('setup', 'Tokentray is not set up yet.');
    return this.#database;
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
