// Desktop files of ours (freedesktop.org Desktop Entry Specification): the one that takes links and the one that starts us
// at login. Pure. A path of the user's may hold anything; it must arrive as one argument and as nothing else.

export const DESKTOP_ID = 'dev.tokentray.Tokentray';

export interface DesktopEntry {
  /** Program and arguments, each one argument whatever is in it. */
  readonly exec: readonly string[];
  /** What stands after `--`: `%u`, the link, or nothing. */
  readonly link: boolean;
  readonly comment: string;
}

const CONTROL = /[\u0000-\u001f\u007f]/;

/** The text of the file. Throws RangeError for a path that no desktop file can name. */
export function desktopEntry({ exec, link, comment }: DesktopEntry): string {
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Tokentray',
    `Comment=${comment}`,
    // The dashes end the options: what a link says can never be one (promise 28).
    `Exec=${[...startable(exec).map(quoteArgument), '--', ...(link ? ['%u'] : [])].join(' ')}`,
    'Terminal=false',
    // Packages and AppImage tools bring the entry that people see.
    'NoDisplay=true',
    `StartupWMClass=${DESKTOP_ID}`,
    ...(link ? ['MimeType=x-scheme-handler/tokentray;'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** GIO looks for the program before it undoes doubled percent signs, and finds none: then `env`, which it finds, starts it. */
function startable(exec: readonly string[]): readonly string[] {
  const [program = ''] = exec;
  if (!program.includes('%')) return exec;
  if (program.includes('=')) throw new RangeError('The path of the program holds both % and =.');
  return ['/usr/bin/env', ...exec];
}

/**
 * One argument of an Exec line. Quoted, with `"`, `` ` ``, `$` and `\` escaped; then each backslash doubled, because the
 * rule for strings is undone first; `%` doubled, because it begins a field code.
 */
function quoteArgument(argument: string): string {
  if (CONTROL.test(argument)) throw new RangeError('The path of the program holds control characters.');
  const quoted = `"${argument.replace(/["`$\\]/g, '\\$&')}"`;
  return quoted.replaceAll('\\', '\\\\').replaceAll('%', '%%');
}
