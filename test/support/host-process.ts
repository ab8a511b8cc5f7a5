// The real headless host as a process, on files that outlive it: for what only shows between processes (signals, sudden
// death, sockets, output). Its home and key file are removed when the test ends.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandEnvironment, type Ended, type Running, startTokentray } from './cli-process.ts';
import { callHost, newHostHome, type RunningHost } from './running-host.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

export interface HostProcessOptions {
  /** A home that a host has used before; else a new one. */
  readonly home?: string;
  /** Added to `serve`; without a word about the port, it takes a free one. */
  readonly args?: readonly string[];
  /** Added to its environment; undefined leaves a variable out. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface HostProcess {
  readonly home: string;
  readonly pid: number;
  /** Everything a command needs to find it. */
  readonly env: NodeJS.ProcessEnv;
  readonly running: Running;
  readonly url: string;
  readonly socketPath: string;
  readonly ownerKey: string;
  call: RunningHost['call'];
  /** Sends the signal and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
}

/** Resolves when it says that it runs. */
export async function startHostProcess(t: Cleanup, options: HostProcessOptions = {}): Promise<HostProcess> {
  const { home, env, running } = await launchHost(t, options);
  await running.says('Stop it with Ctrl-C.');
  const { url, socket } = JSON.parse(readFileSync(join(home, 'endpoint.json'), 'utf8'));
  const ownerKey = readFileSync(join(home, 'owner.key'), 'utf8').trim();
  return {
    home,
    pid: running.child.pid ?? 0,
    env,
    running,
    url,
    socketPath: socket,
    ownerKey,
    call: (method, path, given = {}) =>
      callHost({ url, socketPath: socket, method, path, key: ownerKey, ...given }),
    end(signal = 'SIGTERM') {
      running.child.kill(signal);
      return running.ended;
    },
  };
}

/** Starts it and waits for nothing: for a host that is expected to refuse. */
export async function launchHost(
  t: Cleanup,
  options: HostProcessOptions = {},
): Promise<{ home: string; env: NodeJS.ProcessEnv; running: Running }> {
  const { args = ['--port', '0'] } = options;
  const home = options.home ?? (await newHostHome());
  const keyHome = `${home}-key`;
  mkdirSync(keyHome, { recursive: true, mode: 0o700 });
  const key = { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: join(keyHome, 'vault.key') };
  const env = commandEnvironment(home, { ...key, ...options.env });
  const running = startTokentray(['serve', ...args], env);
  t.after(async () => {
    running.child.kill('SIGKILL');
    await running.ended;
    for (const folder of [home, keyHome]) rmSync(folder, { recursive: true, force: true });
  });
  return { home, env, running };
}
