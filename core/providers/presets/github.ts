// GitHub: plain OAuth 2, no ID token; accounts are told apart by the numeric id of /user. Classic tokens never expire
// and come without a refresh token; GitHub Apps give eight hours and rotate.
import type { Preset } from './preset.ts';

export const github: Preset = {
  id: 'github',
  name: 'GitHub',
  verified_on: '2026-11-23',
  documentation_url: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
  registration_url: 'https://github.com/settings/developers',
  redirect_note: 'Register it as the callback URL, exactly like this. GitHub accepts any port on 127.0.0.1.',
  entry: {
    name: 'GitHub',
    discovery: 'none',
    authorization_endpoint: 'https://github.com/login/oauth/authorize',
    token_endpoint: 'https://github.com/login/oauth/access_token',
    token_endpoint_auth_method: 'client_secret_post',
    scopes: ['read:user'],
    profile: { url: 'https://api.github.com/user', subject: 'id', label: 'login' },
    redirect: { host: '127.0.0.1', port: 'any' },
    api_base_url: 'https://api.github.com/',
  },
};
