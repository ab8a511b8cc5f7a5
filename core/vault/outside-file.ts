// Files that a person names: where a backup or an export goes, and what comes back from one.
// What must stay true: nothing is written through a link, into the data directory, or over a file without a word; a file
// has its name only when it is whole and on the disk; nothing is read from what is not a plain file.
import { constants, readdirSync, realpathSync, renameSync, rmSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { TokentrayError } from '../errors.ts';
import {
  createPrivateFile,
  fileError,
  fileIdentity,
  look,
  publishFile,
  syncDirectory,
  temporaryName,
} from './file-safety.ts';

/**
 * Looks at the place of a new file before any work is done for it. Throws `invalid_field` for a path that is not absolute,
 * a folder that is not there or the data directory; `unsafe_path` for a link or what is no plain file; `already_exists`.
 */
export function checkTarget(path: string, dataDirectory: string, overwrite: boolean): void {
  checkPath(path);
  const folder = dirname(path);
  if (look(folder) === undefined) throw badPath(`The folder ${folder} does not exist. Make it first.`);
  const way = relative(realpathSync(dataDirectory), realpathSync(folder));
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) {
    throw badPath(
      `${path} lies in the data directory, which a copy is to be safe from. Choose a place outside, best on another disk.`,
    );
  }
  const found = look(path);
  if (found === undefined) return;
  refuseOther(path, found);
  if (overwrite) return;
  throw new TokentrayError(
    'already_exists',
    `${path} exists already, and was left as it is. Choose another name, or say that it is to be replaced (--force).`,
    { field: 'path' },
  );
}

/**
 * Makes the file under another name beside it, for its owner only, and gives it its name at the end: `fill` writes it and
 * has it on the disk. What a killed try left there before is removed.
 */
export async function writeOutside<T>(
  path: string,
  overwrite: boolean,
  fill: (temporary: string) => Promise<T>,
): Promise<T> {
  removeLeftovers(path);
  const temporary = temporaryName(path);
  try {
    createPrivateFile(temporary, '');
    const result = await fill(temporary);
    if (overwrite) replaceFile(temporary, path);
    else publishFile(temporary, path);
    return result;
  } finally {
    for (const suffix of ['', '-journal']) rmSync(`${temporary}${suffix}`, { force: true });
  }
}

/**
 * Opens a plain file for reading; in the data directory only a vault that was kept aside. Throws `invalid_field`,
 * `not_found`, `unsafe_path` or `storage`.
 */
export async function openOutside(
  path: string,
  dataDirectory: string,
): Promise<{ file: FileHandle; bytes: number }> {
  checkPath(path);
  const found = look(path);
  if (found === undefined) {
    throw new TokentrayError('not_found', `There is no file ${path}. Check the path.`, { field: 'path' });
  }
  refuseOther(path, found);
  refuseOwn(path, dataDirectory);
  try {
    // Neither links nor pipes: the first may have appeared since the look, the second would wait for a writer.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const file = await open(path, flags);
    const stats = await file.stat();
    if (stats.isFile()) return { file, bytes: stats.size };
    await file.close();
    throw notPlain(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Temporary files of this name that a killed process left. One try at a time is under way for a host. */
export function removeLeftovers(path: string): void {
  const prefix = `${basename(path)}.new-`;
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && /^[0-9a-f]{16}(?:-journal|-wal|-shm)?$/.test(name.slice(prefix.length)))
      rmSync(join(folder, name), { force: true });
  }
}

function replaceFile(temporary: string, path: string): void {
  try {
    renameSync(temporary, path);
  } catch (error) {
    throw fileError(path, error);
  }
  syncDirectory(dirname(path));
}

function checkPath(path: string): void {
  if (isAbsolute(path) && !path.includes('\0')) return;
  throw badPath('The path must be absolute: the host does not know the folder you are in.');
}

function refuseOther(path: string, found: Stats): void {
  if (found.isSymbolicLink()) {
    throw new TokentrayError('unsafe_path', `${path} is a symbolic link. Name the file itself.`, {
      field: 'path',
    });
  }
  if (!found.isFile()) throw notPlain(path);
}

/** To close one of our own files would drop the locks that SQLite holds on it, whatever its name is here. */
function refuseOwn(path: string, dataDirectory: string): void {
  const identity = fileIdentity(path);
  const own = readdirSync(dataDirectory).find(
    (name) => !/^vault\.db\.[a-z]/.test(name) && fileIdentity(join(dataDirectory, name)) === identity,
  );
  if (own === undefined) return;
  throw badPath(`${path} is a file that the host itself uses (${own}). Name a backup or an export.`);
}

function notPlain(path: string): TokentrayError {
  return new TokentrayError('unsafe_path', `${path} is not a plain file. Name a file.`, { field: 'path' });
}

function badPath(message: string): TokentrayError {
  return new TokentrayError('invalid_field', message, { field: 'path' });
}
