// Judges answers of the token endpoint (RFC 6749 sections 5.1 and 5.2, OpenID Connect Core 3.1.3.7).
// Two steps on purpose: `rescueRefreshToken` looks only for the new refresh token, `judgeTokenAnswer` is strict.
import * as oauth from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Provider } from '../model/provider.ts';
import type { RefreshExpiry, TokenSet } from '../model/token-set.ts';
import type { HttpPort, HttpResponse } from '../ports.ts';
import { expiryOf, refreshExpiryOf } from './expiry.ts';
import { readJsonObject } from './json.ts';
import { clientOf, serverOf } from './server.ts';
import { requestOptions, TransportFailure } from './transport.ts';

// RFC 6749 section 5.1 says 200; some servers answer 201 (created) all the same, and the old token is used up then too.
function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status <= 299;
}

/** The string `refresh_token` of a 2xx JSON object, whatever else is wrong with it; undefined when there is none. */
export function rescueRefreshToken(response: HttpResponse): string | undefined {
  if (!isSuccess(response)) return undefined;
  const token = readJsonObject(response.body)?.refresh_token;
  return typeof token === 'string' && token !== '' ? token : undefined;
}

/** True for what is to be kept and judged: a 200 with any JSON object, another 2xx with one that holds a token. */
export function isTokenAnswer(response: HttpResponse): boolean {
  if (!isSuccess(response)) return false;
  const body = readJsonObject(response.body);
  if (body === undefined) return false;
  return response.status === 200 || [body.access_token, body.refresh_token].some((token) => token != null);
}

/** The `error` of a well-formed OAuth error (RFC 6749 section 5.2), also where a provider hides it in a 2xx. */
export function oauthErrorOf(response: HttpResponse): string | undefined {
  const { status } = response;
  // 501: what some servers answer for unsupported_grant_type.
  if (!isSuccess(response) && status !== 501 && (status < 400 || status > 499)) return undefined;
  const body = readJsonObject(response.body);
  if (body === undefined || typeof body.error !== 'string') return undefined;
  // A null field is an absent field, here as in judgeTokenAnswer.
  if (isSuccess(response) && body.access_token !== undefined && body.access_token !== null) return undefined;
  return /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,60}$/.test(body.error) ? body.error : undefined;
}

export interface IdClaims {
  readonly issuer: string;
  readonly subject: string;
  /** email, preferred_username or name: whatever names the account best. */
  readonly label: string | null;
}

export interface JudgedAnswer {
  readonly tokens: TokenSet;
  readonly id: IdClaims | undefined;
}

/** RFC 6749 appendix A.12 without the space: the token goes into a header as it is (RFC 6750 section 2.1). */
const HEADER_SAFE = /^[\x21-\x7e]+$/;

export type Grant =
  | {
      readonly type: 'code';
      readonly nonce: string;
      readonly openid: boolean;
      readonly asked: readonly string[];
    }
  | {
      readonly type: 'refresh';
      readonly previous: TokenSet | undefined;
      readonly asked: readonly string[];
      readonly refreshToken: string;
    };

/**
 * Strict judgement of a 2xx answer received at `issuedAt` (wall clock, milliseconds). Throws
 * `provider_answer_invalid` with a sentence that holds nothing of the answer.
 */
export async function judgeTokenAnswer(
  http: HttpPort,
  provider: Provider,
  response: HttpResponse,
  grant: Grant,
  issuedAt: number,
): Promise<JudgedAnswer> {
  const body = readJsonObject(response.body);
  if (body === undefined) throw invalid(provider, 'is not a JSON object');
  // A null field is an absent field (several providers write "refresh_token": null).
  for (const key of Object.keys(body))
    if (body[key] === null || (key === 'refresh_token' && body[key] === '')) delete body[key];
  // An ID token can only be checked against a known issuer; nobody asked this provider for one.
  if (provider.issuer === undefined) delete body.id_token;

  const subject = new Response(JSON.stringify(body), {
    status: 200,
    headers: { 'content-type': 'application/json' },
  });
  const server = serverOf(provider);
  const client = {
    ...clientOf(provider),
    [oauth.clockTolerance]: LIMITS.idTokenToleranceSeconds,
    // An answer that was stored and judged after a restart is judged as of the time it came.
    [oauth.clockSkew]: Math.round((issuedAt - Date.now()) / 1_000),
  };
  let answer: oauth.TokenEndpointResponse;
  try {
    if (grant.type === 'code') {
      const nonce = grant.openid ? { expectedNonce: grant.nonce, requireIdToken: true } : {};
      answer = await oauth.processAuthorizationCodeResponse(server, client, subject, nonce);
      if (answer.id_token !== undefined) {
        await oauth.validateApplicationLevelSignature(server, subject, requestOptions(http));
      }
    } else {
      answer = await oauth.processRefreshTokenResponse(server, client, subject);
    }
  } catch (error) {
    throw invalid(provider, reasonOf(error, clockHint(response, issuedAt)));
  }
  if (answer.token_type !== 'bearer') throw invalid(provider, 'has a token_type other than Bearer');
  if (!HEADER_SAFE.test(answer.access_token))
    throw invalid(provider, 'has an access token with characters that a header cannot carry');

  const claims = oauth.getValidatedIdTokenClaims(answer);
  const refreshToken = answer.refresh_token ?? (grant.type === 'refresh' ? grant.refreshToken : undefined);
  const refreshExpiry = refreshToken === undefined ? undefined : endOfRefreshToken(answer, grant, issuedAt);
  const idToken = answer.id_token ?? (grant.type === 'refresh' ? grant.previous?.id_token : undefined);
  return {
    tokens: {
      access_token: answer.access_token,
      token_type: 'Bearer',
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      ...(idToken === undefined ? {} : { id_token: idToken }),
      scope: grantedScope(answer.scope, grant, provider),
      issued_at: issuedAt,
      ...expiryOf(
        {
          expiresIn: answer.expires_in,
          accessToken: answer.access_token,
          presetSeconds: provider.access_token_seconds,
          refreshable: refreshToken !== undefined,
        },
        issuedAt,
      ),
      ...(refreshExpiry === undefined ? {} : { refresh_expiry: refreshExpiry }),
    },
    id:
      claims === undefined ? undefined : { issuer: claims.iss, subject: claims.sub, label: labelOf(claims) },
  };
}

/** Identity from an ID token that `judgeTokenAnswer` has accepted before; undefined when it holds none. */
export function validatedIdClaims(idToken: string): IdClaims | undefined {
  const claims = readJsonObject(Buffer.from(idToken.split('.')[1] ?? '', 'base64url'));
  if (typeof claims?.iss !== 'string' || typeof claims.sub !== 'string') return undefined;
  return { issuer: claims.iss, subject: claims.sub, label: labelOf(claims) };
}

/** RFC 6749 section 5.1: absent means "as asked"; on refresh (section 6) "as before". An empty one counts as absent. */
function grantedScope(scope: string | undefined, grant: Grant, provider: Provider): string[] {
  if (scope === undefined || scope.trim() === '') {
    return [...((grant.type === 'refresh' ? grant.previous?.scope : undefined) ?? grant.asked)];
  }
  const separator = provider.scope_separator === ',' ? /[\s,]+/ : /\s+/;
  return scope.split(separator).filter((part) => part !== '');
}

/** What an earlier answer said stays true of a refresh token that stays, and of an end that does not move. */
function endOfRefreshToken(
  answer: oauth.TokenEndpointResponse,
  grant: Grant,
  issuedAt: number,
): RefreshExpiry | undefined {
  const previous = grant.type === 'refresh' ? grant.previous : undefined;
  const before = previous?.refresh_expiry;
  const stays = answer.refresh_token === undefined || answer.refresh_token === previous?.refresh_token;
  const at = refreshExpiryOf(answer, issuedAt) ?? (stays ? before?.at : undefined);
  if (at === undefined) return undefined;
  const moved = before === undefined || at > before.at + LIMITS.refreshExpiryToleranceMs;
  return { at, since: moved ? issuedAt : before.since };
}

function labelOf(claims: Record<string, unknown>): string | null {
  for (const key of ['email', 'preferred_username', 'name']) {
    const value = claims[key];
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  return null;
}

function invalid(provider: Provider, what: string): TokentrayError {
  return new TokentrayError(
    'provider_answer_invalid',
    `The answer of ${provider.id}'s token endpoint ${what}. Nothing of it is used.`,
  );
}

/** RFC 9110 section 6.6.1: when the provider sent it, by its own clock. */
function clockHint({ headers }: HttpResponse, receivedAt: number): string {
  const seconds = Math.round((receivedAt - Date.parse(headers.get('date') ?? '')) / 1_000);
  if (!Number.isFinite(seconds) || Math.abs(seconds) <= LIMITS.idTokenToleranceSeconds)
    return 'check the clock of this machine';
  return `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} that of the provider: set it right`;
}

/** A fixed sentence per kind of failure: the library's own message may quote the answer. */
function reasonOf(error: unknown, clock: string): string {
  if (error instanceof TransportFailure) return 'has an ID token whose signing keys could not be fetched';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case oauth.JWT_TIMESTAMP_CHECK:
      return `has an ID token that is expired or from the future (${clock})`;
    case oauth.JWT_CLAIM_COMPARISON:
      return 'has an ID token with another nonce, audience or issuer';
    case oauth.KEY_SELECTION:
      return 'has an ID token signed by an unknown key';
    case oauth.UNSUPPORTED_OPERATION:
      return 'uses a token type or signature that is not supported';
    case oauth.RESPONSE_BODY_ERROR:
      return 'is an error';
    default:
      return 'is not a valid token answer (RFC 6749 section 5.1)';
  }
}
