// From an answer of the token endpoint to what it means for the connection. Pure; the table anyone can read.
// Only a well-formed OAuth error may mean "consent needed" (invariant I3); everything unclear is tried again.
import { LIMITS } from '../limits.ts';
import { isTokenAnswer, oauthErrorOf } from '../oauth/token-answer.ts';
import type { TokenAnswer } from '../oauth/token-request.ts';

export type RefreshOutcome =
  /** A success with a JSON object (see `isTokenAnswer`): to be kept, then judged. */
  | { readonly kind: 'answered' }
  /** The request did not arrive, or the provider asks for patience. `after`: milliseconds, when it said so. */
  | { readonly kind: 'retry_later'; readonly offline: boolean; readonly why: string; readonly after?: number }
  /** The provider may have used up the refresh token; its answer is lost. */
  | { readonly kind: 'in_doubt'; readonly why: string }
  | { readonly kind: 'consent_needed' }
  /** The provider rejects our client, not the grant: nothing about the connection changes. */
  | { readonly kind: 'provider_problem'; readonly why: string };

// RFC 6749 section 5.2, and GitHub's own word for the same thing.
const GRANT_IS_GONE = new Set(['invalid_grant', 'bad_refresh_token']);
// RFC 6749 section 4.1.2.1 codes that some servers use here; RFC 8628's slow_down.
const PATIENCE = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/** `now`: wall clock in milliseconds, for a Retry-After date. */
export function outcomeOf(answer: TokenAnswer, now: number): RefreshOutcome {
  if (answer.kind === 'not_sent') return { kind: 'retry_later', offline: true, why: answer.fault };
  if (answer.kind === 'maybe_sent') return { kind: 'in_doubt', why: answer.fault };
  const { status, headers } = answer.response;
  // Promise 95: whatever the body says, 429 (RFC 6585 section 4) is about now and not about the grant or the client.
  if (status === 429) return later('status 429', headers, now);
  const error = oauthErrorOf(answer.response);
  if (error !== undefined) {
    if (GRANT_IS_GONE.has(error)) return { kind: 'consent_needed' };
    if (PATIENCE.has(error)) return later(`error ${error}`, headers, now);
    return { kind: 'provider_problem', why: error };
  }
  if (isTokenAnswer(answer.response)) return { kind: 'answered' };
  // A captive portal answers 200 with a page; a token endpoint answers with a JSON object.
  if (status === 200) return { kind: 'retry_later', offline: true, why: 'status 200 without JSON' };
  return later(`status ${status}`, headers, now);
}

function later(why: string, headers: Headers, now: number): RefreshOutcome {
  const after = retryAfterMs(headers.get('retry-after'), now);
  return { kind: 'retry_later', offline: false, why, ...(after === undefined ? {} : { after }) };
}

/** RFC 9110 section 10.2.3: seconds or a date; capped, and a date in the past counts as absent. */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LIMITS.retryAfterCapMs) : undefined;
}
