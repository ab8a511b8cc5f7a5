// `keys`: what scripts prove themselves with. A key is shown once, when it is made (promise 123).
import type { Command } from 'commander';
import type { NewKeyJson, WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { choice, duration, examples, repeated } from '../options.ts';
import { usage } from '../problem.ts';
import type { Session } from '../session.ts';
import { relative, table } from '../text.ts';

const RIGHTS = ['token', 'proxy', 'admin'] as const;

interface AddOptions {
  readonly connection?: readonly string[];
  readonly right: (typeof RIGHTS)[number];
  readonly expires?: number;
}

export function define(command: Command, session: Session): void {
  const { out, host } = session;
  command.description('Manage the keys that scripts prove themselves with.');
  const add = command
    .command('add')
    .summary('make a key')
    .description(
      'Make a key and print it once. With --right token or proxy it sees only the connections named.',
    )
    .argument('<name>', 'name of the script it is for')
    .option('--connection <C>', 'a connection, or a provider for all of its; may be repeated', repeated)
    .option('--right <right>', 'token, proxy or admin', choice('--right', RIGHTS), 'token')
    .option('--expires <duration>', 'when it ends: 90m, 12h or 30d (default: never)', duration('--expires'))
    .action((name: string, options: AddOptions) => addKey(session, name, options));
  examples(add, 'tokentray keys add backup-script --connection google/me --expires 30d');

  command
    .command('list')
    .summary('list keys')
    .description('List the keys, by their first characters.')
    .action(() => list(session));
  const remove = command
    .command('remove')
    .summary('remove a key')
    .description('Remove a key. Whatever uses it is refused from now on.')
    .argument('<name>', 'name of the key')
    .action(async (name: string) => {
      out.result(await host.call('DELETE', route('keys', name)), []);
      out.talk(`Removed the key ${name}.`);
    });
  examples(remove, 'tokentray keys remove backup-script');
}

async function addKey({ out, host }: Session, name: string, options: AddOptions): Promise<void> {
  if (options.right !== 'admin' && options.connection === undefined) {
    throw usage('A key needs at least one --connection to be of use, or --right admin.');
  }
  const key = await host.call<NewKeyJson>('POST', route('keys'), {
    body: {
      name,
      rights: [options.right],
      connections: options.connection ?? [],
      expires_in: options.expires,
    },
  });
  out.talk(`The key ${key.name} is shown once. Store it where only its script can read it.`);
  if (out.json) out.document(key);
  else out.secret(key.key);
}

async function list({ out, host }: Session): Promise<void> {
  const answer = await host.call<WireTypes['Keys']>('GET', route('keys'));
  const now = Date.now();
  const rows = answer.keys.map((key) => [
    key.name,
    `${key.prefix}…`,
    key.rights.join(' '),
    key.rights.includes('admin') ? 'all' : key.connections.join(' '),
    relative(key.last_used_at, now),
    relative(key.expires_at, now),
  ]);
  out.result(answer, table(['NAME', 'KEY', 'RIGHT', 'CONNECTIONS', 'LAST USED', 'ENDS'], rows));
}
