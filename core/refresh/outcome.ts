// From an answer of the token endpoint to what it means for the connection: the table anyone can read, first fit wins.
// Only a well-formed OAuth error may mean "consent needed" (invariant I3); everything unclear is tried again.
// docs/refresh.md has the same table; a test compares the two.
import { LIMITS } from '../limits.ts';
import type { ConsentCause } from '../model/connection.ts';
import { isTokenAnswer, oauthErrorOf } from '../oauth/token-answer.ts';
import type { TokenAnswer } from '../oauth/token-request.ts';

export type RefreshOutcome =
  /** A success with a JSON object (see `isTokenAnswer`): its refresh token is kept first, then the rest is judged. */
  | { readonly kind: 'refreshed' }
  /** The request did not arrive, or the provider asks for patience. `after`: milliseconds, when it said so. */
  | { readonly kind: 'retry_later'; readonly offline: boolean; readonly why: string; readonly after?: number }
  /** The provider may have used up the refresh token; its answer is lost. */
  | { readonly kind: 'in_doubt'; readonly why: string }
  | { readonly kind: 'consent_needed'; readonly cause: ConsentCause }
  /** The provider rejects our client, not the grant: nothing about the connection changes. */
  | { readonly kind: 'provider_problem'; readonly why: string };

// RFC 6749 section 5.2, and GitHub's own word for the same thing.
const GRANT_IS_GONE = ['invalid_grant', 'bad_refresh_token'];
// RFC 6749 section 4.1.2.1 codes that some servers use here; RFC 8628's slow_down.
const PATIENCE = ['temporarily_unavailable', 'server_error', 'slow_down'];

/** What there is to decide by. `error`: of a well-formed OAuth error (see `oauthErrorOf`). */
interface Seen {
  readonly fault: string;
  readonly status: number;
  readonly error: string | undefined;
  readonly isToken: boolean;
  readonly after: number | undefined;
  readonly inDoubt: boolean;
}

interface Rule {
  /** What came, as docs/refresh.md says it. */
  readonly when: string;
  readonly fits: (answer: TokenAnswer, seen: Seen) => boolean;
  readonly outcome: (seen: Seen) => RefreshOutcome;
}

export const OUTCOMES: readonly Rule[] = [
  {
    when: 'nothing: the request never left (name lookup, connection, TLS or proxy failed)',
    fits: ({ kind }) => kind === 'not_sent',
    outcome: ({ fault }) => ({ kind: 'retry_later', offline: true, why: fault }),
  },
  {
    when: 'nothing or half an answer after the request was sent (reset, time-out, too large, broken encoding)',
    fits: ({ kind }) => kind === 'maybe_sent',
    outcome: ({ fault }) => ({ kind: 'in_doubt', why: fault }),
  },
  {
    // Promise 95: RFC 6585 section 4 speaks of now, not of the grant or the client.
    when: 'status 429, whatever the body says',
    fits: (_, { status }) => status === 429,
    outcome: ({ after }) => later('status 429', after),
  },
  {
    when: '`invalid_grant` or `bad_refresh_token`, after an answer to the same refresh token was lost',
    fits: (_, { error, inDoubt }) => inDoubt && GRANT_IS_GONE.includes(error ?? ''),
    outcome: () => ({ kind: 'consent_needed', cause: 'answer_lost' }),
  },
  {
    when: '`invalid_grant` or `bad_refresh_token`',
    fits: (_, { error }) => GRANT_IS_GONE.includes(error ?? ''),
    outcome: () => ({ kind: 'consent_needed', cause: 'refused' }),
  },
  {
    when: '`temporarily_unavailable`, `server_error` or `slow_down`',
    fits: (_, { error }) => PATIENCE.includes(error ?? ''),
    outcome: ({ error, after }) => later(`error ${error}`, after),
  },
  {
    when: 'any other OAuth error: `invalid_client`, `unauthorized_client`, `invalid_request`, …',
    fits: (_, { error }) => error !== undefined,
    outcome: ({ error }) => ({ kind: 'provider_problem', why: error ?? '' }),
  },
  {
    when: 'status 200 with a JSON object, or another 2xx with one that holds a token',
    fits: (_, { isToken }) => isToken,
    outcome: () => ({ kind: 'refreshed' }),
  },
  {
    // A captive portal answers 200 with a page; a token endpoint answers with a JSON object.
    when: 'status 200 with anything else (the page of a captive portal, half a document)',
    fits: (_, { status }) => status === 200,
    outcome: () => ({ kind: 'retry_later', offline: true, why: 'status 200 without JSON' }),
  },
  {
    when: 'anything else: 5xx, a redirect, a 403 with a page, an error that is not well formed',
    fits: () => true,
    outcome: ({ status, after }) => later(`status ${status}`, after),
  },
];

/** `now`: wall clock in milliseconds, for a Retry-After date. `inDoubt`: an answer to the same token was lost before. */
export function outcomeOf(answer: TokenAnswer, now: number, inDoubt = false): RefreshOutcome {
  const response = answer.kind === 'answered' ? answer.response : undefined;
  const seen: Seen = {
    fault: answer.kind === 'answered' ? '' : answer.fault,
    status: response?.status ?? 0,
    error: response === undefined ? undefined : oauthErrorOf(response),
    isToken: response !== undefined && isTokenAnswer(response),
    after: retryAfterMs(response?.headers.get('retry-after') ?? null, now),
    inDoubt,
  };
  return OUTCOMES.find(({ fits }) => fits(answer, seen))!.outcome(seen);
}

function later(why: string, after: number | undefined): RefreshOutcome {
  return { kind: 'retry_later', offline: false, why, ...(after === undefined ? {} : { after }) };
}

/** RFC 9110 section 10.2.3: seconds or a date; capped, and a date in the past counts as absent. */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LIMITS.retryAfterCapMs) : undefined;
}
