// Connections as the engine shows them, for tests of what the tray makes of them.
import type { ConnectionView } from '../../core/engine.ts';
import type { ConnectionState } from '../../core/model/connection.ts';
import type { TokenFacts } from '../../core/model/token-set.ts';

export const TRAY_NOW = Date.parse('2026-01-31T12:00:00.000Z');
const MINUTE = 60_000;

/** A token that was issued 20 minutes ago and lives 40 more. */
export function tokenFacts(changes: Partial<TokenFacts> = {}): TokenFacts {
  return {
    token_type: 'Bearer',
    scope: ['contacts'],
    issued_at: TRAY_NOW - 20 * MINUTE,
    expires_at: TRAY_NOW + 40 * MINUTE,
    expires_source: 'expires_in',
    refreshable: true,
    ...changes,
  };
}

export function connectionView(name: string, state?: ConnectionState): ConnectionView {
  const [provider = '', account = ''] = name.split('/');
  return {
    id: `c_${provider}-${account}`,
    provider,
    account,
    name,
    label: null,
    identity: null,
    scopes_asked: ['contacts'],
    created_at: TRAY_NOW - 600 * MINUTE,
    consented_at: TRAY_NOW - 600 * MINUTE,
    refreshed_at: TRAY_NOW - 20 * MINUTE,
    generation: 1,
    deadlines: [],
    state: state ?? { status: 'active', token: tokenFacts() },
  };
}

/** One connection for each thing a row can say. */
export const EVERY_STATE: readonly ConnectionView[] = [
  connectionView('google/work'),
  connectionView('microsoft/contoso', {
    status: 'active',
    token: tokenFacts({ expires_at: TRAY_NOW + 3 * MINUTE }),
  }),
  connectionView('salesforce/ops', { status: 'needs_consent', cause: 'refused', since: TRAY_NOW - MINUTE }),
  connectionView('zoom/team', { status: 'error', code: 'provider_refused', since: TRAY_NOW - MINUTE }),
];
