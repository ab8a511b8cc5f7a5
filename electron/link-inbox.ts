// Links on their way to the engine. Before it is there a few wait; a flood of them costs one log line a second and one
// notice in ten minutes, and leaves every open consent as it was (promises 29, 32).

import { LIMITS } from '../core/limits.ts';
import type { LogPort } from '../core/ports.ts';
import type { LinkReading } from './link-text.ts';

export interface LinkJudge {
  /** The engine's word on a link, which it also keeps in its log; must not throw. */
  readonly arrive: (url: URL) => 'taken' | 'ignored';
  /** A consent takes its answer now. */
  readonly onTaken: () => void;
  /** A locked vault waits for nothing. */
  readonly locked: () => boolean;
  /** Something came that nobody waits for: to be said in passing, without taking the focus. */
  readonly onStray: (locked: boolean) => void;
}

const LOG_EVERY_MS = 1_000;
/** Whoever clicks an old link wonders once; a page that fires them must not nag. */
const NOTICE_EVERY_MS = 10 * 60_000;

export class LinkInbox {
  readonly #log: LogPort;
  readonly #now: () => number;
  #waiting: URL[] = [];
  #judge: LinkJudge | undefined;
  #dropped = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;
  /** A notice that says to unlock is another one than that nobody waits. */
  readonly #noticedAt = { locked: Number.NEGATIVE_INFINITY, open: Number.NEGATIVE_INFINITY };

  /** `now`: milliseconds that never go back. */
  constructor(log: LogPort, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  take(reading: LinkReading): void {
    if (reading.kind === 'none') return;
    if (reading.kind === 'dropped') this.#drop(reading.why);
    else if (this.#judge !== undefined) this.#give(reading.url, this.#judge);
    // No more consents than these can be open, so more links cannot be answers to any.
    else if (this.#waiting.length >= LIMITS.consentsAtOnce) this.#drop('too many');
    else this.#waiting.push(reading.url);
  }

  /** From now on links go to the engine; first those that waited for it. */
  open(judge: LinkJudge): void {
    this.#judge = judge;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const url of waiting) this.#give(url, judge);
  }

  #give(url: URL, judge: LinkJudge): void {
    if (judge.arrive(url) === 'taken') {
      judge.onTaken();
      return;
    }
    const now = this.#now();
    const state = judge.locked() ? 'locked' : 'open';
    if (now - this.#noticedAt[state] < NOTICE_EVERY_MS) return;
    this.#noticedAt[state] = now;
    judge.onStray(state === 'locked');
  }

  #drop(why: string): void {
    this.#dropped += 1;
    const now = this.#now();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    this.#log.warn('link_dropped', { why, dropped: this.#dropped });
  }
}
