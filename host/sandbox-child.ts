// How the practice server is run: a process that shares no memory with us and ends when we do. Here as a child of Node,
// whose standard input closes with us; a tray runs it as its own kind of process and gives another LaunchSandbox.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The running program. Listeners are told what comes after they were added. */
export interface SandboxChild {
  /** Every message it sends: `{ready: true, issuer, port}` or why not, then one for each `reset`. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, also when it could not be started. */
  onExit(listener: () => void): void;
  send(message: 'reset' | 'end'): void;
  /** Ends it whatever it does. */
  kill(): void;
}

/** Starts the program file with these arguments. Nothing of our environment may go along that names keys. */
export type LaunchSandbox = (script: string, args: readonly string[]) => SandboxChild;

export const launchChild: LaunchSandbox = (script, args) => {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Nothing of our environment but what a program needs to run: no paths of keys, no proxies.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: process.env.TZ },
  });
  const exited = new Promise<void>((resolve) => {
    // A program that cannot be started has an error and no exit.
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  const lines = createInterface({ input: child.stdout });
  // Its end is told by the exit; what is written to one that has ended is lost, and may be.
  child.stdin.on('error', () => undefined);
  return {
    onMessage: (listener) => {
      lines.on('line', (line) => listener(parsed(line)));
    },
    onExit: (listener) => {
      void exited.then(listener);
    },
    send(message) {
      if (message === 'end') child.stdin.end();
      else child.stdin.write(`${message}\n`);
    },
    kill: () => child.kill('SIGKILL'),
  };
};

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not a message of ours; whoever waits for one waits on.
    return undefined;
  }
}
