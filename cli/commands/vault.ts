// `vault slots`: what opens the vault. Passphrases come by prompt or stdin only.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SlotJson } from '../../api/wire.ts';
import { route } from '../client.ts';
import { choice, examples } from '../options.ts';
import { usage } from '../problem.ts';
import { confirmLoss, readSecret, readStdin } from '../prompt.ts';
import type { Session } from '../session.ts';
import { relative, table } from '../text.ts';

const KINDS = ['keychain', 'passphrase', 'file'] as const;

const RECOVERY =
  'If this key is ever lost, only another slot opens the vault: tokentray vault slots add --kind passphrase';

interface AddOptions {
  readonly kind: (typeof KINDS)[number];
  readonly path?: string;
  readonly passphraseStdin?: boolean;
}

export function define(vault: Command, session: Session): void {
  vault.description('Manage the vault: what opens it, and where it is used.');
  vault
    .command('use-here')
    .helpCommand(false)
    .summary('say that this vault is used here and nowhere else')
    .description(
      'Say that a vault that was copied, restored from a backup or put back is used here and nowhere else. Until then none of its refresh tokens is sent: many providers end a grant when an old one comes back.',
    )
    .option('--yes', 'do not ask')
    .action((options: { yes?: boolean }) => useHere(session, options.yes === true));
  const slots = vault
    .command('slots')
    .helpCommand(false)
    .summary('list, add or remove slots, or rotate the key')
    .description(
      'A slot is one way to open the vault: the keychain, a passphrase or a key file. Any one of them is enough.',
    );
  slots
    .command('list')
    .summary('list the slots')
    .description('List the slots of the vault.')
    .action(() => list(session));

  const add = slots
    .command('add')
    .summary('add a slot; the first one sets the vault up')
    .description('Add a slot. While the vault is not set up, this creates it.')
    .requiredOption('--kind <kind>', 'keychain, passphrase or file', choice('--kind', KINDS))
    .option('--path <file>', 'where the key file is, or is to be made: outside the data directory')
    .option('--passphrase-stdin', 'read the passphrase from standard input')
    .action((options: AddOptions) => addSlot(session, options));
  examples(
    add,
    'tokentray vault slots add --kind keychain',
    'pass show tokentray | tokentray vault slots add --kind passphrase --passphrase-stdin',
    'tokentray vault slots add --kind file --path /media/stick/tokentray.key',
  );

  const remove = slots
    .command('remove')
    .summary('remove a slot')
    .description('Remove a slot. The last one cannot be removed.')
    .argument('<ID>', 'id of the slot, from `list`')
    .option('--yes', 'do not ask')
    .action((id: string, options: { yes?: boolean }) => removeSlot(session, id, options.yes === true));
  examples(remove, 'tokentray vault slots remove s_Ab3dEf6hIj9 --yes');

  const rotate = slots
    .command('rotate')
    .summary('seal everything again under a new key')
    .description(
      'Make a new data key and seal everything again. The passphrase of every passphrase slot is needed.',
    )
    .option(
      '--passphrase-stdin',
      'read the passphrases from standard input, one a line, in the order of `list`',
    )
    .action((options: { passphraseStdin?: boolean }) => rotateKey(session, options.passphraseStdin === true));
  examples(rotate, 'tokentray vault slots rotate');
}

async function useHere({ out, host }: Session, yes: boolean): Promise<void> {
  await confirmLoss(
    'Is this the only place where this vault is used? If another machine or copy still uses it, both lose their logins.',
    yes,
  );
  out.result(await host.call('POST', route('vault', 'use-here')), []);
  out.talk('The vault is used here. Its tokens are refreshed again.');
}

async function slotsOf({ host }: Session): Promise<SlotJson[]> {
  return (await host.call<{ slots: SlotJson[] }>('GET', route('vault', 'slots'))).slots;
}

async function list(session: Session): Promise<void> {
  const slots = await slotsOf(session);
  const rows = slots.map((slot) => [
    slot.id,
    slot.kind,
    slot.in_use ? 'opened the vault' : '',
    relative(slot.created_at, Date.now()),
    slot.path ?? slot.backend ?? '',
  ]);
  session.out.result({ slots }, table(['ID', 'KIND', 'IN USE', 'MADE', 'WHERE'], rows));
}

async function addSlot({ out, host }: Session, options: AddOptions): Promise<void> {
  if (options.kind !== 'file' && options.path !== undefined) throw usage('--path goes with --kind file.');
  if (options.kind === 'file' && options.path === undefined) throw usage('--kind file needs --path FILE.');
  if (options.kind !== 'passphrase' && options.passphraseStdin) {
    throw usage('--passphrase-stdin goes with --kind passphrase.');
  }
  const slot = await host.call<SlotJson>('POST', route('vault', 'slots'), {
    body: await credential(options),
  });
  out.result(slot, [slot.id]);
  out.talk(`Added the ${slot.kind} slot ${slot.id}.`);
  if (slot.kind !== 'passphrase') out.talk(RECOVERY);
}

async function credential({ kind, path, passphraseStdin }: AddOptions): Promise<Record<string, string>> {
  if (kind === 'keychain') return { kind };
  if (kind === 'file') return { kind, path: resolve(path ?? '') };
  const passphrase = await readSecret({
    what: 'a new passphrase',
    option: '--passphrase-stdin',
    fromStdin: passphraseStdin === true,
    twice: true,
  });
  return { kind, passphrase };
}

async function removeSlot({ out, host }: Session, id: string, yes: boolean): Promise<void> {
  await confirmLoss(`Remove the slot ${id}? The vault can then no longer be opened with it.`, yes);
  out.result(await host.call('DELETE', route('vault', 'slots', id)), []);
  out.talk(`Removed the slot ${id}.`);
}

async function rotateKey(session: Session, fromStdin: boolean): Promise<void> {
  const locked = (await slotsOf(session)).filter(({ kind }) => kind === 'passphrase');
  const passphrases =
    fromStdin && !process.stdin.isTTY
      ? (await readStdin('the passphrases')).split(/\r?\n/)
      : await askFor(locked.map(({ id }) => id));
  if (passphrases.length !== locked.length) {
    throw usage(
      `The number of passphrases does not fit: ${locked.length} needed, ${passphrases.length} given.`,
    );
  }
  const credentials = passphrases.map((passphrase) => ({ kind: 'passphrase', passphrase }));
  session.out.result(
    await session.host.call('POST', route('vault', 'rotate'), { body: { credentials } }),
    [],
  );
  session.out.talk('Everything is sealed under a new key.');
}

async function askFor(ids: readonly string[]): Promise<string[]> {
  const passphrases: string[] = [];
  for (const id of ids) {
    const question = { what: `the passphrase of slot ${id}`, option: '--passphrase-stdin', fromStdin: false };
    passphrases.push(await readSecret(question));
  }
  return passphrases;
}
