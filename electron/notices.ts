// Which event becomes which notice. Pure: events and looks in, notices out, each thing said once.
// A notice holds names and times, nothing secret: it is shown on locked screens and kept by notification centres.
import type { ConnectionView } from '../core/engine.ts';
import type { SequencedEvent } from '../core/model/event.ts';
import { menuText } from './tray-rows.ts';

export type NoticeKind = 'consent' | 'failing' | 'expiring';

export interface Notice {
  /** One per thing: two notices of the same key are the same notice. */
  readonly key: string;
  readonly kind: NoticeKind;
  readonly title: string;
  readonly body: string;
  /** The connection it is about; undefined: several, and a click shows the list. */
  readonly connection: string | undefined;
}

/** What was said and since when refreshes fail; kept over restarts, so that nothing is said twice. */
export interface NoticeMemory {
  readonly said: readonly string[];
  /** By connection id: wall clock, milliseconds. */
  readonly failingSince: Readonly<Record<string, number>>;
}

export const NOTHING_SAID: NoticeMemory = { said: [], failingSince: {} };

const DAY = 24 * 60 * 60_000;
/** Before the end of a grant that cannot be renewed by itself: time to plan, and the last call. */
const EXPIRING_DAYS = [1, 7] as const;
/** More of one kind at once are one notice: a provider that ends every grant must not fill the screen. */
const AT_ONCE = 3;
/** What was said longest ago is forgotten first; a person with more connections hears a thing twice at worst. */
const SAID_MAX = 2_000;

/** Keeps count of the failures. Returns the memory after this event. */
export function remember(memory: NoticeMemory, { at, event }: SequencedEvent): NoticeMemory {
  if (event.type !== 'connection') return memory;
  const { [event.id]: since, ...others } = memory.failingSince;
  if (event.action === 'refresh_failed') {
    return since === undefined ? { ...memory, failingSince: { ...others, [event.id]: at } } : memory;
  }
  const over = ['refreshed', 'added', 'needs_consent', 'revoked', 'removed'].includes(event.action);
  return over && since !== undefined ? { ...memory, failingSince: others } : memory;
}

/** What there is to say now and was not said before, and the memory once it is said. */
export function look(
  memory: NoticeMemory,
  connections: readonly ConnectionView[],
  now: number,
  muted: (kind: NoticeKind) => boolean,
): { readonly notices: readonly Notice[]; readonly memory: NoticeMemory } {
  const said = new Set(memory.said);
  const fresh = connections
    .flatMap((view) => noticeOf(view, memory, now) ?? [])
    .filter(({ key }) => !said.has(key));
  if (fresh.length === 0) return { notices: [], memory };
  // What is muted counts as said: switching a kind on again must not bring up everything since.
  const notices = together(fresh.filter(({ kind }) => !muted(kind)));
  return {
    notices,
    memory: { ...memory, said: [...memory.said, ...fresh.map(({ key }) => key)].slice(-SAID_MAX) },
  };
}

function noticeOf(view: ConnectionView, memory: NoticeMemory, now: number): Notice | undefined {
  const { state, id } = view;
  const name = menuText(view.name).replaceAll('&&', '&');
  if (state.status === 'needs_consent') {
    return {
      key: `consent:${id}:${state.since}`,
      kind: 'consent',
      title: `${name} needs consent`,
      body: 'Nothing can refresh it any more. Click to reconnect in the browser.',
      connection: id,
    };
  }
  const since = state.status === 'error' ? state.since : memory.failingSince[id];
  if (since !== undefined && now - since >= DAY && (state.status === 'error' || state.status === 'active')) {
    return {
      key: `failing:${id}:${since}`,
      kind: 'failing',
      title: `${name} could not be refreshed for a day`,
      body: 'Tokentray goes on trying. Click to see why.',
      connection: id,
    };
  }
  return expiring(view, name, now);
}

/** Only what cannot be refreshed has an end that is known, and only if it lives so long does a warning make sense. */
function expiring({ state, id }: ConnectionView, name: string, now: number): Notice | undefined {
  if (state.status !== 'active') return undefined;
  const { refreshable, expires_at, issued_at } = state.token;
  if (refreshable || expires_at === null || expires_at <= now) return undefined;
  const days = EXPIRING_DAYS.find((count) => expires_at - now <= count * DAY);
  if (days === undefined || expires_at - issued_at <= days * DAY) return undefined;
  const left = Math.ceil((expires_at - now) / DAY);
  return {
    key: `expiring:${id}:${expires_at}:${days}`,
    kind: 'expiring',
    title: `${name} expires ${left <= 1 ? 'within a day' : `in ${left} days`}`,
    body: 'It cannot be refreshed. Click to reconnect before it ends.',
    connection: id,
  };
}

const MANY: Readonly<Record<NoticeKind, string>> = {
  consent: 'connections need consent',
  failing: 'connections could not be refreshed for a day',
  expiring: 'connections expire soon',
};

function together(notices: readonly Notice[]): Notice[] {
  return [...Map.groupBy(notices, ({ kind }) => kind)].flatMap(([kind, members]) => {
    if (members.length <= AT_ONCE) return members;
    const title = `${members.length} ${MANY[kind]}`;
    return [
      { key: `many:${kind}`, kind, title, body: 'Click to see them in Tokentray.', connection: undefined },
    ];
  });
}

/** What it asks for was done or has changed: it is taken off the screen. */
export function isOver(
  notice: Notice,
  connections: readonly ConnectionView[],
  memory: NoticeMemory,
  now: number,
): boolean {
  if (notice.connection === undefined) return false;
  const view = connections.find(({ id }) => id === notice.connection);
  return view === undefined || noticeOf(view, memory, now)?.kind !== notice.kind;
}
