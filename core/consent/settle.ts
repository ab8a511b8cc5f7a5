// Which connection a judged grant belongs to: the one of the same identity, or a new one. Another account than the one
// asked for is refused and overwrites nothing; what nobody wants is given back.
import { type ConnectionRow, nameOf, secretsOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Connection, Identity } from '../model/connection.ts';
import { slugName } from '../model/name.ts';
import type { Provider } from '../model/provider.ts';
import { factsOf, type TokenSet } from '../model/token-set.ts';
import { revokeToken } from '../oauth/revocation.ts';
import type { IdClaims } from '../oauth/token-answer.ts';
import type { Registry } from '../providers/registry.ts';
import { printable } from '../text.ts';
import type { ExchangeWorld, Wanted } from './exchange.ts';

export interface Granted {
  readonly tokens: TokenSet;
  readonly id: IdClaims | undefined;
  /** The row that holds the refresh token already, if there is one. */
  readonly held: string | undefined;
}

/** Gives the grant its connection: the one of the same identity, or a new one. Another account than asked is refused. */
export async function settle(world: ExchangeWorld, wanted: Wanted, granted: Granted): Promise<Connection> {
  const { connections } = world;
  const identity: Identity | null =
    granted.id === undefined ? null : { issuer: granted.id.issuer, subject: granted.id.subject };
  const named =
    wanted.account === undefined ? undefined : connections.byName(`${wanted.provider.id}/${wanted.account}`);
  // The row that holds the new token may have that name itself: then nobody else was asked for.
  const asked = named?.id === granted.held ? undefined : named;
  const known = identity === null ? undefined : connections.byIdentity(wanted.provider.id, identity);
  if (asked !== undefined && asked.identity !== null && identity === null) {
    // Not given back: it may be the very person, whose old grant could end with the new one.
    if (granted.held !== undefined) connections.remove(granted.held);
    throw new TokentrayError(
      'wrong_account',
      `${nameOf(asked)} belongs to a known account, but this consent does not say who signed in. Nothing was changed. Let the provider entry ask for the scope openid (with its issuer) or name a profile, and try again.`,
    );
  }
  if (asked !== undefined && asked.identity !== null && asked.id !== known?.id) {
    // Many providers revoke by person: a grant that this person has here already would end with the new one.
    if (known === undefined) await giveBack(world, wanted.provider, granted);
    else if (granted.held !== undefined) connections.remove(granted.held);
    const who = printable(granted.id?.label ?? 'another account', LIMITS.providerTextChars);
    throw new TokentrayError(
      'wrong_account',
      `${nameOf(asked)} was asked for, but ${who} signed in. Nothing was changed; sign in with the right account and try again.`,
    );
  }
  const target = known ?? asked;
  return target === undefined
    ? create(world, wanted, granted, identity)
    : renew(world, wanted, granted, target, identity);
}

function create(
  world: ExchangeWorld,
  wanted: Wanted,
  granted: Granted,
  identity: Identity | null,
): Connection {
  const { connections } = world;
  const { provider } = wanted;
  const label = granted.id?.label ?? null;
  const own = granted.held === undefined ? undefined : connections.get(granted.held);
  const taken = (account: string) => {
    const other = connections.byName(`${provider.id}/${account}`);
    return other !== undefined && other.id !== own?.id;
  };
  const account = wanted.account ?? slugName(label ?? granted.id?.subject ?? 'account', taken);
  const doc = grantedDoc(
    world,
    { ...(own ?? newConnection(world, wanted, account)), account },
    wanted,
    granted,
    identity,
  );
  const row: ConnectionRow = { doc, secrets: secretsOf(granted.tokens), previous: null, intent: null };
  if (own === undefined) connections.insert(row);
  else connections.update(own.id, () => row);
  world.events.emit({
    type: 'connection',
    action: 'added',
    connection: nameOf(doc),
    id: doc.id,
    status: 'active',
  });
  return doc;
}

function renew(
  world: ExchangeWorld,
  wanted: Wanted,
  granted: Granted,
  target: Connection,
  identity: Identity | null,
): Connection {
  const { connections } = world;
  // One transaction: the row that held the token goes when the renewed one is written, never before.
  const renewed = connections.atomically(() => {
    const row = connections.update(target.id, (current) => ({
      doc: grantedDoc(world, current.doc, wanted, granted, identity),
      // A provider may renew the access token without a new refresh token: the one we have stays (promise 87).
      secrets: {
        tokens: keepRefresh(granted.tokens, current),
        refresh_token: granted.tokens.refresh_token ?? current.secrets.refresh_token,
      },
      previous: granted.tokens.refresh_token === undefined ? current.previous : current.secrets.refresh_token,
      // Without a refresh token of its own the consent leaves a rotation under way alone: its answer still counts.
      intent: granted.tokens.refresh_token === undefined ? current.intent : null,
    }));
    if (granted.held !== undefined) connections.remove(granted.held);
    return row;
  });
  if (renewed === undefined)
    throw new TokentrayError(
      'conflict',
      'The connection was removed while its consent was under way. Start again.',
    );
  world.events.emit({
    type: 'connection',
    action: 'changed',
    connection: nameOf(renewed.doc),
    id: target.id,
    status: 'active',
  });
  return renewed.doc;
}

function keepRefresh(tokens: TokenSet, current: ConnectionRow): TokenSet {
  const kept = tokens.refresh_token ?? current.secrets.refresh_token;
  return kept === null || kept === undefined ? tokens : { ...tokens, refresh_token: kept };
}

function grantedDoc(
  world: ExchangeWorld,
  base: Connection,
  wanted: Wanted,
  granted: Granted,
  identity: Identity | null,
): Connection {
  const label = granted.id?.label ?? base.label;
  // A new consent says that the connection shall stay, whatever a former run began.
  const { removing_since: _removing, ...stays } = base;
  const { imported_at: _imported, after_review: _after, ...own } = stays;
  // A consent without a refresh token keeps the one of before, and all that is to be said of that.
  const kept =
    granted.tokens.refresh_token === undefined ? stays : { ...own, ...world.connections.givenNow() };
  return {
    ...kept,
    label: label === null ? null : printable(label, LIMITS.providerTextChars),
    // Who granted is never forgotten.
    identity: identity ?? base.identity,
    scopes_asked: [...wanted.scopes],
    consented_at: world.clock.wall(),
    state: { status: 'active', token: factsOf(granted.tokens) },
  };
}

export function newConnection(
  world: ExchangeWorld,
  wanted: Pick<Wanted, 'provider' | 'scopes'>,
  account: string,
): Connection {
  const { connections, clock } = world;
  const { provider } = wanted;
  const now = clock.wall();
  return {
    schema: 1,
    id: connections.newId(),
    provider: provider.id,
    account: slugName(
      account,
      (candidate) => connections.byName(`${provider.id}/${candidate}`) !== undefined,
    ),
    label: null,
    identity: null,
    scopes_asked: [...wanted.scopes],
    created_at: now,
    consented_at: null,
    refreshed_at: null,
    ...connections.givenNow(),
    state: { status: 'new', since: now },
  };
}

async function giveBack(world: ExchangeWorld, provider: Provider, granted: Granted): Promise<void> {
  const secret = secretFor(world.registry, provider);
  const refreshToken = granted.tokens.refresh_token;
  const token = refreshToken ?? granted.tokens.access_token;
  const result = await revokeToken(
    world.http,
    provider,
    secret,
    token,
    refreshToken === undefined ? 'access_token' : 'refresh_token',
  );
  if (result !== 'revoked') world.log.warn('grant_not_given_back', { provider: provider.id, result });
  if (granted.held !== undefined) world.connections.remove(granted.held);
}

/** The secret belongs to the token endpoint it was entered for: after a change of endpoint there is none to send. */
export function secretFor(registry: Registry, provider: Provider): string | undefined {
  const now = registry.withSecret(provider.id);
  if (now.provider.token_endpoint !== provider.token_endpoint) {
    throw new TokentrayError(
      'conflict',
      `The provider ${provider.id} was changed while its consent was open. Start the consent again.`,
    );
  }
  return now.secret;
}
