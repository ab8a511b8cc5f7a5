// The clipboard of a Wayland session through wl-copy and wl-paste, for a program without focus. Texts go by standard input
// and output, never in arguments, and no shell is in between. Every call ends within its time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { programPath } from './clipboard-way.ts';

export interface WlClipboard {
  /** True when wl-copy said so by ending well: it does that only after the compositor took the text. */
  write(text: string): Promise<boolean>;
  /** undefined when it holds no text, or nobody can tell. */
  read(): Promise<string | undefined>;
  clear(): Promise<boolean>;
}

// Without the protocol for clipboard managers (GNOME) it waits for a moment of focus, which takes a blink.
const CALL_MS = 3_000;
/** The longest header line we write is shorter; more is somebody else's text and need not be read to the end. */
const READ_BYTES = 256 * 1_024;

/** undefined where wl-copy is not installed. */
export function findWlClipboard(env: NodeJS.ProcessEnv): WlClipboard | undefined {
  const copy = programPath('wl-copy', env);
  if (copy === undefined) return undefined;
  const paste = programPath('wl-paste', env);
  let marked: Promise<readonly string[]> | undefined;
  return {
    async write(text) {
      marked ??= sensitiveOption(copy, env);
      const { code } = await call(copy, [...(await marked), '--type', 'text/plain;charset=utf-8'], env, text);
      return code === 0;
    },
    async read() {
      if (paste === undefined) return undefined;
      const { code, output } = await call(paste, ['--no-newline', '--type', 'text'], env);
      return code === 0 ? output : undefined;
    },
    async clear() {
      return (await call(copy, ['--clear'], env)).code === 0;
    },
  };
}

/** wl-clipboard 2.3 can mark a text as sensitive for clipboard managers; older ones refuse options they do not know. */
async function sensitiveOption(copy: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { output } = await call(copy, ['--help'], env);
  return output.includes('--sensitive') ? ['--sensitive'] : [];
}

interface Called {
  /** null: it could not be started, was ended by a signal, or took too long. */
  readonly code: number | null;
  readonly output: string;
}

async function call(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<Called> {
  // wl-copy leaves a process behind that serves the text; it must not hold a pipe of ours, so a write has no output.
  const reads = input === '';
  const child = spawn(program, args, {
    env: withoutOurs(env),
    stdio: ['pipe', reads ? 'pipe' : 'ignore', 'ignore'],
    timeout: CALL_MS,
    killSignal: 'SIGKILL',
  });
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > READ_BYTES) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  // A program that ends without reading closes the pipe; its exit code tells.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  try {
    const [code] = await once(child, reads ? 'close' : 'exit');
    return { code: typeof code === 'number' ? code : null, output: Buffer.concat(chunks).toString('utf8') };
  } catch {
    // It could not be started: the same as one that failed.
    return { code: null, output: '' };
  }
}

/** A program that outlives us has no business with our settings, some of which name key files. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TOKENTRAY_')));
}
