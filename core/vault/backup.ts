// Backup: a whole copy of the vault in one file, sealed as it is, made while everything goes on.
// What must stay true: the copy is the vault of one moment, whatever is written meanwhile; it has its name only when it was
// read back and is on the disk; the vault is only read.
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { TokentrayError } from '../errors.ts';
import { syncFile } from './copies.ts';
import { type CopyFacts, copyFacts } from './copy-check.ts';
import { guarded, storageError } from './database.ts';
import { look } from './file-safety.ts';
import { checkTarget, writeOutside } from './outside-file.ts';

/** 4 MB at a time: a fast disk is not slowed, and a stop never waits long. */
const PAGES_AT_ONCE = 1_024;

export interface BackupOptions {
  /** The vault. */
  readonly path: string;
  readonly target: string;
  readonly overwrite: boolean;
  /** How much of it is done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
  /** Kill point for tests. */
  readonly onStep?: (() => void) | undefined;
}

export interface BackupReport extends CopyFacts {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Copies the vault, its newest commits included. Throws what `checkTarget` throws, `vault_damaged` for a vault that cannot
 * be read whole, or `storage`; then there is no file of that name, or the old one as it was.
 */
export async function backUpVault(options: BackupOptions): Promise<BackupReport> {
  const { path, target, overwrite } = options;
  checkTarget(target, dirname(path), overwrite);
  const facts = await writeOutside(target, overwrite, async (temporary) => {
    await copy(options, temporary);
    syncFile(temporary);
    return readBack(temporary);
  });
  return { ...facts, path: target, bytes: look(target)?.size ?? 0 };
}

function readBack(temporary: string): CopyFacts {
  try {
    return copyFacts(temporary);
  } catch (error) {
    if (!(error instanceof TokentrayError) || error.code !== 'backup_unusable') throw error;
    throw new TokentrayError(
      'vault_damaged',
      'The copy could not be read back, so it was not kept: the vault is damaged, or the disk. Run: tokentray doctor --repair',
      { action: { method: 'POST', url: '/v1/vault/repair', command: 'tokentray doctor --repair' } },
    );
  }
}

/** On a connection of its own that holds one moment of the vault: what others commit meanwhile does not begin it anew. */
async function copy({ path, onProgress, onStep }: BackupOptions, temporary: string): Promise<void> {
  const source = guarded(() => new DatabaseSync(path, { readOnly: true }));
  try {
    guarded(() => {
      source.exec('BEGIN');
      source.prepare('SELECT count(*) FROM sqlite_schema').get();
    });
    await backup(source, temporary, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) => {
        onStep?.();
        onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
      },
    });
  } catch (error) {
    throw error instanceof TokentrayError ? error : storageError(error);
  } finally {
    source.close();
  }
}
