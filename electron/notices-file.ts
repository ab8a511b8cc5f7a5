// notices.json: what was said already, so that a restart says nothing twice. Ids and times only.
import { z } from 'zod';
import { warned } from '../core/model/deadline.ts';
import type { LogPort } from '../core/ports.ts';
import { readPrivateFile, writePrivateFile } from '../core/vault/file-safety.ts';
import { NOTHING_SAID, type NoticeMemory } from './notices.ts';

// Two thousand keys of some 60 bytes, and as many failures and warnings.
const MAX_BYTES = 1_024 * 1_024;

const times = z.record(z.string(), z.int());
const schema = z.strictObject({
  said: z.array(z.string()),
  failingSince: times,
  expiring: z.record(z.string(), warned),
  refusedSince: times,
});

/** A file that cannot be used means that a thing is said again, nothing more. */
export function readNotices(path: string, log: LogPort): NoticeMemory {
  try {
    const text = readPrivateFile(path, MAX_BYTES);
    return text === undefined ? NOTHING_SAID : schema.parse(JSON.parse(text));
  } catch {
    log.warn('notices_not_used', { path });
    return NOTHING_SAID;
  }
}

/** Throws nothing. */
export function writeNotices(path: string, memory: NoticeMemory, log: LogPort): void {
  try {
    writePrivateFile(path, JSON.stringify(memory));
  } catch {
    log.warn('notices_not_kept', { path });
  }
}
