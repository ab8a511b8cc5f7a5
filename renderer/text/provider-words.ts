// The names of a provider's fields, once: above each field and in the sentence about a mistake in it.
import type { DraftField } from '../views/providers/draft.ts';

export type FormField = Exclude<DraftField, 'way'> | 'client_secret';

export const FIELD_LABELS: Readonly<Record<FormField, string>> = {
  preset: 'Preset',
  issuer: 'Issuer URL',
  id: 'Short name',
  name: 'Display name',
  client_id: 'Client ID',
  client_secret: 'Client secret',
  authorization_endpoint: 'Authorization endpoint',
  token_endpoint: 'Token endpoint',
  revocation_endpoint: 'Revocation endpoint',
  userinfo_endpoint: 'Userinfo endpoint',
  jwks_uri: 'Address of its keys (JWKS)',
  scopes: 'Scopes',
  token_endpoint_auth_method: 'How the client proves itself',
  pkce: 'PKCE',
  redirect_host: 'Redirect host',
  redirect_port: 'Redirect port',
  authorization_parameters: 'Extra parameters',
  profile_url: 'Profile address',
  profile_subject: 'Account id field',
  profile_label: 'Account name field',
  api_base_url: 'API base address',
  access_token_seconds: 'Life of a token in seconds',
  refresh_idle_seconds: 'Longest idle time of a grant in seconds',
  refresh_absolute_seconds: 'Life of a grant in seconds',
};
