// The next 90 days: everything that is known to end, by day, and what has ended already. Says what it cannot know.
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useNow } from '../clock.ts';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { addDays, startOfDay } from '../text/days.ts';
import { DAYS_AHEAD, endingsOf } from '../text/endings.ts';
import { Page } from '../ui/page.tsx';
import { DayGrid } from './calendar/day-grid.tsx';
import { DayList } from './calendar/day-list.tsx';
import { EndedList } from './calendar/ended-list.tsx';
import styles from './calendar.module.css';

export function Calendar() {
  const connections = useQuery(queries.connections);
  const keys = useQuery(queries.keys);
  const now = useNow();
  const list = useRef<HTMLDivElement>(null);
  if (connections.data === undefined || keys.data === undefined) {
    const error = connections.error ?? keys.error;
    return (
      <Page title="Calendar">{error !== null && <p className={styles.note}>{sentenceOf(error)}</p>}</Page>
    );
  }
  const today = startOfDay(now);
  const { waiting, expired, ahead, later } = endingsOf(
    connections.data,
    keys.data,
    now,
    addDays(today, DAYS_AHEAD),
  );
  const days = Map.groupBy(ahead, ({ at }) => startOfDay(at));
  const showDay = (day: number): void => {
    list.current?.querySelector<HTMLElement>(`[data-day="${day}"]`)?.focus();
  };
  return (
    <Page title="Calendar">
      <div className={styles.view}>
        <DayGrid today={today} days={days} onChoose={showDay} />
        <EndedList waiting={waiting} expired={expired} />
        <div ref={list} className={styles.days}>
          {ahead.length === 0 && <p>Nothing is known to end in the next {DAYS_AHEAD} days.</p>}
          {[...days].map(([day, endings]) => (
            <DayList key={day} day={day} endings={endings} />
          ))}
          {later > 0 && <p className={styles.note}>{later} more will end after that.</p>}
        </div>
        <p className={styles.note}>
          Listed are access tokens that nothing can refresh, grants with a limit that the provider's entry or
          answers name, and keys with an expiry. Tokens that refresh themselves are not listed. Whatever else
          ends is not known beforehand: it stands here once your consent is needed.
        </p>
      </div>
    </Page>
  );
}
