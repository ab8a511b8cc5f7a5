// `presets`: the providers Tokentray knows how to talk to.
import type { Command } from 'commander';
import type { WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';
import { table } from '../text.ts';

export function define(command: Command, { out, host }: Session): void {
  command
    .description(
      'List the providers that `tokentray providers add --preset` knows, with where to register there.',
    )
    .argument('[query]', 'only those whose name or id holds this')
    .action(async (query: string | undefined) => {
      const answer = await host.call<WireTypes['Presets']>('GET', route('presets'), { query: { query } });
      const rows = answer.presets.map(({ id, name, registration_url }) => [id, name, registration_url]);
      out.result(answer, table(['PRESET', 'NAME', 'REGISTER AT'], rows));
    });
  examples(command, 'tokentray presets google');
}
