// Requests of the window's own routes, and a session to send them with: for tables over everything its door answers.
import type { WindowRouteName } from '../../api/rights.ts';
import type { ApiDoor, Ask } from './api-door.ts';
import { lineOf, ROUTE_NAMES, SAMPLES } from './api-samples.ts';

interface WindowSample {
  readonly line: string;
  readonly json?: unknown;
}

export const WINDOW_SAMPLES: Readonly<Record<WindowRouteName, WindowSample>> = {
  'GET /window/session': { line: 'GET /window/session' },
  'POST /window/session': { line: 'POST /window/session', json: { code: 'not-a-code' } },
  'DELETE /window/session': { line: 'DELETE /window/session' },
  'GET /window/sessions': { line: 'GET /window/sessions' },
  'DELETE /window/sessions/{id}': { line: 'DELETE /window/sessions/w_x' },
  'POST /window/proof': { line: 'POST /window/proof', json: { passphrase: 'a pass phrase' } },
  'POST /window/copy': { line: 'POST /window/copy', json: { connection: 'google/me', format: 'token' } },
  'POST /window/copy/{ticket}': { line: 'POST /window/copy/not-a-ticket' },
  'GET /window/desktop': { line: 'GET /window/desktop' },
  'PATCH /window/desktop': { line: 'PATCH /window/desktop', json: { theme: 'dark' } },
  'POST /window/desktop/picker': { line: 'POST /window/desktop/picker', json: { action: 'close' } },
};

/** Every route there is, this door's and the others', as a request. */
export const EVERY_REQUEST: readonly WindowSample[] = [
  ...ROUTE_NAMES.map((name) => ({ line: lineOf(name), json: SAMPLES[name].json })),
  ...Object.values(WINDOW_SAMPLES),
];

const NOBODY_LEFT = new AbortController();
NOBODY_LEFT.abort();

export interface WindowDoor extends ApiDoor {
  readonly secret: string;
  /** As the window asks: with its session, unless other headers are given. A wrong code is answered at once. */
  send(line: string, options?: Ask): Promise<Response>;
}

/** A session at this door. */
export async function windowDoor(door: ApiDoor): Promise<WindowDoor> {
  const { secret } = await door.sessions.begin(door.sessions.newCode(), NOBODY_LEFT.signal);
  return {
    ...door,
    secret,
    send: (line, options = {}) =>
      door.ask(line, {
        key: undefined,
        door: 'window-http',
        headers: { 'x-tokentray-session': secret },
        ...(line.startsWith('POST /window/session') ? { signal: NOBODY_LEFT.signal } : {}),
        ...options,
      }),
  };
}
