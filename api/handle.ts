// The one handler behind every listener. Checks come in one order: key or session, route, right, state of the vault, then
// query and body; the wire facts were judged before (api/guard.ts). It never throws: every failure is a problem document.
import { Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import type { Session } from '../core/access/sessions.ts';
import type { VaultState } from '../core/engine.ts';
import { TokentrayError, toProblem } from '../core/errors.ts';
import type { Caller } from '../core/model/caller.ts';
import { type Asker, createAuthenticate } from './authenticate.ts';
import type { Door } from './guard.ts';
import { errorResponse, problemResponse } from './problem.ts';
import { type Access, accessOf, mayUse } from './rights.ts';
import type { Route, Services } from './route.ts';
import { SCRIPT_ROUTES } from './scripts.ts';
import { WINDOW_ROUTES } from './window.ts';
import { fileResponse } from './window-files.ts';
import { isPage } from './window-guard.ts';

/** Answers one request that passed the guard. Never throws and never rejects. */
export type Handle = (request: Request, door: Door) => Response | Promise<Response>;

type DoorApp = Hono<{ Bindings: { door: Door } }>;

const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;

/** Who asks where no key is needed. */
const NOBODY: Asker = { caller: { name: '', rights: [], connections: [] }, session: undefined };

/** One object per door, so that a request costs none. */
const ENV = {
  tcp: { door: 'tcp' },
  socket: { door: 'socket' },
  'window-http': { door: 'window-http' },
  window: { door: 'window' },
} as const;

export function createHandler(services: Services): Handle {
  const { log } = services;
  const authenticate = createAuthenticate(services);
  const fail = (error: unknown): Response => errorResponse(error, log);

  const noRoute = (app: DoorApp, request: Request, door: Door): Response => {
    try {
      authenticate(request, door, false);
      const path = getPath(request);
      const allowed = METHODS.filter((method) => app.router.match(method, path)[0].length > 0);
      if (allowed.length === 0)
        throw new TokentrayError('not_found', 'There is no such address. See /v1/openapi.json.');
      return methodNotAllowed(allowed);
    } catch (error) {
      return fail(error);
    }
  };

  /** The routes that exist at a door: what is not among them is not found there, whatever it is elsewhere. */
  const appOf = (door: Door, routes: readonly Route[]): DoorApp => {
    const app: DoorApp = new Hono();
    for (const route of routes) {
      const access = accessOf(route.name);
      if (!access.doors.includes(door)) continue;
      const { method, path } = placeOf(route);
      const stays = route.answer === 'Events';
      // One plain function per route and no middleware: Hono then calls it directly, without composing promises.
      app.on(method, path, (context) => {
        try {
          const request = context.req.raw;
          const { door } = context.env;
          const { caller, session } = access.right === 'none' ? NOBODY : authenticate(request, door, stays);
          const state = services.engine.state();
          admit(caller, access, state);
          // A vault that is not set up has no secret yet.
          if (access.secret && state === 'open' && session !== undefined) demandProof(session, services);
          const param = (name: string): string => context.req.param(name) ?? '';
          const answer = route.run({ request, door, caller, session, param }, services);
          return answer instanceof Promise ? answer.catch(fail) : answer;
        } catch (error) {
          return fail(error);
        }
      });
    }
    app.notFound((context) => noRoute(app, context.req.raw, context.env.door));
    app.onError(fail);
    return app;
  };

  const scripts = appOf('tcp', Object.values(SCRIPT_ROUTES));
  const every = [...Object.values(SCRIPT_ROUTES), ...Object.values(WINDOW_ROUTES)];
  const windows = { 'window-http': appOf('window-http', every), window: appOf('window', every) };

  return (request, door) => {
    const isScript = door === 'tcp' || door === 'socket';
    const app = isScript ? scripts : windows[door];
    // Hono would run GET for HEAD: a hand-out nobody sees, a stream nobody ends.
    if (request.method === 'HEAD') return noRoute(app, request, door);
    if (!isScript && request.method === 'GET') {
      // A scheme of our own may leave the path of its start empty.
      const pathname = new URL(request.url).pathname || '/';
      if (isPage(pathname)) return fileResponse(services.host.window.files(), pathname);
    }
    return app.fetch(request, ENV[door]);
  };
}

/** `GET /v1/token/{provider}` as Hono spells it. */
function placeOf({ name }: Route): { method: string; path: string } {
  const space = name.indexOf(' ');
  return { method: name.slice(0, space), path: name.slice(space + 1).replaceAll(/\{(\w+)\}/g, ':$1') };
}

function admit(caller: Caller, access: Access, state: VaultState): void {
  if (!mayUse(caller.rights, access.right)) {
    const needed = access.right === 'use' ? 'token or proxy' : access.right;
    throw new TokentrayError('denied', `This needs a key with the right ${needed}. Use one, or ask for it.`);
  }
  if (access.states.includes(state)) return;
  throw vaultNotOpen(state);
}

function demandProof(session: Session, { sessions }: Services): void {
  if (sessions.isProved(session)) return;
  throw new TokentrayError(
    'proof_needed',
    'You opened this window a while ago. Confirm that it is you: enter the passphrase of the vault, or the link of: tokentray open --no-open',
    { action: { method: 'POST', url: '/window/proof', command: 'tokentray open --no-open' } },
  );
}

/** Said to admin keys; what else could be wrong with it is in the status. */
function unreadable(): TokentrayError {
  return new TokentrayError('vault_damaged', 'The vault cannot be read. See: tokentray doctor', {
    action: { method: 'POST', url: '/v1/vault/repair', command: 'tokentray doctor --repair' },
  });
}

function vaultNotOpen(state: VaultState): TokentrayError {
  if (state === 'setup') {
    return new TokentrayError('setup', 'The vault has no key yet. Choose where it is kept.', {
      action: { method: 'POST', url: '/v1/vault/slots', command: 'tokentray vault slots add' },
    });
  }
  if (state === 'locked') {
    return new TokentrayError('locked', 'The vault is locked. Unlock it first.', {
      action: { method: 'POST', url: '/v1/unlock', command: 'tokentray unlock' },
    });
  }
  if (state === 'unreadable') return unreadable();
  return new TokentrayError('conflict', 'The vault is already set up.');
}

function methodNotAllowed(allowed: readonly string[]): Response {
  const error = new TokentrayError('method_not_allowed', `This address takes ${allowed.join(', ')}.`);
  return problemResponse(toProblem(error), { Allow: allowed.join(', ') });
}
