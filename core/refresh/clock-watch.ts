// Notices that the machine's clock was set, by comparing it with the one that nobody can set: said once as an event, in
// the log and by the doctor. Nothing is decided here; receipts.ts sees to it that no token lives longer for it.
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Clock, LogPort } from '../ports.ts';

/** `ms`: how far; negative when it was set back. `at`: wall clock after it, milliseconds. */
interface ClockChange {
  readonly ms: number;
  readonly at: number;
}

interface ClockWatchWorld {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly log: LogPort;
}

export class ClockWatch {
  readonly #world: ClockWatchWorld;
  #ahead: number;
  #last: ClockChange | undefined;
  /** Monotonic time of going to sleep; undefined while awake. */
  #asleepSince: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(world: ClockWatchWorld) {
    this.#world = world;
    this.#ahead = this.#now();
  }

  /** Looks at every tick; a change that lies between two looks is seen at the second one. */
  start(): void {
    if (this.#cancel !== undefined) return;
    this.look();
    const arm = () => {
      this.#cancel = this.#world.clock.timer(LIMITS.tickMs, () => {
        this.look();
        arm();
      });
    };
    arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  look(): void {
    const { clock, events, log } = this.#world;
    if (this.#asleepSince !== undefined) {
      // Timers that were due run before anybody says that the machine is awake.
      if (clock.monotonic() - this.#asleepSince < LIMITS.networkWaitMs) return;
      // Nobody said it, and it has been awake for long.
      this.slept();
    }
    const ahead = this.#now();
    const ms = ahead - this.#ahead;
    // A clock that is corrected bit by bit stays within this between two looks.
    this.#ahead = ahead;
    if (Math.abs(ms) <= LIMITS.clockToleranceMs) return;
    this.#last = { ms, at: clock.wall() };
    const seconds = Math.round(ms / 1_000);
    events.emit({ type: 'clock', action: ms < 0 ? 'set_back' : 'moved_on', seconds });
    log.info('clock_changed', { seconds });
  }

  /** For a host that knows that the machine goes to sleep. What was set until now is said now. */
  sleeps(): void {
    if (this.#cancel !== undefined) this.look();
    this.#asleepSince = this.#world.clock.monotonic();
  }

  /** It was that: the monotonic clock stood still, and nobody set the other one. */
  slept(): void {
    this.#asleepSince = undefined;
    this.#ahead = this.#now();
  }

  /** The last change as a sentence; undefined when there was none since the start. */
  note(): string | undefined {
    if (this.#last === undefined) return undefined;
    const { ms, at } = this.#last;
    const by = `${Math.round(Math.abs(ms) / 1_000)} s, at ${new Date(at).toISOString()}`;
    return ms < 0
      ? `The clock of this machine was set back by ${by}. Tokens are judged by another clock, and those of before are refreshed once.`
      : `The clock of this machine moved on by ${by}: it slept, or the clock was set. What is due since is refreshed once.`;
  }

  #now(): number {
    const { clock } = this.#world;
    return clock.wall() - clock.monotonic();
  }
}
