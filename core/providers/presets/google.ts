// Google: OpenID Connect with a refresh token only when `access_type=offline` and the consent page is shown again.
import type { Preset } from './preset.ts';

export const google: Preset = {
  id: 'google',
  name: 'Google',
  verified_on: '2026-11-23',
  documentation_url: 'https://developers.google.com/identity/protocols/oauth2/native-app',
  registration_url: 'https://console.cloud.google.com/apis/credentials',
  redirect_note:
    'A client of the type Desktop app needs no registered address: Google accepts any port on 127.0.0.1.',
  entry: {
    name: 'Google',
    issuer: 'https://accounts.google.com',
    discovery: 'openid',
    authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
    token_endpoint: 'https://oauth2.googleapis.com/token',
    revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
    userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
    authorization_response_iss_parameter_supported: false,
    // Desktop clients at Google have a secret and send it in the body, beside PKCE.
    token_endpoint_auth_method: 'client_secret_post',
    scopes: ['openid', 'email'],
    authorization_parameters: { access_type: 'offline', prompt: 'consent' },
    redirect: { host: '127.0.0.1', port: 'any' },
    // "The refresh token has not been used for six months"; the shortest six months there are. An app whose publishing
    // status is Testing also has refresh_absolute_seconds 604800 (7 days): that is for its owner to set.
    refresh_idle_seconds: 181 * 86_400,
    api_base_url: 'https://www.googleapis.com/',
  },
};
