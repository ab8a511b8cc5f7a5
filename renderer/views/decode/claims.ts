// What the registered names in a token mean, and which of their values are times. Pure.
import { clockTime, duration, exact } from '../../text/times.ts';
import type { JsonObject } from './jwt.ts';

export interface Entry {
  readonly name: string;
  /** In words, for the names that RFC 7515, RFC 7519 and OpenID Connect register. */
  readonly meaning: string | undefined;
  /** Text as it is, anything else as JSON. */
  readonly value: string;
  readonly time: ClaimTime | undefined;
}

export interface ClaimTime {
  /** RFC 3339, for machines. */
  readonly iso: string;
  /** Local time: `10:12`, or with the day. */
  readonly local: string;
  /** `expires in 12 min`. */
  readonly relative: string;
  /** With seconds and zone. */
  readonly exact: string;
  /** The time alone makes the token unusable: `exp` has passed, or `nbf` has not come. */
  readonly bars: boolean;
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['alg', 'Signature algorithm'],
  ['typ', 'Type'],
  ['cty', 'Content type'],
  ['kid', 'Key id'],
  ['jku', 'Address of keys'],
  ['x5t', 'Certificate thumbprint'],
  ['iss', 'Issuer'],
  ['sub', 'Subject'],
  ['aud', 'Audience'],
  ['azp', 'Authorized party'],
  ['exp', 'Expires'],
  ['nbf', 'Not before'],
  ['iat', 'Issued'],
  ['auth_time', 'Signed in'],
  ['updated_at', 'Profile changed'],
  ['jti', 'Token id'],
  ['scope', 'Scopes'],
  ['scp', 'Scopes'],
  ['client_id', 'Client'],
  ['nonce', 'Nonce'],
  ['acr', 'Sign-in class'],
  ['amr', 'Sign-in methods'],
  ['email', 'Email'],
  ['email_verified', 'Email verified'],
  ['name', 'Name'],
  ['preferred_username', 'User name'],
  ['sid', 'Session'],
  ['at_hash', 'Access token hash'],
]);

/** RFC 7519 section 4.1 and OpenID Connect Core: seconds since 1970, with a fraction if one likes. */
const TIMES = new Set(['exp', 'nbf', 'iat', 'auth_time', 'updated_at']);

/** The year 9999; what is beyond was meant as milliseconds, or as nothing. */
const LAST_SECOND = 253_402_300_799;

export function entriesOf(object: JsonObject, now: number): Entry[] {
  return Object.entries(object).map(([name, value]) => ({
    name,
    meaning: MEANINGS.get(name),
    value: typeof value === 'string' ? value : json(value),
    time: timeOf(name, value, now),
  }));
}

/** On one line while that is short. */
const SHORT_JSON = 60;

function json(value: unknown): string {
  const line = JSON.stringify(value);
  return line.length <= SHORT_JSON ? line : JSON.stringify(value, null, 2);
}

function timeOf(name: string, value: unknown, now: number): ClaimTime | undefined {
  if (!TIMES.has(name) || typeof value !== 'number' || value < 0 || value > LAST_SECOND) return undefined;
  const at = value * 1_000;
  return {
    iso: new Date(at).toISOString(),
    local: clockTime(at, now),
    relative: relativeWords(name, at, now),
    exact: exact(at),
    bars: (name === 'exp' && at <= now) || (name === 'nbf' && at > now),
  };
}

function relativeWords(name: string, at: number, now: number): string {
  const distance = duration(at - now);
  const passed = at <= now;
  switch (name) {
    case 'exp':
      return passed ? `expired ${distance} ago` : `expires in ${distance}`;
    case 'nbf':
      return passed ? `became valid ${distance} ago` : `becomes valid in ${distance}`;
    default:
      return passed ? `${distance} ago` : `in ${distance}`;
  }
}
