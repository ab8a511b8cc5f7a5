// Locks the vault when nobody has used it for as long as the settings say: no hand-out, no window, no tray. It looks at
// both clocks, so that a night of sleep counts, and looks again soon, so that no timer holds a whole idle time. While it is
// off there is no timer at all.
import { elapsed, type Moment, momentOf } from './access/one-time.ts';
import { TokentrayError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { Clock, LogPort } from './ports.ts';

interface IdleLockWorld {
  readonly clock: Clock;
  readonly log: LogPort;
  /** 0: never. Read at every look, and whenever somebody is here. */
  readonly minutes: () => number;
  /** True while a person signs in somewhere else, which ends by itself within minutes. */
  readonly signingIn: () => boolean;
  readonly lock: () => Promise<void>;
}

export class IdleLock {
  readonly #world: IdleLockWorld;
  #used: Moment;
  #cancel: (() => void) | undefined;
  #watching = false;

  constructor(world: IdleLockWorld) {
    this.#world = world;
    this.#used = momentOf(world.clock);
  }

  /** Somebody is here. */
  touch(): void {
    // Every hand-out comes by here. Who turns the lock on comes by as well, and counts from then.
    if (this.#world.minutes() === 0) return;
    this.#used = momentOf(this.#world.clock);
    if (this.#watching && this.#cancel === undefined) this.#arm();
  }

  /** The vault is open. */
  start(): void {
    this.stop();
    this.#watching = true;
    this.touch();
  }

  stop(): void {
    this.#watching = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    const left = this.#left();
    if (left === undefined) return;
    this.#cancel = this.#world.clock.timer(Math.max(Math.min(left, LIMITS.tickMs), 1), () => {
      this.#cancel = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const { lock, log, signingIn } = this.#world;
    const left = this.#left();
    if (left === undefined || left > 0) {
      this.#arm();
      return;
    }
    // A lock would end the consent under the hands of whoever is at the provider's page.
    if (signingIn()) {
      this.touch();
      return;
    }
    log.info('idle_lock');
    try {
      await lock();
    } catch (error) {
      // An answer that the disk did not take must not be lost. The engine has begun to look again.
      log.warn('idle_lock_failed', { code: error instanceof TokentrayError ? error.code : 'unexpected' });
    }
  }

  /** Milliseconds until nobody has used it for long enough; undefined: never. */
  #left(): number | undefined {
    const minutes = this.#world.minutes();
    return minutes === 0 ? undefined : minutes * 60_000 - elapsed(this.#world.clock, this.#used);
  }
}
