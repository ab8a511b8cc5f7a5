// Sends the two requests of the token endpoint and returns the answer as raw bytes, unjudged: a new refresh token
// must be on disk before anybody decides whether the rest of the answer is good (see refresh/rotation.ts).
import * as oauth from 'oauth4webapi';
import type { Provider } from '../model/provider.ts';
import type { HttpPort, HttpResponse, NetworkFault } from '../ports.ts';
import type { ValidatedCallback } from './callback.ts';
import { clientAuthOf, clientOf, serverOf } from './server.ts';
import { requestOptions, TransportFailure } from './transport.ts';

export type TokenAnswer =
  | { readonly kind: 'answered'; readonly response: HttpResponse }
  | { readonly kind: 'not_sent'; readonly fault: NetworkFault }
  | { readonly kind: 'maybe_sent'; readonly fault: NetworkFault };

/** RFC 6749 section 4.1.3 with RFC 7636 section 4.5. The parameters must come from judgeCallback. */
export function exchangeCode(
  http: HttpPort,
  provider: Provider,
  secret: string | undefined,
  callback: ValidatedCallback,
  redirectUri: string,
  codeVerifier: string,
): Promise<TokenAnswer> {
  return collect(
    (options) =>
      oauth.authorizationCodeGrantRequest(
        serverOf(provider),
        clientOf(provider),
        clientAuthOf(provider, secret),
        callback,
        redirectUri,
        provider.pkce === 'S256' ? codeVerifier : oauth.nopkce,
        options,
      ),
    http,
  );
}

/** RFC 6749 section 6. Scope is not sent: the grant's own scope stays. */
export function refreshGrant(
  http: HttpPort,
  provider: Provider,
  secret: string | undefined,
  refreshToken: string,
): Promise<TokenAnswer> {
  return collect(
    (options) =>
      oauth.refreshTokenGrantRequest(
        serverOf(provider),
        clientOf(provider),
        clientAuthOf(provider, secret),
        refreshToken,
        options,
      ),
    http,
  );
}

async function collect(
  send: (options: ReturnType<typeof requestOptions>) => Promise<Response>,
  http: HttpPort,
): Promise<TokenAnswer> {
  try {
    const response = await send(requestOptions(http));
    const body = new Uint8Array(await response.arrayBuffer());
    return { kind: 'answered', response: { status: response.status, headers: response.headers, body } };
  } catch (error) {
    if (error instanceof TransportFailure) {
      return { kind: error.sent ? 'maybe_sent' : 'not_sent', fault: error.fault };
    }
    throw error;
  }
}
