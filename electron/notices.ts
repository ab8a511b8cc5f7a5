// Which event becomes which notice. Pure: events and looks in, notices out, each thing said once. What is about to end is
// the engine's to say (event `expiring`); it is shown as long as that end stands.
// A notice holds names and times, nothing secret: it is shown on locked screens and kept by notification centres.
import type { ConnectionView } from '../core/engine.ts';
import type { Deadline, Warned } from '../core/model/deadline.ts';
import type { SequencedEvent } from '../core/model/event.ts';
import { menuText, type TrayAction } from './tray-rows.ts';

export type NoticeKind = 'consent' | 'failing' | 'expiring';

export interface Notice {
  /** One per thing: two notices of the same key are the same notice. */
  readonly key: string;
  readonly kind: NoticeKind;
  readonly title: string;
  readonly body: string;
  /** Id of the connection or provider it is about; undefined: several. */
  readonly about: string | undefined;
  /** What a click does: the same as a row of the tray. */
  readonly click: TrayAction;
}

/** What was said, since when refreshes fail, and what the engine warned of; kept over restarts, so that nothing is said twice. */
export interface NoticeMemory {
  readonly said: readonly string[];
  /** By connection id: wall clock, milliseconds. */
  readonly failingSince: Readonly<Record<string, number>>;
  /** By connection id: the last warning. */
  readonly expiring: Readonly<Record<string, Warned>>;
  /** By provider id, since when it refuses our client: wall clock, milliseconds. */
  readonly refusedSince: Readonly<Record<string, number>>;
}

export const NOTHING_SAID: NoticeMemory = { said: [], failingSince: {}, expiring: {}, refusedSince: {} };

const DAY = 24 * 60 * 60_000;
/** More of one kind at once are one notice: a provider that ends every grant must not fill the screen. */
const AT_ONCE = 3;
/** What was said longest ago is forgotten first; a person with more connections hears a thing twice at worst. */
const SAID_MAX = 2_000;

/** Keeps count of what only events tell. Returns the memory after this event; the same when nothing changed. */
export function remember(memory: NoticeMemory, { at, event }: SequencedEvent): NoticeMemory {
  switch (event.type) {
    case 'expiring': {
      const { id, what, ends_at, days } = event;
      return { ...memory, expiring: { ...memory.expiring, [id]: { what, at: Date.parse(ends_at), days } } };
    }
    case 'provider': {
      const { action, provider } = event;
      if (action !== 'refused') return accepted(memory, provider);
      // A restart asks once more, and is refused once more: no news.
      if (provider in memory.refusedSince) return memory;
      return { ...memory, refusedSince: { ...memory.refusedSince, [provider]: at } };
    }
    case 'consent':
      return event.action === 'done' ? accepted(memory, event.provider) : memory;
    case 'connection':
      return ofConnection(memory, at, event);
    default:
      return memory;
  }
}

function ofConnection(
  memory: NoticeMemory,
  at: number,
  event: Extract<SequencedEvent['event'], { type: 'connection' }>,
): NoticeMemory {
  const { action, id } = event;
  if (action === 'refresh_failed') {
    if (id in memory.failingSince) return memory;
    return { ...memory, failingSince: { ...memory.failingSince, [id]: at } };
  }
  let next = memory;
  if (
    ['refreshed', 'added', 'needs_consent', 'revoked', 'removed'].includes(action) &&
    id in next.failingSince
  )
    next = { ...next, failingSince: without(next.failingSince, id) };
  if (action === 'removed' && id in next.expiring) next = { ...next, expiring: without(next.expiring, id) };
  return action === 'refreshed' ? accepted(next, event.connection.split('/')[0] ?? '') : next;
}

/** The provider takes our client, or is another one now. */
function accepted(memory: NoticeMemory, provider: string): NoticeMemory {
  if (!(provider in memory.refusedSince)) return memory;
  return { ...memory, refusedSince: without(memory.refusedSince, provider) };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([each]) => each !== key));
}

/** What there is to say now and was not said before, and the memory once it is said. */
export function look(
  memory: NoticeMemory,
  connections: readonly ConnectionView[],
  now: number,
  muted: (kind: NoticeKind) => boolean,
): { readonly notices: readonly Notice[]; readonly memory: NoticeMemory } {
  const said = new Set(memory.said);
  const fresh = standing(memory, connections, now).filter(({ key }) => !said.has(key));
  if (fresh.length === 0) return { notices: [], memory };
  // What is muted counts as said: switching a kind on again must not bring up everything since.
  const notices = together(fresh.filter(({ kind }) => !muted(kind)));
  return {
    notices,
    memory: { ...memory, said: [...memory.said, ...fresh.map(({ key }) => key)].slice(-SAID_MAX) },
  };
}

/** Everything that is so now, said or not. */
function standing(memory: NoticeMemory, connections: readonly ConnectionView[], now: number): Notice[] {
  return [
    ...Object.entries(memory.refusedSince).map(([provider, since]) => refusing(provider, since)),
    ...connections.flatMap((view) => noticesOf(view, memory, now)),
  ];
}

function refusing(provider: string, since: number): Notice {
  return {
    key: `refused:${provider}:${since}`,
    kind: 'failing',
    title: `${plain(provider)} refuses this client`,
    body: 'Nothing of it can be refreshed. Click to check its client ID and secret.',
    about: provider,
    click: { kind: 'show', path: `/providers/${provider}` },
  };
}

function noticesOf(view: ConnectionView, memory: NoticeMemory, now: number): Notice[] {
  const { state, id } = view;
  const name = plain(view.name);
  if (state.status === 'needs_consent') {
    return [
      {
        key: `consent:${id}:${state.since}`,
        kind: 'consent',
        title: `${name} needs consent`,
        body: 'Nothing can refresh it any more. Click to reconnect in the browser.',
        about: id,
        click: { kind: 'consent', connection: id },
      },
    ];
  }
  if (state.status !== 'error' && state.status !== 'active') return [];
  const click = { kind: 'show', path: `/connections/${id}` } as const;
  const since = state.status === 'error' ? state.since : memory.failingSince[id];
  const failing: Notice[] =
    since === undefined || now - since < DAY
      ? []
      : [
          {
            key: `failing:${id}:${since}`,
            kind: 'failing',
            title: `${name} could not be refreshed for a day`,
            body: 'Tokentray goes on trying. Click to see why.',
            about: id,
            click,
          },
        ];
  const warned = memory.expiring[id];
  const stands = view.deadlines.some(({ what, at }) => what === warned?.what && at === warned.at);
  if (warned === undefined || !stands || warned.at <= now) return failing;
  const { what, at, days } = warned;
  const left = Math.ceil((at - now) / DAY);
  return [
    ...failing,
    {
      key: `expiring:${id}:${what}:${at}:${days}`,
      kind: 'expiring',
      title: `${name} ends ${left <= 1 ? 'within a day' : `in ${left} days`}`,
      body: ENDS[what],
      about: id,
      click,
    },
  ];
}

const ENDS: Readonly<Record<Deadline['what'], string>> = {
  access_token: 'It cannot be refreshed. Click to reconnect before it ends.',
  refresh_idle: 'It was not refreshed for too long. Click to see why.',
  refresh_token: 'Its refresh token ends then. Click to reconnect before.',
  refresh_absolute: 'Its provider ends every grant after a time. Click to reconnect before.',
};

const MANY: Readonly<Record<NoticeKind, string>> = {
  consent: 'connections need consent',
  failing: 'connections could not be refreshed',
  expiring: 'connections end soon',
};

function together(notices: readonly Notice[]): Notice[] {
  return [...Map.groupBy(notices, ({ kind }) => kind)].flatMap(([kind, members]) => {
    if (members.length <= AT_ONCE) return members;
    const title = `${members.length} ${MANY[kind]}`;
    const click = { kind: 'show', path: '/' } as const;
    const body = 'Click to see them in Tokentray.';
    return [{ key: `many:${kind}`, kind, title, body, about: undefined, click }];
  });
}

/** Those of `notices` whose reason is gone, or is another one now: they are taken off the screen. */
export function over(
  notices: readonly Notice[],
  connections: readonly ConnectionView[],
  memory: NoticeMemory,
  now: number,
): Notice[] {
  if (notices.length === 0) return [];
  const still = new Set(standing(memory, connections, now).map(({ kind, about }) => `${kind} ${about}`));
  return notices.filter(({ kind, about }) => about !== undefined && !still.has(`${kind} ${about}`));
}

/** A notification has no keys in its text. */
function plain(name: string): string {
  return menuText(name).replaceAll('&&', '&');
}
