// The one handler behind every listener. Checks come in one order: key, route, right, state of the vault, then query and
// body; the wire facts were judged before (api/guard.ts). It never throws: every failure is a problem document.
import { Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import type { VaultState } from '../core/engine.ts';
import { TokentrayError, toProblem } from '../core/errors.ts';
import type { Caller } from '../core/model/caller.ts';
import { createAuthenticate } from './authenticate.ts';
import type { Door } from './guard.ts';
import { errorResponse, problemResponse } from './problem.ts';
import { type Access, mayUse, RIGHTS } from './rights.ts';
import type { Route, Services } from './route.ts';
import { SCRIPT_ROUTES } from './scripts.ts';

/** Answers one request that passed the guard. Never throws and never rejects. */
export type Handle = (request: Request, door: Door) => Response | Promise<Response>;

const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;

/** Who asks where no key is needed. */
const NOBODY: Caller = { name: '', rights: [], connections: [] };

/** One object per door, so that a request costs none. */
const ENV = { tcp: { door: 'tcp' }, socket: { door: 'socket' } } as const;

export function createHandler(services: Services): Handle {
  const { engine, log } = services;
  const authenticate = createAuthenticate(engine, services.clock, log);
  const app = new Hono<{ Bindings: { door: Door } }>();
  const fail = (error: unknown): Response => errorResponse(error, log);

  for (const route of Object.values(SCRIPT_ROUTES)) {
    const { method, path } = placeOf(route);
    const access: Access = RIGHTS[route.name];
    // One plain function per route and no middleware: Hono then calls it directly, without composing promises.
    app.on(method, path, (context) => {
      try {
        const request = context.req.raw;
        const { door } = context.env;
        const caller =
          access.right === 'none' ? NOBODY : authenticate(request.headers.get('authorization'), door);
        admit(caller, access, engine.state());
        const param = (name: string): string => context.req.param(name) ?? '';
        const answer = route.run({ request, door, caller, param }, services);
        return answer instanceof Promise ? answer.catch(fail) : answer;
      } catch (error) {
        return fail(error);
      }
    });
  }

  const noRoute = (request: Request, door: Door): Response => {
    try {
      authenticate(request.headers.get('authorization'), door);
      const path = getPath(request);
      const allowed = METHODS.filter((method) => app.router.match(method, path)[0].length > 0);
      if (allowed.length === 0)
        throw new TokentrayError('not_found', 'There is no such address. See /v1/openapi.json.');
      return methodNotAllowed(allowed);
    } catch (error) {
      return fail(error);
    }
  };
  app.notFound((context) => noRoute(context.req.raw, context.env.door));
  app.onError(fail);

  return (request, door) => {
    // Hono would run GET for HEAD: a hand-out nobody sees, a stream nobody ends.
    if (request.method === 'HEAD') return noRoute(request, door);
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
  return new TokentrayError('conflict', 'The vault is already set up.');
}

function methodNotAllowed(allowed: readonly string[]): Response {
  const error = new TokentrayError('method_not_allowed', `This address takes ${allowed.join(', ')}.`);
  return problemResponse(toProblem(error), { Allow: allowed.join(', ') });
}
