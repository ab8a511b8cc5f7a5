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

type Grant = Extract<Ending, { kind: 'connection' }>;

const OF = {
  access_token: 'The token of ',
  refresh_idle: 'An unused grant of ',
  refresh_token: 'The grant of ',
  refresh_absolute: 'The grant of ',
} as const satisfies Record<Grant['what'], string>;

function renews(ending: Ending): boolean {
  return ending.kind === 'connection' && ending.renews;
}

function after({ what, renews }: Grant): string {
  if (renews) return '. Tokentray refreshes it before.';
  return what === 'access_token'
    ? ' and cannot be refreshed. Reconnect then.'
    : ', whatever is done with it. Reconnect before.';
}

function keyOf(ending: Ending): string {
  return ending.kind === 'key' ? `key ${ending.name}` : `${ending.what} ${ending.id}`;
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
          <li key={keyOf(ending)} className={styles.entry}>
            <span>{soon && !renews(ending) && <Dot tone="warn" />}</span>
            <p>
              {ending.kind === 'key' ? 'The key ' : OF[ending.what]}
              <Link
                className={styles.name}
                to={ending.kind === 'connection' ? paths.connection(ending.id) : '/scripts'}
              >
                {ending.name}
              </Link>{' '}
              {ending.kind === 'key' ? 'expires' : 'ends'} <Time at={new Date(ending.at).toISOString()} />
              {ending.kind === 'key' ? '.' : after(ending)}
            </p>
          </li>
        ))}
      />
    </section>
  );
}
