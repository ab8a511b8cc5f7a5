// sessions.json: the window's sessions over a restart, so that an open window comes back by itself. Digests and times only.
import { type SessionRecord, sessionRecord } from '../core/access/sessions.ts';
import type { LogPort } from '../core/ports.ts';
import { readPrivateFile, writePrivateFile } from '../core/vault/file-safety.ts';

// Twenty sessions of some 150 bytes; what is longer is not ours.
const MAX_BYTES = 16_384;

/** The records of the last run. A file that cannot be used means that every window asks for a new link, nothing more. */
export function readSessions(path: string, log: LogPort): SessionRecord[] {
  try {
    const text = readPrivateFile(path, MAX_BYTES);
    return text === undefined ? [] : sessionRecord.array().parse(JSON.parse(text));
  } catch {
    log.warn('sessions_not_used', { path });
    return [];
  }
}

/** Throws nothing: a session that is not kept ends with this run, which is what is logged. */
export function writeSessions(path: string, records: readonly SessionRecord[], log: LogPort): void {
  try {
    writePrivateFile(path, JSON.stringify(records));
  } catch {
    log.warn('sessions_not_kept', { path });
  }
}
