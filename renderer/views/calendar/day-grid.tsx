// The days ahead as a grid, a column for each week. A day with endings carries their number and leads to them in the
// list; a day without stays empty and is silent.
import { addDays, dayInFull, monthName, weekdayOf } from '../../text/days.ts';
import { DAYS_AHEAD, type Ending, SOON_DAYS } from '../../text/endings.ts';
import { classNames } from '../../ui/class-names.ts';
import styles from './day-grid.module.css';

export interface DayGridProps {
  /** Midnight. */
  readonly today: number;
  readonly days: ReadonlyMap<number, readonly Ending[]>;
  readonly onChoose: (day: number) => void;
}

/** A month that begins in the first weeks leaves no room for the name of the one before. */
const LABEL_WEEKS = 2;
const WEEKDAYS = [
  { name: 'Mon', row: 0 },
  { name: 'Wed', row: 2 },
  { name: 'Fri', row: 4 },
  { name: 'Sun', row: 6 },
];

export function DayGrid({ today, days, onChoose }: DayGridProps) {
  const before = weekdayOf(today);
  const cells = Array.from({ length: DAYS_AHEAD }, (_, number) => {
    const place = before + number;
    return { day: addDays(today, number), week: Math.floor(place / 7), weekday: place % 7 };
  });
  const months = cells.filter(({ day }) => new Date(day).getDate() === 1);
  const crowded = months.some(({ week }) => week < LABEL_WEEKS);
  return (
    <section className={styles.grid} aria-label={`The next ${DAYS_AHEAD} days`}>
      {(crowded ? months : [...cells.slice(0, 1), ...months]).map(({ day, week }) => (
        <span key={day} className={styles.month} style={{ '--week': week }} aria-hidden="true">
          {monthName(day)}
        </span>
      ))}
      {WEEKDAYS.map(({ name, row }) => (
        <span key={name} className={styles.weekday} style={{ '--weekday': row }} aria-hidden="true">
          {name}
        </span>
      ))}
      {cells.map(({ day, week, weekday }) => {
        const endings = days.get(day)?.length ?? 0;
        const shown = endings > 99 ? '99+' : String(endings);
        const look = {
          title: dayInFull(day),
          style: { '--week': week, '--weekday': weekday },
        };
        if (endings === 0) {
          return (
            <span key={day} {...look} className={classNames(styles.day, day === today && styles.today)} />
          );
        }
        return (
          <button
            key={day}
            type="button"
            {...look}
            className={classNames(
              styles.day,
              styles.full,
              day < addDays(today, SOON_DAYS) && styles.soon,
              day === today && styles.today,
            )}
            aria-label={`${dayInFull(day)}: ${shown} ${endings === 1 ? 'ends' : 'end'}`}
            onClick={() => onChoose(day)}
          >
            {shown}
          </button>
        );
      })}
    </section>
  );
}
