// The connections: the one place that reads and writes their rows. In memory are the documents (names, states); tokens
// are opened from the vault when needed and kept until the vault locks. Every write is one durable transaction, and
// memory changes only after it.
import { z } from 'zod';
import { TokentrayError } from './errors.ts';
import { type Connection, connectionSchema, type Identity } from './model/connection.ts';
import { type TokenSet, tokenSetSchema } from './model/token-set.ts';
import type { LogPort, RandomPort } from './ports.ts';
import { vaultLocked } from './vault/locked.ts';
import type { Review } from './vault/review.ts';
import type { DamagedRow } from './vault/rows.ts';
import type { Vault } from './vault/vault.ts';

/** A refresh that was started (`sent`) or whose answer is stored but not judged yet (`answered`). */
const intentSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sent'), attempt: z.string(), at: z.int(), token_hash: z.string() }),
  z.strictObject({
    kind: z.literal('answered'),
    attempt: z.string(),
    at: z.int(),
    body: z.string(),
    sent_token: z.string(),
    /** The provider's own clock, as its answer said it. */
    date: z.string().optional(),
  }),
]);
export type Intent = z.infer<typeof intentSchema>;

/** What a row holds that may be used to get tokens. `refresh_token` is the newest one; `previous` the one before it. */
const secretsSchema = z.strictObject({
  refresh_token: z.string().nullable(),
  tokens: tokenSetSchema.nullable(),
});
export type Secrets = z.infer<typeof secretsSchema>;

export interface ConnectionRow {
  readonly doc: Connection;
  readonly secrets: Secrets;
  readonly previous: string | null;
  readonly intent: Intent | null;
}

interface Entry {
  doc: Connection;
  generation: number;
  /** Opened lazily; dropped with the whole entry when the vault locks. */
  row: ConnectionRow | undefined;
}

const TABLE = 'connection';
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

export class Connections {
  readonly #log: LogPort;
  readonly #random: RandomPort;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, string>();
  readonly #damaged = new Map<string, DamagedRow>();
  #vault: Vault | undefined;

  constructor(log: LogPort, random: RandomPort) {
    this.#log = log;
    this.#random = random;
  }

  /** Reads every row. A damaged one is named in `damaged()` and stays on disk; all others work (promise 66). */
  load(vault: Vault): void {
    this.clear();
    this.#vault = vault;
    for (const row of vault.all(TABLE)) {
      if ('damaged' in row) {
        this.#damaged.set(row.id, row);
        this.#log.error('connection_damaged', { id: row.id, code: row.damaged.code });
        continue;
      }
      // What is missing was taken away: no row of ours is without these two.
      const { doc: text, tokens } = row.columns;
      const doc = text && tokens ? connectionSchema.safeParse(decode(text)) : undefined;
      if (!doc?.success) {
        const { id, generation } = row;
        const damaged = new TokentrayError(
          'tampered',
          `The connection ${id} has a document that cannot be read.`,
        );
        this.#damaged.set(id, { id, generation, damaged });
        continue;
      }
      this.#remember({ doc: doc.data, generation: row.generation, row: undefined });
    }
  }

  /** False while the vault is not open: then "no such connection" says nothing. */
  get loaded(): boolean {
    return this.#vault !== undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#names.clear();
    this.#damaged.clear();
    this.#vault = undefined;
  }

  /** By id: what does not open is known by nothing else. */
  damaged(): ReadonlyMap<string, DamagedRow> {
    return this.#damaged;
  }

  all(): Connection[] {
    return [...this.#entries.values()].map((entry) => entry.doc);
  }

  ofProvider(provider: string): Connection[] {
    return this.all().filter((doc) => doc.provider === provider);
  }

  get(id: string): Connection | undefined {
    return this.#entries.get(id)?.doc;
  }

  byName(name: string): Connection | undefined {
    const id = this.#names.get(name);
    return id === undefined ? undefined : this.get(id);
  }

  byIdentity(provider: string, identity: Identity): Connection | undefined {
    return this.all().find(
      (doc) =>
        doc.provider === provider &&
        doc.identity?.issuer === identity.issuer &&
        doc.identity.subject === identity.subject,
    );
  }

  generation(id: string): number {
    return this.#entry(id).generation;
  }

  /** The whole row with its secrets, from memory or the vault. */
  row(id: string): ConnectionRow {
    const entry = this.#entry(id);
    if (entry.row !== undefined) return entry.row;
    entry.row = this.#read(id);
    return entry.row;
  }

  /**
   * Why its refresh token must not be sent: the vault was copied or put back, and this provider may have replaced the
   * token since. Free of it are refresh tokens that were given during the review, and providers that never replaced one.
   * The same for one that was imported, until a consent here brings one of its own. No clock is asked: that of the machine
   * it comes from may have been another.
   */
  review(id: string): Review | undefined {
    const doc = this.get(id);
    if (doc === undefined) return undefined;
    const { imported_at, after_review } = doc;
    const review: Review | undefined =
      imported_at === undefined ? this.#vault?.review() : { cause: 'imported', since: imported_at };
    if (review === undefined) return undefined;
    const { secrets, previous } = this.row(id);
    if (secrets.refresh_token === null) return undefined;
    if (imported_at !== undefined) return review;
    const neverReplaced = doc.refreshed_at !== null && previous === null;
    return neverReplaced || after_review === review.since ? undefined : review;
  }

  /** What a document says from now on whose refresh token is given now: no review that stands is about it. */
  givenNow(): Pick<Connection, 'after_review'> {
    const review = this.#vault?.review();
    return review === undefined ? {} : { after_review: review.since };
  }

  /** Connections that need review because they were imported. */
  imported(): Connection[] {
    return this.all().filter(
      ({ id, imported_at }) => imported_at !== undefined && this.review(id)?.cause === 'imported',
    );
  }

  /** The person says that they are used here: in one transaction. */
  acceptImported(): void {
    const waiting = this.imported();
    if (waiting.length === 0) return;
    this.atomically(() => {
      for (const { id } of waiting) {
        this.update(id, (row) => {
          const { imported_at: _imported, ...doc } = row.doc;
          return { ...row, doc };
        });
      }
    });
  }

  /** The row as the disk has it now: what a refresh works from (S1). */
  reread(id: string): ConnectionRow {
    const entry = this.#entry(id);
    entry.row = this.#read(id);
    return entry.row;
  }

  newId(): string {
    return `c_${Buffer.from(this.#random.bytes(16)).toString('base64url')}`;
  }

  insert(row: ConnectionRow): void {
    const generation = this.#open().put(TABLE, row.doc.id, columnsOf(row), null);
    this.#remember({ doc: row.doc, generation, row });
  }

  /** One durable write of what `change` makes of the row; undefined from it means "no longer mine, leave it". */
  update(id: string, change: (row: ConnectionRow) => ConnectionRow | undefined): ConnectionRow | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const next = change(this.row(id));
    if (next === undefined) return undefined;
    const generation = this.#open().put(TABLE, id, columnsOf(next), entry.generation);
    this.#forget(id);
    this.#remember({ doc: next.doc, generation, row: next });
    return next;
  }

  /** As `update`, into the copy that is kept of a vault whose file was replaced. False when nothing was written. */
  setAside(id: string, change: (row: ConnectionRow) => ConnectionRow | undefined): boolean {
    const entry = this.#entries.get(id);
    const next = entry && change(this.row(id));
    return next !== undefined && this.#open().putAside(TABLE, id, columnsOf(next), entry!.generation);
  }

  remove(id: string): void {
    const { generation } = this.#damaged.get(id) ?? this.#entry(id);
    this.#open().remove(TABLE, id, generation);
    this.#damaged.delete(id);
    this.#forget(id);
  }

  /** Several writes in one durable transaction. Memory is read again when it fails. */
  atomically<T>(work: () => T): T {
    const vault = this.#open();
    try {
      return vault.transaction(work);
    } catch (error) {
      this.load(vault);
      throw error;
    }
  }

  #read(id: string): ConnectionRow {
    const stored = this.#open().get(TABLE, id);
    if (stored === undefined) throw new TokentrayError('not_found', 'There is no such connection.');
    const { doc, tokens, previous, intent } = stored.columns;
    return {
      doc: connectionSchema.parse(decode(doc!)),
      secrets: secretsSchema.parse(decode(tokens!)),
      previous: previous ? Buffer.from(previous).toString() : null,
      intent: intent ? intentSchema.parse(decode(intent)) : null,
    };
  }

  #open(): Vault {
    if (this.#vault === undefined) throw vaultLocked();
    return this.#vault;
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new TokentrayError('not_found', 'There is no such connection.');
    return entry;
  }

  #remember(entry: Entry): void {
    this.#entries.set(entry.doc.id, entry);
    this.#names.set(nameOf(entry.doc), entry.doc.id);
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#names.delete(nameOf(entry.doc));
  }
}

export function nameOf(doc: Pick<Connection, 'provider' | 'account'>): string {
  return `${doc.provider}/${doc.account}`;
}

/** Secrets after an answer: a token set is only there once it was judged good. */
export function secretsOf(tokens: TokenSet): Secrets {
  return { refresh_token: tokens.refresh_token ?? null, tokens };
}

function columnsOf(row: ConnectionRow): Record<string, Uint8Array | null> {
  return {
    doc: encode(row.doc),
    tokens: encode(row.secrets),
    previous: row.previous === null ? null : Buffer.from(row.previous),
    intent: row.intent === null ? null : encode(row.intent),
  };
}
