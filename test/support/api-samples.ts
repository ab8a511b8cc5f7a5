// One request for every route that the engine double answers well: what a table over all routes is driven with.
import type { RouteName } from '../../api/rights.ts';

export interface Sample {
  readonly path: string;
  readonly json?: unknown;
}

const newProvider = { preset: 'google', id: 'google', client_id: 'client', client_secret: 'write-only' };

export const SAMPLES: Readonly<Record<RouteName, Sample>> = {
  'GET /v1/health': { path: '/v1/health' },
  'GET /v1/status': { path: '/v1/status' },
  'GET /v1/openapi.json': { path: '/v1/openapi.json' },
  'GET /v1/events': { path: '/v1/events' },
  'GET /v1/token/{provider}': { path: '/v1/token/google' },
  'GET /v1/token/{provider}/{account}': { path: '/v1/token/google/me' },
  'POST /v1/refresh/{provider}': { path: '/v1/refresh/google' },
  'POST /v1/refresh/{provider}/{account}': { path: '/v1/refresh/google/me' },
  'POST /v1/revoke/{provider}': { path: '/v1/revoke/google' },
  'POST /v1/revoke/{provider}/{account}': { path: '/v1/revoke/google/me' },
  'GET /v1/connections': { path: '/v1/connections' },
  'POST /v1/connections': { path: '/v1/connections', json: { provider: 'google', account: 'me' } },
  'GET /v1/connections/{ref}': { path: '/v1/connections/google%2Fme' },
  'PATCH /v1/connections/{ref}': { path: '/v1/connections/google', json: { account: 'work' } },
  'DELETE /v1/connections/{ref}': { path: '/v1/connections/c_AAAAAAAAAAAAAAAAAAAAAA?force' },
  'GET /v1/consents': { path: '/v1/consents' },
  'GET /v1/consents/{id}': { path: '/v1/consents/consent-1?wait=5' },
  'DELETE /v1/consents/{id}': { path: '/v1/consents/consent-1' },
  'POST /v1/consents/{id}/open': { path: '/v1/consents/consent-1/open' },
  'POST /v1/consents/{id}/redirect': {
    path: '/v1/consents/consent-1/redirect',
    json: { url: 'http://127.0.0.1/callback?code=c&state=s' },
  },
  'POST /v1/discovery': { path: '/v1/discovery', json: { issuer: 'https://accounts.example' } },
  'GET /v1/presets': { path: '/v1/presets?query=goo' },
  'GET /v1/providers': { path: '/v1/providers' },
  'POST /v1/providers': { path: '/v1/providers', json: newProvider },
  'GET /v1/providers/{provider}': { path: '/v1/providers/google' },
  'PATCH /v1/providers/{provider}': { path: '/v1/providers/google', json: { name: 'G', issuer: null } },
  'DELETE /v1/providers/{provider}': { path: '/v1/providers/google' },
  'POST /v1/providers/{provider}/check': { path: '/v1/providers/google/check' },
  'POST /v1/providers/{provider}/import': {
    path: '/v1/providers/google/import',
    json: { refresh_token: 'from-elsewhere', account: 'me' },
  },
  'GET /v1/keys': { path: '/v1/keys' },
  'POST /v1/keys': { path: '/v1/keys', json: { name: 'backup', connections: ['google/me'] } },
  'DELETE /v1/keys/{name}': { path: '/v1/keys/backup' },
  'POST /v1/lock': { path: '/v1/lock' },
  'POST /v1/unlock': { path: '/v1/unlock', json: { passphrase: 'a pass phrase' } },
  'GET /v1/vault/slots': { path: '/v1/vault/slots' },
  'POST /v1/vault/slots': {
    path: '/v1/vault/slots',
    json: { kind: 'passphrase', passphrase: 'a pass phrase' },
  },
  'DELETE /v1/vault/slots/{id}': { path: '/v1/vault/slots/s_aaaaaaaaaaa' },
  'POST /v1/vault/repair': { path: '/v1/vault/repair' },
  'POST /v1/vault/use-here': { path: '/v1/vault/use-here' },
  'POST /v1/vault/backup': { path: '/v1/vault/backup', json: { path: '/media/vault.backup' } },
  'POST /v1/vault/restore': { path: '/v1/vault/restore', json: { path: '/media/vault.backup' } },
  'POST /v1/vault/export': { path: '/v1/vault/export', json: { path: '/media/tokentray.json' } },
  'POST /v1/vault/import': { path: '/v1/vault/import', json: { path: '/media/tokentray.json' } },
  'POST /v1/vault/rotate': { path: '/v1/vault/rotate', json: { credentials: [{ kind: 'keychain' }] } },
  'GET /v1/activity': { path: '/v1/activity?kind=hand_out&connection=google&limit=5' },
  'GET /v1/settings': { path: '/v1/settings' },
  'PATCH /v1/settings': { path: '/v1/settings', json: { redirect_port: 9700 } },
  'POST /v1/window/code': { path: '/v1/window/code', json: { open: true } },
  'POST /v1/refreshes/pause': { path: '/v1/refreshes/pause' },
  'POST /v1/refreshes/resume': { path: '/v1/refreshes/resume' },
  'GET /v1/doctor': { path: '/v1/doctor' },
  'GET /v1/doctor/{ref}': { path: '/v1/doctor/google' },
  'GET /v1/sandbox': { path: '/v1/sandbox' },
  'POST /v1/sandbox/start': { path: '/v1/sandbox/start' },
  'POST /v1/sandbox/reset': { path: '/v1/sandbox/reset' },
  'POST /v1/sandbox/stop': { path: '/v1/sandbox/stop' },
};

export const lineOf = (name: RouteName): string =>
  `${name.slice(0, name.indexOf(' '))} ${SAMPLES[name].path}`;

export const ROUTE_NAMES = Object.keys(SAMPLES).filter((name): name is RouteName => name in SAMPLES);
