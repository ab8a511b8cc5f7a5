// host.log and its two predecessors: owner-only, bounded in total, written at once. A disk that is full or not writable
// loses lines and counts them; it never throws and never stops the host (fault 74).

import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogPort } from '../core/ports.ts';
import { prepareDirectory } from '../core/vault/file-safety.ts';

export interface LogFile {
  write(line: string): void;
  close(): void;
}

// 15 MB in all: weeks of an ordinary host, and small enough to attach to a report.
const FILE_BYTES = 5 * 1_024 * 1_024;
const OLDER_FILES = 2;

export function openLogFile(directory: string, maxBytes: number = FILE_BYTES): LogFile {
  const path = join(directory, 'host.log');
  let file: number | undefined;
  let size = 0;
  let lost = 0;

  const open = (): number => {
    prepareDirectory(directory, SILENT);
    const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW = 0 } = constants;
    const opened = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
    fchmodSync(opened, 0o600);
    size = fstatSync(opened).size;
    return opened;
  };

  const shut = () => {
    if (file === undefined) return;
    const old = file;
    file = undefined;
    closeSync(old);
  };

  const rotate = () => {
    shut();
    for (let age = OLDER_FILES; age >= 1; age -= 1) {
      const from = age === 1 ? path : `${path}.${age - 1}`;
      quietly(() => renameSync(from, `${path}.${age}`));
    }
  };

  const append = (text: string) => {
    file ??= open();
    const bytes = Buffer.byteLength(text);
    if (size > 0 && size + bytes > maxBytes) {
      rotate();
      file = open();
      // The old file could not be moved away: better no line than a file without bounds.
      if (size > 0) throw new Error('the log could not be rotated');
    }
    size += writeSync(file, text);
  };

  return {
    write(line) {
      try {
        if (lost > 0) append(`${JSON.stringify({ level: 'warn', event: 'log.lines_lost', count: lost })}\n`);
        lost = 0;
        append(line);
      } catch {
        // Told by the next line that can be written.
        lost += 1;
        quietly(shut);
      }
    },
    close: () => quietly(shut),
  };
}

// The log cannot log about itself; a folder with a wrong mode is repaired without a word.
const SILENT: LogPort = { debug() {}, info() {}, warn() {}, error() {} };

// For steps whose failure shows in what follows, or that nothing follows.
function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // See above.
  }
}
