// No core dumps: what a crash would write to disk holds keys and tokens. Linux lets another process lower our limit, and
// nothing can raise it again but root; elsewhere the system writes none for us.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

// Of util-linux, which every distribution has. By its full path: this runs before anything is known about PATH.
const PRLIMIT = '/usr/bin/prlimit';
const PATIENCE_MS = 5_000;

/** Sets the core limit of `pid` to zero. False where that could not be done; never throws. */
export async function forbidCoreDumps(
  pid: number = process.pid,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  if (platform !== 'linux') return true;
  const child = spawn(PRLIMIT, ['--pid', String(pid), '--core=0:0'], {
    stdio: 'ignore',
    env: {},
    timeout: PATIENCE_MS,
  });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch {
    // Not installed.
    return false;
  }
}
