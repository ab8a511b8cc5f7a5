// Everything that will end, as far as it is known: access tokens that nothing refreshes, grants that their provider limits,
// and keys with an expiry; and what has ended already and waits for a person. Pure, for the calendar.
import type { ConnectionJson, KeyJson } from '../../api/wire.ts';

/** What is looked ahead. */
export const DAYS_AHEAD = 90;

/** Nearer than this it is time to do something about it. */
export const SOON_DAYS = 7;

export type Ending =
  | {
      readonly kind: 'connection';
      readonly id: string;
      readonly name: string;
      readonly at: number;
      readonly what: DeadlineJson['what'];
      /** A refresh before it moves it on: nothing is to be done. */
      readonly renews: boolean;
    }
  | { readonly kind: 'key'; readonly name: string; readonly at: number };

type DeadlineJson = ConnectionJson['deadlines'][number];

/** A limit that is moved on several times a day is no date to remember. */
const WORTH_SECONDS = 86_400;

export interface Waiting {
  readonly id: string;
  readonly name: string;
}

export interface Endings {
  /** Connections that need a consent now. */
  readonly waiting: readonly Waiting[];
  /** Keys whose time is over. */
  readonly expired: readonly Ending[];
  /** Soonest first, until `until`. */
  readonly ahead: readonly Ending[];
  /** What ends after that. */
  readonly later: number;
}

/** `until`: wall clock, milliseconds; the first moment that is too far. */
export function endingsOf(
  connections: readonly ConnectionJson[],
  keys: readonly KeyJson[],
  now: number,
  until: number,
): Endings {
  const waiting: Waiting[] = [];
  const ends: Ending[] = [];
  for (const { id, name, status, deadlines } of connections) {
    if (status === 'needs_consent') waiting.push({ id, name });
    for (const deadline of deadlines) {
      const { what, renews } = deadline;
      const at = Date.parse(deadline.at);
      if (at > now) {
        if (!renews || deadline.seconds >= WORTH_SECONDS)
          ends.push({ kind: 'connection', id, name, at, what, renews });
      } else if (what === 'access_token' && status !== 'consenting') waiting.push({ id, name });
    }
  }
  for (const { name, expires_at } of keys) {
    if (expires_at !== null) ends.push({ kind: 'key', name, at: Date.parse(expires_at) });
  }
  ends.sort((left, right) => left.at - right.at);
  return {
    waiting,
    expired: ends.filter(({ at }) => at <= now),
    ahead: ends.filter(({ at }) => at > now && at < until),
    later: ends.filter(({ at }) => at >= until).length,
  };
}
