// Every line a command prints. Data goes to stdout, talk to stderr, so that `$(tokentray …)` holds data and nothing else.
// Voice: what happened, then what to do; calm, no exclamation marks. With --json stdout holds exactly one document,
// also on errors. Text from outside is made inert; only a token or key the user asked for is written as it is.
import { exitCode } from './exit-codes.ts';
import { CommandError, failure, type ProblemDocument } from './problem.ts';
import { inert, inertJson } from './text.ts';

export interface Output {
  readonly json: boolean;
  /** stdout is a terminal: somebody may be looking over a shoulder (promise 178). */
  readonly terminal: boolean;
  /** The result of a command: `document` with --json, else the lines. */
  result(document: unknown, lines: readonly string[]): void;
  /** One JSON document, whatever the format. */
  document(document: unknown): void;
  /** One JSON document on one line, for streams of documents. */
  jsonLine(document: unknown): void;
  line(text: string): void;
  /** Exactly `value` and one newline (promise 176). */
  secret(value: string): void;
  talk(text: string): void;
  /** A line on the terminal that the next one replaces; '' clears it. Nothing when stderr is not a terminal. */
  progress(text: string): void;
  /** Help and usage, already laid out. */
  help(text: string, to: 'stdout' | 'stderr'): void;
  /** Tells about an error; answers the exit code. */
  failure(error: unknown): number;
}

export function createOutput(json: boolean): Output {
  const colours = process.stderr.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  const name = colours ? '\u001b[1;31mtokentray:\u001b[0m' : 'tokentray:';
  let progressing = false;

  const progress = (text: string) => {
    if (!process.stderr.isTTY || (text === '' && !progressing)) return;
    process.stderr.write(`\r\u001b[K${inert(text)}`);
    progressing = text !== '';
  };
  const line = (text: string) => process.stdout.write(`${inert(text)}\n`);
  const talk = (text: string) => {
    progress('');
    process.stderr.write(`${inert(text)}\n`);
  };

  const writeDocument = (document: unknown) => process.stdout.write(`${inertJson(document, 2)}\n`);

  return {
    json,
    terminal: process.stdout.isTTY === true,
    result: (document, lines) => {
      if (json) writeDocument(document);
      else for (const text of lines) line(text);
    },
    document: writeDocument,
    jsonLine: (document) => process.stdout.write(`${inertJson(document)}\n`),
    line,
    secret: (value) => process.stdout.write(`${value}\n`),
    talk,
    progress,
    help: (text, to) => process[to].write(text),
    failure: (error) => {
      const problem = problemOf(error);
      const exit = exitCode(problem.status, problem.code);
      progress('');
      if (json) writeDocument({ ...problem, exit });
      process.stderr.write(`${name} ${inert(problem.detail)}\n`);
      for (const hint of hints(problem)) process.stderr.write(`  ${inert(hint)}\n`);
      return exit;
    },
  };
}

function problemOf(error: unknown): ProblemDocument {
  if (error instanceof CommandError) return error.problem;
  // No stack and no text of unknown origin (promise 182); the name of the error is enough for a report.
  const kind = error instanceof Error ? error.name : typeof error;
  return failure('unexpected', `Something unexpected happened (${kind}). Please report it.`).problem;
}

function hints(problem: ProblemDocument): readonly string[] {
  const { action, detail, retry_after: seconds } = problem;
  return [
    ...(action?.command !== undefined && !detail.includes(action.command) ? [`Run: ${action.command}`] : []),
    ...(action?.url !== undefined && action.method === undefined ? [`Open: ${action.url}`] : []),
    ...(seconds === undefined ? [] : [`Try again in ${seconds} s.`]),
  ];
}
