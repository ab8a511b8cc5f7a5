// `unlock`: opens the vault by keychain or key file if that is enough, else by a passphrase.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SlotJson, WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import { usage } from '../problem.ts';
import { readSecret } from '../prompt.ts';
import type { Session } from '../session.ts';

interface UnlockOptions {
  readonly passphraseStdin?: boolean;
  readonly keyFile?: string;
}

export function define(command: Command, session: Session): void {
  command
    .description(
      'Open the vault. Without options the keychain and key files are tried; on a terminal the passphrase is asked for when the vault has nothing else.',
    )
    .option('--passphrase-stdin', 'read the passphrase from standard input')
    .option('--key-file <path>', 'open it with this key file')
    .action((options: UnlockOptions) => unlock(session, options));
  examples(command, 'tokentray unlock', 'pass show tokentray | tokentray unlock --passphrase-stdin');
}

async function unlock({ out, host }: Session, options: UnlockOptions): Promise<void> {
  if (options.passphraseStdin && options.keyFile !== undefined) {
    throw usage('Give --passphrase-stdin or --key-file, not both.');
  }
  const answer = await host.call<WireTypes['VaultState']>('POST', route('unlock'), {
    body: await credential(),
  });
  out.result(answer, []);
  out.talk(answer.state === 'open' ? 'Unlocked.' : `The vault is in state ${answer.state}.`);

  async function credential(): Promise<Record<string, string> | undefined> {
    if (options.keyFile !== undefined) return { key_file: resolve(options.keyFile) };
    if (options.passphraseStdin || (process.stdin.isTTY && (await onlyPassphrases()))) {
      const passphrase = await readSecret({
        what: 'the passphrase',
        option: '--passphrase-stdin',
        fromStdin: options.passphraseStdin === true,
      });
      return { passphrase };
    }
    return undefined;
  }

  async function onlyPassphrases(): Promise<boolean> {
    const { slots } = await host.call<{ slots: SlotJson[] }>('GET', route('vault', 'slots'));
    return slots.length > 0 && slots.every(({ kind }) => kind === 'passphrase');
  }
}
