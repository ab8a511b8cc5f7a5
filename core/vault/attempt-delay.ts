// The pause between wrong passphrases: it doubles up to a limit, and a lock or a close ends the waiting.
// What must stay true: the first try never waits, and no number of parallel tries gets around the pause.
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Clock } from '../ports.ts';

/** After the first wrong passphrase: no hindrance to a person who mistyped. */
const FIRST_MS = 500;

export class AttemptDelay {
  readonly #clock: Clock;
  #failures = 0;
  #nextAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the next passphrase may be tried; `locked` when `signal` aborts first. */
  wait(signal: AbortSignal): Promise<void> {
    const rest = this.#failures === 0 ? 0 : this.#nextAt - this.#clock.monotonic();
    if (rest <= 0) return Promise.resolve();
    return new Promise((done, failed) => {
      const abort = () => {
        cancel();
        failed(new TokentrayError('locked', 'The vault was locked before the passphrase was tried.'));
      };
      const cancel = this.#clock.timer(rest, () => {
        signal.removeEventListener('abort', abort);
        done();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Call after a wrong passphrase. Returns the pause before the next try, in milliseconds. */
  failed(): number {
    const pause = Math.min(FIRST_MS * 2 ** this.#failures, LIMITS.unlockDelayMaxMs);
    this.#failures += 1;
    this.#nextAt = this.#clock.monotonic() + pause;
    return pause;
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
