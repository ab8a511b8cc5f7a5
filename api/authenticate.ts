// Who is calling: one `Authorization: Bearer tt_…` and nothing else. No key, an unknown one, a revoked one and
// another scheme are one case with one answer (promise 114). Bad keys are counted per door; a good key is never slowed.
import { unauthorized } from '../core/access/callers.ts';
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Caller } from '../core/model/caller.ts';
import type { Clock, LogPort } from '../core/ports.ts';
import type { Door } from './guard.ts';

const WINDOW_MS = 60_000;
const SCHEME = 'bearer ';
/** Our keys are under 60 characters; what is longer is not worth a digest. */
const KEY_CHARS = 100;

/** The caller behind an Authorization header. Throws `unauthorized`, or `rate_limited` after too many bad keys. */
export type Authenticate = (authorization: string | null, door: Door) => Caller;

export function createAuthenticate(engine: Engine, clock: Clock, log: LogPort): Authenticate {
  const failures: Record<Door, number[]> = { tcp: [], socket: [] };

  return (authorization, door) => {
    const key = keyIn(authorization);
    const caller = key === undefined ? undefined : engine.callers.identify(key);
    if (caller !== undefined) return caller;
    throw refusal(failures[door], clock.monotonic(), () => log.warn('bad_keys', { door }));
  };
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
