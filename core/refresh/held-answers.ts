// Answers the vault did not take. Each holds a refresh token that is nowhere else, so it stays in memory, a sealed copy is
// saved elsewhere (rescue.ts), and it is tried again until it is stored; nobody gets its access token before.
import { type ConnectionRow, type Connections, nameOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Clock, LogPort } from '../ports.ts';
import type { Answer } from './intents.ts';
import type { Rescue } from './rescue.ts';

interface HeldAnswersWorld {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly events: EventLog;
  readonly log: LogPort;
  readonly rescue: Rescue;
}

export class HeldAnswers {
  readonly #world: HeldAnswersWorld;
  readonly #tryAgain: (id: string) => void;
  readonly #held = new Map<string, Answer>();

  /** `tryAgain` is called for an answer that is still held after a while. */
  constructor(world: HeldAnswersWorld, tryAgain: (id: string) => void) {
    this.#world = world;
    this.#tryAgain = tryAgain;
  }

  get size(): number {
    return this.#held.size;
  }

  ids(): string[] {
    return [...this.#held.keys()];
  }

  of(id: string): Answer | undefined {
    return this.#held.get(id);
  }

  /** What a person must know for as long as an answer is held: one sentence for each. */
  warnings(): string[] {
    return this.ids().flatMap((id) => {
      const doc = this.#world.connections.get(id);
      return doc === undefined
        ? []
        : [
            `The new refresh token of ${nameOf(doc)} could not be stored. It is kept in memory ${this.#copyOf(id)}, and tried again every few seconds: make room on the disk, and do not stop Tokentray before this sentence is gone.`,
          ];
    });
  }

  #copyOf(id: string): string {
    const path = this.#world.rescue.pathOf(id);
    return path === undefined
      ? 'only, since no copy could be saved elsewhere either'
      : `and in a sealed copy, ${path}`;
  }

  /** Takes up what an earlier run could not store: from now on it is held, and tried at once. */
  takeUp(): void {
    for (const answer of this.#world.rescue.find()) {
      if (this.#held.has(answer.id)) continue;
      this.#held.set(answer.id, answer);
      this.#tryAgain(answer.id);
    }
  }

  /**
   * S7: the durable write of what `change` makes of the row; what `connections.update` returns. Throws `storage` when
   * the vault does not take it, whatever the reason: then the answer is held. Throws `vault_replaced` when it is in the
   * copy that is kept of a vault whose file was replaced.
   */
  commit(
    answer: Answer,
    change: (row: ConnectionRow) => ConnectionRow | undefined,
  ): ConnectionRow | undefined {
    try {
      const row = this.#world.connections.update(answer.id, change);
      this.#drop(answer.id);
      return row;
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      if (error.code === 'vault_replaced' && this.#keptAside(answer, change)) throw error;
      this.#hold(answer);
      throw new TokentrayError(
        'storage',
        `The new refresh token could not be stored. It is kept in memory and tried again; make room and do not stop the host. ${error.message}`,
      );
    }
  }

  #keptAside(answer: Answer, change: (row: ConnectionRow) => ConnectionRow | undefined): boolean {
    const { connections, log } = this.#world;
    try {
      if (!connections.setAside(answer.id, change)) return false;
      this.#drop(answer.id);
      return true;
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      log.error('refresh_token_not_kept_aside', { connection: answer.id, code: error.code });
      return false;
    }
  }

  #hold(answer: Answer): void {
    const { id } = answer;
    if (!this.#held.has(id)) this.#shout(id);
    this.#held.set(id, answer);
    this.#world.clock.timer(LIMITS.heldRetryMs, () => {
      if (this.#held.has(id)) this.#tryAgain(id);
    });
    this.#world.rescue.save(answer);
  }

  #drop(id: string): void {
    this.#held.delete(id);
    this.#world.rescue.done(id);
  }

  #shout(id: string): void {
    const { connections, events, log } = this.#world;
    log.error('refresh_token_not_stored', { connection: id });
    const doc = connections.get(id);
    if (doc === undefined) return;
    const { status } = doc.state;
    const connection = nameOf(doc);
    events.emit({ type: 'connection', action: 'not_stored', connection, id, status, code: 'storage' });
  }
}
