// FILE of a command: the host reads and writes it, so the path is made absolute here.
import { resolve } from 'node:path';
import { usage } from './problem.ts';

/** Throws `usage` for `-`: what these files hold is not for a terminal or a pipe. */
export function filePath(given: string): string {
  if (given !== '-') return resolve(given);
  throw usage('FILE is the name of a file. Standard input and output are not taken here.');
}

/** The host's own work on a file of any size: a slow disk is no reason to give up. */
export const FILE_SECONDS = 3_600;

/** `1.2 MB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1_000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
