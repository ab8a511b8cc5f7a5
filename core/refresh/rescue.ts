// A second place for an answer that the vault does not take: sealed, in a file of its own, so that not even the end of this
// process loses it. What must stay true: a file of ours goes only after its answer is in the vault, or is of no use any
// more; what does not open is left where it is and changes nothing.
import { z } from 'zod';
import type { ConnectionRow, Connections } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { rescueRefreshToken } from '../oauth/token-answer.ts';
import type { LogPort, RandomPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { findRescueFiles, readRescueFile, removeRescueFile, writeRescueFile } from '../vault/rescue-files.ts';
import { open, seal } from '../vault/sealing.ts';
import type { Vault } from '../vault/vault.ts';
import { type Answer, isSentToken, storedResponse } from './intents.ts';

interface RescueWorld {
  readonly connections: Connections;
  readonly registry: Registry;
  readonly log: LogPort;
  readonly random: RandomPort;
}

/** `generation` is that of the row when the file was made; the seal is bound to it. */
const fileSchema = z.strictObject({ schema: z.literal(1), generation: z.int(), sealed: z.string() });
const answerSchema = z.strictObject({
  attempt: z.string(),
  sent: z.string(),
  at: z.int(),
  body: z.string(),
  date: z.string().optional(),
});

/** Base64 twice over, and what stands around it. */
const FILE_BYTES = 3 * LIMITS.providerBodyBytes;

export class Rescue {
  readonly #directories: readonly string[];
  readonly #world: RescueWorld;
  /** Paths of the files whose answers are held, by connection. */
  readonly #saved = new Map<string, string>();
  /** Of these it was said already why no copy could be saved. */
  readonly #refused = new Set<string>();
  #vault: Vault | undefined;

  /** `directories`: where a copy may be saved, best first. None: nothing is ever saved. */
  constructor(directories: readonly string[], world: RescueWorld) {
    this.#directories = [...new Set(directories)];
    this.#world = world;
  }

  opened(vault: Vault): void {
    this.#vault = vault;
  }

  locked(): void {
    this.#vault = undefined;
  }

  /** Where the copy of the answer is that is held for this connection. */
  pathOf(id: string): string | undefined {
    return this.#saved.get(id);
  }

  /** Saves a copy unless there is one. Without a new refresh token in it there is nothing to lose. */
  save(answer: Answer): void {
    const { id, attempt, sent, at, response } = answer;
    const vault = this.#vault;
    const next = rescueRefreshToken(response);
    if (vault === undefined || this.#saved.has(id) || next === undefined || next === sent) return;
    const { connections, log, random } = this.#world;
    if (connections.get(id) === undefined) return;
    const generation = connections.generation(id);
    const date = response.headers.get('date');
    const plain = Buffer.from(
      JSON.stringify({
        ...{ attempt, sent, at, body: Buffer.from(response.body).toString('base64') },
        ...(date === null ? {} : { date }),
      }),
    );
    const key = vault.subkey(PURPOSE);
    const sealed = Buffer.from(seal(key, plain, placeOf(vault, id, generation), random)).toString('base64');
    key.fill(0);
    plain.fill(0);
    const text = JSON.stringify({ schema: 1, generation, sealed } satisfies z.input<typeof fileSchema>);
    const level = this.#refused.has(id) ? 'debug' : 'warn';
    const path = writeRescueFile(this.#directories, `${prefixOf(vault)}${id}`, text, log, level);
    if (path === undefined) {
      this.#refused.add(id);
      return;
    }
    this.#saved.set(id, path);
    log.warn('refresh_token_copy_saved', { connection: id, path });
  }

  /** The answer is in the vault, or belongs to nobody any more. */
  done(id: string): void {
    this.#refused.delete(id);
    const path = this.#saved.get(id);
    if (path === undefined) return;
    removeRescueFile(path, this.#world.log);
    this.#saved.delete(id);
  }

  /** Answers that an earlier run saved and that are still what their connections wait for. */
  find(): Answer[] {
    const vault = this.#vault;
    if (vault === undefined) return [];
    const { log } = this.#world;
    return findRescueFiles(this.#directories, prefixOf(vault), log).flatMap(({ path, rest: id }) => {
      if (this.#saved.has(id)) return [];
      const answer = this.#readIfPossible(vault, path, id);
      if (answer === undefined) return [];
      this.#saved.set(id, path);
      log.warn('refresh_token_copy_found', { connection: id, path });
      return [answer];
    });
  }

  #readIfPossible(vault: Vault, path: string, id: string): Answer | undefined {
    try {
      return this.#read(vault, path, id);
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      this.#world.log.warn('refresh_token_copy_ignored', { connection: id, path, code: error.code });
      return undefined;
    }
  }

  #read(vault: Vault, path: string, id: string): Answer | undefined {
    const { connections, log, registry } = this.#world;
    const saved = unsealed(vault, readRescueFile(path, FILE_BYTES), id);
    const doc = connections.get(id);
    if (doc === undefined) throw new TokentrayError('not_found', 'There is no such connection.');
    // A copy of a vault must not take what the vault at home may still need.
    if (vault.review() !== undefined || connections.review(id) !== undefined)
      throw new TokentrayError('needs_review', 'The vault needs review.');
    const row = connections.row(id);
    if (row.secrets.refresh_token !== saved.sent) {
      log.warn('refresh_token_copy_out_of_date', { connection: id, path });
      removeRescueFile(path, log);
      return undefined;
    }
    if (!isWaitingFor(row, saved)) throw new TokentrayError('conflict', 'It answers another attempt.');
    const { provider, secret } = registry.withSecret(doc.provider);
    const { attempt, sent, at } = saved;
    return { id, attempt, sent, at, provider, secret, response: storedResponse(saved) };
  }
}

const PURPOSE = 'rescued answer';

function isWaitingFor({ intent }: ConnectionRow, { attempt, sent }: z.infer<typeof answerSchema>): boolean {
  return intent?.kind === 'sent' && intent.attempt === attempt && isSentToken(intent, sent);
}

function unsealed(vault: Vault, text: string, id: string): z.infer<typeof answerSchema> {
  const file = parsed(fileSchema, text);
  const key = vault.subkey(PURPOSE);
  try {
    const plain = open(key, Buffer.from(file.sealed, 'base64'), placeOf(vault, id, file.generation));
    return parsed(answerSchema, Buffer.from(plain).toString());
  } finally {
    key.fill(0);
  }
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No error: its message would hold parts of the text; what cannot be parsed is no file of ours.
    value = undefined;
  }
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  throw new TokentrayError('tampered', 'The file is not one of ours, or was changed.');
}

function prefixOf(vault: Vault): string {
  return `tokentray-rescue-${vault.id}-`;
}

function placeOf(vault: Vault, row: string, generation: number) {
  return { vaultId: vault.id, table: 'connection', row, column: 'rescue', schemaVersion: 1, generation };
}
