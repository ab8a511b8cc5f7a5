// Warns before a grant ends, 7 and 1 days ahead: an event for whoever shows it, and a line in the log. That a warning was
// given is on disk before it is said, so that it is said once, also over restarts.
import { type Connections, nameOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Connection } from '../model/connection.ts';
import type { Warned } from '../model/deadline.ts';
import type { Clock, LogPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { deadlinesOf, warningDue } from './deadlines.ts';

interface ExpiryWatchWorld {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly events: EventLog;
  readonly log: LogPort;
  readonly registry: Registry;
}

export class ExpiryWatch {
  readonly #world: ExpiryWatchWorld;
  #cancel: (() => void) | undefined;

  constructor(world: ExpiryWatchWorld) {
    this.#world = world;
  }

  /** Looks soon, and again every `LIMITS.expiryLookMs`. */
  start(): void {
    if (this.#cancel === undefined) this.#arm(LIMITS.expiryFirstLookMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  look(): void {
    const { clock, connections, registry } = this.#world;
    for (const doc of connections.all()) {
      const deadlines = deadlinesOf(doc, registry.find(doc.provider));
      const warning = warningDue(deadlines, doc.warned ?? [], clock.wall());
      if (warning !== undefined) this.#warn(doc, warning);
    }
  }

  #warn({ id }: Connection, warning: Warned): void {
    const { connections, events, log } = this.#world;
    try {
      const row = connections.update(id, (current) => ({
        ...current,
        doc: { ...current.doc, warned: [...stillTrue(current.doc, warning), warning] },
      }));
      if (row === undefined) return;
      const { what, at, days } = warning;
      const name = nameOf(row.doc);
      events.emit({
        type: 'expiring',
        connection: name,
        id,
        what,
        ends_at: new Date(at).toISOString(),
        days,
      });
      log.warn('expiring', { connection: name, what, days });
    } catch (error) {
      // A vault that takes no writes: the next look says it, when it can be said once.
      if (!(error instanceof TokentrayError)) throw error;
      log.warn('expiring_not_noted', { id, code: error.code });
    }
  }

  #arm(ms: number): void {
    this.#cancel = this.#world.clock.timer(ms, () => {
      this.look();
      this.#arm(LIMITS.expiryLookMs);
    });
  }
}

/** Warnings of deadlines that have moved on since say nothing any more. */
function stillTrue({ warned = [] }: Connection, { what, at }: Warned): Warned[] {
  return warned.filter((each) => each.what !== what || each.at === at);
}
