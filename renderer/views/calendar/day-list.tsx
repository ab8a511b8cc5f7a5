// What ends on one day, in the order it ends.
import { useNow } from '../../clock.ts';
import { paths } from '../../router.ts';
import { addDays, dayInFull, dayWords, startOfDay } from '../../text/days.ts';
import { type Ending, SOON_DAYS } from '../../text/endings.ts';
import { Dot } from '../../ui/dot.tsx';
import { Link } from '../../ui/link.tsx';
import { Time } from '../../ui/time.tsx';
import styles from './entries.module.css';
import { Shortened } from './shortened.tsx';

export interface DayListProps {
  /** Midnight. */
  readonly day: number;
  readonly endings: readonly Ending[];
}

export function DayList({ day, endings }: DayListProps) {
  const now = useNow();
  const soon = day < addDays(startOfDay(now), SOON_DAYS);
  return (
    <section aria-labelledby={`day-${day}`}>
      {/* The grid leads here. */}
      <h2 id={`day-${day}`} data-day={day} tabIndex={-1} title={dayInFull(day)} className={styles.title}>
        {dayWords(day, now)}
      </h2>
      <Shortened
        of="more that day"
        items={endings.map((ending) => (
          <li key={`${ending.kind} ${ending.name}`} className={styles.entry}>
            <span>{soon && <Dot tone="warn" />}</span>
            <p>
              {ending.kind === 'connection' ? 'The token of ' : 'The key '}
              <Link
                className={styles.name}
                to={ending.kind === 'connection' ? paths.connection(ending.id) : '/scripts'}
              >
                {ending.name}
              </Link>{' '}
              {ending.kind === 'connection' ? 'ends' : 'expires'}{' '}
              <Time at={new Date(ending.at).toISOString()} />
              {ending.kind === 'connection' ? ' and cannot be refreshed. Reconnect then.' : '.'}
            </p>
          </li>
        ))}
      />
    </section>
  );
}
