// `status`: how the host and its vault are, whatever state the vault is in.
import type { Command } from 'commander';
import type { StatusJson } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';
import { facts, relative } from '../text.ts';

const NEXT: Readonly<Record<StatusJson['state'], string | undefined>> = {
  setup:
    'The vault is not set up yet. Choose what opens it, for example: `tokentray vault slots add --kind passphrase`.',
  locked: 'The vault is locked. Open it with `tokentray unlock`.',
  open: undefined,
  unreadable:
    'The vault cannot be read. See `tokentray doctor`; `tokentray doctor --repair` saves what can be saved.',
};

export function define(command: Command, session: Session): void {
  command
    .description('Show how the running host and its vault are. Ends with 8 when no host is running.')
    .action(() => show(session));
  examples(command, 'tokentray status', 'tokentray status --json');
}

async function show({ out, host }: Session): Promise<void> {
  const status = await host.call<StatusJson>('GET', route('status'));
  const counts = Object.entries(status.connections ?? {}).filter(([, count]) => count > 0);
  out.result(status, [
    ...facts([
      ['Vault', status.state],
      ['Connections', connectionCounts(status, counts)],
      ['Providers', status.providers?.toString()],
      ['Refreshes', status.refreshes_paused ? 'paused' : undefined],
      ['Address', status.url ?? 'off'],
      ['Socket', status.socket],
      ['Started', `${relative(status.started_at, Date.now())} (process ${status.pid})`],
      ['Version', status.version],
    ]),
    ...status.warnings.map((warning) => `Warning: ${warning}`),
  ]);
  const next = NEXT[status.state];
  if (next !== undefined) out.talk(next);
}

function connectionCounts(
  status: StatusJson,
  counts: readonly (readonly [string, number])[],
): string | undefined {
  if (status.connections === undefined) return undefined;
  if (counts.length === 0) return 'none';
  return counts.map(([state, count]) => `${count} ${state.replaceAll('_', ' ')}`).join(', ');
}
