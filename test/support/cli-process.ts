// Runs the real command line as a process, the way a shell would, in an environment of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** Far above what any command takes here (about 0.1 s), for a busy machine. */
export const DEADLINE_MS = 20_000;
/** A host lives as long as the tests of its file, which may take a minute when everything else is slow. */
const HOST_DEADLINE_MS = 180_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when stdout and stderr together hold `text`. */
  says(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Compiled sources, kept between commands and runs: without it each spends most of its time stripping types. */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/tokentray-cli', import.meta.url));

/** What a command inherits: enough to run, nothing of the machine's own Tokentray. */
export function commandEnvironment(home: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    TOKENTRAY_HOME: home,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    TERM: 'xterm',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...extra,
  };
}

/** Any program, for what stands before the command line. */
export function startCommand(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin?: string,
  timeout = DEADLINE_MS,
): Running {
  const child = spawn(file, args, { env, timeout, killSignal: 'SIGKILL' });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => unknown>();
  const tell = () => {
    for (const one of [...waiting]) one();
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    tell();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    tell();
  });
  // A command that refuses early does not read its stdin.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  if (stdin !== undefined) child.stdin.end(stdin);
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!(stdout + stderr).includes(text)) return false;
          waiting.delete(look);
          resolve();
          return true;
        };
        waiting.add(look);
        if (look()) return;
        // The deadline of the process is the deadline of this wait.
        void ended.then(
          () => look() || reject(new Error(`It ended without saying ${text}: ${stdout}${stderr}`)),
        );
      }),
    ended,
  };
}

/** Starts `tokentray ARGS`; `stdin` is written and closed when given, else left open for the test. */
export function startTokentray(args: readonly string[], env: NodeJS.ProcessEnv, stdin?: string): Running {
  const deadline = args[0] === 'serve' ? HOST_DEADLINE_MS : DEADLINE_MS;
  return startCommand(process.execPath, [CLI, ...args], env, stdin, deadline);
}

export function runTokentray(args: readonly string[], env: NodeJS.ProcessEnv, stdin = ''): Promise<Ended> {
  return startTokentray(args, env, stdin).ended;
}

/** Runs a shell command on a terminal of its own (`script` of bsdutils); what it prints comes on stdout. */
export function startOnTerminal(command: string, env: NodeJS.ProcessEnv): Running {
  // Without a size of its own the terminal has no columns, and prompts wrap after every letter.
  return startCommand('script', ['-qec', `stty cols 120 rows 30; ${command}`, '/dev/null'], env);
}
