// `import`: takes over a refresh token that another program holds.
import type { Command } from 'commander';
import type { ConnectionJson } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import { readSecret } from '../prompt.ts';
import type { Session } from '../session.ts';

interface ImportOptions {
  readonly refreshTokenStdin?: boolean;
  readonly account?: string;
}

export function define(command: Command, { out, host }: Session): void {
  command
    .description(
      'Make a connection of a refresh token from elsewhere. It is tried once first; many providers replace it then, so stop the other program before.',
    )
    .argument('<provider>', 'id of the provider')
    .option('--refresh-token-stdin', 'read the refresh token from standard input')
    .option('--account <label>', 'name of the account')
    .action(async (provider: string, options: ImportOptions) => {
      const refresh_token = await readSecret({
        what: 'the refresh token',
        option: '--refresh-token-stdin',
        fromStdin: options.refreshTokenStdin === true,
      });
      const body = { refresh_token, account: options.account };
      const made = await host.call<ConnectionJson>('POST', route('providers', provider, 'import'), { body });
      out.result(made, [made.name]);
      out.talk(`Imported ${made.name}.`);
    });
  examples(command, 'tokentray import google --refresh-token-stdin --account me < refresh-token.txt');
}
