// The providers: reads and writes their rows and answers "what does this provider look like now". Secrets are opened
// when a request needs them and are never part of a view.
import { TokentrayError } from '../errors.ts';
import { type Provider, providerSchema } from '../model/provider.ts';
import type { LogPort } from '../ports.ts';
import { vaultLocked } from '../vault/locked.ts';
import type { DamagedRow } from '../vault/rows.ts';
import type { Vault } from '../vault/vault.ts';

interface Entry {
  readonly provider: Provider;
  readonly generation: number;
  readonly hasSecret: boolean;
}

const TABLE = 'provider';

export class Registry {
  readonly #log: LogPort;
  readonly #entries = new Map<string, Entry>();
  readonly #damaged = new Map<string, DamagedRow>();
  #vault: Vault | undefined;

  constructor(log: LogPort) {
    this.#log = log;
  }

  load(vault: Vault): void {
    this.clear();
    this.#vault = vault;
    for (const row of vault.all(TABLE)) {
      const parsed =
        'damaged' in row || !row.columns.doc
          ? undefined
          : providerSchema.safeParse(JSON.parse(Buffer.from(row.columns.doc).toString()));
      if ('damaged' in row || !parsed?.success) {
        this.#log.error('provider_damaged', { id: row.id });
        const { id, generation } = row;
        const damaged =
          'damaged' in row
            ? row.damaged
            : new TokentrayError('tampered', `The provider ${id} has a document that cannot be read.`);
        this.#damaged.set(id, { id, generation, damaged });
        continue;
      }
      this.#entries.set(row.id, {
        provider: parsed.data,
        generation: row.generation,
        hasSecret: row.columns.secret !== null,
      });
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#damaged.clear();
    this.#vault = undefined;
  }

  /** Rows that do not open (promise 66): kept until they are entered again or removed. */
  damaged(): ReadonlyMap<string, DamagedRow> {
    return this.#damaged;
  }

  all(): Provider[] {
    return [...this.#entries.values()].map((entry) => entry.provider);
  }

  find(id: string): Provider | undefined {
    return this.#entries.get(id)?.provider;
  }

  /** Throws `not_found`. */
  get(id: string): Provider {
    return this.#entry(id).provider;
  }

  hasSecret(id: string): boolean {
    return this.#entry(id).hasSecret;
  }

  /** The entry with its client secret, for a request to the provider and nothing else. */
  withSecret(id: string): { provider: Provider; secret: string | undefined } {
    const { provider } = this.#entry(id);
    const stored = this.#open().get(TABLE, id)?.columns.secret;
    return { provider, secret: stored ? Buffer.from(stored).toString() : undefined };
  }

  /** Writes an entry. `secret`: a text sets it, null clears it, undefined leaves it as it is. */
  put(provider: Provider, secret: string | null | undefined): void {
    const known = this.#entries.get(provider.id);
    const kept = secret === undefined && known?.hasSecret ? this.withSecret(provider.id).secret : secret;
    const columns = {
      doc: Buffer.from(JSON.stringify(provider)),
      secret: kept === undefined || kept === null ? null : Buffer.from(kept),
    };
    const before = known ?? this.#damaged.get(provider.id);
    const generation = this.#open().put(TABLE, provider.id, columns, before?.generation ?? null);
    this.#damaged.delete(provider.id);
    this.#entries.set(provider.id, { provider, generation, hasSecret: columns.secret !== null });
  }

  remove(id: string): void {
    const { generation } = this.#damaged.get(id) ?? this.#entry(id);
    this.#open().remove(TABLE, id, generation);
    this.#damaged.delete(id);
    this.#entries.delete(id);
  }

  #open(): Vault {
    if (this.#vault === undefined) throw vaultLocked();
    return this.#vault;
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    const damaged = this.#damaged.get(id);
    if (damaged !== undefined) throw damaged.damaged;
    if (entry === undefined)
      throw new TokentrayError('not_found', 'There is no provider by that name.', { field: 'provider' });
    return entry;
  }
}
