// Makes a provider entry from what a person gives: a preset, an issuer, or everything by hand. Pure but for discovery,
// which the caller passes in. What the user says wins over discovery, discovery over the preset, the preset over defaults.
import { TokentrayError } from '../errors.ts';
import { parseInput } from '../model/field.ts';
import { type Provider, providerSchema } from '../model/provider.ts';
import type { Discovered } from '../oauth/discovery.ts';
import { isObject } from '../oauth/json.ts';
import { presetOf } from './presets/catalogue.ts';

const DEFAULTS = {
  schema: 1,
  discovery: 'none',
  authorization_response_iss_parameter_supported: false,
  scopes: [],
  scope_separator: ' ',
  pkce: 'S256',
  authorization_parameters: {},
  redirect: { host: '127.0.0.1', port: 'any' },
};

/** What a person may give: fields of the entry, plus `client_secret`, which is kept apart. */
export interface SplitInput {
  readonly fields: Readonly<Record<string, unknown>>;
  /** A text sets it, null clears it, undefined leaves it. */
  readonly secret: string | null | undefined;
}

/** The fields of an entry that its issuer fills in. */
export type DiscoveredFields = Partial<Provider> &
  Pick<
    Provider,
    | 'discovery'
    | 'authorization_endpoint'
    | 'token_endpoint'
    | 'authorization_response_iss_parameter_supported'
  > & { readonly issuer: string };

/** RFC 6749 appendix A.2: printable ASCII. */
export const CLIENT_SECRET = /^[\x20-\x7e]{1,4096}$/;

/** Takes the secret out of the input. Throws `invalid_field`. */
export function splitSecret(input: Readonly<Record<string, unknown>>): SplitInput {
  const { client_secret: secret, ...fields } = input;
  if (secret === undefined || secret === null) return { fields, secret };
  if (typeof secret !== 'string' || !CLIENT_SECRET.test(secret)) {
    throw new TokentrayError(
      'invalid_field',
      'Provider: the field client_secret must be 1 to 4096 printable characters.',
      {
        field: 'client_secret',
      },
    );
  }
  return { fields, secret };
}

/** The issuer to discover, when the input names one and does not bring the endpoints itself. */
export function issuerToDiscover(fields: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof fields.issuer !== 'string' || fields.discovery === 'none') return undefined;
  if (fields.authorization_endpoint !== undefined && fields.token_endpoint !== undefined) return undefined;
  return fields.issuer;
}

/** Builds and judges the entry. Throws `invalid_field`, `unknown_field` or `not_found`. */
export function buildEntry(input: SplitInput, discovered: Discovered | undefined): Provider {
  const { fields, secret } = input;
  const preset = fields.preset === undefined ? undefined : presetOf(String(fields.preset));
  const found =
    discovered === undefined ? {} : fromDiscovery(discovered, secret !== undefined && secret !== null);
  const merged: Record<string, unknown> = {
    ...DEFAULTS,
    ...preset?.entry,
    ...(preset === undefined
      ? {}
      : { documentation_url: preset.documentation_url, registration_url: preset.registration_url }),
    ...found,
    ...fields,
  };
  // Of the redirect rule one half may be given: the other one is that of the preset or the default.
  if (isObject(fields.redirect))
    merged.redirect = changeRedirect({ ...DEFAULTS.redirect, ...preset?.entry.redirect }, fields.redirect);
  // A parameter more does not drop those that the preset knows to be needed; null drops one.
  if (isObject(fields.authorization_parameters))
    merged.authorization_parameters = withoutNull({
      ...preset?.entry.authorization_parameters,
      ...fields.authorization_parameters,
    });
  merged.id ??= preset?.id;
  merged.name ??= preset?.name ?? merged.id;
  merged.token_endpoint_auth_method ??=
    secret === undefined || secret === null ? 'none' : 'client_secret_basic';
  return judgeEntry(merged, secret !== undefined && secret !== null);
}

/** Applies changes to an entry: null removes a field, objects (redirect, authorization_parameters) are merged. */
export function changeEntry(
  current: Provider,
  changes: Readonly<Record<string, unknown>>,
  hasSecret: boolean,
): Provider {
  // Without a prototype, a change named __proto__ is an unknown field like any other.
  const next: Record<string, unknown> = { __proto__: null, ...current };
  for (const [key, value] of Object.entries(changes)) {
    if (key === 'id' || key === 'schema' || key === 'preset') {
      throw new TokentrayError('invalid_field', `Provider: the field ${key} cannot be changed.`, {
        field: key,
      });
    }
    if (value === null) delete next[key];
    else if (key === 'redirect' && isObject(value)) next.redirect = changeRedirect(current.redirect, value);
    else if (isObject(value) && isObject(next[key])) next[key] = withoutNull({ ...next[key], ...value });
    else next[key] = value;
  }
  return judgeEntry(next, hasSecret);
}

/** Half of a loopback rule may be given; our scheme and a loopback address are no parts of each other. */
function changeRedirect(
  before: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (given.scheme !== undefined) return { ...given };
  return { ...(before.scheme === undefined ? before : DEFAULTS.redirect), ...given };
}

/** Fields whose address is sent secrets or tokens; `takes` says what of ours goes there. */
const RECEIVERS: readonly {
  readonly field: string;
  readonly takes: 'secrets' | 'access token';
  readonly of: (entry: Provider) => string | undefined;
}[] = [
  { field: 'token_endpoint', takes: 'secrets', of: (entry) => entry.token_endpoint },
  { field: 'revocation_endpoint', takes: 'secrets', of: (entry) => entry.revocation_endpoint },
  { field: 'profile.url', takes: 'access token', of: (entry) => entry.profile?.url },
  { field: 'userinfo_endpoint', takes: 'access token', of: (entry) => entry.userinfo_endpoint },
];

export interface Move {
  readonly field: string;
  /** The client secret goes there: it must be entered again (RFC 6749 section 2.3.1, promise 61). */
  readonly takesSecret: boolean;
}

/**
 * The first field by which secrets or tokens would go to another place than now. The token endpoint is its whole
 * address; for the others an origin that is sent the same things already is no other place.
 */
export function moveOf(current: Provider, next: Provider): Move | undefined {
  const known = (takes: string) =>
    RECEIVERS.filter((each) => takes === 'access token' || each.takes === takes)
      .map((each) => each.of(current))
      .filter((address) => address !== undefined)
      .map((address) => new URL(address).origin);
  const moved = RECEIVERS.filter(({ field, takes, of }) => {
    const to = of(next);
    if (to === undefined || to === of(current)) return false;
    return field === 'token_endpoint' || !known(takes).includes(new URL(to).origin);
  });
  const first = moved[0];
  return first === undefined ? undefined : { field: first.field, takesSecret: first.takes === 'secrets' };
}

/** A whole entry. Throws `invalid_field` or `unknown_field`. */
export function judgeEntry(fields: Record<string, unknown>, hasSecret: boolean): Provider {
  const provider = parseInput(providerSchema, fields, 'Provider');
  if (provider.authorization_response_iss_parameter_supported && provider.issuer === undefined) {
    throw new TokentrayError(
      'invalid_field',
      'Provider: the field issuer is missing. Without it the iss of a response (RFC 9207) cannot be compared.',
      { field: 'issuer' },
    );
  }
  if (provider.token_endpoint_auth_method !== 'none' && !hasSecret) {
    throw new TokentrayError(
      'invalid_field',
      `Provider: the field client_secret is missing. The method ${provider.token_endpoint_auth_method} needs it; for a public client set token_endpoint_auth_method to none.`,
      { field: 'client_secret' },
    );
  }
  return provider;
}

/**
 * RFC 9700 section 4.4.2: an entry that sends people to the same authorization endpoint as another one, but takes the
 * code to another token endpoint, is how a mix-up is built. Throws `conflict`, naming the other provider.
 */
export function refuseMixUp(entry: Provider, others: readonly Provider[]): void {
  const twin = others.find(
    (other) =>
      other.id !== entry.id &&
      placeOf(other.authorization_endpoint) === placeOf(entry.authorization_endpoint) &&
      placeOf(other.token_endpoint) !== placeOf(entry.token_endpoint),
  );
  if (twin === undefined) return;
  throw new TokentrayError(
    'conflict',
    `Provider: the field token_endpoint differs from that of ${twin.id}, which has the same authorization_endpoint. One of the two would receive codes meant for the other; check both addresses.`,
    { field: 'token_endpoint' },
  );
}

/** Who receives what is sent there: the spelling of host and port, and the query, make no other place. */
function placeOf(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint);
  return origin + pathname;
}

/** Sentences about what an entry gives up. */
export function warningsOf(provider: Provider): string[] {
  const warnings: string[] = [];
  if (provider.pkce === 'off')
    warnings.push('PKCE is off: a stolen authorization code could be used by others.');
  if (provider.authorization_endpoint.startsWith('http:') || provider.token_endpoint.startsWith('http:')) {
    warnings.push('An endpoint is plain http on this machine: for practice servers only.');
  }
  return warnings;
}

/** What a discovery document gives an entry. Throws `discovery_failed` where it does not offer PKCE with S256. */
export function fromDiscovery({ kind, metadata }: Discovered, hasSecret: boolean): DiscoveredFields {
  const methods = metadata.token_endpoint_auth_methods_supported;
  const usable = (['client_secret_basic', 'client_secret_post'] as const).filter(
    (method) => methods?.includes(method) ?? true,
  );
  if (metadata.code_challenge_methods_supported?.includes('S256') === false) {
    // RFC 7636 section 7.2: never fall back to plain. The user may switch PKCE off by hand, and sees it everywhere.
    throw new TokentrayError(
      'discovery_failed',
      'The provider does not offer PKCE with S256. If you trust it all the same, enter the endpoints by hand and set pkce to off.',
      { field: 'pkce' },
    );
  }
  const algorithms = metadata.id_token_signing_alg_values_supported?.filter((name) =>
    /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/.test(name),
  );
  const wanted = ['openid', 'email', 'profile', 'offline_access'];
  const supported = metadata.scopes_supported;
  return {
    discovery: kind,
    issuer: metadata.issuer,
    authorization_endpoint: metadata.authorization_endpoint,
    token_endpoint: metadata.token_endpoint,
    ...(metadata.revocation_endpoint === undefined
      ? {}
      : { revocation_endpoint: metadata.revocation_endpoint }),
    ...(metadata.userinfo_endpoint === undefined ? {} : { userinfo_endpoint: metadata.userinfo_endpoint }),
    ...(metadata.jwks_uri === undefined ? {} : { jwks_uri: metadata.jwks_uri }),
    ...(algorithms?.length ? { id_token_signing_alg_values_supported: algorithms } : {}),
    authorization_response_iss_parameter_supported:
      metadata.authorization_response_iss_parameter_supported ?? false,
    ...(hasSecret ? { token_endpoint_auth_method: usable[0] ?? 'client_secret_basic' } : {}),
    ...(kind === 'openid'
      ? { scopes: wanted.filter((scope) => scope === 'openid' || supported?.includes(scope)) }
      : {}),
  };
}

function withoutNull(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
