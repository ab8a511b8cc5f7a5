// What happened, newest first, as it happens: filters above, days below, older pages on request.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Activity as Pulse } from 'lucide-react';
import { useMemo, useState } from 'react';
import { sentenceOf } from '../problem.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Page } from '../ui/page.tsx';
import { ActivityDays } from './activity/activity-days.tsx';
import { ActivityFilters, EMPTY_FILTERS, type Filters, isFiltered } from './activity/activity-filters.tsx';
import { activityPages } from './activity/activity-pages.ts';
import styles from './activity.module.css';

export function Activity() {
  const [filters, setFilters] = useState<Filters>(EMPTY_FILTERS);
  const pages = useInfiniteQuery({ ...activityPages(filters), placeholderData: keepPreviousData });
  const { data, error, hasNextPage, isFetchingNextPage } = pages;
  const entries = useMemo(() => data?.pages.flatMap((page) => page.entries), [data]);
  const filtered = isFiltered(filters);
  return (
    <Page title="Activity">
      <div className={styles.view}>
        <ActivityFilters filters={filters} onChange={setFilters} />
        {error !== null && (
          <p className={styles.problem} role="alert">
            {sentenceOf(error)}
          </p>
        )}
        {entries?.length === 0 &&
          (filtered ? (
            <p className={styles.none}>Nothing of that kind happened. Clear the filters to see the rest.</p>
          ) : (
            <EmptyState icon={<Pulse size={28} />} title="Nothing happened yet">
              <p>
                Every token that is handed out stands here with who got it, and every consent, refresh and
                key. No entry holds a token.
              </p>
            </EmptyState>
          ))}
        {entries !== undefined && entries.length > 0 && <ActivityDays entries={entries} />}
        {hasNextPage && (
          <div>
            <Button busy={isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              Show older
            </Button>
          </div>
        )}
      </div>
    </Page>
  );
}
