// How old each token is, by the clock that nobody can set: a receipt in memory for every token, so that a wall clock that
// was set back never makes one live longer than it does (promise 99). The wall clock alone knows of sleep and of the time
// before this start; so a token is as old as the older of the two says.
import type { Connections } from '../connections.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import { type Connection, tokenOf } from '../model/connection.ts';
import type { TokenFacts } from '../model/token-set.ts';
import { isFromTheFuture } from '../oauth/expiry.ts';
import type { Clock } from '../ports.ts';

interface Receipt {
  readonly issuedAt: number;
  /** Milliseconds; what the wall clock said when the token was first seen. */
  readonly ageThen: number;
  readonly monotonic: number;
}

interface ReceiptsWorld {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly events: EventLog;
}

type Dated = Pick<TokenFacts, 'issued_at'>;

export class Receipts {
  readonly #clock: Clock;
  readonly #receipts = new Map<string, Receipt>();

  constructor({ clock, connections, events }: ReceiptsWorld) {
    this.#clock = clock;
    events.subscribe(({ event }) => {
      if (event.type === 'connection') this.#note(event.id, connections.get(event.id));
      if (event.type === 'vault') for (const doc of connections.all()) this.#note(doc.id, doc);
    });
  }

  /**
   * Wall clock in milliseconds by which this token is to be judged: the machine's own, or a later one when that was set
   * back since the token came.
   */
  nowFor(id: string, token: Dated): number {
    const { issuedAt, ageThen, monotonic } = this.#of(id, token);
    const wall = this.#clock.wall();
    const atLeast = issuedAt + ageThen + this.#clock.monotonic() - monotonic;
    return atLeast - wall > LIMITS.clockToleranceMs ? atLeast : wall;
  }

  /** True when the dates of this token are those of a clock that was set back since: a refresh brings right ones. */
  isMisdated(id: string, token: Dated & Pick<TokenFacts, 'expires_at'>): boolean {
    const wall = this.#clock.wall();
    return isFromTheFuture(token, wall) || this.nowFor(id, token) > wall;
  }

  #of(id: string, token: Dated): Receipt {
    const known = this.#receipts.get(id);
    if (known?.issuedAt === token.issued_at) return known;
    const wall = this.#clock.wall();
    const receipt = {
      issuedAt: token.issued_at,
      ageThen: wall - token.issued_at,
      monotonic: this.#clock.monotonic(),
    };
    this.#receipts.set(id, receipt);
    return receipt;
  }

  #note(id: string, doc: Connection | undefined): void {
    const token = doc === undefined ? undefined : tokenOf(doc.state);
    if (token !== undefined) this.#of(id, token);
    else if (doc === undefined) this.#receipts.delete(id);
  }
}
