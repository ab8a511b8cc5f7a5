// `doctor`: what is well and what is not, with the fix; `--repair` saves what can be saved from a damaged vault.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ReportJson, WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import { CommandError, usage } from '../problem.ts';
import { confirmLoss, readSecret } from '../prompt.ts';
import { printReport } from '../report.ts';
import type { Session } from '../session.ts';

interface RepairOptions {
  readonly repair?: boolean;
  readonly passphraseStdin?: boolean;
  readonly keyFile?: string;
  readonly yes?: boolean;
}

export function define(command: Command, { out, host }: Session): void {
  command
    .description(
      'Check the host, or one connection, and say what to fix. Ends with 1 when something is wrong.',
    )
    .argument('[C]', 'a connection: provider/account, an id, or the provider alone')
    .option(
      '--repair',
      'save everything that opens from a damaged vault into a new one; the old file is kept',
    )
    .option(
      '--passphrase-stdin',
      'with --repair: read the passphrase of the vault from standard input; on a terminal it is asked for when nothing else opens the vault',
    )
    .option('--key-file <path>', 'with --repair: open the vault with this key file')
    .option('--yes', 'with --repair: do not ask')
    .action(async (ref: string | undefined, options: RepairOptions) => {
      if (options.repair) {
        if (ref !== undefined) throw usage('--repair is for the whole vault. Leave the connection out.');
        await repair({ out, host }, options);
        return;
      }
      const path = ref === undefined ? route('doctor') : route('doctor', ref);
      printReport(out, await host.call<ReportJson>('GET', path));
    });
  examples(command, 'tokentray doctor', 'tokentray doctor sandbox/user1', 'tokentray doctor --repair');
}

async function repair({ out, host }: Session, options: RepairOptions): Promise<void> {
  await confirmLoss(
    'Save everything that opens into a new vault? The old file is kept under another name. Afterwards no refresh token is sent until you say that the vault is used here.',
    options.yes === true,
  );
  const ask = (body: Record<string, string> | undefined) =>
    host.call<WireTypes['Repair']>('POST', route('vault', 'repair'), { body });
  const given = await credential(options);
  // What opens a damaged vault is in the vault: only the host can tell that a person has to.
  const report = await ask(given).catch(async (error: unknown) => {
    if (given !== undefined || !process.stdin.isTTY || !wantsPassphrase(error)) throw error;
    return ask({ passphrase: await readSecret(PASSPHRASE) });
  });
  const { saved, lost, kept } = report;
  out.result(
    report,
    lost.map(({ kind, name }) => `lost  ${kind} ${name}`),
  );
  if (!report.repaired) {
    out.talk('Everything in the vault opens. Nothing was changed.');
    return;
  }
  const { providers, connections, keys } = saved;
  out.talk(`Saved ${connections} connections, ${providers} providers and ${keys} keys; lost ${lost.length}.`);
  out.talk(`The damaged file is kept: ${kept}`);
  out.talk(
    'Refresh tokens in it may be older than they were. If this is the only copy: tokentray vault use-here',
  );
}

async function credential(options: RepairOptions): Promise<Record<string, string> | undefined> {
  if (options.keyFile !== undefined) return { key_file: resolve(options.keyFile) };
  if (!options.passphraseStdin) return undefined;
  return { passphrase: await readSecret({ ...PASSPHRASE, fromStdin: true }) };
}

const PASSPHRASE = { what: 'the passphrase', option: '--passphrase-stdin', fromStdin: false } as const;

function wantsPassphrase(error: unknown): boolean {
  return error instanceof CommandError && error.problem.action?.command === 'tokentray unlock';
}
