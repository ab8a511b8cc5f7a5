// Connections as if they had been made at the start of the fake clock, each with a token of an hour.
import type { Connections } from '../../core/connections.ts';
import type { Connection } from '../../core/model/connection.ts';
import { factsOf, type TokenSet } from '../../core/model/token-set.ts';
import { FAKE_NOW } from './fake-clock.ts';

/** Writes `count` connections of a provider in one transaction; their ids. */
export function insertConnections(
  connections: Connections,
  provider: string,
  count: number,
  change: { readonly doc?: Partial<Connection>; readonly tokens?: Partial<TokenSet> } = {},
): string[] {
  return connections.atomically(() =>
    Array.from({ length: count }, (_, index) => {
      const id = connections.newId();
      const tokens: TokenSet = {
        access_token: `access-${provider}-${index}`,
        token_type: 'Bearer',
        refresh_token: `refresh-${provider}-${index}`,
        scope: ['read'],
        issued_at: FAKE_NOW,
        expires_at: FAKE_NOW + 3_600_000,
        expires_source: 'expires_in',
        ...change.tokens,
      };
      connections.insert({
        doc: {
          schema: 1,
          id,
          provider,
          account: `user${index}`,
          label: null,
          identity: null,
          scopes_asked: ['read'],
          created_at: FAKE_NOW,
          consented_at: FAKE_NOW,
          refreshed_at: null,
          state: { status: 'active', token: factsOf(tokens) },
          ...change.doc,
        },
        secrets: { refresh_token: tokens.refresh_token ?? null, tokens },
        previous: null,
        intent: null,
      });
      return id;
    }),
  );
}
