// A time in few words, kept true as it passes; exact on hover and for machines.
import { useNow } from '../clock.ts';
import { clockTime, exact, relative } from '../text/times.ts';

export interface TimeProps {
  /** RFC 3339. */
  readonly at: string;
  /** `relative`: "2 h ago". `clock`: "10:12". */
  readonly as?: 'relative' | 'clock';
}

export function Time({ at, as = 'relative' }: TimeProps) {
  const now = useNow();
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={exact(ms)}>
      {as === 'clock' ? clockTime(ms, now) : relative(ms, now)}
    </time>
  );
}
