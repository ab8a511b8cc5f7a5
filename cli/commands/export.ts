// `export`: providers and names of connections into a file; with --secrets all that goes on elsewhere, sealed.
import type { Command } from 'commander';
import type { WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { filePath } from '../file-argument.ts';
import { examples } from '../options.ts';
import { usage } from '../problem.ts';
import { confirmLoss, readSecret } from '../prompt.ts';
import type { Session } from '../session.ts';

interface ExportOptions {
  readonly secrets?: boolean;
  readonly passphraseStdin?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .description(
      'Write providers, without their secrets, and the names of connections into a file. With --secrets client secrets and tokens as well, sealed under a passphrase of their own. Keys of scripts are in neither.',
    )
    .argument('<FILE>', 'where the export goes: outside the data directory')
    .option('--secrets', 'with client secrets and tokens, sealed under a passphrase')
    .option('--passphrase-stdin', 'with --secrets: read the passphrase from standard input')
    .option('--force', 'replace a file that is there')
    .option('--yes', 'with --secrets: do not ask')
    .action((file: string, options: ExportOptions) => exportTo(session, file, options));
  examples(
    command,
    'tokentray export tokentray.json',
    'pass show tokentray-export | tokentray export --secrets --passphrase-stdin --yes /media/stick/tokentray.sealed',
  );
}

async function exportTo({ out, host }: Session, file: string, options: ExportOptions): Promise<void> {
  const { secrets = false, passphraseStdin = false, force: overwrite = false, yes = false } = options;
  if (!secrets && passphraseStdin) throw usage('--passphrase-stdin goes with --secrets.');
  const path = filePath(file);
  const body = {
    path,
    overwrite,
    ...(secrets ? { passphrase: await passphrase(path, passphraseStdin, yes) } : {}),
  };
  const made = await host.call<WireTypes['Export']>('POST', route('vault', 'export'), { body });
  out.result(made, [made.path]);
  const { providers, connections, without_grant, left_out } = made;
  out.talk(
    `Exported ${providers} providers and ${secrets ? '' : 'the names of '}${connections} connections.`,
  );
  if (secrets && without_grant > 0)
    out.talk(`${without_grant} of them need a new consent where they are imported.`);
  if (left_out.length > 0) out.talk(`Left out, because they do not open: ${left_out.join(', ')}.`);
  if (secrets)
    out.talk(
      'Stop this host before the connections are used elsewhere: many providers take a refresh token only once.',
    );
}

async function passphrase(path: string, fromStdin: boolean, yes: boolean): Promise<string> {
  await confirmLoss(
    `Write every client secret and token into ${path}? Whoever has the file and its passphrase can use all of them.`,
    yes,
  );
  return readSecret({
    what: 'a passphrase for the file',
    option: '--passphrase-stdin',
    fromStdin,
    twice: true,
  });
}
