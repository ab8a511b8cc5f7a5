// owner.key: the command line's own admin key. Made once, readable by its owner only; the engine knows its digest.

import { randomBytes } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';
import type { LogPort } from '../core/ports.ts';
import { prepareFile, readPrivateFile, writePrivateFile } from '../core/vault/file-safety.ts';

// A key takes 47 bytes with its line end.
const FILE_BYTES = 256;
const KEY = /^tt_[A-Za-z0-9_-]{43}$/;

/** The key in the file; a new one when there is none or it is damaged. Throws `unsafe_path` or `storage`. */
export function ensureOwnerKey(path: string, log: LogPort): string {
  prepareFile(path, log);
  const text = readPrivateFile(path, FILE_BYTES);
  const kept = text?.trim() ?? '';
  if (KEY.test(kept)) return kept;
  // Half a key opens nothing, and nobody can have been given it: a new one takes its place.
  if (text !== undefined) log.warn('owner_key.replaced', { path });
  const made = `tt_${randomBytes(LIMITS.keyBytes).toString('base64url')}`;
  writePrivateFile(path, `${made}\n`);
  return made;
}
