// The tables of routes: which right each needs, in which states of the vault it works, and at which doors.
// A route that is not here cannot be written (api/route.ts), and one that is here must be (api/scripts.ts, api/window.ts).
import type { VaultState } from '../core/engine.ts';
import type { Right } from '../core/model/caller.ts';
import type { Door } from './guard.ts';

/**
 * `none`: no key at all. `any`: any key. `token`: a key with that right. `use`: `token` or `proxy`. `admin`: only that.
 * A key with the right `admin` may do everything; which connections another key sees is the engine's business.
 */
export type NeededRight = 'none' | 'any' | 'token' | 'use' | 'admin';

export interface Access {
  readonly right: NeededRight;
  readonly states: readonly VaultState[];
  readonly doors: readonly Door[];
  /** Lets somebody in: a key, or a way to open the vault. At the window's door only soon after a login or a proof
   * (promise 170). */
  readonly secret: boolean;
}

const ALWAYS: readonly VaultState[] = ['setup', 'locked', 'open', 'unreadable'];
const OPEN: readonly VaultState[] = ['open'];

const EVERYWHERE: readonly Door[] = ['tcp', 'socket', 'window-http', 'window'];
/** Whatever holds a token or lets somebody in: never at the window's door. */
const SCRIPTS: readonly Door[] = ['tcp', 'socket'];
const WINDOWS: readonly Door[] = ['window-http', 'window'];
/** Sessions and tickets: a tray's own window needs neither. */
const BROWSER: readonly Door[] = ['window-http'];

const access = (
  right: NeededRight,
  states: readonly VaultState[] = OPEN,
  doors: readonly Door[] = EVERYWHERE,
): Access => ({ right, states, doors, secret: false });

const secret = (states: readonly VaultState[] = OPEN): Access => ({
  ...access('admin', states),
  secret: true,
});

export const RIGHTS = {
  'GET /v1/health': access('none', ALWAYS),
  'GET /v1/status': access('any', ALWAYS),
  'GET /v1/openapi.json': access('any', ALWAYS),
  'GET /v1/events': access('any', ALWAYS),

  'GET /v1/token/{provider}': access('token', OPEN, SCRIPTS),
  'GET /v1/token/{provider}/{account}': access('token', OPEN, SCRIPTS),
  'POST /v1/refresh/{provider}': access('admin'),
  'POST /v1/refresh/{provider}/{account}': access('admin'),
  'POST /v1/revoke/{provider}': access('admin'),
  'POST /v1/revoke/{provider}/{account}': access('admin'),

  'GET /v1/connections': access('use'),
  'POST /v1/connections': access('admin'),
  'GET /v1/connections/{ref}': access('use'),
  'PATCH /v1/connections/{ref}': access('admin'),
  'DELETE /v1/connections/{ref}': access('admin'),

  'GET /v1/consents': access('admin'),
  'GET /v1/consents/{id}': access('admin'),
  'DELETE /v1/consents/{id}': access('admin'),
  'POST /v1/consents/{id}/open': access('admin'),
  'POST /v1/consents/{id}/redirect': access('admin'),

  'POST /v1/discovery': access('admin'),
  'GET /v1/presets': access('admin'),
  'GET /v1/providers': access('admin'),
  'POST /v1/providers': access('admin'),
  'GET /v1/providers/{provider}': access('admin'),
  'PATCH /v1/providers/{provider}': access('admin'),
  'DELETE /v1/providers/{provider}': access('admin'),
  'POST /v1/providers/{provider}/check': access('admin'),
  'POST /v1/providers/{provider}/import': access('admin'),

  'GET /v1/keys': access('admin'),
  'POST /v1/keys': secret(),
  'DELETE /v1/keys/{name}': access('admin'),

  'POST /v1/lock': access('admin', ALWAYS),
  'POST /v1/unlock': access('admin', ['locked', 'open', 'unreadable']),
  'GET /v1/vault/slots': access('admin', ['locked', 'open']),
  'POST /v1/vault/slots': secret(['setup', 'open']),
  'DELETE /v1/vault/slots/{id}': secret(),
  'POST /v1/vault/rotate': access('admin'),
  'POST /v1/vault/repair': access('admin', ['locked', 'open', 'unreadable']),
  'POST /v1/vault/use-here': access('admin'),
  'POST /v1/vault/backup': access('admin', ['locked', 'open']),
  // These take the place of what is here, or take it elsewhere: by the command line, which asks a person first.
  'POST /v1/vault/restore': access('admin', ALWAYS, SCRIPTS),
  'POST /v1/vault/export': access('admin', OPEN, SCRIPTS),
  'POST /v1/vault/import': access('admin', OPEN, SCRIPTS),

  'GET /v1/activity': access('admin'),
  'GET /v1/settings': access('admin', ALWAYS),
  'PATCH /v1/settings': access('admin', ALWAYS),

  'POST /v1/refreshes/pause': access('admin', ALWAYS),
  'POST /v1/refreshes/resume': access('admin', ALWAYS),

  'GET /v1/doctor': access('admin', ['open', 'unreadable']),
  'GET /v1/doctor/{ref}': access('admin'),
  'GET /v1/sandbox': access('admin', ALWAYS),
  'POST /v1/sandbox/start': access('admin'),
  'POST /v1/sandbox/reset': access('admin'),
  'POST /v1/sandbox/stop': access('admin'),

  'POST /v1/window/code': access('admin', ALWAYS, SCRIPTS),
} as const satisfies Record<string, Access>;

/** The window's own, beside those of the endpoint. Not described in the OpenAPI document: scripts have no use for them. */
export const WINDOW_RIGHTS = {
  'GET /window/session': access('admin', ALWAYS, WINDOWS),
  'POST /window/session': access('none', ALWAYS, BROWSER),
  'DELETE /window/session': access('admin', ALWAYS, BROWSER),
  'GET /window/sessions': access('admin', ALWAYS, BROWSER),
  'DELETE /window/sessions/{id}': access('admin', ALWAYS, BROWSER),
  'POST /window/proof': access('admin', OPEN, BROWSER),
  'POST /window/copy': access('admin', OPEN, WINDOWS),
  'POST /window/copy/{ticket}': access('admin', OPEN, BROWSER),
  'GET /window/desktop': access('admin', ALWAYS, WINDOWS),
  'PATCH /window/desktop': access('admin', ALWAYS, WINDOWS),
  'POST /window/desktop/picker': access('admin', ALWAYS, WINDOWS),
} as const satisfies Record<string, Access>;

export type RouteName = keyof typeof RIGHTS;
export type WindowRouteName = keyof typeof WINDOW_RIGHTS;

const EVERY = { ...RIGHTS, ...WINDOW_RIGHTS } as const;

export function accessOf(name: RouteName | WindowRouteName): Access {
  return EVERY[name];
}

export function mayUse(rights: readonly Right[], needed: NeededRight): boolean {
  if (needed === 'none' || needed === 'any' || rights.includes('admin')) return true;
  if (needed === 'use') return rights.includes('token') || rights.includes('proxy');
  return rights.includes(needed);
}
