// The record of every hand-out: time, caller, connection, door, outcome and a mark of the token (six hex digits of a
// keyed hash, so that two uses of one token can be matched and nothing else). Ids and codes only, never a token.
// Records of one turn of the event loop are written in one transaction on a connection of their own: it survives the
// death of the process, and leaves the fsync to the vault's own commits, since a record is not worth a refresh token.
import { createHmac } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { LIMITS } from '../limits.ts';
import type { LogPort } from '../ports.ts';

export interface AuditRecord {
  readonly at: number;
  readonly caller: string;
  readonly connection: string;
  readonly door: string;
  /** `released`, or the error code. */
  readonly outcome: string;
  readonly mark: string | null;
}

// Often enough that the table never grows by more than a hundredth past its limit.
const PRUNE_EVERY = LIMITS.auditRows / 100;

export class Audit {
  readonly #log: LogPort;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #use: StatementSync;
  readonly #prune: StatementSync;
  #waiting: AuditRecord[] = [];
  #written = 0;
  #closed = false;

  constructor(path: string, log: LogPort) {
    this.#log = log;
    this.#database = new DatabaseSync(path);
    this.#database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = 0');
    this.#insert = this.#database.prepare(
      "INSERT INTO audit (at, caller, connection, door, action, outcome, mark) VALUES (?, ?, ?, ?, 'hand_out', ?, ?)",
    );
    this.#use = this.#database.prepare('UPDATE caller SET last_used_at = ? WHERE name = ?');
    this.#prune = this.#database.prepare('DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ?');
  }

  /** After close() nothing is kept: an answer that comes so late reaches nobody. */
  record(entry: AuditRecord): void {
    if (this.#closed) return;
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    const records = this.#waiting;
    if (records.length === 0 || this.#closed) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const used = new Map<string, number>();
      for (const { at, caller, connection, door, outcome, mark } of records) {
        this.#insert.run(at, caller, connection, door, outcome, mark);
        used.set(caller, at);
      }
      for (const [caller, at] of used) this.#use.run(at, caller);
      this.#written += records.length;
      if (this.#written >= PRUNE_EVERY) {
        this.#prune.run(LIMITS.auditRows);
        this.#written = 0;
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      // A hand-out that was answered cannot be taken back; that its record is missing is said where the owner looks.
      this.#log.error('audit_not_written', {
        records: records.length,
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#database.close();
  }
}

/** First six hex digits of a keyed hash of the token. */
export function markOf(key: Uint8Array, token: string): string {
  return createHmac('sha256', key).update(token).digest('hex').slice(0, 6);
}
