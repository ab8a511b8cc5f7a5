// Token revocation (RFC 7009). An answer of 200 is the only proof that a grant is gone.
import * as oauth from 'oauth4webapi';
import type { Provider } from '../model/provider.ts';
import type { HttpPort } from '../ports.ts';
import { clientAuthOf, clientOf, serverOf } from './server.ts';
import { requestOptions, TransportFailure } from './transport.ts';

export type Revocation = 'revoked' | 'not_supported' | 'refused' | 'unreachable';

/** Revokes a refresh token (and with it, by RFC 7009 section 2.1, the grant), or an access token. Never throws. */
export async function revokeToken(
  http: HttpPort,
  provider: Provider,
  secret: string | undefined,
  token: string,
  hint: 'refresh_token' | 'access_token',
): Promise<Revocation> {
  if (provider.revocation_endpoint === undefined) return 'not_supported';
  try {
    const response = await oauth.revocationRequest(
      serverOf(provider),
      clientOf(provider),
      clientAuthOf(provider, secret),
      token,
      {
        ...requestOptions(http),
        additionalParameters: { token_type_hint: hint },
      },
    );
    return response.status === 200 ? 'revoked' : response.status >= 500 ? 'unreachable' : 'refused';
  } catch (error) {
    // No error: the caller says that the provider was not reached, and leaves the connection as it was.
    if (error instanceof TransportFailure) return 'unreachable';
    throw error;
  }
}
