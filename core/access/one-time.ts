// Things behind random texts that work once and live shortly: login codes and copy tickets of the window.
// What must stay true: only digests are kept, a text is spent by its first use, and setting the clock prolongs no life.
import { hash, timingSafeEqual } from 'node:crypto';
import { LIMITS } from '../limits.ts';
import type { Clock, RandomPort } from '../ports.ts';

/** A moment on both clocks. */
export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

export function momentOf(clock: Clock): Moment {
  return { wall: clock.wall(), monotonic: clock.monotonic() };
}

/** Milliseconds since then by the clock that says more: one stops in sleep, the other can be set back. */
export function elapsed(clock: Clock, since: Moment): number {
  return Math.max(clock.wall() - since.wall, clock.monotonic() - since.monotonic);
}

export interface Secret {
  /** 256 bits, base64url: given to one holder, never kept. */
  readonly text: string;
  readonly digest: Buffer;
}

export function newSecret(random: RandomPort): Secret {
  const text = Buffer.from(random.bytes(LIMITS.keyBytes)).toString('base64url');
  return { text, digest: digestOf(text) };
}

/** The entry of that secret. A digest is looked up, not the text, so timing tells nothing; compared in constant time anyway. */
export function lookUp<T extends { readonly digest: Buffer }>(
  entries: ReadonlyMap<string, T>,
  text: string,
): T | undefined {
  const digest = digestOf(text);
  const found = entries.get(digest.toString('base64'));
  return found !== undefined && timingSafeEqual(found.digest, digest) ? found : undefined;
}

interface Entry<T> {
  readonly digest: Buffer;
  readonly made: Moment;
  readonly value: T;
}

export class OneTime<T> {
  readonly #clock: Clock;
  readonly #random: RandomPort;
  readonly #lifeMs: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Clock, random: RandomPort, lifeMs: number) {
    this.#clock = clock;
    this.#random = random;
    this.#lifeMs = lifeMs;
  }

  /** A text that stands for `value` once. The oldest gives way when there are too many. */
  issue(value: T): string {
    const { text, digest } = newSecret(this.#random);
    this.#entries.set(digest.toString('base64'), { digest, made: momentOf(this.#clock), value });
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= LIMITS.oneTimeTexts) break;
      this.#entries.delete(key);
    }
    return text;
  }

  /** What the text stands for; undefined for an unknown, spent or expired one alike. */
  take(text: string): T | undefined {
    const entry = lookUp(this.#entries, text);
    if (entry === undefined) return undefined;
    this.#entries.delete(entry.digest.toString('base64'));
    return elapsed(this.#clock, entry.made) < this.#lifeMs ? entry.value : undefined;
  }
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
