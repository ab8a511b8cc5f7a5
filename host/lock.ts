// One host per vault. The lock is a SQLite database held in BEGIN EXCLUSIVE and opened by nothing else: the system frees
// it when the holder dies, however it dies. While held, nobody in this process may open the file by other means, because
// closing a second descriptor would drop the lock (fcntl locks belong to the process).

import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { createPrivateFile, look, prepareFile } from '../core/vault/file-safety.ts';

export interface HostLock {
  release(): void;
}

// SQLITE_BUSY; the extended codes carry it in their low byte.
const BUSY = 5;

// A database that nobody refers to is closed by the garbage collector, and the lock with it.
const held = new Set<DatabaseSync>();

/** Takes the lock at once or throws `host_running`; `storage` or `unsafe_path` when the file cannot be used. */
export function acquireHostLock(path: string, log: LogPort): HostLock {
  if (look(path) === undefined) createPrivateFile(path, '');
  prepareFile(path, log);
  const database = open(path);
  try {
    // No journal beside it: nothing is ever written.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw asLockError(error, path);
  }
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(resolve(path), { timeout: 0 });
  } catch (error) {
    throw asLockError(error, path);
  }
}

function asLockError(error: unknown, path: string): unknown {
  if (error instanceof TokentrayError) return error;
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
    if ((error.errcode & 0xff) === BUSY) {
      return new TokentrayError(
        'host_running',
        'Another Tokentray is running on this vault. Use that one, or stop it first.',
      );
    }
    return new TokentrayError(
      'storage',
      `${path} could not be opened (SQLite ${error.errcode}). Check the disk.`,
    );
  }
  return error;
}
