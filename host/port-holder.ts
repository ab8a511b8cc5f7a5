// Which process listens on a loopback port, for a message that helps. Best effort: Linux only, and only what /proc shows
// to this user; everything else is "unknown".

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { printable } from '../core/text.ts';

// /proc/net/tcp: "0A" is LISTEN.
const LISTENING = '0A';
const NAME_CHARS = 40;

/** `"name" (pid 123)`, or undefined when it cannot be told. */
export function portHolder(port: number): string | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port));
  if (inodes.length === 0) return undefined;
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pid = entries('/proc').find(
    (name) =>
      /^\d+$/.test(name) &&
      entries(`/proc/${name}/fd`).some((fd) => links.has(target(`/proc/${name}/fd/${fd}`))),
  );
  if (pid === undefined) return undefined;
  const name = text(`/proc/${pid}/comm`).trim();
  return name === '' ? `pid ${pid}` : `"${printable(name, NAME_CHARS)}" (pid ${pid})`;
}

// Columns: sl local_address rem_address st … inode; addresses are hexadecimal, the port after the colon.
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(suffix))
    .flatMap((columns) => columns[9] ?? []);
}

// A process that ends while we look, or belongs to somebody else, is simply not shown.
function entries(path: string): string[] {
  return orElse(() => readdirSync(path), []);
}

function text(path: string): string {
  return orElse(() => readFileSync(path, 'utf8'), '');
}

function target(path: string): string {
  return orElse(() => readlinkSync(path), '');
}

function orElse<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}
