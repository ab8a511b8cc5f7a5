// What happened, as a sentence without its time. With `named`, it says which connection; in the detail of one, that is clear.
import type { ActivityJson } from '../../api/wire.ts';

const CONNECTION: Readonly<Record<string, string>> = {
  added: 'connected',
  changed: 'changed',
  renamed: 'renamed',
  refreshed: 'refreshed',
  refresh_failed: 'refresh failed',
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

const VAULT: Readonly<Record<string, string>> = {
  setup: 'vault waits to be set up',
  locked: 'vault locked',
  open: 'vault opened',
};

export function activityWords(entry: ActivityJson, { named }: { readonly named: boolean }): string {
  const why = entry.code === null ? '' : ` (${entry.code.replaceAll('_', ' ')})`;
  const subject = named ? `${entry.connection ?? entry.provider ?? 'a removed connection'} ` : '';
  switch (entry.kind) {
    case 'hand_out': {
      const of = named ? ` of ${entry.connection ?? 'a removed connection'}` : '';
      if (entry.outcome === 'released') {
        return entry.door === 'window' ? `token${of} copied here` : `${entry.caller} got a token${of}`;
      }
      return `${entry.caller} got no token${of}${why}`;
    }
    case 'connection':
      return `${subject}${CONNECTION[entry.outcome] ?? entry.outcome}${why}`;
    case 'consent':
      return `${subject}${CONSENT[entry.outcome] ?? entry.outcome}${why}`;
    case 'provider':
      return `provider ${entry.provider} ${entry.outcome}`;
    case 'key':
      return `key ${entry.caller} ${entry.outcome === 'added' ? 'made' : entry.outcome}`;
    case 'vault':
      return VAULT[entry.outcome] ?? entry.outcome;
  }
}
