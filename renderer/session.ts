// The session of this window: a one-time code from the address buys it, sessionStorage keeps it, a 401 ends it. A window
// of the tray has none and needs none: which one this is, the host says, never the address.
// The code leaves the address before anything else happens; neither is ever put into the page.
import type { WindowSessionJson, WireTypes } from '../api/wire.ts';
import { createStore } from './store.ts';

const KEY = 'tokentray.session';

export type SessionState =
  | { readonly status: 'open' }
  /** `none`: opened without a link. `refused`: the link was used or too old. `over`: it was open and is not any more. */
  | { readonly status: 'ended'; readonly why: 'none' | 'refused' | 'over' | 'unreachable' };

export const sessionState = createStore<SessionState>({ status: 'ended', why: 'none' });

let door: WindowSessionJson['door'] = 'window-http';

/** True in the tray's own window: the host copies, opens the browser and knows the desktop. Known before anything is drawn. */
export function inTray(): boolean {
  return door === 'window';
}

/** For the one header that carries it. */
export function sessionSecret(): string | null {
  return sessionStorage.getItem(KEY);
}

export function endSession(): void {
  sessionStorage.removeItem(KEY);
  if (sessionState.get().status === 'open') sessionState.set({ status: 'ended', why: 'over' });
}

/** Called once, before anything is drawn. */
export async function beginSession(
  exchange: (code: string) => Promise<WireTypes['NewSession'] | 'refused' | 'unreachable'>,
  ask: () => Promise<WindowSessionJson | 'refused' | 'unreachable'>,
): Promise<void> {
  const code = takeCode();
  if (code === null) {
    const secret = sessionSecret();
    const answer = await ask();
    if (typeof answer !== 'string') door = answer.door;
    // A host that is away for a moment has not ended anything.
    if (typeof answer !== 'string' || (answer === 'unreachable' && secret !== null)) {
      sessionState.set({ status: 'open' });
    } else if (secret !== null) sessionState.set({ status: 'ended', why: 'over' });
    return;
  }
  const answer = await exchange(code);
  if (typeof answer === 'string') {
    sessionStorage.removeItem(KEY);
    sessionState.set({ status: 'ended', why: answer });
    return;
  }
  sessionStorage.setItem(KEY, answer.session);
  sessionState.set({ status: 'open' });
}

/** A new link opened in this tab changes only the fragment: the page starts anew with it. */
export function watchForNewLink(): void {
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#code=')) location.reload();
  });
}

function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  return code;
}
