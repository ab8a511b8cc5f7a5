// When a grant ends, as far as it is known: what the provider's entry says of its refresh tokens, and what its answers
// said. Pure. What ends only when nobody uses it is kept alive by refreshing in time; the rest needs a person.
import { LIMITS } from '../limits.ts';
import { type Connection, tokenOf } from '../model/connection.ts';
import type { Deadline, Warned } from '../model/deadline.ts';
import type { Provider } from '../model/provider.ts';

type Limits = Pick<Provider, 'refresh_idle_seconds' | 'refresh_absolute_seconds'>;

/** Soonest first; none for a connection whose grant is not in use. */
export function deadlinesOf(doc: Connection, provider: Limits | undefined): Deadline[] {
  const { state } = doc;
  const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
  if (token === undefined) return [];
  const { issued_at: since, expires_at, refreshable, refresh_expiry: said } = token;
  const found: Deadline[] = [];
  const add = (what: Deadline['what'], from: number, at: number, renews = false) =>
    found.push({ what, from, at, renews });
  if (!refreshable) {
    if (expires_at !== null) add('access_token', since, expires_at);
    return found;
  }
  const { refresh_idle_seconds: idle, refresh_absolute_seconds: absolute } = provider ?? {};
  // A refresh token counts as used when it last gave a token.
  if (idle !== undefined) add('refresh_idle', since, since + idle * 1_000, true);
  // An end that the last refresh did not move on is the end.
  if (said !== undefined) add('refresh_token', said.since, said.at, said.since === since);
  const consented = doc.consented_at ?? doc.created_at;
  if (absolute !== undefined) add('refresh_absolute', consented, consented + absolute * 1_000);
  return found.sort((left, right) => left.at - right.at);
}

const DAY_MS = 86_400_000;

/**
 * The next warning to give now, of the soonest deadline first: 7 and 1 days before it (`LIMITS.expiryWarnDays`), each once. What is
 * renewed by a refresh is warned of only when that should have happened long ago. A limit that is no longer than the
 * notice would be warned of all the time, so it is not.
 */
export function warningDue(
  deadlines: readonly Deadline[],
  given: readonly Warned[],
  now: number,
): Warned | undefined {
  for (const { what, from, at, renews } of deadlines) {
    if (at <= now) continue;
    const since = renews ? from + (at - from) * LIMITS.refreshPointMax : from;
    // The shortest notice that is due: who was not here 7 days before is told once, not twice.
    const days = LIMITS.expiryWarnDays.findLast(
      (each) => now >= at - each * DAY_MS && now >= since && at - from > each * DAY_MS,
    );
    if (days === undefined) continue;
    const told = given.some((each) => each.what === what && each.at === at && each.days <= days);
    if (!told) return { what, at, days };
  }
  return undefined;
}
