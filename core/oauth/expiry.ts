// When a token ends, and who says so. Every odd `expires_in` has one defined result (promise 98): never "for ever",
// never a loop.
import { LIMITS } from '../limits.ts';
import type { ExpirySource } from '../model/token-set.ts';
import { isObject, readJsonObject } from './json.ts';

export interface Expiry {
  /** Wall clock, milliseconds; null when nobody says. */
  readonly expires_at: number | null;
  readonly expires_source: ExpirySource;
}

export interface ExpiryHints {
  /** `expires_in` of the answer, already a finite number (RFC 6749 section 5.1), if there was one. */
  readonly expiresIn: number | undefined;
  readonly accessToken: string;
  /** The provider entry's own figure, seconds. */
  readonly presetSeconds: number | undefined;
  readonly refreshable: boolean;
}

/** Pure. `issuedAt` is the wall clock at the last byte of the answer, milliseconds. */
export function expiryOf(hints: ExpiryHints, issuedAt: number): Expiry {
  const after = (seconds: number) => issuedAt + Math.floor(clamp(seconds) * 1_000);
  if (hints.expiresIn !== undefined)
    return { expires_at: after(hints.expiresIn), expires_source: 'expires_in' };
  const jwt = jwtExpiry(hints.accessToken);
  if (jwt !== undefined && jwt > issuedAt)
    return { expires_at: Math.min(jwt, after(LIMITS.lifetimeMaxSeconds)), expires_source: 'jwt' };
  if (hints.presetSeconds !== undefined)
    return { expires_at: after(hints.presetSeconds), expires_source: 'preset' };
  // Without a figure a token that can be refreshed is taken to live an hour; one that cannot is used until refused.
  if (hints.refreshable)
    return { expires_at: after(LIMITS.lifetimeAssumedSeconds), expires_source: 'assumed' };
  return { expires_at: null, expires_source: 'unknown' };
}

/** Keycloak; GitHub, AWS and others; Intuit. None of them is of a standard. */
const REFRESH_EXPIRES_IN = ['refresh_expires_in', 'refresh_token_expires_in', 'x_refresh_token_expires_in'];

/**
 * The end of the refresh token where the answer says it; undefined where it does not, and for 0, which means "no end" at
 * Keycloak. `answer`: members of a token answer. `issuedAt` as above.
 */
export function refreshExpiryOf(
  answer: Readonly<Record<string, unknown>>,
  issuedAt: number,
): number | undefined {
  for (const name of REFRESH_EXPIRES_IN) {
    const said = answer[name];
    const seconds = typeof said === 'string' && /^\d{1,12}$/.test(said) ? Number(said) : said;
    if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0)
      return issuedAt + Math.floor(clamp(seconds) * 1_000);
  }
  return undefined;
}

function clamp(seconds: number): number {
  if (!Number.isFinite(seconds) || seconds < 0) return 0;
  return Math.min(seconds, LIMITS.lifetimeMaxSeconds);
}

/** `exp` of something that looks like a JWT, milliseconds. A hint about time only; nothing else of it is believed. */
export function jwtExpiry(token: string): number | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  const claims = readJsonObject(Buffer.from(parts[1]!, 'base64url'));
  if (claims === undefined || !isObject(claims)) return undefined;
  const { exp } = claims;
  return typeof exp === 'number' && Number.isFinite(exp) && exp > 0 && exp < 1e11
    ? Math.floor(exp * 1_000)
    : undefined;
}

/** When a token came and ends, wall clock in milliseconds. */
interface Span {
  readonly issued_at: number;
  readonly expires_at: number | null;
}

/** True when the token came later than now: the clock was set back since, and nobody knows how old the token is. */
export function isFromTheFuture(token: Span, now: number): boolean {
  return now < token.issued_at - LIMITS.clockToleranceMs;
}

/** Milliseconds the whole token lives; infinite when nobody says. */
export function lifeMs({ issued_at, expires_at }: Span): number {
  return expires_at === null ? Number.POSITIVE_INFINITY : expires_at - issued_at;
}

/** Milliseconds the token has left, never more than its life (promise 99); negative after its end, infinite when unknown. */
export function msLeft(token: Span, now: number): number {
  if (token.expires_at === null) return Number.POSITIVE_INFINITY;
  return isFromTheFuture(token, now) ? 0 : Math.min(token.expires_at - now, lifeMs(token));
}

/** Whole seconds the token has left, never negative; null when unknown. */
export function secondsLeft(token: Span, now: number): number | null {
  return token.expires_at === null ? null : Math.max(0, Math.floor(msLeft(token, now) / 1_000));
}

/** The contract of the endpoint: at least 10 s left, or a fifth of the token's life where that is less. */
export function handOutMarginMs(life: number): number {
  return Math.min(LIMITS.handOutMarginSeconds * 1_000, life * LIMITS.handOutMarginShare);
}
