// What the window's door has beside the endpoint's routes: its sessions, and the one way a token comes out of it, a
// ticket that this session got a moment ago and that works once.
import { z } from 'zod';
import type { Session } from '../core/access/sessions.ts';
import { TokentrayError } from '../core/errors.ts';
import { desktopOf, desktopRoutes } from './desktop-routes.ts';
import { connectionRef, sessionId } from './names.ts';
import { JSON_HEADERS } from './problem.ts';
import type { WindowRouteName } from './rights.ts';
import { type Route, route } from './route.ts';
import { plainToken, sessionJson, timeJson } from './to-wire.ts';
import type { CopiedJson } from './wire.ts';

/** Longer than any code or ticket of ours; what is longer is not worth a digest. */
const TEXT_CHARS = 100;

/** As api/vault.ts: bounds what scrypt is fed. */
const PASSPHRASE_CHARS = 1_024;

/** The audit says by which way a token went out; for people there is one window, wherever it runs. */
const AUDIT_DOOR = 'window';

function here(session: Session | undefined): Session {
  if (session !== undefined) return session;
  throw new TokentrayError('unexpected', 'This address needs a session of the window.');
}

export const WINDOW_ROUTES: Readonly<Record<WindowRouteName, Route>> = {
  ...desktopRoutes,
  'GET /window/session': route('GET /window/session', {
    summary: 'Which window this is, and until when',
    answer: 'WindowSession',
    handle: ({ door, sessions, session }) => {
      if (door === 'window') return { door, expires_at: null };
      const { id } = here(session);
      const view = sessions.list().find((held) => held.id === id);
      return { door: 'window-http', expires_at: view === undefined ? null : timeJson(view.expires_at) };
    },
  }),
  'POST /window/session': route('POST /window/session', {
    summary: 'Begin a session with the code of a link',
    body: () => z.strictObject({ code: z.string().max(TEXT_CHARS) }),
    answer: 'NewSession',
    status: 201,
    handle: async ({ sessions, host, request, body }) => {
      const patience = AbortSignal.any([request.signal, host.stopping]);
      const { secret, view } = await sessions.begin(body.code, patience);
      return { session: secret, expires_at: timeJson(view.expires_at) };
    },
  }),
  'DELETE /window/session': route('DELETE /window/session', {
    summary: 'End this session',
    answer: 'Removed',
    handle: ({ sessions, session }) => {
      sessions.end(here(session).id);
      return { removed: true };
    },
  }),
  'GET /window/sessions': route('GET /window/sessions', {
    summary: 'The sessions of the window, newest first',
    answer: 'Sessions',
    handle: ({ sessions, session }) => ({
      sessions: sessions.list().map((view) => sessionJson(view, view.id === here(session).id)),
    }),
  }),
  'DELETE /window/sessions/{id}': route('DELETE /window/sessions/{id}', {
    summary: 'End another session',
    answer: 'Removed',
    handle: ({ sessions, param }) => {
      sessions.end(sessionId(param('id')));
      return { removed: true };
    },
  }),
  'POST /window/proof': route('POST /window/proof', {
    summary: 'Prove again who sits there: the passphrase of the vault, or the code of a fresh link',
    body: () =>
      z.union([
        z.strictObject({ passphrase: z.string().min(1).max(PASSPHRASE_CHARS) }),
        z.strictObject({ code: z.string().max(TEXT_CHARS) }),
      ]),
    answer: 'Proof',
    handle: async ({ engine, host, sessions, session, request, body }) => {
      if ('code' in body) {
        const patience = AbortSignal.any([request.signal, host.stopping]);
        return { expires_at: timeJson(await sessions.proveByCode(here(session), body.code, patience)) };
      }
      await engine.vault.prove({ kind: 'passphrase', passphrase: body.passphrase });
      return { expires_at: timeJson(sessions.prove(here(session))) };
    },
  }),
  'POST /window/copy': route('POST /window/copy', {
    summary: 'A ticket to copy a token with: for this session, once, at once. In a tray, the host copies it',
    body: () => z.strictObject({ connection: z.string().max(200), format: z.enum(['token', 'header']) }),
    answer: 'Ticket',
    status: 201,
    handle: async ({ engine, host, door, caller, session, body }) => {
      const { id } = engine.connections.show(caller, connectionRef(body.connection));
      if (door === 'window') {
        const { copied, clearsIn, sentence } = await desktopOf(host).copy(id, body.format);
        const json: CopiedJson = { copied, clears_in: clearsIn, sentence };
        return new Response(JSON.stringify(json), { headers: JSON_HEADERS });
      }
      return { ticket: here(session).tickets.issue({ connection: id, format: body.format }) };
    },
  }),
  'POST /window/copy/{ticket}': route('POST /window/copy/{ticket}', {
    summary: 'The token or header line that the ticket stands for',
    answer: 'Token',
    handle: async ({ engine, caller, session, param, request }) => {
      const ticket = param('ticket').slice(0, TEXT_CHARS);
      const order = here(session).tickets.take(ticket);
      if (order === undefined)
        throw new TokentrayError('not_found', 'This ticket was used, or is too old. Copy again.');
      const given = await engine.tokens.handOut(caller, order.connection, {
        door: AUDIT_DOOR,
        signal: request.signal,
      });
      return plainToken(given, order.format);
    },
  }),
};
