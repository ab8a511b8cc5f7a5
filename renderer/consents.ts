// The consents that are open, whoever started them, and those that failed here. The host keeps them; their ids (no
// secrets) stay in sessionStorage, so that a failed one stays until it is dismissed. One that is done or cancelled leaves.
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { ConsentJson } from '../api/wire.ts';
import { api, type ConsentRequest } from './api.ts';
import { HostProblem, sentenceOf } from './problem.ts';
import { keepConnection, queries, queryClient } from './queries.ts';
import { navigate, paths } from './router.ts';
import { inTray } from './session.ts';
import { notify } from './ui/toast.tsx';

const KEY = 'tokentray.consents';

/** Of those, the ones somebody asked for here: their end is told here. */
const askedHere = new Set<string>();

export const consentsQuery = queryOptions({
  queryKey: ['consents'],
  queryFn: async () => {
    const { consents: open } = await api.consents();
    const known = await Promise.all([...new Set([...ids(), ...open.map(({ id }) => id)])].map(lookUp));
    const shown = known.filter((one) => one !== undefined).filter(isShown);
    store(shown.map(({ id }) => id));
    return shown;
  },
});

/** The consent of a connection, whoever asked for it. */
export function useConsent(id: string | undefined): ConsentJson | undefined {
  return useQuery({ ...queries.consent(id ?? ''), enabled: id !== undefined }).data;
}

/** Asks for a consent and opens it (in the tray, the host does), or tells why not. Must run inside a click. */
export async function connect(request: ConsentRequest): Promise<ConsentJson | undefined> {
  try {
    const { consent } = await api.startConsent(inTray() ? { ...request, via: 'browser' } : request);
    askedHere.add(consent.id);
    rememberConsent(consent.id);
    await queryClient.invalidateQueries({ queryKey: consentsQuery.queryKey });
    if (!inTray()) openConsent(consent);
    return consent;
  } catch (error) {
    notify({ title: sentenceOf(error), tone: 'bad' });
    return undefined;
  }
}

/** A browser may block the new tab; the waiting row has a link for that. */
function openConsent({ authorization_url }: ConsentJson): void {
  if (authorization_url === undefined) return;
  const tab = window.open(authorization_url, '_blank');
  if (tab === null) {
    notify({ title: 'The browser blocked the new tab. Open the consent from its row in the list.' });
  } else tab.opener = null;
}

/** In the tray, where the host opens all there is to open: shows the page of a waiting consent once more. */
export async function reopenConsent(id: string): Promise<void> {
  try {
    await api.openConsent(id);
  } catch (error) {
    notify({ title: sentenceOf(error), tone: 'bad' });
  }
}

export async function cancelConsent(id: string): Promise<void> {
  try {
    await api.cancelConsent(id);
    dismissConsent(id);
  } catch (error) {
    notify({ title: sentenceOf(error), tone: 'bad' });
  }
}

export function rememberConsent(id: string): void {
  if (!ids().includes(id)) store([...ids(), id]);
}

export function dismissConsent(id: string): void {
  store(ids().filter((one) => one !== id));
  queryClient.setQueryData(consentsQuery.queryKey, (list) => list?.filter((one) => one.id !== id));
}

export function consentEnded(id: string, action: 'done' | 'failed' | 'expired' | 'cancelled'): void {
  if (action === 'cancelled' || !askedHere.delete(id)) return;
  void tellEnd(id);
}

async function tellEnd(id: string): Promise<void> {
  try {
    const { connection, connection_id, reason } = await api.consent(id);
    if (connection === undefined || connection_id === undefined) {
      if (reason !== undefined) notify({ title: reason, tone: 'bad' });
      return;
    }
    keepConnection(await api.connection(connection_id));
    notify({ title: `${connection} is connected.` });
    if (location.pathname === '/' || location.pathname.startsWith('/connections')) {
      navigate(paths.connection(connection_id));
    }
  } catch (error) {
    notify({ title: sentenceOf(error), tone: 'bad' });
  }
}

async function lookUp(id: string): Promise<ConsentJson | undefined> {
  try {
    return await api.consent(id);
  } catch (error) {
    // The host forgets a finished consent after some minutes, and all of them when it stops.
    if (error instanceof HostProblem && error.code === 'not_found') return undefined;
    throw error;
  }
}

function isShown({ status }: ConsentJson): boolean {
  return status === 'pending' || status === 'failed' || status === 'expired';
}

function ids(): string[] {
  return (sessionStorage.getItem(KEY) ?? '').split(' ').filter((id) => id !== '');
}

function store(next: readonly string[]): void {
  if (next.length === 0) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, next.join(' '));
}
