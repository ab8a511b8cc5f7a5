// Text made fit for a terminal: inert names, short times, aligned tables. Pure; output.ts does the printing.

// What can forge a line, hide text or reverse its reading order (CVE-2024-50349). The same set as the engine's;
// a test compares the two.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** One inert line: everything a terminal could act on is shown as \u{…} (promise 181). */
export function inert(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** JSON for stdout. Controls that JSON allows bare (C1, bidirectional) are escaped too: it may be read on a terminal. */
export function inertJson(document: unknown, indent?: number): string {
  return JSON.stringify(document, null, indent).replace(UNSAFE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in one unit, rounded down: `45 s`, `41 min`, `7 h`, `3 d`. */
export function span(seconds: number): string {
  if (seconds < MINUTE) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  // Hours up to two days: "1 d" for 47 hours would hide too much.
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

/** `41 min ago` or `in 41 min` for an RFC 3339 time; `never` for none. */
export function relative(time: string | null | undefined, now: number): string {
  if (time === null || time === undefined) return 'never';
  const seconds = (Date.parse(time) - now) / 1_000;
  if (Number.isNaN(seconds)) return 'unknown';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

/** Lines of a table with aligned columns, two spaces apart; nothing is padded after the last column. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows].map((row) => row.map(inert));
  const widths = header.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}

/** Lines of `Label   value`, aligned; rows without a value are left out. */
export function facts(rows: readonly (readonly [string, string | null | undefined])[]): string[] {
  const known = rows.filter((row): row is readonly [string, string] => (row[1] ?? '') !== '');
  const width = Math.max(0, ...known.map(([label]) => label.length));
  return known.map(([label, value]) => `${label.padEnd(width)}  ${inert(value)}`);
}
