// The stream of what happened: numbered, kept for a while for readers that come back, told to everybody at once.
import { LIMITS } from './limits.ts';
import type { SequencedEvent, TokentrayEvent } from './model/event.ts';
import type { Clock, LogPort } from './ports.ts';

export class EventLog {
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #log: Pick<LogPort, 'error'>;
  readonly #listeners = new Set<(event: SequencedEvent) => void>();
  #kept: SequencedEvent[] = [];
  #seq: number;

  constructor(clock: Pick<Clock, 'wall'>, log: Pick<LogPort, 'error'>) {
    this.#clock = clock;
    this.#log = log;
    // Numbers start at the time, so that a reader's last id from before a restart is never mistaken for a new one.
    this.#seq = clock.wall();
  }

  emit(event: TokentrayEvent): void {
    this.#seq += 1;
    const entry: SequencedEvent = { seq: this.#seq, at: this.#clock.wall(), event };
    this.#kept.push(entry);
    if (this.#kept.length > LIMITS.eventReplay * 2) this.#kept = this.#kept.slice(-LIMITS.eventReplay);
    for (const listener of this.#listeners) {
      try {
        listener(entry);
      } catch (error) {
        // A reader that fails must not break the work it reads about: a commit has just been made.
        this.#log.error('event_reader_failed', {
          type: event.type,
          error: error instanceof Error ? error.name : 'unknown',
        });
      }
    }
  }

  subscribe(
    listener: (event: SequencedEvent) => void,
    after?: number,
  ): { readonly gap: boolean; readonly unsubscribe: () => void } {
    let gap = false;
    if (after !== undefined && after !== this.#seq) {
      const first = this.#kept[0]?.seq;
      gap = after > this.#seq || first === undefined || after < first - 1;
      if (!gap) for (const entry of this.#kept) if (entry.seq > after) listener(entry);
    }
    this.#listeners.add(listener);
    return { gap, unsubscribe: () => this.#listeners.delete(listener) };
  }
}
