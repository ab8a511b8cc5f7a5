// One connection as the tray shows it: a mark, a word, and what a click on its row does. Pure. The thresholds are those of
// the window (renderer/text/connection-words.ts), so that both call the same token expiring; a test holds them together.
import type { ConnectionView } from '../core/engine.ts';
import { type ConnectionState, tokenOf } from '../core/model/connection.ts';

/** From good to bad; the icon shows the worst of all. */
export const TRAY_STATUSES = ['fresh', 'expiring', 'consent', 'error', 'locked'] as const;
export type TrayStatus = (typeof TRAY_STATUSES)[number];

/** A shape for each, so that no state is told by colour. */
export const MARKS: Readonly<Record<TrayStatus, string>> = {
  fresh: '●',
  expiring: '◐',
  consent: '○',
  error: '!',
  locked: '–',
};

export interface ConnectionStatus {
  readonly status: TrayStatus;
  readonly word: string;
  /** `copy`: a token can be had. `consent`: only a person can bring it back. `look`: the window says why. */
  readonly click: 'copy' | 'consent' | 'look';
  /** False where somebody is at it already or wanted it so: the icon does not ask for anything then. */
  readonly counts: boolean;
}

const EXPIRING_SHARE = 0.15;
const EXPIRING_MS = 5 * 60_000;

/** `now`: wall clock, milliseconds. */
export function statusOf(view: Pick<ConnectionView, 'state'>, now: number): ConnectionStatus {
  const { state } = view;
  switch (state.status) {
    case 'needs_consent':
      return { status: 'consent', word: 'consent needed', click: 'consent', counts: true };
    case 'revoked':
      return { status: 'consent', word: 'revoked', click: 'consent', counts: false };
    case 'consenting':
      return { status: 'consent', word: 'consent open', click: 'consent', counts: false };
    case 'error':
      return { status: 'error', word: 'refresh fails', click: 'look', counts: true };
    case 'new':
      return { status: 'expiring', word: 'not tried yet', click: 'copy', counts: false };
    case 'active':
    case 'refreshing':
      return ofToken(state, now);
  }
}

function ofToken(state: ConnectionState, now: number): ConnectionStatus {
  const token = tokenOf(state);
  if (token === undefined || token.expires_at === null) {
    return { status: 'fresh', word: 'fresh', click: 'copy', counts: true };
  }
  const left = token.expires_at - now;
  if (left <= 0) {
    if (!token.refreshable)
      return { status: 'consent', word: 'consent needed', click: 'consent', counts: true };
    return { status: 'expiring', word: 'expired', click: 'copy', counts: true };
  }
  const life = token.expires_at - token.issued_at;
  const expiring = left < EXPIRING_MS || (life > 0 && left / life < EXPIRING_SHARE);
  return {
    status: expiring ? 'expiring' : 'fresh',
    word: expiring ? 'expiring' : 'fresh',
    click: 'copy',
    counts: true,
  };
}

/** The worst of what asks for a person, `fresh` when nothing does. */
export function worstOf(statuses: readonly ConnectionStatus[]): TrayStatus {
  const worst = Math.max(
    0,
    ...statuses.filter(({ counts }) => counts).map(({ status }) => TRAY_STATUSES.indexOf(status)),
  );
  return TRAY_STATUSES[worst] ?? 'fresh';
}
