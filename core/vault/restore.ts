// Restore: a backup takes the place of the vault. It is copied and judged first; the old vault stays beside it.
// What must stay true: nothing is changed before the copy is whole; at every moment there is a vault at the path; what was
// restored needs review before any of its refresh tokens is sent.
import { createHash } from 'node:crypto';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { datedName, keepAside, syncFile } from './copies.ts';
import { type CopyFacts, copyFacts, unusable } from './copy-check.ts';
import { connect, guarded, withDatabase } from './database.ts';
import {
  createPrivateFile,
  fileError,
  look,
  prepareDirectory,
  syncDirectory,
  temporaryName,
} from './file-safety.ts';
import { readHeader, writeHeader } from './header.ts';
import { openOutside, removeLeftovers } from './outside-file.ts';
import { migrate } from './schema.ts';
import type { VaultOptions } from './vault.ts';

/** A backup beside the vault, ready to take its place. `discard` removes it. */
export interface StagedBackup {
  readonly facts: CopyFacts;
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  /** Takes the place of the vault, to which no connection may be open. Answers where the old one is now. */
  readonly takeOver: () => string | null;
  readonly discard: () => void;
}

/** Copies and judges it. Throws `not_found`, `unsafe_path`, `backup_unusable`, `vault_newer` or `storage`. */
export async function stageBackup(backup: string, options: VaultOptions): Promise<StagedBackup> {
  const { path, log, clock } = options;
  if ((look(`${backup}-wal`)?.size ?? 0) > 0)
    throw unusable(`there is a write-ahead log beside it (${backup}-wal), so it is not whole by itself`);
  prepareDirectory(dirname(path), log);
  removeLeftovers(path);
  const temporary = temporaryName(path);
  const discard = () => {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${temporary}${suffix}`, { force: true });
  };
  try {
    const digest = await copyIn(backup, temporary, dirname(path));
    const facts = copyFacts(temporary);
    return { facts, digest, discard, takeOver: () => takeOver(temporary, path, clock.wall()) };
  } catch (error) {
    discard();
    throw error;
  }
}

async function copyIn(backup: string, temporary: string, dataDirectory: string): Promise<string> {
  const { file } = await openOutside(backup, dataDirectory);
  const hash = createHash('sha256');
  try {
    createPrivateFile(temporary, '');
    await pipeline(
      file.createReadStream({ autoClose: false }),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(temporary, { flags: 'r+' }),
    );
    return hash.digest('hex');
  } catch (error) {
    throw fileError(temporary, error);
  } finally {
    await file.close();
  }
}

function takeOver(temporary: string, path: string, wall: number): string | null {
  guarded(() =>
    withDatabase(connect(temporary), (database) => {
      migrate(database);
      const review = { cause: 'restored', since: wall } as const;
      writeHeader(database, { ...readHeader(database), running: false, review });
      // All of it in the file itself: it gets its name without a log.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }),
  );
  syncFile(temporary);
  const kept = keepAside(path, datedName(path, 'replaced', wall));
  try {
    renameSync(temporary, path);
  } catch (error) {
    throw fileError(path, error);
  }
  syncDirectory(dirname(path));
  return kept;
}
