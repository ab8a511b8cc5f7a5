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

/** All in one write: a short one, although many grants may end on one day. */
const WARNINGS_AT_ONCE = 500;

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

  /** Warns of what is due, as many as one write takes. True when more is due. */
  look(): boolean {
    const { connections, log } = this.#world;
    const due = this.#due();
    const now = due.slice(0, WARNINGS_AT_ONCE);
    if (now.length === 0) return false;
    try {
      connections.atomically(() => {
        for (const { doc, warning } of now)
          connections.update(doc.id, (current) => ({
            ...current,
            doc: { ...current.doc, warned: [...stillTrue(current.doc, warning), warning] },
          }));
      });
    } catch (error) {
      // A vault that takes no writes: the next look says it, when it can be said once.
      if (!(error instanceof TokentrayError)) throw error;
      log.warn('expiring_not_noted', { count: due.length, code: error.code });
      return false;
    }
    for (const { doc, warning } of now) this.#say(doc, warning);
    return due.length > now.length;
  }

  #due(): { doc: Connection; warning: Warned }[] {
    const { clock, connections, registry } = this.#world;
    return connections.all().flatMap((doc) => {
      const deadlines = deadlinesOf(doc, registry.find(doc.provider));
      const warning = warningDue(deadlines, doc.warned ?? [], clock.wall());
      return warning === undefined ? [] : [{ doc, warning }];
    });
  }

  #say(doc: Connection, { what, at, days }: Warned): void {
    const { events, log } = this.#world;
    const connection = nameOf(doc);
    events.emit({
      type: 'expiring',
      connection,
      id: doc.id,
      what,
      ends_at: new Date(at).toISOString(),
      days,
    });
    log.warn('expiring', { connection, what, days });
  }

  #arm(ms: number): void {
    this.#cancel = this.#world.clock.timer(ms, () => {
      const more = this.look();
      this.#arm(more ? LIMITS.tickMs : LIMITS.expiryLookMs);
    });
  }
}

/** Warnings of deadlines that have moved on since say nothing any more. */
function stillTrue({ warned = [] }: Connection, { what, at }: Warned): Warned[] {
  return warned.filter((each) => each.what !== what || each.at === at);
}
