// A provider entry as oauth4webapi wants it: server metadata, client metadata and client authentication.
import * as oauth from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import type { Provider } from '../model/provider.ts';

/** RFC 8414 section 2. An entry typed by hand without an issuer gets its token endpoint's origin: never compared then. */
export function serverOf(provider: Provider): oauth.AuthorizationServer {
  return {
    issuer: provider.issuer ?? new URL(provider.token_endpoint).origin,
    authorization_endpoint: provider.authorization_endpoint,
    token_endpoint: provider.token_endpoint,
    revocation_endpoint: provider.revocation_endpoint,
    userinfo_endpoint: provider.userinfo_endpoint,
    jwks_uri: provider.jwks_uri,
    id_token_signing_alg_values_supported: provider.id_token_signing_alg_values_supported,
    authorization_response_iss_parameter_supported: provider.authorization_response_iss_parameter_supported,
  };
}

export function clientOf(provider: Provider): oauth.Client {
  return { client_id: provider.client_id };
}

/** RFC 6749 section 2.3.1: the configured method and no other. A secret never goes into a URL. */
export function clientAuthOf(provider: Provider, secret: string | undefined): oauth.ClientAuth {
  if (provider.token_endpoint_auth_method !== 'none' && secret === undefined) {
    throw new TokentrayError(
      'conflict',
      `The provider ${provider.id} has no client_secret. Enter it again.`,
      {
        field: 'client_secret',
        action: { command: `tokentray providers update ${provider.id} --client-secret-stdin` },
      },
    );
  }
  switch (provider.token_endpoint_auth_method) {
    case 'none':
      return oauth.None();
    case 'client_secret_basic':
      return oauth.ClientSecretBasic(secret ?? '');
    case 'client_secret_post':
      return oauth.ClientSecretPost(secret ?? '');
  }
}
