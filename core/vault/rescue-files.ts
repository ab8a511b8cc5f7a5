// Sealed copies of what the vault itself does not take, in small files elsewhere: in the first folder that has room.
// What must stay true: only their owner may touch them, none is ever written over another, and one has its name only when
// it is on the disk.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TokentrayError } from '../errors.ts';
import type { LogPort } from '../ports.ts';
import {
  createPrivateFile,
  fileError,
  look,
  prepareDirectory,
  publishFile,
  readPrivateFile,
  temporaryName,
} from './file-safety.ts';

/** Of a file that a killed process left before it had its name. */
const LEFTOVER = /\.new-[0-9a-f]{16}$/;

/** Writes it into the first folder that takes it and answers its path; undefined when none does. `level`: how to say why. */
export function writeRescueFile(
  directories: readonly string[],
  name: string,
  text: string,
  log: LogPort,
  level: 'warn' | 'debug',
): string | undefined {
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      prepareDirectory(directory, log);
      makeFile(path, text);
      return path;
    } catch (error) {
      const known = fileError(path, error);
      if (!(known instanceof TokentrayError)) throw error;
      log[level]('rescue_file_not_written', { path, code: known.code });
    }
  }
  return undefined;
}

function makeFile(path: string, text: string): void {
  const temporary = temporaryName(path);
  try {
    createPrivateFile(temporary, text);
    publishFile(temporary, path);
  } catch (error) {
    // It has its name, but nobody knows whether it is on the disk.
    if (!(error instanceof TokentrayError && error.code === 'already_exists')) rmSync(path, { force: true });
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Files whose name begins with `prefix`; `rest` is what follows it. A folder that is not there or not safe has none. */
export function findRescueFiles(
  directories: readonly string[],
  prefix: string,
  log: LogPort,
): { readonly path: string; readonly rest: string }[] {
  return directories.flatMap((directory) => {
    try {
      if (look(directory) === undefined) return [];
      prepareDirectory(directory, log);
      const own = readdirSync(directory).filter((name) => name.startsWith(prefix));
      for (const name of own) if (LEFTOVER.test(name)) rmSync(join(directory, name), { force: true });
      return own
        .filter((name) => !LEFTOVER.test(name))
        .map((name) => ({ path: join(directory, name), rest: name.slice(prefix.length) }));
    } catch (error) {
      const known = fileError(directory, error);
      if (!(known instanceof TokentrayError)) throw error;
      log.warn('rescue_folder_not_read', { path: directory, code: known.code });
      return [];
    }
  });
}

/** Its text; empty for one above `maxBytes`. Throws `unsafe_path` and `storage`. */
export function readRescueFile(path: string, maxBytes: number): string {
  return readPrivateFile(path, maxBytes) ?? '';
}

/** What cannot be removed is found again at the next start, and is of no use to anybody. */
export function removeRescueFile(path: string, log: LogPort): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    log.warn('rescue_file_not_removed', { path, error: error instanceof Error ? error.name : '' });
  }
}
