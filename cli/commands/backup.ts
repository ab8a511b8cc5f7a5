// `backup`: a copy of the vault in a file, sealed as it is, while the host goes on.
import type { Command } from 'commander';
import type { WireTypes } from '../../api/wire.ts';
import { showingProgress } from '../backup-progress.ts';
import { route } from '../client.ts';
import { FILE_SECONDS, filePath, fileSize } from '../file-argument.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';

export function define(command: Command, session: Session): void {
  command
    .description(
      'Copy the vault into a file for its owner only. It stays sealed: what opens the vault opens the copy. The host goes on meanwhile; the copy is read back before it gets its name.',
    )
    .argument('<FILE>', 'where the backup goes: outside the data directory')
    .option('--force', 'replace a file that is there')
    .action((file: string, options: { force?: boolean }) => backUp(session, file, options.force === true));
  examples(
    command,
    'tokentray backup /media/stick/tokentray.backup',
    'tokentray backup --force ~/tokentray.backup',
  );
}

async function backUp(session: Session, file: string, overwrite: boolean): Promise<void> {
  const { out, host } = session;
  const body = { path: filePath(file), overwrite };
  const made = await showingProgress(session, () =>
    host.call<WireTypes['Backup']>('POST', route('vault', 'backup'), { body, waitSeconds: FILE_SECONDS }),
  );
  out.result(made, [made.path]);
  const { connections, providers, bytes, damaged, opens_with } = made;
  out.talk(`Backed up ${connections} connections and ${providers} providers (${fileSize(bytes)}).`);
  if (damaged > 0)
    out.talk(
      `${damaged} rows of the vault do not open, and neither do they in the copy. See: tokentray doctor`,
    );
  if (!opens_with.some((kind) => kind === 'passphrase'))
    out.talk(
      `The copy opens with the ${opens_with.map(kindWords).join(' or the ')} only, which is not part of it. A passphrase opens it anywhere: tokentray vault slots add --kind passphrase`,
    );
}

export function kindWords(kind: 'keychain' | 'passphrase' | 'file'): string {
  return kind === 'file' ? 'key file' : kind;
}
