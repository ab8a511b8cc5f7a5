// A report of checks (doctor, providers check) as lines, and the exit code that goes with it.
import type { ReportJson } from '../api/wire.ts';
import { EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Prints every check with its fix; exit 1 when something is wrong. */
export function printReport(out: Output, report: ReportJson): void {
  const lines = report.checks.map(
    ({ name, ok, detail }) => `${ok ? 'ok    ' : 'not ok'}  ${name}${detail === '' ? '' : `: ${detail}`}`,
  );
  out.result(report, lines);
  if (!report.ok) process.exitCode = EXIT.unexpected;
}
