// Files and folders that only their owner may touch: how they are made, checked and repaired.
// What must stay true: nothing of ours is readable by others at any moment, and we never write through a link.
// The vault's files are checked by path, never opened: closing a second descriptor would drop SQLite's locks on them.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, parse, resolve } from 'node:path';
import { TokentrayError } from '../errors.ts';
import type { LogPort } from '../ports.ts';

/** Windows has access lists instead of modes; files there inherit those of the user's profile. */
const HAS_MODES = process.platform !== 'win32';
const OWNER_DIRECTORY = 0o700;
const OWNER_FILE = 0o600;
const STICKY = 0o1000;

/**
 * Makes the folder with its missing parents, 0700 under any umask, or checks and repairs the one that is there.
 * Throws `unsafe_path` for a link, another kind of file, another owner, or a folder that many users share.
 */
export function prepareDirectory(path: string, log: LogPort): void {
  const directory = resolve(path);
  makeMissing(directory);
  const found = look(directory);
  if (found === undefined) throw unsafe(`${directory} vanished while it was being made.`);
  if (!found.isSymbolicLink() && !found.isDirectory()) throw unsafe(`${directory} is not a folder.`);
  refuseForeign(directory, found);
  if (parse(directory).root === directory || (HAS_MODES && (found.mode & STICKY) !== 0)) {
    throw unsafe(`${directory} is shared by all users of this machine. Choose a folder of your own.`);
  }
  repairMode(directory, found, OWNER_DIRECTORY, log);
}

/** Checks a file of ours if it is there: not a link, our own, 0600 (repaired with a warning). Throws `unsafe_path`. */
export function prepareFile(path: string, log: LogPort): void {
  const found = look(path);
  if (found === undefined) return;
  if (!found.isSymbolicLink() && !found.isFile()) throw unsafe(`${path} is not a file.`);
  refuseForeign(path, found);
  repairMode(path, found, OWNER_FILE, log);
}

/** Replaces a file in one step, readable by its owner only; after a crash the old or the new text is there, whole. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = temporaryName(path);
  try {
    doing(path, () => {
      writeNew(temporary, text);
      renameSync(temporary, path);
    });
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

/**
 * The text of a file that only we may read; undefined when there is none. Throws `unsafe_path` for a link, another
 * owner, another kind of file, or one that others can read or change. A file above `maxBytes` reads as an empty text.
 */
export function readPrivateFile(path: string, maxBytes: number): string | undefined {
  const found = look(path);
  if (found === undefined) return undefined;
  refuseForeign(path, found);
  return doing(path, () => {
    // Neither links nor pipes: the first may have appeared since the look, the second would wait for a writer.
    const file = openSync(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    try {
      const opened = fstatSync(file);
      refuseForeign(path, opened);
      if (!opened.isFile()) throw unsafe(`${path} is not a file.`);
      if (HAS_MODES && (opened.mode & 0o077) !== 0) {
        throw unsafe(`${path} can be read or changed by others. Run: chmod 600 ${path}`);
      }
      return opened.size > maxBytes ? '' : readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  });
}

/** Makes a file that must not exist yet, 0600 under any umask from its first moment. Throws `already_exists`. */
export function createPrivateFile(path: string, text: string): void {
  doing(path, () => writeNew(path, text));
}

/** Gives a finished file its name, in one step and never over another file; the old name goes. Throws `already_exists`. */
export function publishFile(temporary: string, path: string): void {
  try {
    doing(path, () => linkOrRename(temporary, path));
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

/** A name beside `path` that nobody else uses: `path.new-…`. */
export function temporaryName(path: string): string {
  return `${path}.new-${randomBytes(8).toString('hex')}`;
}

/** What is at `path`, links not followed; undefined when there is nothing. */
export function look(path: string): Stats | undefined {
  return doing(path, () => lstatSync(path, { throwIfNoEntry: false }));
}

/** Tells a file from another one that takes its name: device and inode. Undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
  return doing(path, () => {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return found && `${found.dev}:${found.ino}`;
  });
}

function refuseForeign(path: string, found: Stats): void {
  if (found.isSymbolicLink()) {
    throw unsafe(`${path} is a symbolic link. Put the real one there: links are not followed.`);
  }
  const user = process.getuid?.();
  if (user !== undefined && found.uid !== user) {
    throw unsafe(
      `${path} belongs to another user (uid ${found.uid}). Move it away or give it back to uid ${user}.`,
    );
  }
}

function unsafe(message: string): TokentrayError {
  return new TokentrayError('unsafe_path', message);
}

function writeNew(path: string, text: string): void {
  const file = openSync(path, 'wx', OWNER_FILE);
  try {
    if (HAS_MODES) fchmodSync(file, OWNER_FILE);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function linkOrRename(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    // No error: a few file systems have no links; the check before a rename is the best they allow.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errnoOf(error))) throw error;
    if (look(path) !== undefined) throw alreadyExists(path);
    renameSync(temporary, path);
  }
}

function makeMissing(directory: string): void {
  if (look(directory) !== undefined) return;
  makeMissing(dirname(directory));
  doing(directory, () => {
    // `recursive` only so that a second host making it at the same moment is no error.
    mkdirSync(directory, { recursive: true, mode: OWNER_DIRECTORY });
    if (HAS_MODES) chmodSync(directory, OWNER_DIRECTORY);
  });
}

function repairMode(path: string, found: Stats, wanted: number, log: LogPort): void {
  const mode = found.mode & 0o777;
  if (!HAS_MODES || mode === wanted) return;
  doing(path, () => chmodSync(path, wanted));
  log.warn('file.mode_repaired', { path, from: mode.toString(8), to: wanted.toString(8) });
}

/** Makes a new name durable. Windows cannot open folders and does this by itself. */
export function syncDirectory(directory: string): void {
  if (!HAS_MODES) return;
  doing(directory, () => {
    const handle = openSync(directory, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space and try again',
  EDQUOT: 'your disk quota is used up. Free some space and try again',
  EIO: 'the disk reported an error. Check the disk',
  EROFS: 'the file system is read-only. Make it writable again',
  EACCES: 'access is not allowed. Check who owns the folders above it',
  EPERM: 'that is not permitted. Check who owns it',
  ENOENT: 'its folder does not exist. Make the folder first',
  ENOTDIR: 'a part of the path is not a folder. Check the path',
};

function doing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(path, error);
  }
}

/** An error of the file system in words; any other error as it is. */
export function fileError(path: string, error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === '') return error;
  if (errno === 'EEXIST') return alreadyExists(path);
  return new TokentrayError('storage', `${path}: ${REASONS[errno] ?? `the system answered ${errno}`}.`);
}

function alreadyExists(path: string): TokentrayError {
  return new TokentrayError('already_exists', `${path} exists already. It was left as it is.`);
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'errno' in error
    ? error.code
    : '';
}
