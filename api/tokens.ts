// The route this program exists for: a fresh access token for a caller that may have it; and the two that act on a
// grant by name. A GET never starts a consent. What is handed out is decided by the engine alone.
import { z } from 'zod';
import { LIMITS } from '../core/limits.ts';
import { connectionRef } from './names.ts';
import { flag, seconds } from './query.ts';
import { type Call, route } from './route.ts';
import { connectionJson, plainToken, tokenJson } from './to-wire.ts';
import type { TokenJson } from './wire.ts';

/** No token has more scopes; a longer text is a mistake. */
const SCOPE_CHARS = 4_000;

const tokenQuery = () => {
  const scope = z.string().max(SCOPE_CHARS);
  return z.strictObject({
    min_valid: seconds(LIMITS.lifetimeMaxSeconds)
      .optional()
      .meta({ description: 'Seconds the token must still live' }),
    scope: z
      .union([scope, z.array(scope).max(100)], { error: 'must be scopes separated by spaces' })
      .transform((given) => [given].flat().flatMap((part) => part.split(' ').filter((name) => name !== '')))
      .optional()
      .meta({ description: 'Scopes the token must have, separated by spaces; may be repeated' }),
    force: flag().optional().meta({ description: 'Refresh first, whatever is left' }),
    wait: seconds(LIMITS.waitMaxSeconds)
      .optional()
      .meta({ description: 'Seconds to wait for a consent that is open' }),
    format: z.enum(['json', 'token', 'header']).optional(),
  });
};

type TokenQuery = z.infer<ReturnType<typeof tokenQuery>>;
type Format = 'json' | 'token' | 'header';

type TokenCall = Pick<
  Call<'GET /v1/token/{provider}', TokenQuery, undefined>,
  'engine' | 'caller' | 'door' | 'request' | 'query'
>;

async function handOut(call: TokenCall, ref: string): Promise<TokenJson | Response> {
  const { engine, caller, door, request, query } = call;
  const given = await engine.tokens.handOut(caller, ref, {
    minValid: query.min_valid,
    scope: query.scope,
    force: query.force,
    wait: query.wait,
    door,
    signal: request.signal,
  });
  const format = query.format ?? acceptedFormat(request.headers.get('accept'));
  return format === 'json' ? tokenJson(given) : plainToken(given, format);
}

/** RFC 9110 section 12.5.1, as far as two forms need it: plain text only for those who ask for it and not for JSON. */
function acceptedFormat(accept: string | null): Format {
  if (accept === null || !accept.includes('text/plain')) return 'json';
  return accept.includes('application/json') ? 'json' : 'token';
}

export const tokenRoutes = {
  'GET /v1/token/{provider}': route('GET /v1/token/{provider}', {
    summary: 'A fresh access token, by connection id or by a provider with one connection',
    query: tokenQuery,
    answer: 'Token',
    handle: (call) => handOut(call, connectionRef(call.param('provider'))),
  }),
  'GET /v1/token/{provider}/{account}': route('GET /v1/token/{provider}/{account}', {
    summary: 'A fresh access token',
    query: tokenQuery,
    answer: 'Token',
    handle: (call) => handOut(call, connectionRef(call.param('provider'), call.param('account'))),
  }),
  'POST /v1/refresh/{provider}': route('POST /v1/refresh/{provider}', {
    summary: 'Refresh now, by connection id or by a provider with one connection',
    answer: 'Connection',
    handle: async ({ engine, caller, param }) =>
      connectionJson(await engine.connections.refresh(caller, connectionRef(param('provider')))),
  }),
  'POST /v1/refresh/{provider}/{account}': route('POST /v1/refresh/{provider}/{account}', {
    summary: 'Refresh now',
    answer: 'Connection',
    handle: async ({ engine, caller, param }) =>
      connectionJson(
        await engine.connections.refresh(caller, connectionRef(param('provider'), param('account'))),
      ),
  }),
  'POST /v1/revoke/{provider}': route('POST /v1/revoke/{provider}', {
    summary: 'Revoke the grant, by connection id or by a provider with one connection',
    answer: 'Connection',
    handle: async ({ engine, caller, param }) =>
      connectionJson(await engine.connections.revoke(caller, connectionRef(param('provider')))),
  }),
  'POST /v1/revoke/{provider}/{account}': route('POST /v1/revoke/{provider}/{account}', {
    summary: 'Revoke the grant (RFC 7009) and keep the connection as revoked',
    answer: 'Connection',
    handle: async ({ engine, caller, param }) =>
      connectionJson(
        await engine.connections.revoke(caller, connectionRef(param('provider'), param('account'))),
      ),
  }),
};
