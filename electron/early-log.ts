// The log before there is one: the first lines wait here until the host has opened its file. Whoever was given this log goes
// on using it.
import type { LogFields, LogPort } from '../core/ports.ts';

type Level = keyof LogPort;

/** More than a good start writes; a flood keeps its beginning. */
const LINES = 100;

export class EarlyLog implements LogPort {
  #lines: { readonly level: Level; readonly event: string; readonly fields: LogFields }[] = [];
  #log: LogPort | undefined;

  /** From now on lines go to `log`; first those that waited. */
  handOver(log: LogPort): void {
    this.#log = log;
    for (const { level, event, fields } of this.#lines) log[level](event, fields);
    this.#lines = [];
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#add('debug', event, fields);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#add('info', event, fields);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#add('warn', event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#add('error', event, fields);
  }

  #add(level: Level, event: string, fields: LogFields): void {
    if (this.#log !== undefined) this.#log[level](event, fields);
    else if (this.#lines.length < LINES) this.#lines.push({ level, event, fields });
  }
}
