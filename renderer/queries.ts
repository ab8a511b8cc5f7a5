// What the window knows of the host: one cache, kept true by events.ts. Nothing goes stale by time alone, and nothing
// is asked again because somebody looked: the stream says when.
import { QueryClient, queryOptions } from '@tanstack/react-query';
import type { ConnectionJson } from '../api/wire.ts';
import { type ActivityFilter, api } from './api.ts';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 5 * 60_000,
      // events.ts waits for the host to come back, once for all of them.
      retry: false,
      // The host is on this machine: being offline does not matter.
      networkMode: 'always',
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

export const queries = {
  status: queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => api.status(signal) }),
  connections: queryOptions({
    queryKey: ['connections'],
    queryFn: async ({ signal }) => (await api.connections(signal)).connections,
    // 10 000 rows: comparing them deeply costs more than drawing the visible ones.
    structuralSharing: false,
  }),
  providers: queryOptions({
    queryKey: ['providers'],
    queryFn: async ({ signal }) => (await api.providers(signal)).providers,
  }),
  presets: queryOptions({
    queryKey: ['presets'],
    queryFn: async ({ signal }) => (await api.presets(signal)).presets,
  }),
  keys: queryOptions({ queryKey: ['keys'], queryFn: async ({ signal }) => (await api.keys(signal)).keys }),
  slots: queryOptions({
    queryKey: ['slots'],
    queryFn: async ({ signal }) => (await api.slots(signal)).slots,
  }),
  sandbox: queryOptions({ queryKey: ['sandbox'], queryFn: ({ signal }) => api.sandbox(signal) }),
  sessions: queryOptions({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => (await api.sessions(signal)).sessions,
  }),
  desktop: queryOptions({ queryKey: ['desktop'], queryFn: ({ signal }) => api.desktop(signal) }),
  settings: queryOptions({ queryKey: ['settings'], queryFn: ({ signal }) => api.settings(signal) }),
  activity: (filter: ActivityFilter) =>
    queryOptions({ queryKey: ['activity', filter], queryFn: ({ signal }) => api.activity(filter, signal) }),
  consent: (id: string) =>
    queryOptions({ queryKey: ['consent', id], queryFn: ({ signal }) => api.consent(id, signal) }),
};

/** Puts one connection into the list, in place of its older self. */
export function keepConnection(connection: ConnectionJson): void {
  queryClient.setQueryData(queries.connections.queryKey, (list) => {
    if (list === undefined) return undefined;
    const place = list.findIndex(({ id }) => id === connection.id);
    return place === -1 ? [...list, connection] : list.with(place, connection);
  });
}

/** Also what happened to it: asking for that again would be a question about nothing. */
export function dropConnection(id: string): void {
  queryClient.removeQueries({
    predicate: ({ queryKey: [kind, filter] }) =>
      kind === 'activity' &&
      typeof filter === 'object' &&
      filter !== null &&
      'connection' in filter &&
      filter.connection === id,
  });
  queryClient.setQueryData(queries.connections.queryKey, (list) => list?.filter((one) => one.id !== id));
}

/** What the screen of a locked vault shows: no name is in it. */
const OUTSIDE: readonly unknown[] = ['status', 'slots'];

/** After a lock: nothing that was behind it stays, and answers on their way are not taken. */
export async function forgetWhatIsInside(): Promise<void> {
  const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => !OUTSIDE.includes(queryKey[0]);
  await queryClient.cancelQueries({ predicate });
  queryClient.removeQueries({ predicate });
  queryClient.getMutationCache().clear();
}
