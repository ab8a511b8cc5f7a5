// Everything that will end, as far as it is known: access tokens that nothing refreshes, and keys with an expiry; and
// what has ended already and waits for a person. Pure, for the calendar.
import type { ConnectionJson, KeyJson } from '../../api/wire.ts';

/** What is looked ahead. */
export const DAYS_AHEAD = 90;

/** Nearer than this it is time to do something about it. */
export const SOON_DAYS = 7;

export type Ending =
  | { readonly kind: 'connection'; readonly id: string; readonly name: string; readonly at: number }
  | { readonly kind: 'key'; readonly name: string; readonly at: number };

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
  for (const { id, name, status, refreshable, expires_at } of connections) {
    if (status === 'needs_consent') waiting.push({ id, name });
    // A revoked grant was ended on purpose; one that refreshes itself has no known end.
    if (status === 'needs_consent' || status === 'revoked' || refreshable || expires_at === null) continue;
    const at = Date.parse(expires_at);
    if (at > now) ends.push({ kind: 'connection', id, name, at });
    else if (status !== 'consenting') waiting.push({ id, name });
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
