// The pages of the activity under one filter. They live under the key `activity`, which every event of the host makes
// be asked for again, so that what is shown is live.
import { infiniteQueryOptions } from '@tanstack/react-query';
import { type ActivityFilter, api } from '../../api.ts';

/** Stands for the newest page: no entry has this number. */
const NEWEST = 0;

export function activityPages(filter: Pick<ActivityFilter, 'connection' | 'caller' | 'kind'>) {
  return infiniteQueryOptions({
    queryKey: ['activity', 'pages', filter],
    queryFn: ({ pageParam, signal }) =>
      api.activity(pageParam === NEWEST ? filter : { ...filter, after: pageParam }, signal),
    initialPageParam: NEWEST,
    getNextPageParam: (page) => page.next,
  });
}
