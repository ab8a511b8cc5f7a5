// What the scripted host of the command line's tests answers: fixed objects of the wire types, one of each kind.
// Text that could harm a terminal is planted where text from outside is shown.
import type {
  ConnectionJson,
  ConsentJson,
  KeyJson,
  PresetJson,
  ProviderJson,
  SandboxJson,
  SlotJson,
  TokenJson,
} from '../../api/wire.ts';

export const ACCESS_TOKEN = 'the-access-token-of-user1';
export const NEW_KEY = 'tt_the-new-key-shown-once-and-never-again';

/** Times are far enough from their unit's edge that a slow machine reads the same words. */
const fromNow = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

export const token = (): TokenJson => ({
  access_token: ACCESS_TOKEN,
  token_type: 'Bearer',
  expires_at: fromNow(3_000),
  expires_in: 3_000,
  expires_source: 'expires_in',
  scope: 'contacts.read',
  connection: 'sandbox/user1',
  account: 'user1',
});

export const connection = (changes: Partial<ConnectionJson> = {}): ConnectionJson => ({
  id: 'c_AAAAAAAAAAAAAAAAAAAAAA',
  name: 'sandbox/user1',
  provider: 'sandbox',
  account: 'user1',
  label: 'user1@example.com',
  status: 'active',
  scopes: ['contacts.read'],
  scopes_asked: ['contacts.read'],
  created_at: fromNow(-3 * 86_400 - 60),
  consented_at: fromNow(-3 * 86_400 - 60),
  refreshed_at: fromNow(-630),
  issued_at: fromNow(-630),
  expires_at: fromNow(41 * 60 + 30),
  expires_source: 'expires_in',
  refreshable: true,
  deadlines: [
    { what: 'refresh_absolute', at: fromNow(6 * 86_400 + 60), seconds: 604_800, renews: false },
    { what: 'refresh_idle', at: fromNow(80 * 86_400 + 60), seconds: 7_776_000, renews: true },
  ],
  issuer: 'http://127.0.0.1:9000',
  subject: 'user1',
  generation: 4,
  ...changes,
});

/** Its label turns red, hides text and reverses the reading order, if a terminal ever gets it as it is. */
export const hostileConnection = (): ConnectionJson =>
  connection({
    id: 'c_BBBBBBBBBBBBBBBBBBBBBB',
    name: 'google/me',
    provider: 'google',
    account: 'me',
    label: '\u001b[31mroot\u001b[0m\r\n\u202eevil\u009b2J',
    status: 'needs_consent',
    cause: 'refused',
    issued_at: null,
    expires_at: null,
    expires_source: null,
    deadlines: [],
  });

export const consent = (changes: Partial<ConsentJson> = {}): ConsentJson => ({
  id: 'consent-1',
  provider: 'sandbox',
  status: 'pending',
  authorization_url: 'http://127.0.0.1:9000/authorize?state=abc',
  expires_at: fromNow(300),
  ...changes,
});

export const doneConsent = (): ConsentJson =>
  consent({
    status: 'done',
    authorization_url: undefined,
    connection: 'sandbox/user1',
    connection_id: 'c_AAAAAAAAAAAAAAAAAAAAAA',
  });

export const provider = (changes: Partial<ProviderJson> = {}): ProviderJson => ({
  id: 'sandbox',
  name: 'Sandbox',
  issuer: 'http://127.0.0.1:9000',
  discovery: 'openid',
  authorization_endpoint: 'http://127.0.0.1:9000/auth',
  token_endpoint: 'http://127.0.0.1:9000/token',
  authorization_response_iss_parameter_supported: true,
  client_id: 'tokentray',
  token_endpoint_auth_method: 'none',
  scopes: ['openid', 'contacts.read'],
  scope_separator: ' ',
  pkce: 'S256',
  authorization_parameters: { prompt: 'consent' },
  redirect: { host: '127.0.0.1', port: 'any' },
  client_secret: 'unset',
  redirect_uri: 'http://127.0.0.1/callback/sandbox',
  connections: 1,
  warnings: [],
  ...changes,
});

export const preset = (): PresetJson => ({
  id: 'google',
  name: 'Google',
  documentation_url: 'https://developers.google.com/identity',
  registration_url: 'https://console.cloud.google.com/apis/credentials',
  verified_on: '2026-01-31',
  scopes: ['openid', 'email'],
  redirect: { host: '127.0.0.1', port: 'any' },
  redirect_note: 'Google accepts any port on 127.0.0.1.',
});

export const key = (): KeyJson => ({
  name: 'backup',
  prefix: 'tt_Ab12',
  rights: ['token'],
  connections: ['sandbox/user1'],
  created_at: fromNow(-86_400),
  last_used_at: fromNow(-630),
  expires_at: null,
});

export const slot = (changes: Partial<SlotJson> = {}): SlotJson => ({
  id: 's_Ab3dEf6hIj9',
  kind: 'passphrase',
  created_at: fromNow(-7_500),
  in_use: true,
  ...changes,
});

export const sandbox = (running: boolean): SandboxJson => ({
  running,
  issuer: running ? 'http://127.0.0.1:9000' : null,
  port: running ? 9000 : null,
  users: ['user1', 'user2'],
  login: 'Any password signs in.',
});
