// A connection as a person sees it: which group it belongs to, a word for its state, a sentence about it, and how much of
// its token's life is left. Pure: everything shown about a state is decided here.
import type { ConnectionJson } from '../../api/wire.ts';
import type { Tone } from '../ui/tone.ts';
import { clockTime, left } from './times.ts';

export type Group = 'needs' | 'fresh' | 'waiting';

export interface ConnectionLook {
  readonly tone: Tone;
  /** A few words for the end of a row. */
  readonly short: string;
  /** Half a line for a row that is not fresh: why. What to do is its button. */
  readonly why: string;
  /** What it is, and what to do about it. */
  readonly sentence: string;
  /** 0 to 1; 0 where there is no living token. */
  readonly left: number;
}

/** Below these a token is shown as expiring. */
const EXPIRING_SHARE = 0.15;
const EXPIRING_MS = 5 * 60_000;

export function groupOf(connection: ConnectionJson, now: number): Group {
  switch (connection.status) {
    case 'needs_consent':
    case 'error':
      return 'needs';
    case 'active':
      return isOver(connection, now) && !connection.refreshable ? 'needs' : 'fresh';
    case 'refreshing':
      return 'fresh';
    case 'new':
    case 'consenting':
    case 'revoked':
      return 'waiting';
  }
}

/** Consent is the way on: a refresh cannot help. */
export function needsConsent(connection: ConnectionJson, now: number): boolean {
  const { status } = connection;
  if (status === 'needs_consent' || status === 'revoked') return true;
  return status === 'active' && isOver(connection, now) && !connection.refreshable;
}

export function lookOf(connection: ConnectionJson, now: number): ConnectionLook {
  switch (connection.status) {
    case 'needs_consent':
      return { tone: 'bad', short: 'consent needed', ...causeWords(connection), left: 0 };
    case 'error':
      return {
        ...life(connection, now),
        tone: 'bad',
        short: 'refresh fails',
        ...errorWords(connection),
      };
    case 'revoked':
      return {
        tone: 'quiet',
        short: 'revoked',
        why: 'The grant was revoked.',
        sentence: 'Revoked. Reconnect to use it again, or remove it.',
        left: 0,
      };
    case 'consenting':
      return {
        ...life(connection, now),
        tone: 'quiet',
        short: 'consent open',
        why: 'Finish it in the browser.',
        sentence: 'Finish the consent in the browser.',
      };
    case 'new':
      return {
        tone: 'quiet',
        short: 'not tried yet',
        why: 'Its first use proves it.',
        sentence: 'A refresh token is kept; the first use proves it.',
        left: 0,
      };
    case 'refreshing':
      return { ...life(connection, now), short: 'refreshing', sentence: 'A refresh is under way.' };
    case 'active':
      return life(connection, now);
  }
}

/** When the consent itself ends, as far as anybody knows. */
export function consentEnd({ status, cause, refreshable, expires_at }: ConnectionJson): string {
  if (status === 'revoked') return 'revoked';
  if (status === 'consenting') return 'a new one is open';
  if (status === 'needs_consent') return cause === 'no_refresh_token' ? 'ended with the token' : 'ended';
  return refreshable || expires_at === null ? 'no known end' : 'ends with the token';
}

/** How the end of a token is known, where the provider did not simply say it; empty where it did. */
export function expiryGround({ expires_source: source }: ConnectionJson): string {
  return source === null ? '' : GROUNDS[source];
}

const GROUNDS: Readonly<Record<NonNullable<ConnectionJson['expires_source']>, string>> = {
  expires_in: '',
  jwt: ' (by the token itself)',
  preset: ' (as known of the provider)',
  assumed: ' (assumed)',
  unknown: '',
};

function life(connection: ConnectionJson, now: number): ConnectionLook {
  const { refreshable, provider } = connection;
  if (connection.expires_at === null) {
    return {
      tone: 'quiet',
      short: 'no expiry',
      why: '',
      sentence: 'Active. Its token has no known end.',
      left: 1,
    };
  }
  const end = Date.parse(connection.expires_at);
  if (end <= now) {
    return refreshable
      ? {
          tone: 'warn',
          short: 'expired',
          why: '',
          sentence: 'The token expired. It is refreshed at its next use.',
          left: 0,
        }
      : {
          tone: 'bad',
          short: 'expired',
          ...overWords(provider),
          left: 0,
        };
  }
  const start = connection.issued_at === null ? end : Date.parse(connection.issued_at);
  const share = end > start ? Math.min(1, (end - now) / (end - start)) : 1;
  const expiring = share < EXPIRING_SHARE || end - now < EXPIRING_MS;
  return {
    tone: expiring ? 'warn' : 'fresh',
    short: left(end, now),
    why: '',
    sentence: refreshable
      ? `Active. Refreshes itself before ${clockTime(end, now)}.`
      : `Active until ${clockTime(end, now)}. It cannot be refreshed; reconnect then.`,
    left: share,
  };
}

function isOver({ expires_at }: ConnectionJson, now: number): boolean {
  return expires_at !== null && Date.parse(expires_at) <= now;
}

type Words = Pick<ConnectionLook, 'why' | 'sentence'>;

function causeWords({ provider, cause }: ConnectionJson): Words {
  switch (cause) {
    case 'answer_lost':
      return {
        why: 'The answer to a refresh was lost.',
        sentence: `The answer to a refresh was lost, and ${provider} has ended the grant since. Reconnect to go on.`,
      };
    case 'no_refresh_token':
      return overWords(provider);
    default:
      return {
        why: 'The refresh token was refused.',
        sentence: `${provider} no longer takes the refresh token. Reconnect to go on.`,
      };
  }
}

function overWords(provider: string): Words {
  return {
    why: 'The token expired.',
    sentence: `The token expired, and ${provider} gave nothing to refresh it with. Reconnect to go on.`,
  };
}

function errorWords({ provider, code }: ConnectionJson): Words {
  switch (code) {
    case 'provider_refused':
      return {
        why: `${provider} refuses this client.`,
        sentence: `${provider} refuses this client. Check the client ID and secret of the provider, then refresh.`,
      };
    case 'provider_answer_invalid':
      return {
        why: `${provider} answers wrongly.`,
        sentence: `${provider} answered in a way that cannot be used. Tokentray tries again by itself.`,
      };
    case 'offline':
      return {
        why: `${provider} does not answer.`,
        sentence: `${provider} could not be reached. Tokentray tries again by itself.`,
      };
    default:
      return {
        why: 'The last refresh did not work.',
        sentence: 'The last refresh did not work. Tokentray tries again by itself.',
      };
  }
}
