// When to refresh in the background. Pure arithmetic on wall-clock milliseconds: no timer ever holds a lifetime, so a
// lifetime past 24.8 days overflows nothing (promise 97), and a tick every 30 s survives sleep.
import { LIMITS } from '../limits.ts';
import type { Deadline } from '../model/deadline.ts';
import type { TokenFacts } from '../model/token-set.ts';

/**
 * The due time, or null when there is nothing to do (no refresh token, or no known end). `share` in [0, 1) spreads
 * connections between 75 and 90 % of their token's life; long-lived tokens are due at least five minutes early. The same
 * of a refresh token that ends when it is not used: an idle connection is kept warm.
 */
export function dueAt(
  token: TokenFacts,
  share: number,
  deadlines: readonly Pick<Deadline, 'from' | 'at' | 'renews'>[] = [],
): number | null {
  if (!token.refreshable) return null;
  const spans = deadlines.filter(({ renews }) => renews).map(({ from, at }) => ({ from, at }));
  if (token.expires_at !== null) spans.push({ from: token.issued_at, at: token.expires_at });
  const points = spans.flatMap(({ from, at }) => pointIn(from, at, share) ?? []);
  return points.length === 0 ? null : Math.min(...points);
}

function pointIn(from: number, at: number, share: number): number | undefined {
  const life = at - from;
  // What would end before the next ticks is refreshed when somebody asks: keeping it warm would never pause.
  if (life < LIMITS.tickMs * 2) return undefined;
  const point = LIMITS.refreshPointMin + share * (LIMITS.refreshPointMax - LIMITS.refreshPointMin);
  const due = from + life * point;
  if (life <= LIMITS.refreshEarlyFromSeconds * 1_000) return due;
  return Math.min(due, at - LIMITS.refreshEarlySeconds * 1_000);
}

/** `now`: wall clock in milliseconds by which this token is judged (receipts.ts). */
export function isDue(
  token: TokenFacts,
  share: number,
  now: number,
  deadlines: readonly Deadline[],
): boolean {
  const due = dueAt(token, share, deadlines);
  return due !== null && due <= now;
}

/** Pause before try `attempt` (1, 2, …), doubling, with up to a quarter of jitter from `share` in [0, 1). */
export function backOffMs(attempt: number, share: number): number {
  const base = Math.min(LIMITS.retryFirstMs * 2 ** Math.min(attempt - 1, 20), LIMITS.retryLongestMs);
  return Math.round(base * (1 + share / 4));
}

/** A fixed number in [0, 1) per connection, so that due times are spread and stay put. */
export function shareOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) hash = (hash * 31 + id.charCodeAt(index)) >>> 0;
  return hash / 2 ** 32;
}
