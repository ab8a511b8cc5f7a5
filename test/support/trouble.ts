// Trouble for a host that runs: a disk of its own that is full or has room again, errors of system calls that begin and
// end when a test says so, a limit for file sizes. And what such a test needs to be able to run here.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { inTime } from './in-time.ts';
import type { Victim, VictimPlace } from './victim.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

const works = (file: string, ...args: string[]): boolean =>
  spawnSync(file, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;

/** A reason to skip, or false: strace must be there and be allowed to trace. */
export const noStrace = !works('strace', '-qqq', '-o', '/dev/null', 'true') && 'needs strace';
export const noNamespace =
  !works('unshare', '-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt') && 'needs a user namespace with mounts';

/** Puts a process on a disk of its own that is this large, in the place of `home`. */
export function onSmallDisk(home: string, mebibytes: number): string[] {
  const mount = `mount -t tmpfs -o size=${mebibytes}m,mode=700 tmpfs '${home}' && exec "$@"`;
  return ['unshare', '-rm', 'sh', '-c', mount, 'sh'];
}

/** The folder as the host sees it, which may be in a mount of its own. */
export function homeOf({ home }: VictimPlace, { pid }: Victim): string {
  return `/proc/${pid}/root${home}`;
}

/** Takes every byte that is free. */
export function fillDisk(folder: string): void {
  const file = openSync(join(folder, 'fill'), 'w');
  try {
    for (const size of [65_536, 4_096, 1]) {
      const some = Buffer.alloc(size, 1);
      while (fits(() => writeSync(file, some) === size));
    }
  } finally {
    closeSync(file);
  }
}

export function freeDisk(folder: string): void {
  rmSync(join(folder, 'fill'), { force: true });
}

function fits(write: () => boolean): boolean {
  try {
    return write();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

/** Lets system calls of a running process fail (or wait) by strace's rules until the returned function is called. */
export async function breakCalls(t: Cleanup, pid: number, ...rules: string[]): Promise<() => Promise<void>> {
  const calls = rules.map((rule) => rule.split(':')[0]).join(',');
  const inject = rules.flatMap((rule) => ['-e', `inject=${rule}`]);
  const child = spawn(
    'strace',
    ['-f', '-o', '/dev/null', '-e', `trace=${calls}`, ...inject, '-p', String(pid)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  t.after(() => end(child));
  let said = '';
  const attached = Promise.withResolvers<void>();
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
    if (said.includes('attached')) attached.resolve();
  });
  child.once('exit', () => attached.reject(new Error(`strace ended: ${said}`)));
  await inTime('strace to attach', attached.promise);
  return () => end(child);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // On SIGINT strace lets go of the process and leaves it running.
  child.kill('SIGINT');
  await once(child, 'exit');
}

/** From now on no file of this process may grow beyond `bytes`; undefined ends that. */
export function limitFileSize(pid: number, bytes: number | undefined): void {
  const limit = bytes === undefined ? 'unlimited' : String(bytes);
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}:unlimited`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
