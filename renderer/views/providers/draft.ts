// A provider as the form holds it: text for every field but the client secret, which is never part of it. Pure: makes a
// draft from an entry, and from a draft the fields to send. The host judges; here is only seen what is missing.
import type { PresetJson, ProviderJson } from '../../../api/wire.ts';

export type Way = 'preset' | 'issuer' | 'hand';

export type AuthMethod = ProviderJson['token_endpoint_auth_method'];
type Loopback = Extract<ProviderJson['redirect'], { host: unknown }>;
/** `tokentray`: no host, but our own scheme. */
export type RedirectHost = Loopback['host'] | 'tokentray';
export type RedirectPort = Loopback['port'];

export interface Draft {
  readonly way: Way;
  readonly preset: string;
  readonly issuer: string;
  readonly id: string;
  readonly name: string;
  readonly client_id: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly revocation_endpoint: string;
  readonly userinfo_endpoint: string;
  readonly jwks_uri: string;
  /** With spaces or line breaks between them. */
  readonly scopes: string;
  /** Empty: as preset, discovery and secret make it. */
  readonly token_endpoint_auth_method: AuthMethod | '';
  readonly pkce: ProviderJson['pkce'] | '';
  readonly redirect_host: RedirectHost | '';
  readonly redirect_port: RedirectPort | '';
  /** `name=value`, one a line. */
  readonly authorization_parameters: string;
  readonly profile_url: string;
  readonly profile_subject: string;
  readonly profile_label: string;
  readonly api_base_url: string;
  readonly access_token_seconds: string;
  readonly refresh_idle_seconds: string;
  readonly refresh_absolute_seconds: string;
}

export type DraftField = keyof Draft;

export const EMPTY_DRAFT: Draft = {
  way: 'preset',
  preset: '',
  issuer: '',
  id: '',
  name: '',
  client_id: '',
  authorization_endpoint: '',
  token_endpoint: '',
  revocation_endpoint: '',
  userinfo_endpoint: '',
  jwks_uri: '',
  scopes: '',
  token_endpoint_auth_method: '',
  pkce: '',
  redirect_host: '',
  redirect_port: '',
  authorization_parameters: '',
  profile_url: '',
  profile_subject: '',
  profile_label: '',
  api_base_url: '',
  access_token_seconds: '',
  refresh_idle_seconds: '',
  refresh_absolute_seconds: '',
};

/** Texts that are sent as they are, under the same name. */
const PLAIN = [
  'name',
  'client_id',
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'token_endpoint_auth_method',
  'pkce',
  'api_base_url',
] as const satisfies readonly DraftField[];

/** Whole numbers of seconds, or empty. */
export const SECONDS = [
  'access_token_seconds',
  'refresh_idle_seconds',
  'refresh_absolute_seconds',
] as const satisfies readonly DraftField[];

export function draftOf(provider: ProviderJson): Draft {
  const { redirect, profile, scopes, authorization_parameters, preset, id } = provider;
  return {
    ...EMPTY_DRAFT,
    ...Object.fromEntries(PLAIN.map((field) => [field, provider[field] ?? ''])),
    way: preset !== undefined ? 'preset' : provider.discovery === 'none' ? 'hand' : 'issuer',
    preset: preset ?? '',
    id,
    scopes: scopes.join(' '),
    redirect_host: 'scheme' in redirect ? 'tokentray' : redirect.host,
    redirect_port: 'scheme' in redirect ? '' : redirect.port,
    authorization_parameters: Object.entries(authorization_parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    profile_url: profile?.url ?? '',
    profile_subject: profile?.subject ?? '',
    profile_label: profile?.label ?? '',
    ...Object.fromEntries(SECONDS.map((field) => [field, provider[field]?.toString() ?? ''])),
  };
}

/** The fields of a new provider. What is empty is left to preset, discovery and defaults. */
export function newFields(draft: Draft): Record<string, unknown> {
  const { way } = draft;
  // What was typed before another way was chosen is not part of this one.
  const foreign = way === 'hand' ? [] : way === 'issuer' ? ENDPOINTS : ['issuer', ...ENDPOINTS];
  const given = Object.entries(fieldsOf(draft)).filter(
    ([field, value]) => value !== undefined && !foreign.includes(field),
  );
  return {
    ...Object.fromEntries(given),
    id: draft.id.trim(),
    ...(way === 'preset' ? { preset: draft.preset } : {}),
  };
}

/** The fields that differ from the entry; null takes one away. Empty when nothing differs. */
export function changedFields(draft: Draft, provider: ProviderJson): Record<string, unknown> {
  const before = fieldsOf(draftOf(provider));
  const after = fieldsOf(draft);
  const changes = Object.keys(after)
    .filter((field) => JSON.stringify(after[field]) !== JSON.stringify(before[field]))
    .map((field) => [field, after[field] ?? EMPTIED[field] ?? null]);
  const changed: Record<string, unknown> = Object.fromEntries(changes);
  if ('authorization_parameters' in changed) {
    // The host merges them: one that is gone has to be named.
    const gone = Object.keys(provider.authorization_parameters).map((name) => [name, null]);
    changed.authorization_parameters = {
      ...Object.fromEntries(gone),
      ...parameters(draft.authorization_parameters),
    };
  }
  return changed;
}

const ENDPOINTS: readonly string[] = [
  'authorization_endpoint',
  'token_endpoint',
  'revocation_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
] satisfies readonly DraftField[];

/** Fields that an entry always has: emptied, they are sent empty. */
const EMPTIED: Readonly<Record<string, unknown>> = {
  scopes: [],
  name: '',
  client_id: '',
  authorization_endpoint: '',
  token_endpoint: '',
};

function fieldsOf(draft: Draft): Record<string, unknown> {
  const { redirect_host: host, redirect_port: port } = draft;
  const scopes = draft.scopes.split(/\s+/).filter((scope) => scope !== '');
  const profile = {
    url: draft.profile_url.trim(),
    subject: draft.profile_subject.trim(),
    label: draft.profile_label.trim(),
  };
  return {
    ...Object.fromEntries(PLAIN.map((field) => [field, draft[field].trim() || undefined])),
    scopes: scopes.length === 0 ? undefined : scopes,
    redirect: redirectOf(host, port),
    authorization_parameters: parameters(draft.authorization_parameters),
    profile: Object.values(profile).every((text) => text === '') ? undefined : profile,
    ...Object.fromEntries(SECONDS.map((field) => [field, secondsOf(draft[field])])),
  };
}

const LOOPBACK = { host: '127.0.0.1', port: 'any' } as const;

/** A half that is not chosen is left to the preset. */
function redirectOf(host: Draft['redirect_host'], port: Draft['redirect_port']) {
  if (host === 'tokentray') return { scheme: host };
  if (host === '' && port === '') return undefined;
  return { ...(host === '' ? {} : { host }), ...(port === '' ? {} : { port }) };
}

function secondsOf(text: string): number | undefined {
  return text.trim() === '' ? undefined : Number(text);
}

function parameters(text: string): Record<string, string> | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name.trim(), value.join('=').trim()];
    }),
  );
}

/** The rule for the redirect address: what is chosen, else that of the preset, else ours. */
export function redirectRule(draft: Draft, preset: PresetJson | undefined): ProviderJson['redirect'] {
  if (draft.redirect_host === 'tokentray') return { scheme: 'tokentray' };
  const given = preset?.redirect ?? LOOPBACK;
  if ('scheme' in given && draft.redirect_host === '' && draft.redirect_port === '') return given;
  const usual = 'scheme' in given ? LOOPBACK : given;
  return { host: draft.redirect_host || usual.host, port: draft.redirect_port || usual.port };
}

export function sameRule(left: ProviderJson['redirect'], right: ProviderJson['redirect']): boolean {
  if ('scheme' in left || 'scheme' in right) return 'scheme' in left && 'scheme' in right;
  return left.host === right.host && left.port === right.port;
}

/** What to register at the provider, as the host makes it (RFC 8252 section 7.3: `any` port is registered without one). */
export function redirectUri(id: string, rule: ProviderJson['redirect'], fixedPort: number): string {
  if ('scheme' in rule) return `tokentray://callback/${id.trim()}`;
  return `http://${rule.host}${rule.port === 'fixed' ? `:${fixedPort}` : ''}/callback/${id.trim()}`;
}
