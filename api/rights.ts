// The one table of routes: which right each needs, and in which states of the vault it works.
// A route that is not here cannot be written (api/route.ts), and one that is here must be (api/scripts.ts).
import type { VaultState } from '../core/engine.ts';
import type { Right } from '../core/model/caller.ts';

/**
 * `none`: no key at all. `any`: any key. `token`: a key with that right. `use`: `token` or `proxy`. `admin`: only that.
 * A key with the right `admin` may do everything; which connections another key sees is the engine's business.
 */
export type NeededRight = 'none' | 'any' | 'token' | 'use' | 'admin';

export interface Access {
  readonly right: NeededRight;
  readonly states: readonly VaultState[];
}

const ALWAYS: readonly VaultState[] = ['setup', 'locked', 'open'];
const OPEN: readonly VaultState[] = ['open'];

const access = (right: NeededRight, states: readonly VaultState[] = OPEN): Access => ({ right, states });

export const RIGHTS = {
  'GET /v1/health': access('none', ALWAYS),
  'GET /v1/status': access('any', ALWAYS),
  'GET /v1/openapi.json': access('any', ALWAYS),
  'GET /v1/events': access('any', ALWAYS),

  'GET /v1/token/{provider}': access('token'),
  'GET /v1/token/{provider}/{account}': access('token'),
  'POST /v1/refresh/{provider}': access('admin'),
  'POST /v1/refresh/{provider}/{account}': access('admin'),
  'POST /v1/revoke/{provider}': access('admin'),
  'POST /v1/revoke/{provider}/{account}': access('admin'),

  'GET /v1/connections': access('use'),
  'POST /v1/connections': access('admin'),
  'GET /v1/connections/{ref}': access('use'),
  'PATCH /v1/connections/{ref}': access('admin'),
  'DELETE /v1/connections/{ref}': access('admin'),

  'GET /v1/consents/{id}': access('admin'),
  'DELETE /v1/consents/{id}': access('admin'),
  'POST /v1/consents/{id}/redirect': access('admin'),

  'GET /v1/presets': access('admin'),
  'GET /v1/providers': access('admin'),
  'POST /v1/providers': access('admin'),
  'GET /v1/providers/{provider}': access('admin'),
  'PATCH /v1/providers/{provider}': access('admin'),
  'DELETE /v1/providers/{provider}': access('admin'),
  'POST /v1/providers/{provider}/check': access('admin'),
  'POST /v1/providers/{provider}/import': access('admin'),

  'GET /v1/keys': access('admin'),
  'POST /v1/keys': access('admin'),
  'DELETE /v1/keys/{name}': access('admin'),

  'POST /v1/lock': access('admin', ALWAYS),
  'POST /v1/unlock': access('admin', ['locked', 'open']),
  'GET /v1/vault/slots': access('admin', ['locked', 'open']),
  'POST /v1/vault/slots': access('admin', ['setup', 'open']),
  'DELETE /v1/vault/slots/{id}': access('admin'),
  'POST /v1/vault/rotate': access('admin'),

  'GET /v1/doctor': access('admin'),
  'GET /v1/doctor/{ref}': access('admin'),
  'GET /v1/sandbox': access('admin', ALWAYS),
  'POST /v1/sandbox/start': access('admin'),
  'POST /v1/sandbox/reset': access('admin'),
  'POST /v1/sandbox/stop': access('admin'),
} as const satisfies Record<string, Access>;

export type RouteName = keyof typeof RIGHTS;

export function mayUse(rights: readonly Right[], needed: NeededRight): boolean {
  if (needed === 'none' || needed === 'any' || rights.includes('admin')) return true;
  if (needed === 'use') return rights.includes('token') || rights.includes('proxy');
  return rights.includes(needed);
}
