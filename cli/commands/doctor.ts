// `doctor`: what is well and what is not, with the fix.
import type { Command } from 'commander';
import type { ReportJson } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import { printReport } from '../report.ts';
import type { Session } from '../session.ts';

export function define(command: Command, { out, host }: Session): void {
  command
    .description(
      'Check the host, or one connection, and say what to fix. Ends with 1 when something is wrong.',
    )
    .argument('[C]', 'a connection: provider/account, an id, or the provider alone')
    .action(async (ref: string | undefined) => {
      const path = ref === undefined ? route('doctor') : route('doctor', ref);
      printReport(out, await host.call<ReportJson>('GET', path));
    });
  examples(command, 'tokentray doctor', 'tokentray doctor sandbox/user1');
}
