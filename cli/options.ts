// Reading the values of options: a value that cannot be meant ends the command before the host is asked.
import type { Command } from 'commander';
import { usage } from './problem.ts';

/** A whole number of seconds. Nine digits are thirty years; more is a slip. */
export function seconds(option: string): (value: string) => number {
  return (value) => {
    if (/^\d{1,9}$/.test(value)) return Number(value);
    throw usage(`${option} takes a whole number of seconds, such as 300.`);
  };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

/** `90m`, `12h` or `30d`, in seconds. */
export function duration(option: string): (value: string) => number {
  return (value) => {
    const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(value) ?? [];
    if (count !== undefined) return Number(count) * UNIT_SECONDS[unit!]!;
    throw usage(`${option} takes a number with m, h or d, such as 90m, 12h or 30d.`);
  };
}

/** For options that may be given more than once. */
export function repeated(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** One of a few words; the refusal names them all. */
export function choice<T extends string>(option: string, choices: readonly T[]): (value: string) => T {
  return (value) => {
    const found = choices.find((one) => one === value);
    if (found !== undefined) return found;
    throw usage(`${option} is one of: ${choices.join(', ')}.`);
  };
}

/** Examples at the end of a command's help. */
export function examples(command: Command, ...lines: readonly string[]): void {
  const title = lines.length === 1 ? 'Example' : 'Examples';
  command.addHelpText('after', `\n${title}:\n${lines.map((line) => `  $ ${line}\n`).join('')}`);
}
