// Keeps the cache true: reads the host's event stream for as long as there is a session, comes back after every break,
// and says whether the host answers. Comes back with the id of the last event, so that nothing is missed.

import { applyEvent, catchUp } from './event-effects.ts';
import { readServerEvents, type ServerEvent } from './event-stream.ts';
import { problemOf, sessionHeader } from './request.ts';
import { sessionState } from './session.ts';
import { createStore } from './store.ts';

/** The first try is soon, because a restart is short; later ones do not keep a machine awake. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
/** The host beats every 15 seconds. Twice missed, it is gone. */
const SILENCE_MS = 40_000;

export type HostLink = 'trying' | 'up' | 'down';

export const hostLink = createStore<HostLink>('trying');

let retryNow = (): void => undefined;

/** For the impatient: does not wait for the pause to end. */
export function tryAgain(): void {
  retryNow();
}

/** Runs until `signal` is aborted or the session ends. */
export async function followEvents(signal: AbortSignal): Promise<void> {
  let last: string | undefined;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted && sessionState.get().status === 'open') {
    const ended = await readOnce(last, signal, (event) => {
      pause = FIRST_PAUSE_MS;
      last = event.id ?? last;
      applyEvent(event);
    });
    if (ended === 'refused' || signal.aborted) return;
    if (ended === 'unreachable') hostLink.set('down');
    await wait(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function readOnce(
  last: string | undefined,
  signal: AbortSignal,
  listener: (event: ServerEvent) => void,
): Promise<'closed' | 'unreachable' | 'refused'> {
  const silence = new AbortController();
  let alarm = setTimeout(() => silence.abort(), SILENCE_MS);
  const heard = (): void => {
    clearTimeout(alarm);
    alarm = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  try {
    const response = await fetch('/v1/events', {
      headers: { ...sessionHeader(), ...(last === undefined ? {} : { 'Last-Event-ID': last }) },
      signal: AbortSignal.any([signal, silence.signal]),
      cache: 'no-store',
      credentials: 'omit',
    });
    if (!response.ok || response.body === null) {
      await problemOf(response);
      return response.status === 401 ? 'refused' : 'unreachable';
    }
    const before = hostLink.get();
    hostLink.set('up');
    if (before === 'down') catchUp();
    await readServerEvents(response.body, heard, listener);
    return 'closed';
  } catch {
    // A stream ends by breaking: which way it broke changes nothing. The next try tells whether the host is there.
    return 'unreachable';
  } finally {
    clearTimeout(alarm);
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    retryNow = done;
  });
}
