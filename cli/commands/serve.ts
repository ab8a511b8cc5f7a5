// `serve`: hands over to the headless host, which is loaded only here.
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { usage } from '../problem.ts';
import type { Release } from '../program.ts';
import type { Session } from '../session.ts';

interface ServeOptions {
  readonly port?: number;
  readonly sandbox?: boolean;
  readonly open?: boolean;
}

export function define(command: Command, session: Session, release: Release): void {
  command
    .description('Run the headless host until it is interrupted. There is one host per vault.')
    .option('--port <number>', 'port of the local endpoint; 0 takes a free one (default: 9595)', port)
    .option('--sandbox', 'also run the practice server')
    .option('--open', 'open the window in the browser')
    .action(async (options: ServeOptions) => {
      const { runServe } = await import('../serve.ts');
      // The host closes its vault before it ends, so it answers signals itself.
      release();
      process.exitCode = await runServe(options, session.out);
    });
  examples(command, 'tokentray serve --sandbox', 'TOKENTRAY_HOME=/srv/tokentray tokentray serve --port 9600');
}

function port(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw usage('--port takes a number from 0 to 65535.');
}
