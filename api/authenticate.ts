// Who is calling. At the scripts' doors one `Authorization: Bearer tt_…` and nothing else: no key, an unknown one, a
// revoked one and another scheme are one case with one answer (promise 114); bad keys are counted per door, and a good
// one is never slowed. At the window's door a session, which is the owner.
import { unauthorized } from '../core/access/callers.ts';
import type { Session } from '../core/access/sessions.ts';
import { TokentrayError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type Caller, OWNER } from '../core/model/caller.ts';
import type { Door } from './guard.ts';
import type { Services } from './route.ts';
import { SESSION_HEADER, UNATTENDED_HEADER } from './window-guard.ts';

const WINDOW_MS = 60_000;
const SCHEME = 'bearer ';
/** Our keys are under 60 characters; what is longer is not worth a digest. */
const KEY_CHARS = 100;

export interface Asker {
  readonly caller: Caller;
  /** Of the window; undefined behind a key. */
  readonly session: Session | undefined;
}

/**
 * Who sent the request. `stays`: it is a stream, which keeps no session awake. Throws `unauthorized`, or `rate_limited`
 * after too many bad keys.
 */
export type Authenticate = (request: Request, door: Door, stays: boolean) => Asker;

export function createAuthenticate({ engine, sessions, clock, log }: Services): Authenticate {
  const failures: Record<'tcp' | 'socket', number[]> = { tcp: [], socket: [] };

  return ({ headers }, door, stays) => {
    const attended = !stays && !headers.has(UNATTENDED_HEADER);
    // Only the tray's own window can ask there (api/scheme-guard.ts), and it is the owner's.
    if (door === 'window') {
      if (attended) engine.touch();
      return { caller: OWNER, session: undefined };
    }
    if (door === 'window-http') {
      const secret = headers.get(SESSION_HEADER) ?? '';
      const session = sessions.find(secret, attended);
      if (session === undefined) throw noSession();
      if (attended) engine.touch();
      return { caller: OWNER, session };
    }
    const key = keyIn(headers.get('authorization'));
    const caller = key === undefined ? undefined : engine.callers.identify(key);
    if (caller !== undefined) return { caller, session: undefined };
    if (key !== undefined && engine.state() === 'unreadable') throw keysUnreadable();
    throw refusal(failures[door], clock.monotonic(), () => log.warn('bad_keys', { door }));
  };
}

/** Not `unauthorized`: nobody can tell, and a script must not take its key for a bad one. */
function keysUnreadable(): TokentrayError {
  return new TokentrayError(
    'vault_damaged',
    'The vault cannot be read, so no key can be checked. Whoever owns it sees why with: tokentray doctor',
  );
}

function noSession(): TokentrayError {
  return new TokentrayError(
    'unauthorized',
    'The session of this window has ended. Get a new link with: tokentray open',
    { action: { command: 'tokentray open' } },
  );
}

function keyIn(authorization: string | null): string | undefined {
  if (authorization === null || authorization.length > KEY_CHARS) return undefined;
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  const key = authorization.slice(SCHEME.length);
  return key.startsWith('tt_') ? key : undefined;
}

/** `times`: when the last failures happened, oldest first, at most as many as a minute may have. */
function refusal(times: number[], now: number, onLimit: () => void): TokentrayError {
  while (times.length > 0 && times[0]! <= now - WINDOW_MS) times.shift();
  if (times.length >= LIMITS.badKeysPerMinute) {
    const retryAfter = Math.max(1, Math.ceil((times[0]! + WINDOW_MS - now) / 1_000));
    return new TokentrayError(
      'rate_limited',
      'Too many requests without a valid key. Wait, then send a valid key.',
      {
        retryAfter,
      },
    );
  }
  times.push(now);
  if (times.length === LIMITS.badKeysPerMinute) onLimit();
  return unauthorized();
}
