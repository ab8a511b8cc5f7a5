// A real gnome-keyring on a private message bus, with its own home: nothing of the user's keychain is touched. The bus
// starts no service by itself, so that "there is no keychain" can be tested too.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { holdPrompts } from './silent-prompter.ts';

const run = promisify(execFile);

const PROBE = join(import.meta.dirname, 'keychain-probe.ts');
const READY_MS = 15_000;

export interface ProbeAnswer {
  readonly kind: string;
  /** Hexadecimal. */
  readonly secret?: string;
}

export interface KeyringSession {
  /** What a process needs to see this keychain and no other. */
  readonly env: NodeJS.ProcessEnv;
  /** Starts the service with its collection open (made on the first time), or there but locked. */
  start(state: 'unlocked' | 'locked'): Promise<void>;
  /** Ends the service; the bus stays. */
  stop(): Promise<void>;
  /** Stops the service from answering while it stays on the bus. */
  freeze(): void;
  /** Lets password dialogs appear to open, and never be answered. */
  holdPrompts(): Promise<void>;
  /** Runs operations in a fresh process, e.g. `read:ID`, `write:ID:00ff`, `remove:ID`. */
  run(operations: readonly string[], more?: NodeJS.ProcessEnv): Promise<ProbeAnswer[]>;
  close(): Promise<void>;
}

/** True where the programs are installed. */
export const hasKeyring: boolean = ['gnome-keyring-daemon', 'dbus-daemon'].every((program) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program))),
);

export async function startKeyringSession(): Promise<KeyringSession> {
  const home = mkdtempSync(join(tmpdir(), 'tokentray-keyring-'));
  const folder = (name: string) => {
    mkdirSync(join(home, name), { mode: 0o700 });
    return join(home, name);
  };
  const base: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_RUNTIME_DIR: folder('run'),
    XDG_DATA_HOME: folder('data'),
    XDG_CONFIG_HOME: folder('config'),
    XDG_CACHE_HOME: folder('cache'),
  };
  writeFileSync(
    join(home, 'bus.conf'),
    `<busconfig><type>session</type><listen>unix:dir=${home}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
    </busconfig>`,
  );
  const bus = spawn(
    'dbus-daemon',
    [`--config-file=${join(home, 'bus.conf')}`, '--nofork', '--print-address=1'],
    {
      env: base,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const [address] = await once(createInterface({ input: bus.stdout }), 'line');
  const env = { ...base, DBUS_SESSION_BUS_ADDRESS: String(address) };
  let service: ChildProcess | undefined;
  let letPromptsGo = () => {};

  const stop = async () => {
    if (service !== undefined) await end(service);
    service = undefined;
  };

  return {
    env,
    stop,
    async start(state) {
      await stop();
      const open = state === 'unlocked' ? ['--unlock'] : [];
      service = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...open], {
        env,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      service.stdin?.end(state === 'unlocked' ? 'password' : '');
      await untilOwned(env);
    },
    freeze() {
      service?.kill('SIGSTOP');
    },
    async holdPrompts() {
      letPromptsGo = await holdPrompts(String(address));
    },
    run: (operations, more = {}) => probe(operations, { ...env, ...more }),
    async close() {
      letPromptsGo();
      await stop();
      await end(bus);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Runs keychain operations in a fresh process: the library reads the address of the bus once. */
export async function probe(operations: readonly string[], env: NodeJS.ProcessEnv): Promise<ProbeAnswer[]> {
  const child = spawn(process.execPath, [PROBE, ...operations], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answers: ProbeAnswer[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => answers.push(JSON.parse(line)));
  await once(child, 'close');
  return answers;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function untilOwned(env: NodeJS.ProcessEnv): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const ask = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus'];
  const question = [...ask, 'org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets'];
  while (!(await run('dbus-send', question, { env })).stdout.includes('true')) {
    if (Date.now() > deadline) throw new Error('gnome-keyring did not come up');
  }
}
