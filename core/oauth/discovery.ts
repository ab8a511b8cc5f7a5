// Discovery: OpenID Connect Discovery section 4, then RFC 8414 section 3. The document's issuer must be, to the
// character, the one asked for (RFC 8414 section 3.3); a document that fails is not kept in any form.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { endpointUrl } from '../model/field.ts';
import type { HttpPort } from '../ports.ts';
import { readJsonObject } from './json.ts';

/** What of a discovery document is used. Endpoints must be safe addresses; everything unknown is left out. */
const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: endpointUrl,
  token_endpoint: endpointUrl,
  revocation_endpoint: endpointUrl.optional(),
  userinfo_endpoint: endpointUrl.optional(),
  jwks_uri: endpointUrl.optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  scopes_supported: z.array(z.string()).optional(),
  response_types_supported: z.array(z.string()).optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});
export type ServerMetadata = z.infer<typeof metadata>;

export interface Discovered {
  readonly kind: 'openid' | 'oauth2';
  readonly metadata: ServerMetadata;
}

/** Both well-known addresses of an issuer, in the order they are tried. */
export function discoveryUrls(issuer: URL): readonly { kind: Discovered['kind']; url: URL }[] {
  const path = issuer.pathname.replace(/\/$/, '');
  // Only the path is set: resolved as a reference, a path that starts with // would name another host.
  const at = (pathname: string) => Object.assign(new URL(issuer.origin), { pathname });
  return [
    { kind: 'openid', url: at(`${path}/.well-known/openid-configuration`) },
    // RFC 8414 section 3.1 puts the well-known part before the issuer's path.
    { kind: 'oauth2', url: at(`/.well-known/oauth-authorization-server${path}`) },
  ];
}

/** Fetches and judges. Throws `offline`, `discovery_failed` or `issuer_mismatch`, each naming the issuer asked for. */
export async function discover(http: HttpPort, issuer: string): Promise<Discovered> {
  const asked = new URL(issuer);
  let why = 'no discovery document was found';
  for (const { kind, url } of discoveryUrls(asked)) {
    const outcome = await http.send({ method: 'GET', url, headers: { accept: 'application/json' } });
    if (outcome.kind !== 'answered') {
      throw new TokentrayError(
        'offline',
        `The issuer ${issuer} could not be reached (${outcome.fault}). Check the address and the network.`,
      );
    }
    const { status, body } = outcome.response;
    if (status !== 200) {
      why = `its discovery document was answered with status ${status}`;
      continue;
    }
    return { kind, metadata: judgeMetadata(issuer, body) };
  }
  throw new TokentrayError(
    'discovery_failed',
    `The issuer ${issuer} cannot be used: ${why}. Enter the endpoints by hand.`,
    {
      field: 'issuer',
    },
  );
}

/** Pure. Throws `issuer_mismatch` or `discovery_failed`. */
export function judgeMetadata(issuer: string, body: Uint8Array): ServerMetadata {
  const failed = (why: string) =>
    new TokentrayError('discovery_failed', `The discovery document of ${issuer} cannot be used: ${why}.`, {
      field: 'issuer',
    });
  const json = readJsonObject(body);
  if (json === undefined) throw failed('it is not a JSON object');
  if (json.issuer !== issuer) {
    throw new TokentrayError(
      'issuer_mismatch',
      `The discovery document of ${issuer} names another issuer. Use the issuer exactly as the provider writes it, also its last slash.`,
      { field: 'issuer' },
    );
  }
  const parsed = metadata.safeParse(json);
  if (!parsed.success)
    throw failed(`its field ${parsed.error.issues[0]!.path.join('.')} is missing or not usable`);
  if (parsed.data.response_types_supported?.includes('code') === false)
    throw failed('it does not offer the code flow');
  return parsed.data;
}
