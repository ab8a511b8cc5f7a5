// Fills a vault through core before a host opens it: as many connections as a test wants, in the states it wants.
import { Connections } from '../../core/connections.ts';
import type { StoredState } from '../../core/model/connection.ts';
import { factsOf, type TokenSet } from '../../core/model/token-set.ts';
import type { Clock } from '../../core/ports.ts';
import { buildEntry } from '../../core/providers/entry.ts';
import { Registry } from '../../core/providers/registry.ts';
import { createVault } from '../../core/vault/vault.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { MemoryKeychain } from './vault-keychain.ts';

export interface FilledConnection {
  /** Else the one that `fillVault` was told. */
  readonly provider?: string;
  readonly account: string;
  readonly label?: string;
  /** Milliseconds from now until the token ends; null for no known end. */
  readonly endsIn: number | null;
  /** From its issue to its end, in milliseconds. */
  readonly lasts?: number;
  /** How long ago the consent was given, in milliseconds; else now. */
  readonly consentAge?: number;
  /** Of chance in the access token. */
  readonly tokenBytes?: number;
  readonly refreshable?: boolean;
  readonly state?: 'active' | 'needs_consent' | 'error' | 'revoked';
  readonly scope?: readonly string[];
}

/** Connections whose tokens are looked for in the browser: each in a dozen forms takes its time. */
const LOOKED_FOR = 10;
const HOUR_MS = 3_600_000;

/** For `fill` of a window host: providers, whose address nobody answers at, and these connections. */
export function fillVault(
  connections: readonly FilledConnection[],
  provider = 'acme',
  clock: Clock = systemClock,
) {
  return async (path: string, keyFile: string): Promise<Iterable<string>> => {
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    const ports = { random: systemRandom, clock, keychain: new MemoryKeychain(), log: quiet };
    const vault = await createVault({ path, ...ports }, { kind: 'file', path: keyFile });
    const registry = new Registry(quiet);
    const rows = new Connections(quiet, systemRandom);
    registry.load(vault);
    rows.load(vault);
    const endpoint = 'http://127.0.0.1:9/none';
    for (const id of new Set([provider, ...connections.map((one) => one.provider ?? provider)])) {
      const endpoints = { authorization_endpoint: endpoint, token_endpoint: endpoint };
      const fields = { id, client_id: 'client', ...endpoints };
      registry.put(buildEntry({ fields, secret: undefined }, undefined), undefined);
    }
    const secrets: string[] = [];
    rows.atomically(() => {
      for (const [number, connection] of connections.entries()) {
        const { access_token, refresh_token } = insert(
          rows,
          { provider, ...connection },
          number,
          clock.wall(),
        );
        if (number < LOOKED_FOR) secrets.push(access_token, refresh_token ?? access_token);
      }
    });
    vault.close();
    return secrets;
  };
}

function insert(
  rows: Connections,
  connection: FilledConnection & { readonly provider: string },
  number: number,
  now: number,
): TokenSet {
  const {
    provider,
    account,
    label = null,
    endsIn,
    refreshable = true,
    state = 'active',
    tokenBytes = 24,
    consentAge = 0,
  } = connection;
  const issued_at =
    endsIn !== null && connection.lasts !== undefined
      ? now + endsIn - connection.lasts
      : Math.min(now, now + (endsIn ?? 0)) - HOUR_MS;
  const tokens: TokenSet = {
    access_token: `access-${Buffer.from(systemRandom.bytes(tokenBytes)).toString('base64url')}`,
    token_type: 'Bearer',
    ...(refreshable
      ? { refresh_token: `refresh-${Buffer.from(systemRandom.bytes(24)).toString('base64url')}` }
      : {}),
    scope: [...(connection.scope ?? ['read'])],
    issued_at,
    expires_at: endsIn === null ? null : now + endsIn,
    expires_source: endsIn === null ? 'unknown' : 'expires_in',
  };
  rows.insert({
    doc: {
      schema: 1,
      id: rows.newId(),
      provider,
      account,
      label,
      identity: { issuer: 'http://127.0.0.1:9', subject: String(number) },
      scopes_asked: tokens.scope,
      created_at: now - consentAge,
      consented_at: now - consentAge,
      refreshed_at: null,
      state: stateOf(state, tokens, now),
    },
    secrets:
      state === 'revoked'
        ? { refresh_token: null, tokens: null }
        : { refresh_token: tokens.refresh_token ?? null, tokens },
    previous: null,
    intent: null,
  });
  return tokens;
}

function stateOf(state: NonNullable<FilledConnection['state']>, tokens: TokenSet, now: number): StoredState {
  const token = factsOf(tokens);
  switch (state) {
    case 'active':
      return { status: 'active', token };
    case 'needs_consent':
      return { status: 'needs_consent', cause: 'refused', since: now, token };
    case 'error':
      return { status: 'error', code: 'provider_refused', since: now, token };
    case 'revoked':
      return { status: 'revoked', at: now };
  }
}
