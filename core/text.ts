// Text that comes from outside (providers, callers, files) made fit for a page, a terminal or a log line.
// Nothing here decides anything; it only makes text inert.

// C0 and C1 controls, DEL, line and paragraph separators, bidirectional and zero-width formatting, BOM:
// what can forge a line, hide text or reverse its reading order (CVE-2024-50349, RTL override).
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** One inert line: unsafe characters escaped as \u{…}, at most `max` characters, cut with an ellipsis. */
export function printable(text: string, max: number): string {
  const inert = text
    .slice(0, max + 1)
    .toWellFormed()
    .replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  if (inert.length <= max) return inert;
  // Never half of a pair of surrogates before the ellipsis.
  return `${inert.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
