// What happened as a whole sentence, and where it went wrong what to do about it. The name of a connection stands between
// `before` and `after`, so that it can be a link. Codes of the host become words here and nowhere else.
import type { ActivityJson } from '../../api/wire.ts';

export interface ActivitySentence {
  readonly before: string;
  /** The connection's name; undefined where the sentence has none. */
  readonly name?: string;
  readonly after: string;
  /** What to do. */
  readonly advice?: string;
  readonly failed: boolean;
}

interface Why {
  readonly why: string;
  readonly advice: string;
}

const BY_ITSELF = 'Tokentray tries again by itself.';
const RECONNECT = 'Reconnect it to go on.';

const WHY: Readonly<Record<string, Why>> = {
  refused: { why: 'the provider no longer takes its refresh token', advice: RECONNECT },
  answer_lost: { why: 'the answer to a refresh was lost and the grant has ended since', advice: RECONNECT },
  no_refresh_token: { why: 'its token expired and there was nothing to refresh it with', advice: RECONNECT },
  consent_needed: { why: 'it needs your consent', advice: RECONNECT },
  offline: { why: 'the provider could not be reached', advice: `Check the network. ${BY_ITSELF}` },
  refresh_failed: { why: 'the provider did not answer as it should', advice: BY_ITSELF },
  provider_answer_invalid: { why: 'the provider answered in a way that cannot be used', advice: BY_ITSELF },
  provider_refused: {
    why: 'the provider refuses this client',
    advice: 'Check the client ID and secret of the provider.',
  },
  discovery_failed: {
    why: 'the description of the provider could not be read',
    advice: 'Check the issuer address of the provider.',
  },
  issuer_mismatch: {
    why: 'the description of the provider names another issuer',
    advice: 'Check the issuer address of the provider.',
  },
  consent_failed: {
    why: 'the provider or the person there said no',
    advice: 'Connect again to try once more.',
  },
  consent_expired: { why: 'nobody finished it in five minutes', advice: 'Connect again to try once more.' },
  callback_refused: {
    why: 'the answer did not belong to it',
    advice: 'Connect again, and finish it in the same browser.',
  },
  wrong_account: {
    why: 'another account signed in than the one asked for',
    advice: 'Sign out at the provider, then connect again.',
  },
  redirect_port_taken: {
    why: 'another program holds the redirect port',
    advice: 'Choose another redirect port in Settings.',
  },
  scope_not_granted: {
    why: 'it asked for a scope that was not granted',
    advice: 'Connect it again with that scope, or ask for less.',
  },
  min_valid_impossible: {
    why: 'it asked for a token that lives longer than any',
    advice: 'Ask for fewer seconds with min_valid.',
  },
  conflict: { why: 'its state did not allow it', advice: 'Open the connection: its status says why.' },
  timeout: { why: 'the script left before the answer came', advice: 'Give the script a longer time-out.' },
  storage: { why: 'the vault could not be written', advice: 'Run tokentray doctor.' },
  tampered: { why: 'its sealed tokens were changed', advice: 'Remove it, then connect again.' },
};

function why(code: string | null): Why | undefined {
  if (code === null) return undefined;
  return WHY[code] ?? { why: code.replaceAll('_', ' '), advice: 'Run tokentray doctor for more.' };
}

const CONNECTION: Readonly<Record<string, readonly [string, string]>> = {
  added: ['', ' was connected.'],
  changed: ['', ' was connected anew.'],
  renamed: ['', ' has a new name.'],
  refreshed: ['', ' was refreshed.'],
  refresh_failed: ['', ' could not be refreshed'],
  not_stored: ['', ' has a new refresh token that is not stored yet'],
  needs_consent: ['', ' needs your consent'],
  revoked: ['The grant of ', ' was revoked.'],
  removed: ['', ' was removed.'],
  expiring: ['', ' will end soon: look at the calendar.'],
};

const CONSENT: Readonly<Record<string, string>> = {
  started: ' was opened.',
  done: ' was given.',
  failed: ' did not succeed',
  expired: ' was not finished in time',
  cancelled: ' was cancelled.',
};

const VAULT: Readonly<Record<string, string>> = {
  setup: 'The vault waits to be set up.',
  locked: 'The vault was locked.',
  open: 'The vault was opened.',
  backed_up: 'The vault was backed up.',
  restored: 'The vault was restored from a backup.',
  exported: 'Providers and names of connections were exported.',
  secrets_exported: 'Everything was exported with its secrets, sealed under a passphrase.',
  imported: 'An export was imported.',
};

const REMOVED = 'A removed connection';

export function activitySentence(entry: ActivityJson): ActivitySentence {
  const { kind, outcome, connection } = entry;
  switch (kind) {
    case 'hand_out':
      return handOut(entry);
    case 'connection': {
      const [before, after] = CONNECTION[outcome] ?? ['', ` ${outcome.replaceAll('_', ' ')}.`];
      const failed = ['refresh_failed', 'not_stored', 'needs_consent'].includes(outcome);
      const named =
        connection === null
          ? { before: before === '' ? REMOVED : `${before}a removed connection` }
          : { before, name: connection };
      return failed ? { ...named, failed, ...ending(after, entry.code) } : { ...named, failed, after };
    }
    case 'consent': {
      const failed = outcome === 'failed' || outcome === 'expired';
      const after = CONSENT[outcome] ?? ` ${outcome}.`;
      const named =
        connection === null
          ? { before: `A consent at ${entry.provider ?? 'a removed provider'}` }
          : { before: 'The consent of ', name: connection };
      // That it was not finished in time says why by itself.
      const code = outcome === 'expired' ? null : entry.code;
      return failed ? { ...named, failed, ...ending(after, code) } : { ...named, failed, after };
    }
    case 'provider':
      if (outcome === 'refused')
        return {
          before: `The provider ${entry.provider} rejects this client.`,
          after: '',
          advice: 'Check its client ID and secret.',
          failed: true,
        };
      return { before: `The provider ${entry.provider} was ${outcome}.`, after: '', failed: false };
    case 'key':
      return {
        before: `The key ${entry.caller} was ${outcome === 'added' ? 'made' : outcome}.`,
        after: '',
        failed: false,
      };
    case 'vault':
      return { before: VAULT[outcome] ?? `The vault is ${outcome}.`, after: '', failed: false };
  }
}

function handOut({ outcome, connection, caller, door, code }: ActivityJson): ActivitySentence {
  const who = callerWords(caller, door);
  const named =
    connection === null
      ? { name: undefined, before: 'a removed connection' }
      : { name: connection, before: '' };
  const rest = named.name === undefined ? {} : { name: named.name };
  if (outcome === 'released') {
    const verb = door === 'window' ? 'copied' : 'got';
    return { before: `${who} ${verb} a token of ${named.before}`, ...rest, after: '.', failed: false };
  }
  return { before: `${who} got no token of ${named.before}`, ...rest, failed: true, ...ending('', code) };
}

/** The person's own key is the command line's, and the window's. */
function callerWords(caller: string | null, door: string | null): string {
  if (caller !== 'owner') return caller ?? 'A removed key';
  return door === 'window' ? 'You' : 'The command line';
}

function ending(after: string, code: string | null): { readonly after: string; readonly advice?: string } {
  const reason = why(code);
  return reason === undefined
    ? { after: `${after}.` }
    : { after: `${after}: ${reason.why}.`, advice: reason.advice };
}
