// A provider: an authorization server plus our client registration there. Field names are those of RFC 8414
// (server metadata) and RFC 7591 (client metadata). Strict: an unknown field is refused, never carried along.
// The client secret is not part of this document; it is sealed in a column of its own and can only be written.
import { z } from 'zod';
import { endpointUrl, text } from './field.ts';
import { name, providerId } from './name.ts';

export const scope = z
  .string()
  // RFC 6749 section 3.3: printable ASCII without space, quote and backslash.
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/,
    'must be one scope, without spaces, quotes or backslashes and of at most 200 characters',
  );

/** Parameters of the authorization request that the code flow owns; an entry must not replace them. */
const RESERVED = new Set([
  'client_id',
  'client_secret',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'refresh_token',
  'request',
  'request_uri',
]);

const extraParameters = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'has a name that cannot be used: use 1 to 64 of A-Z, a-z, 0-9, _ . -'),
    z.string().max(1_000),
  )
  .refine((map) => !Object.keys(map).some((key) => RESERVED.has(key)), {
    error: (issue) => {
      const taken = Object.keys(issue.input as object).find((key) => RESERVED.has(key));
      return `must not set ${taken}: Tokentray sets it itself`;
    },
  });

const loopbackRedirect = z.strictObject({
  /** The host as it is registered at the provider. RFC 8252 section 7.3 prefers the IP literal. */
  host: z.enum(['127.0.0.1', '[::1]', 'localhost']),
  /** `any`: the provider lets the port differ (RFC 8252 section 7.3). `fixed`: one port from the settings. */
  port: z.enum(['any', 'fixed']),
});

/** Over our own scheme, for a provider that takes no loopback address: `tokentray://callback/{provider}`. */
const schemeRedirect = z.strictObject({
  // RFC 8252 section 7.1: no other scheme is ours to take (promise 25).
  scheme: z.literal('tokentray', { error: 'must be tokentray: no other scheme is taken' }),
});

/** A loopback address (RFC 8252 section 7.3), or a link of our scheme (section 7.1). */
const redirectRule = z.union([loopbackRedirect, schemeRedirect]);
export type LoopbackRedirect = z.infer<typeof loopbackRedirect>;

/** Where a plain OAuth 2 provider tells whose token this is: JSON at `url`, `subject` and `label` name top-level fields. */
const profileRule = z.strictObject({
  url: endpointUrl,
  subject: text(64),
  label: text(64),
});

/** From ten minutes, which a background refresh can meet, to ten years. */
const refreshLimit = z.int().min(600).max(315_360_000);

export const providerSchema = z.strictObject({
  schema: z.literal(1),
  id: providerId,
  name: text(80),
  preset: name.optional(),
  issuer: endpointUrl.optional(),
  /** Where the endpoints came from: OpenID Connect Discovery, RFC 8414, or typed by hand. */
  discovery: z.enum(['openid', 'oauth2', 'none']),
  authorization_endpoint: endpointUrl.refine(
    (value) =>
      !URL.canParse(value) || ![...new URL(value).searchParams.keys()].some((key) => RESERVED.has(key)),
    'has a parameter in its query that Tokentray sets itself: remove it',
  ),
  token_endpoint: endpointUrl,
  revocation_endpoint: endpointUrl.optional(),
  userinfo_endpoint: endpointUrl.optional(),
  jwks_uri: endpointUrl.optional(),
  /** Without it only RS256 is taken, as OpenID Connect Core section 3.1.3.7 says. `none` is never taken. */
  id_token_signing_alg_values_supported: z
    .array(
      z
        .string()
        .regex(/^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/, 'is not a supported signature algorithm'),
    )
    .max(12)
    .optional(),
  authorization_response_iss_parameter_supported: z.boolean(),
  client_id: text(500),
  token_endpoint_auth_method: z.enum(['none', 'client_secret_basic', 'client_secret_post']),
  scopes: z.array(scope).max(100),
  scope_separator: z.enum([' ', ',']),
  /** `off` only by hand, for a provider that rejects PKCE: shown as a warning everywhere (RFC 9700 section 2.1.1). */
  pkce: z.enum(['S256', 'off']),
  authorization_parameters: extraParameters,
  profile: profileRule.optional(),
  redirect: redirectRule,
  api_base_url: endpointUrl.optional(),
  /** Life of an access token where the provider's answer does not say. */
  access_token_seconds: z.int().min(30).max(315_360_000).optional(),
  /** A refresh token that is not used for so long is over. */
  refresh_idle_seconds: refreshLimit.optional(),
  /** So long after the consent the grant is over, whatever was done with it. */
  refresh_absolute_seconds: refreshLimit.optional(),
  documentation_url: endpointUrl.optional(),
  registration_url: endpointUrl.optional(),
});

export type Provider = z.infer<typeof providerSchema>;

/** Issues `openid`: the answer must then hold an ID token, and identity comes from it. */
export function isOpenId(
  provider: Pick<Provider, 'scopes' | 'issuer'>,
  scopes: readonly string[] = provider.scopes,
): boolean {
  return provider.issuer !== undefined && scopes.includes('openid');
}

/** What a consent asks for. At an OpenID provider always `openid` too: without it nobody says whose grant it is. */
export function scopesToAsk(
  provider: Pick<Provider, 'scopes' | 'issuer'>,
  wanted: readonly string[] = provider.scopes,
): readonly string[] {
  return isOpenId(provider) && !wanted.includes('openid') ? ['openid', ...wanted] : wanted;
}
