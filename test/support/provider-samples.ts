// Provider entries for tests, made by the same code that makes real ones.
import type { Provider } from '../../core/model/provider.ts';
import { buildEntry, splitSecret } from '../../core/providers/entry.ts';

/** What a person would type for a plain OAuth 2 provider with a public client. */
export const ACME_INPUT = {
  id: 'acme',
  name: 'Acme',
  client_id: 'client-1',
  authorization_endpoint: 'https://as.acme.test/authorize',
  token_endpoint: 'https://as.acme.test/token',
  scopes: ['read', 'write'],
} as const;

/** The same with OpenID Connect; ID tokens are signed with ES256. */
const ACME_OPENID_INPUT = {
  ...ACME_INPUT,
  issuer: 'https://as.acme.test',
  discovery: 'none',
  jwks_uri: 'https://as.acme.test/jwks',
  id_token_signing_alg_values_supported: ['ES256'],
  scopes: ['openid', 'email'],
} as const;

export function acme(changes: Readonly<Record<string, unknown>> = {}): Provider {
  return buildEntry(splitSecret({ ...ACME_INPUT, ...changes }), undefined);
}

export function acmeOpenId(changes: Readonly<Record<string, unknown>> = {}): Provider {
  return buildEntry(splitSecret({ ...ACME_OPENID_INPUT, ...changes }), undefined);
}
