// Secrets and yes/no answers from a person or from stdin; never from arguments (promise 177).
// The prompts library is loaded only when somebody sits at the terminal.
import { failure, usage } from './problem.ts';

/** More than any secret or list of passphrases needs; stdin may be a whole disk by mistake. */
const STDIN_BYTES = 64 * 1_024;

/** Text of stdin without its last line break. Throws `usage` when it is empty or too long. */
export async function readStdin(what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > STDIN_BYTES) throw usage(`Standard input holds more than 64 KiB, which is not ${what}.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text === '') throw usage(`Standard input was empty. Write ${what} to it.`);
  return text;
}

export interface SecretQuestion {
  /** For sentences: `the passphrase`. */
  readonly what: string;
  /** The option that reads it from stdin, e.g. `--passphrase-stdin`. */
  readonly option: string;
  /** That option was given. */
  readonly fromStdin: boolean;
  /** Ask twice: a slip of a finger would lock the person out. */
  readonly twice?: boolean;
}

/** One secret line: from stdin when asked to, else by a prompt without echo. Throws `usage` without a terminal. */
export async function readSecret(question: SecretQuestion): Promise<string> {
  const { what, option, fromStdin, twice } = question;
  if (fromStdin && !process.stdin.isTTY) {
    const text = await readStdin(what);
    if (/[\r\n]/.test(text))
      throw usage(`Standard input holds more than one line. Write only ${what} to it.`);
    return text;
  }
  if (!process.stdin.isTTY) throw usage(`Give ${what} on standard input, with ${option}.`);
  const first = await hiddenLine(`Type ${what}`);
  if (twice && (await hiddenLine(`Type ${what} again`)) !== first) {
    throw usage('The two did not match. Nothing was changed; run the command again.');
  }
  return first;
}

async function hiddenLine(message: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const text = await password({
    message,
    // No mask: even the length stays private.
    mask: '',
    input: process.stdin,
    output: process.stderr,
    validate: (value) => (value === undefined || value === '' ? 'This must not be empty.' : undefined),
  });
  if (isCancel(text)) throw failure('interrupted', 'Interrupted.');
  return text;
}

/** Asks before something is lost. Without a terminal it takes `--yes`, and nothing else, for a yes. */
export async function confirmLoss(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw usage(`${question} Add --yes to say so; there is no terminal to ask on.`);
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: question,
    initialValue: false,
    input: process.stdin,
    output: process.stderr,
  });
  if (isCancel(answer)) throw failure('interrupted', 'Interrupted.');
  if (!answer) throw failure('interrupted', 'Nothing was changed.');
}

/** Lines of stdin as they come, until `signal`. On a terminal the line can be edited and may be any length. */
export async function* stdinLines(signal: AbortSignal): AsyncGenerator<string> {
  const { createInterface } = await import('node:readline');
  const reader = createInterface({
    input: process.stdin,
    ...(process.stdin.isTTY ? { output: process.stderr, terminal: true } : {}),
  });
  // While a line is edited the terminal gives Ctrl-C to the reader.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const close = () => reader.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (!signal.aborted) yield* reader;
  } finally {
    signal.removeEventListener('abort', close);
    reader.close();
    process.stdin.destroy();
  }
}
