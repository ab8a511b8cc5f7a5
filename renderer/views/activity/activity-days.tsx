// Entries under the days they happened on, in the time of this machine.
import { useRef } from 'react';
import type { ActivityJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { dayWords, startOfDay } from '../../text/days.ts';
import { useGlide } from '../../ui/glide.ts';
import styles from './activity-days.module.css';
import { ActivityEntry } from './activity-entry.tsx';

export function ActivityDays({ entries }: { readonly entries: readonly ActivityJson[] }) {
  const now = useNow();
  const list = useRef<HTMLDivElement>(null);
  useGlide(list);
  const days = Map.groupBy(entries, ({ at }) => startOfDay(Date.parse(at)));
  return (
    <div ref={list} className={styles.days}>
      {[...days].map(([day, ofDay]) => (
        <section key={day} aria-label={dayWords(day, now)}>
          <h2 className={styles.day} data-glide={day}>
            {dayWords(day, now)}
          </h2>
          <ul>
            {ofDay.map((entry) => (
              <ActivityEntry key={entry.seq} entry={entry} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
