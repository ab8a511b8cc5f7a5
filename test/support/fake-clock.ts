// A clock that a test moves by hand: wall and monotonic time together, or wall time alone as when somebody sets it.
import type { Clock } from '../../core/ports.ts';

/** 2030-03-17T17:46:40Z: far from the real time, so that nothing can pass by reading the machine's clock. */
export const FAKE_NOW = 1_900_000_000_000;

interface Timer {
  readonly at: number;
  readonly fn: () => void;
}

export class FakeClock implements Clock {
  #wall = FAKE_NOW;
  #monotonic = 5_000;
  readonly #timers = new Set<Timer>();

  wall(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  timer(ms: number, fn: () => void): () => void {
    const timer = { at: this.#monotonic + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Time goes by: timers fire in the order in which they are due, each at its own moment. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#move(Math.max(0, next.at - this.#monotonic));
      next.fn();
    }
    this.#move(end - this.#monotonic);
  }

  /** Somebody sets the clock: no time goes by. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  #move(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.sort((left, right) => left.at - right.at)[0];
  }
}
