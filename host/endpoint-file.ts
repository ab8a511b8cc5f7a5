// endpoint.json: where commands find the running host. Owner-only, without any key; removed when its host ends, and
// recognisable as stale when that host could not remove it (promise 131).

import { rmSync } from 'node:fs';
import { readPrivateFile, writePrivateFile } from '../core/vault/file-safety.ts';

export interface Endpoint {
  /** Of the TCP door; null while it is off. */
  readonly url: string | null;
  readonly socket: string;
  /** Address of the headless window; null when there is none. */
  readonly window: string | null;
  readonly pid: number;
}

// Four short fields; anything longer was not written by us.
const FILE_BYTES = 4_096;

/** Replaces the file in one step. Throws `storage`. */
export function writeEndpoint(path: string, endpoint: Endpoint): void {
  const { url, socket, window, pid } = endpoint;
  writePrivateFile(path, `${JSON.stringify({ url, socket, window, pid })}\n`);
}

/** The endpoint of a host that is alive; undefined for a missing, damaged or stale file. */
export function readEndpoint(path: string): Endpoint | undefined {
  const endpoint = parse(readPrivateFile(path, FILE_BYTES) ?? '');
  return endpoint !== undefined && isAlive(endpoint.pid) ? endpoint : undefined;
}

/** Removes the file if it is still this process's. */
export function clearEndpoint(path: string): void {
  if (parse(readPrivateFile(path, FILE_BYTES) ?? '')?.pid === process.pid) rmSync(path, { force: true });
}

function parse(text: string): Endpoint | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Empty or damaged: there is nothing to find here, and the next host writes it anew.
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(document));
  const [url, socket, window, pid] = ['url', 'socket', 'window', 'pid'].map(
    (name) => fields.get(name) ?? null,
  );
  if (typeof socket !== 'string') return undefined;
  if (url !== null && typeof url !== 'string') return undefined;
  if (window !== null && typeof window !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1) return undefined;
  return { url, socket, window, pid };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: gone. EPERM: of another user, so not a host of ours.
    return false;
  }
}
