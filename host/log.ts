// The host's log: JSON lines through pino, in this thread and at once, so that the last line before a crash is there.
// Every line passes the second net of log-safety.ts; writing never throws.

import { writeSync } from 'node:fs';
import { pino } from 'pino';
import type { LogFields, LogPort } from '../core/ports.ts';
import { openLogFile } from './log-file.ts';
import { censor, SECRET_FIELDS, safeText } from './log-safety.ts';

const STDERR = 2;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export interface LogOptions {
  /** Folder of host.log; without it nothing is written to disk. */
  readonly directory?: string;
  /** `debug`, `info` (usual), `warn`, `error` or `silent`; another word counts as `info`. */
  readonly level?: string;
  /** Also to standard error, for a host under a service manager. */
  readonly stderr?: boolean;
}

export interface HostLog extends LogPort {
  close(): void;
}

export function createLog(options: LogOptions): HostLog {
  const file = options.directory === undefined ? undefined : openLogFile(options.directory);
  const write = (line: string) => {
    file?.write(line);
    if (options.stderr === true) writeToStderr(line);
  };
  const level = [...LEVELS, 'silent'].find((name) => name === options.level) ?? 'info';
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: safeFields },
      redact: { paths: SECRET_FIELDS.map((name) => `["${name}"]`), censor },
    },
    { write },
  );
  const at =
    (name: (typeof LEVELS)[number]) =>
    (event: string, fields: LogFields = {}) =>
      logger[name](fields, safeText(event));
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    close: () => file?.close(),
  };
}

function safeFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [safeText(name), safeValue(value)]),
  );
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') return safeText(value);
  if (Array.isArray(value)) return value.map(safeValue);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return value;
  // The type allows nothing else; what slips past it is named, not shown.
  return `[${typeof value}]`;
}

// Not process.stderr: a reader that has gone away would raise an error event on it.
function writeToStderr(line: string): void {
  try {
    writeSync(STDERR, line);
  } catch {
    // Nobody reads it; the file has it.
  }
}
