// The lines a bench prints, and the bars it missed.

const missed: string[] = [];

/** What is missed is printed as missed, and remembered for the end. */
export function bar(name: string, value: number, unit: string, limit: string, ok: boolean): void {
  if (!ok) missed.push(name);
  process.stdout.write(
    `  ${ok ? 'ok    ' : 'MISSED'}  ${name.padEnd(58)} ${value.toFixed(2).padStart(9)} ${unit.padEnd(4)} (${limit})\n`,
  );
}

export function figure(name: string, value: number, unit: string): void {
  process.stdout.write(`          ${name.padEnd(58)} ${value.toFixed(2).padStart(9)} ${unit}\n`);
}

export function heading(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** The last line, and the exit code. */
export function conclude(): void {
  process.stdout.write(missed.length === 0 ? '\nEvery bar is met.\n' : `\nMissed: ${missed.join('; ')}\n`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
