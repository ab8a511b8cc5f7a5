// What stands for this machine, this user and this data directory, so that a vault that was copied elsewhere is noticed
// (decision 9). It is worked out at each start and never stored outside the vault: nothing here travels with a copy.
// What must stay true: it gives nothing away about the machine, and stays the same from start to start.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { promisify } from 'node:util';

/** systemd's machine-id(5), and the older place of the same. */
const LINUX = ['/etc/machine-id', '/var/lib/dbus/machine-id'];
/** By its full path: Windows looks in the current folder before it looks in its own. */
const REG = `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\reg.exe`;
/** Both answer at once; a machine on which they hang is told apart by its paths alone. */
const TIMEOUT_MS = 3_000;
/** 128 bits: never the same by accident. */
const CHARS = 22;

export interface DeviceOptions {
  readonly home: string;
  /** Tests replace it. */
  readonly machine?: () => Promise<string>;
}

/** `d_…`: a digest of the machine's own id, the user and the real path of the data directory. Never throws. */
export async function deviceId({ home, machine = machineId }: DeviceOptions): Promise<string> {
  const parts = [await machine(), process.getuid?.() ?? '', realpathSync(home)];
  const digest = createHash('sha256')
    .update(`tokentray device ${JSON.stringify(parts)}`)
    .digest('base64url');
  return `d_${digest.slice(0, CHARS)}`;
}

/** Empty where the system has none, as in many containers: then the path alone decides. */
async function machineId(): Promise<string> {
  switch (process.platform) {
    case 'darwin':
      return idIn(
        await answerOf('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']),
        /"IOPlatformUUID" = "([^"]+)"/,
      );
    case 'win32':
      return idIn(
        await answerOf(REG, ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid']),
        /MachineGuid\s+REG_SZ\s+(\S+)/,
      );
    default:
      return LINUX.map(textOf).find((text) => text !== '') ?? '';
  }
}

function idIn(answer: string, pattern: RegExp): string {
  return pattern.exec(answer)?.[1] ?? '';
}

async function answerOf(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: TIMEOUT_MS, windowsHide: true })).stdout;
  } catch (error) {
    return noId(error);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    return noId(error);
  }
}

/** A machine that does not say its id has none, as far as anybody can tell. */
function noId(error: unknown): string {
  if (error instanceof Error) return '';
  throw error;
}
