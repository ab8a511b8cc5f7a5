// A message bus of a test's own, in the place of the session's and the system's: nothing of the user's desktop is asked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface PrivateBus {
  readonly address: string;
  /** What a process needs to see this bus and no other. */
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** True where the programs are installed (package dbus). */
export const hasBus: boolean = ['dbus-daemon', 'dbus-send', 'dbus-monitor'].every((program) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program))),
);

export async function startPrivateBus(): Promise<PrivateBus> {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-bus-'));
  const config = join(folder, 'bus.conf');
  writeFileSync(
    config,
    `<busconfig><type>session</type><listen>unix:dir=${folder}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
    </busconfig>`,
  );
  const daemon = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(createInterface({ input: daemon.stdout }), 'line');
  const address = String(line);
  return {
    address,
    env: { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: address, DBUS_SYSTEM_BUS_ADDRESS: address },
    async close() {
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
