// Reads a transcript of the command line and compares it with what happened. Pure. The form, line by line:
//   # text            a comment; `# host: NAME` says which host runs
//   $ command         a command, words as a plain shell reads them
//   < text            a line of its stdin
//   text              a line of stdout          ! text   a line of stderr
//   > METHOD /path    a request the host got    ? 3      the exit code, where it is not 0
// In an expected line … stands for anything; a line of … alone stands for any lines.

export interface Step {
  readonly line: number;
  readonly command: string;
  readonly stdin: readonly string[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly requests: readonly string[];
  readonly exit: number;
}

export interface Transcript {
  readonly host: string;
  readonly steps: readonly Step[];
}

export function readTranscript(text: string): Transcript {
  let host: string | undefined;
  const steps: { -readonly [K in keyof Step]: Step[K] extends readonly string[] ? string[] : Step[K] }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const said = /^# host: (\S+)$/.exec(line);
    if (said !== null) host = said[1];
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('$ ')) {
      steps.push({
        line: index + 1,
        command: line.slice(2),
        stdin: [],
        stdout: [],
        stderr: [],
        requests: [],
        exit: 0,
      });
      continue;
    }
    const step = steps.at(-1);
    if (step === undefined) throw new Error(`line ${index + 1}: a transcript begins with a command`);
    if (/^[<!>?] /.test(line)) {
      const rest = line.slice(2);
      if (line[0] === '<') step.stdin.push(rest);
      else if (line[0] === '!') step.stderr.push(rest);
      else if (line[0] === '>') step.requests.push(rest);
      else step.exit = Number(rest);
    } else step.stdout.push(line);
  }
  if (host === undefined) throw new Error('a transcript needs a line "# host: NAME"');
  return { host, steps };
}

/** Words of a command: spaces separate, '…' and "…" hold together, `NAME=value` in front sets the environment. */
export function words(command: string): { env: Record<string, string>; argv: string[] } {
  const all = [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
  const env: Record<string, string> = {};
  while (/^[A-Z_]+=/.test(all[0] ?? '')) {
    const [name = '', ...value] = all.shift()!.split('=');
    env[name] = value.join('=');
  }
  return { env, argv: all };
}

/** True when `actual` is what the expected lines describe. */
export function agrees(expected: readonly string[], actual: string): boolean {
  const lines = expected.map((line) =>
    line === '…'
      ? '(?:[^\\n]*\\n)*'
      : `${line
          .split('…')
          .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
          .join('[^\\n]*')}[ ]*\\n`,
  );
  return new RegExp(`^${lines.join('')}$`).test(actual);
}
