// What each event of the host means for the cache. An event carries names and ids only: what changed is asked for.
import type { StatusJson } from '../api/wire.ts';
import { api } from './api.ts';
import { consentEnded, rememberConsent } from './consents.ts';
import type { ConsentEventJson, EventJson } from './event-json.ts';
import type { ServerEvent } from './event-stream.ts';
import { dropConnection, forgetWhatIsInside, keepConnection, queries, queryClient } from './queries.ts';
import { isPicker, navigate } from './router.ts';
import { closeNotices } from './ui/toast.tsx';

/** A burst (a hundred refreshes after a sleep) becomes one look. */
const GATHER_MS = 60;
/** From here on the whole list is cheaper than its rows one by one. */
const ROWS_AT_ONCE = 20;

const changed = new Set<string>();
let gathering: ReturnType<typeof setTimeout> | undefined;

export function applyEvent({ type, data }: ServerEvent): void {
  if (type === 'reset') {
    catchUp();
    return;
  }
  const event: EventJson = JSON.parse(data);
  switch (event.type) {
    case 'vault':
      vaultChanged(event.state);
      return;
    case 'connection':
      if (event.action === 'removed') dropConnection(event.id);
      else lookAt(event.id);
      refetch('activity');
      return;
    case 'expiring':
      refetch('activity');
      return;
    case 'clock':
      return;
    case 'file':
      // What was imported needs review, and is no event of its own.
      if (event.action === 'imported') catchUp();
      else if (event.action !== 'backing_up') refetch('activity');
      return;
    case 'provider':
      refetch('providers');
      refetch('activity');
      return;
    case 'consent':
      if (event.action === 'started') rememberConsent(event.consent);
      else consentEnded(event.consent, event.action);
      lookAtItsConnection(event);
      refetch('consents');
      refetch('activity');
      return;
    case 'refreshes':
      refetch('status');
      return;
    case 'desktop':
      refetch('desktop');
      return;
    case 'key':
    case 'hand_out':
      refetch('keys');
      refetch('activity');
      return;
  }
}

/** After a break that could not be replayed: everything on show is asked for again. */
export function catchUp(): void {
  void queryClient.invalidateQueries();
}

/** The screens behind the lock are gone before their data is: nothing of a name stays in page, cache or address. */
export function vaultChanged(state: StatusJson['state']): void {
  queryClient.setQueryData(queries.status.queryKey, (old) => {
    if (old === undefined) return undefined;
    const { connections, providers, ...rest } = old;
    return { ...rest, state };
  });
  if (state === 'open') {
    catchUp();
    return;
  }
  clearTimeout(gathering);
  changed.clear();
  closeNotices();
  // The quick picker is a window of its own, with one view.
  if (!isPicker()) navigate('/', { replace: true });
  void forgetWhatIsInside();
}

function refetch(key: string): void {
  void queryClient.invalidateQueries({ queryKey: [key] });
}

/** A consent changes how the connection that it renews stands, without an event of its own. Which one is not said at
 * its start. */
function lookAtItsConnection({ consent, provider, action }: ConsentEventJson): void {
  const list = queryClient.getQueryData(queries.connections.queryKey) ?? [];
  for (const one of list) {
    if (one.consent === consent || (action === 'started' && one.provider === provider)) lookAt(one.id);
  }
}

function lookAt(id: string): void {
  changed.add(id);
  clearTimeout(gathering);
  gathering = setTimeout(() => {
    const ids = [...changed];
    changed.clear();
    if (ids.length > ROWS_AT_ONCE) refetch('connections');
    // A row that cannot be had is on the list's next answer, or the break in the stream says why.
    else for (const one of ids) api.connection(one).then(keepConnection, () => refetch('connections'));
  }, GATHER_MS);
}
