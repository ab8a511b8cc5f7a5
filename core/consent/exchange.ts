// From an accepted authorization response to a connection on disk. Same order as a refresh: the refresh token of the
// answer is committed before the answer is judged; nothing usable exists until every check has passed.
import { type Connections, nameOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import type { Connection } from '../model/connection.ts';
import { isOpenId, type Provider } from '../model/provider.ts';
import type { TokenSet } from '../model/token-set.ts';
import type { ValidatedCallback } from '../oauth/callback.ts';
import { fetchProfile } from '../oauth/identity.ts';
import { revokeToken } from '../oauth/revocation.ts';
import {
  type IdClaims,
  isTokenAnswer,
  judgeTokenAnswer,
  oauthErrorOf,
  rescueRefreshToken,
} from '../oauth/token-answer.ts';
import { exchangeCode } from '../oauth/token-request.ts';
import type { Clock, HttpPort, HttpResponse, LogPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { newConnection, secretFor, settle } from './settle.ts';

export interface ExchangeWorld {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly log: LogPort;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly events: EventLog;
}

export interface Wanted {
  /** The provider as it was when the consent began: the code goes to this token endpoint and no other (promise 41). */
  readonly provider: Provider;
  readonly scopes: readonly string[];
  readonly account: string | undefined;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly nonce: string;
}

/** Exchanges the code once (it is never sent again, promise 48) and stores the connection. Throws TokentrayError. */
export async function completeConsent(
  world: ExchangeWorld,
  wanted: Wanted,
  callback: ValidatedCallback,
): Promise<Connection> {
  const { clock, http, registry } = world;
  const { provider } = wanted;
  const secret = secretFor(registry, provider);
  const answer = await exchangeCode(
    http,
    provider,
    secret,
    callback,
    wanted.redirectUri,
    wanted.codeVerifier,
  );
  if (answer.kind !== 'answered') {
    throw new TokentrayError(
      answer.kind === 'not_sent' ? 'offline' : 'consent_failed',
      `The token endpoint of ${provider.id} gave no answer (${answer.fault}). Start the consent again; a code is never sent twice.`,
    );
  }
  const { response } = answer;
  const receivedAt = clock.wall();
  const rescued = rescueRefreshToken(response);
  const held = rescued === undefined ? undefined : await hold(world, wanted, secret, rescued);

  const refusal = refusalOf(provider, response);
  if (refusal !== undefined) {
    if (held !== undefined) flag(world, held, refusal);
    throw refusal;
  }
  const openid = isOpenId(provider, wanted.scopes);
  let tokens: TokenSet;
  let id: IdClaims | undefined;
  try {
    const grant = { type: 'code', nonce: wanted.nonce, openid, asked: wanted.scopes } as const;
    const judged = await judgeTokenAnswer(http, provider, response, grant, receivedAt);
    tokens = judged.tokens;
    id = judged.id ?? (await fetchProfile(http, provider, tokens.access_token));
  } catch (cause) {
    if (held !== undefined && cause instanceof TokentrayError) flag(world, held, cause);
    throw cause;
  }
  return settle(world, wanted, { tokens, id, held: held?.id });
}

/** What an answer that is no token answer says, as an error for people. */
function refusalOf(provider: Provider, response: HttpResponse): TokentrayError | undefined {
  const error = oauthErrorOf(response);
  if (error === undefined && (response.status === 200 || isTokenAnswer(response))) return undefined;
  const what =
    error === undefined ? `answered with status ${response.status}` : `refused the code (${error})`;
  return new TokentrayError(
    'consent_failed',
    `The token endpoint of ${provider.id} ${what}. Start the consent again.`,
  );
}

/** A connection that only keeps the refresh token until the answer is judged. What cannot be stored is given back. */
async function hold(
  world: ExchangeWorld,
  wanted: Wanted,
  secret: string | undefined,
  refreshToken: string,
): Promise<Connection> {
  const doc = newConnection(world, wanted, 'unverified');
  const secrets = { refresh_token: refreshToken, tokens: null };
  try {
    world.connections.insert({ doc, secrets, previous: null, intent: null });
    return doc;
  } catch (error) {
    const result = await revokeToken(world.http, wanted.provider, secret, refreshToken, 'refresh_token');
    world.log.error('grant_not_stored', { provider: wanted.provider.id, given_back: result });
    throw error;
  }
}

/** The answer was refused: what was rescued stays, visible and unusable, until the user removes it. */
function flag(world: ExchangeWorld, held: Connection, cause: TokentrayError): void {
  const row = world.connections.update(held.id, (current) => ({
    ...current,
    doc: { ...current.doc, state: { status: 'error', code: cause.code, since: world.clock.wall() } },
  }));
  if (row === undefined) return;
  const name = nameOf(row.doc);
  world.events.emit({
    type: 'connection',
    action: 'added',
    connection: name,
    id: held.id,
    status: 'error',
    code: cause.code,
  });
  world.log.warn('consent_answer_refused', { connection: name, code: cause.code });
}
