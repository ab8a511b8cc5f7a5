// Entries under the days they happened on, in the time of this machine.
import type { ActivityJson } from '../../../api/wire.ts';
import { useNow } from '../../clock.ts';
import { dayWords, startOfDay } from '../../text/days.ts';
import styles from './activity-days.module.css';
import { ActivityEntry } from './activity-entry.tsx';

export function ActivityDays({ entries }: { readonly entries: readonly ActivityJson[] }) {
  const now = useNow();
  const days = Map.groupBy(entries, ({ at }) => startOfDay(Date.parse(at)));
  return [...days].map(([day, ofDay]) => (
    <section key={day} aria-label={dayWords(day, now)}>
      <h2 className={styles.day}>{dayWords(day, now)}</h2>
      <ul>
        {ofDay.map((entry) => (
          <ActivityEntry key={entry.seq} entry={entry} />
        ))}
      </ul>
    </section>
  ));
}
