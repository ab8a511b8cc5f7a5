// Questions to D-Bus by child processes: no library of ours speaks it, and the answers are one word. Debian's desktops have
// dbus-send and dbus-monitor (dbus-bin, which dbus needs); elsewhere gdbus (GLib). Every question ends within its time.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { programPath } from './clipboard-way.ts';

const execute = promisify(execFile);

export type Bus = 'session' | 'system';

export interface BusQuestion {
  readonly bus: Bus;
  /** Well-known name of who is asked. */
  readonly name: string;
  readonly path: string;
  /** Interface and method: `org.freedesktop.DBus.Properties.Get`. */
  readonly method: string;
  readonly args: readonly string[];
}

/** A bus that runs answers in milliseconds; one that hangs must not hold back the start. */
const ASK_MS = 2_000;

/** The answer as printed; `none`: nobody of that name, no bus, or a refusal; `unknown`: there is nothing to ask with. */
export async function askBus(
  { bus, name, path, method, args }: BusQuestion,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly kind: 'answer'; readonly text: string } | { readonly kind: 'none' | 'unknown' }> {
  const send = programPath('dbus-send', env);
  const gdbus = send === undefined ? programPath('gdbus', env) : undefined;
  const program = send ?? gdbus;
  if (program === undefined) return { kind: 'unknown' };
  const where =
    send === undefined
      ? ['call', `--${bus}`, '--dest', name, '--object-path', path, '--method', method, ...args]
      : [`--${bus}`, '--print-reply', `--dest=${name}`, path, method, ...args.map((arg) => `string:${arg}`)];
  try {
    const { stdout } = await execute(program, where, { env, timeout: ASK_MS, killSignal: 'SIGKILL' });
    return { kind: 'answer', text: stdout };
  } catch {
    // It ends with a failure for every kind of no; which one makes no difference to us.
    return { kind: 'none' };
  }
}

/** A child that prints the signals of this object until it is killed; undefined where nothing can listen. */
export function watchBus(
  { bus, name, path }: Pick<BusQuestion, 'bus' | 'name' | 'path'>,
  env: NodeJS.ProcessEnv,
): ChildProcess | undefined {
  const monitor = programPath('dbus-monitor', env);
  const gdbus = programPath('gdbus', env);
  const options = { env, stdio: ['ignore', 'pipe', 'ignore'] as ['ignore', 'pipe', 'ignore'] };
  if (gdbus !== undefined) {
    return spawn(gdbus, ['monitor', `--${bus}`, '--dest', name, '--object-path', path], options);
  }
  if (monitor === undefined) return undefined;
  return spawn(monitor, [`--${bus}`, `type='signal',sender='${name}',path='${path}'`], options);
}
