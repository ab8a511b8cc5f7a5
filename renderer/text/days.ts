// Days of this machine's calendar: where one begins, and what it is called. Milliseconds in and out.

const DAY_NAME = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const DAY_IN_FULL = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const MONTH = new Intl.DateTimeFormat(undefined, { month: 'short' });

/** Midnight before `at`. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** Midnight that many days later: not 24 hours times as many, where clocks are changed. */
export function addDays(day: number, days: number): number {
  const date = new Date(day);
  return date.setDate(date.getDate() + days);
}

/** 0 for Monday (ISO 8601) to 6 for Sunday. */
export function weekdayOf(day: number): number {
  return (new Date(day).getDay() + 6) % 7;
}

/** `Today`, `Yesterday`, `Tomorrow`, else `Tue, 3 Mar`; `Mon, 3 Mar 2025` in another year. */
export function dayWords(day: number, now: number): string {
  const today = startOfDay(now);
  if (day === today) return 'Today';
  if (day === addDays(today, -1)) return 'Yesterday';
  if (day === addDays(today, 1)) return 'Tomorrow';
  const sameYear = new Date(day).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? DAY_NAME : DAY_AND_YEAR).format(day);
}

/** `Tuesday, 3 March`. */
export function dayInFull(day: number): string {
  return DAY_IN_FULL.format(day);
}

export function monthName(day: number): string {
  return MONTH.format(day);
}
