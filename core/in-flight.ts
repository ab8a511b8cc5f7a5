// Work that must not be cut off: whoever locks or stops waits until none is left.

export class InFlight {
  readonly #running = new Set<Promise<unknown>>();

  /** Runs `work` and counts it until it has ended, well or not. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const promise = work();
    this.#running.add(promise);
    try {
      return await promise;
    } finally {
      this.#running.delete(promise);
    }
  }

  /** Resolves when nothing runs any more, also nothing that began meanwhile. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
