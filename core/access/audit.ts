// The record of every hand-out: time, caller, connection, door, outcome and a mark of the token (six hex digits of a
// keyed hash, so that two uses of one token can be matched and nothing else); and of what else happened, more briefly.
// Ids and codes only, never a token.
// Records of a few milliseconds are written in one transaction on a connection of their own: it survives the
// death of the process, and leaves the fsync to the vault's own commits, since a record is not worth a refresh token.
import { createHmac } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { LIMITS } from '../limits.ts';
import type { ActivityQuery, ActivityRow } from '../model/activity.ts';
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

/** What happened beside hand-outs. */
interface ActivityRecord extends ActivityRow {
  readonly at: number;
}

/** A row as it is read back. */
export interface KeptRow extends ActivityRow {
  readonly seq: number;
  readonly at: number;
  readonly door: string | null;
}

// Short enough that a killed process takes next to nothing with it; one small commit for each hand-out would cost a
// busy host a tenth of its time.
const FLUSH_MS = 10;

// Finding what is too old reads past everything that is kept, so it is done seldom: the table grows by a tenth past its
// limit at most.
const PRUNE_EVERY = LIMITS.auditRows / 10;

const prune = (which: string) =>
  `DELETE FROM audit WHERE ${which} AND seq <= (SELECT seq FROM audit WHERE ${which} ORDER BY seq DESC LIMIT 1 OFFSET ?)`;

export class Audit {
  readonly #log: LogPort;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #use: StatementSync;
  readonly #prune: readonly (readonly [StatementSync, number])[];
  #waiting: (AuditRecord | ActivityRecord)[] = [];
  #written = 0;
  #closed = false;

  /** `readOnly`: nothing is written; a hand-out is then in the log only. */
  constructor(path: string, log: LogPort, readOnly = false) {
    this.#log = log;
    this.#database = new DatabaseSync(path, { readOnly });
    this.#database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000; PRAGMA trusted_schema = 0');
    this.#insert = this.#database.prepare(
      'INSERT INTO audit (at, caller, connection, door, action, outcome, mark) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#use = this.#database.prepare('UPDATE caller SET last_used_at = ? WHERE name = ?');
    this.#prune = [
      [this.#database.prepare(prune("action = 'hand_out'")), LIMITS.auditRows],
      [this.#database.prepare(prune("action <> 'hand_out'")), LIMITS.activityRows],
    ];
  }

  /** After close() nothing is kept: an answer that comes so late reaches nobody. */
  record(entry: AuditRecord | ActivityRecord): void {
    if (this.#closed) return;
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  flush(): void {
    const records = this.#waiting;
    if (records.length === 0 || this.#closed) return;
    this.#waiting = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const used = new Map<string, number>();
      for (const entry of records) {
        const { at, caller, connection, outcome } = entry;
        if ('action' in entry) {
          this.#insert.run(at, caller, connection, null, entry.action, outcome, null);
          continue;
        }
        this.#insert.run(at, caller, connection, entry.door, 'hand_out', outcome, entry.mark);
        used.set(entry.caller, at);
      }
      for (const [caller, at] of used) this.#use.run(at, caller);
      this.#written += records.length;
      if (this.#written >= PRUNE_EVERY) {
        for (const [statement, rows] of this.#prune) statement.run(rows);
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

  /** The newest rows that fit, newest first, at most `limit`. `connection`: an id. Works for rows not yet written too. */
  read({ after, limit, connection, caller, kind }: ActivityQuery): KeptRow[] {
    this.flush();
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, ...more: SQLInputValue[]): void => {
      conditions.push(condition);
      values.push(...more);
    };
    if (after !== undefined) where('seq < ?', after);
    if (connection !== undefined) where('connection = ?', connection);
    if (caller !== undefined) where('caller = ?', caller);
    // `connection.` to `connection/`: whatever begins with the kind and a dot.
    if (kind === 'hand_out') where("action = 'hand_out'");
    else if (kind !== undefined) where('action > ? AND action < ?', `${kind}.`, `${kind}/`);
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#database
      .prepare(
        `SELECT seq, at, caller, connection, door, action, outcome FROM audit ${filter} ORDER BY seq DESC LIMIT ?`,
      )
      .all(...values, limit)
      .map((row) => ({
        seq: Number(row.seq),
        at: Number(row.at),
        caller: textOf(row.caller),
        connection: textOf(row.connection),
        door: textOf(row.door),
        action: String(row.action),
        outcome: textOf(row.outcome),
      }));
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#database.close();
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** First six hex digits of a keyed hash of the token. */
export function markOf(key: Uint8Array, token: string): string {
  return createHmac('sha256', key).update(token).digest('hex').slice(0, 6);
}
