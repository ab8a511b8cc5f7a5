// Times in words: short and relative to now, exact on demand. Milliseconds in, English out, in local time.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in one unit: `40 s`, `41 min`, `19 h`, `12 d`. Rounded down, as "left" should be. */
export function duration(ms: number): string {
  const length = Math.abs(ms);
  if (length < MINUTE) return `${Math.floor(length / 1_000)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  if (length < 2 * DAY) return `${Math.floor(length / HOUR)} h`;
  return `${Math.floor(length / DAY)} d`;
}

/** The present that is shown is this old at most (clock.ts); what is ahead of it by less may have happened. */
const TICK = 10_000;

/** `in 41 min`, `2 h ago`, `just now`. */
export function relative(at: number, now: number): string {
  const distance = at - now;
  if (distance > 0 && distance <= TICK) return 'just now';
  if (Math.abs(distance) < MINUTE) return distance > 0 ? 'in under a minute' : 'just now';
  return distance > 0 ? `in ${duration(distance)}` : `${duration(distance)} ago`;
}

/** `41 min left`, `under a minute left`, `expired 2 h ago`. */
export function left(expiresAt: number, now: number): string {
  const distance = expiresAt - now;
  if (distance <= 0) return 'expired';
  return distance < MINUTE ? 'under 1 min' : duration(distance);
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const DAY_PARTS = {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const;
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, DAY_PARTS);
const YEAR_AND_CLOCK = new Intl.DateTimeFormat(undefined, { ...DAY_PARTS, year: 'numeric' });

/** With the day of the week, seconds and zone: for the title of a short time. */
export function exact(at: number): string {
  return EXACT.format(at);
}

/** `10:12` today, `3 Mar, 10:12` on another day, `3 Mar 2025, 10:12` in another year. */
export function clockTime(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)];
  if (then.toDateString() === today.toDateString()) return CLOCK.format(at);
  return (then.getFullYear() === today.getFullYear() ? DAY_AND_CLOCK : YEAR_AND_CLOCK).format(at);
}
