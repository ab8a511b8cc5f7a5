// `restore`: a backup takes the place of the vault, after a look at it and a yes.
import type { Command } from 'commander';
import type { WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { FILE_SECONDS, filePath } from '../file-argument.ts';
import { examples } from '../options.ts';
import { confirmLoss } from '../prompt.ts';
import type { Session } from '../session.ts';
import { facts, relative } from '../text.ts';
import { kindWords } from './backup.ts';

type Restore = WireTypes['Restore'];

export function define(command: Command, session: Session): void {
  command
    .description(
      'Put a backup in the place of the vault. The backup is checked first; the vault that is here is kept under another name. Afterwards it is locked, and none of its refresh tokens is sent until you say that it is used here. Needs a running host.',
    )
    .argument('<FILE>', 'the backup')
    .option('--yes', 'do not ask')
    .action((file: string, options: { yes?: boolean }) => restore(session, file, options.yes === true));
  examples(command, 'tokentray restore /media/stick/tokentray.backup');
}

async function restore({ out, host }: Session, file: string, yes: boolean): Promise<void> {
  const path = filePath(file);
  const ask = (body: object) =>
    host.call<Restore>('POST', route('vault', 'restore'), { body, waitSeconds: FILE_SECONDS });
  const found = await ask({ path });
  for (const line of aboutBackup(found)) out.talk(line);
  await confirmLoss(
    'Put this backup in the place of the vault? The vault that is here is kept under another name.',
    yes,
  );
  const done = await ask({ path, confirm: found.confirm });
  out.result(done, done.kept === null ? [] : [done.kept]);
  out.talk(done.kept === null ? 'Restored.' : `Restored. The vault that was here is kept: ${done.kept}`);
  out.talk(
    'Keys of scripts are those of the backup, also such as were removed since: look at `tokentray keys list`.',
  );
  out.talk(
    'Open it with `tokentray unlock`. If it is used here and nowhere else, say so: tokentray vault use-here',
  );
}

function aboutBackup({ backup }: Restore): string[] {
  const { opens_with, connections, providers, keys, created_at, damaged, elsewhere } = backup;
  return [
    ...facts([
      ['Holds', `${connections} connections, ${providers} providers, ${keys} keys of scripts`],
      ['Opens with', opens_with.map(kindWords).join(', ')],
      ['Vault made', relative(created_at, Date.now())],
      ['Damaged', damaged === 0 ? undefined : `${damaged} rows that do not open`],
    ]),
    ...(elsewhere && !opens_with.includes('passphrase')
      ? [
          'It was made on another machine or in another folder, and has no passphrase: it opens here only if its keychain or key file is here too.',
        ]
      : []),
  ];
}
