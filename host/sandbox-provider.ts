// Keeps the provider entry `sandbox` in step with the practice server that runs. Its facts are known here, so that
// nothing has to be discovered and a stopped server never breaks the entry.
import type { Engine, ProviderInput } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';

const ID = 'sandbox';

/** Adds the entry, or moves it to a new port. Does nothing while the vault is not open. */
export async function ensureSandboxProvider(engine: Engine, issuer: string): Promise<void> {
  if (engine.state() !== 'open') return;
  const known = engine.providers.list().find((provider) => provider.id === ID);
  if (known === undefined) {
    await engine.providers.add({ ...entryOf(issuer), id: ID, client_id: 'tokentray-sandbox' });
    return;
  }
  if (known.issuer === issuer) return;
  if (known.connections > 0) {
    throw new TokentrayError(
      'conflict',
      `The sandbox now answers at ${issuer}, but the connections of ${ID} belong to ${known.issuer}. Remove them and connect again.`,
    );
  }
  await engine.providers.update(ID, entryOf(issuer));
}

function entryOf(issuer: string): ProviderInput {
  return {
    name: 'Sandbox',
    issuer,
    discovery: 'none',
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/jwks`,
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_method: 'none',
    scopes: ['openid', 'profile', 'contacts', 'offline_access'],
    api_base_url: `${issuer}/`,
  };
}
