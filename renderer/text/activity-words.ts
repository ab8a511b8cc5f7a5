// What happened to one connection in a few words, for where its name stands above.
import type { ActivityJson } from '../../api/wire.ts';

const CONNECTION: Readonly<Record<string, string>> = {
  added: 'connected',
  changed: 'changed',
  renamed: 'renamed',
  refreshed: 'refreshed',
  refresh_failed: 'refresh failed',
  not_stored: 'new refresh token not stored',
  needs_consent: 'consent needed',
  revoked: 'revoked',
  removed: 'removed',
};

const CONSENT: Readonly<Record<string, string>> = {
  started: 'consent opened',
  done: 'consent given',
  failed: 'consent failed',
  expired: 'consent not finished in time',
  cancelled: 'consent cancelled',
};

/** Who asked: the owner's key is the command line's, and the window's. */
export function userWords({ caller, door }: ActivityJson): string {
  if (door === 'window') return 'this window';
  return caller === 'owner' ? 'the command line' : (caller ?? 'a removed key');
}

export function activityWords(entry: ActivityJson): string {
  const why = entry.code === null ? '' : ` (${entry.code.replaceAll('_', ' ')})`;
  switch (entry.kind) {
    case 'hand_out':
      return `${userWords(entry)} got ${entry.outcome === 'released' ? 'a token' : 'no token'}${why}`;
    case 'connection':
      return `${CONNECTION[entry.outcome] ?? entry.outcome}${why}`;
    case 'consent':
      return `${CONSENT[entry.outcome] ?? entry.outcome}${why}`;
    default:
      return `${entry.kind} ${entry.outcome}${why}`;
  }
}
