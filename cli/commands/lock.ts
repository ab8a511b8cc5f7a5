// `lock`: closes the vault; tokens are handed out again after `unlock`.
import type { Command } from 'commander';
import type { WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';

export function define(command: Command, { out, host }: Session): void {
  command
    .description('Close the vault. Its keys leave memory; no token is handed out until `tokentray unlock`.')
    .action(async () => {
      const answer = await host.call<WireTypes['VaultState']>('POST', route('lock'));
      out.result(answer, []);
      out.talk(answer.state === 'locked' ? 'Locked.' : `The vault is in state ${answer.state}.`);
    });
  examples(command, 'tokentray lock');
}
