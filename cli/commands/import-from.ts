// `import-from`: takes over what another Tokentray exported. What would change is shown first, and changed after a yes.
import type { Command } from 'commander';
import type { WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { filePath } from '../file-argument.ts';
import { examples } from '../options.ts';
import { CommandError } from '../problem.ts';
import { confirmLoss, readSecret } from '../prompt.ts';
import type { Session } from '../session.ts';

type Import = WireTypes['Import'];
type Change = Import['changes'][number];

interface ImportOptions {
  readonly passphraseStdin?: boolean;
  readonly yes?: boolean;
}

export function define(command: Command, session: Session): void {
  command.description('Take over what another program holds.');
  const fromExport = command
    .command('export')
    .helpCommand(false)
    .summary('providers and connections of an export of Tokentray')
    .description(
      'Take over providers and connections from a file that `export` made. Shows everything that would change; changes it after a yes, all or nothing. What is here stays: a connection that is here is never replaced, and no secret goes to another address than its own. Imported connections are not refreshed until you say that they are used here.',
    )
    .argument('<FILE>', 'the export')
    .option('--passphrase-stdin', 'read the passphrase of a sealed export from standard input')
    .option('--yes', 'do not ask; without it, and without a terminal, nothing is changed')
    .action((file: string, options: ImportOptions) => importExport(session, file, options));
  examples(
    fromExport,
    'tokentray import-from export tokentray.json',
    'tokentray import-from export --yes tokentray.json',
  );
}

async function importExport(session: Session, file: string, options: ImportOptions): Promise<void> {
  const { out, host } = session;
  const path = filePath(file);
  let passphrase = options.passphraseStdin ? await ask(true) : undefined;
  const send = (confirm?: string) =>
    host.call<Import>('POST', route('vault', 'import'), { body: { path, passphrase, confirm } });
  const shown = await send().catch(async (error: unknown) => {
    if (passphrase !== undefined || !isSealed(error) || !process.stdin.isTTY) throw error;
    passphrase = await ask(false);
    return send();
  });

  const lines = shown.changes.flatMap(linesOf);
  const asks = process.stdin.isTTY === true && !out.json;
  if (!shown.ready || !(options.yes || asks)) {
    out.result(shown, lines);
    out.talk(
      shown.ready
        ? 'Nothing was changed. Run it again with --yes to import this.'
        : 'Nothing was changed, and nothing can be imported while something is refused (marked with !).',
    );
    return;
  }
  if (!out.json) for (const line of lines) out.line(line);
  await confirmLoss('Import this?', options.yes === true);
  const done = await send(shown.confirm);
  if (out.json) out.document(done);
  out.talk('Imported.');
  if (done.changes.some(({ kind, action }) => kind === 'connection' && action === 'add'))
    out.talk(
      'No imported refresh token is sent yet. When the place they come from is stopped for good: tokentray vault use-here',
    );
}

function ask(fromStdin: boolean): Promise<string> {
  return readSecret({ what: 'the passphrase of the file', option: '--passphrase-stdin', fromStdin });
}

function isSealed(error: unknown): boolean {
  return error instanceof CommandError && error.problem.code === 'export_not_opened';
}

const MARKS: Readonly<Record<Change['action'], string>> = {
  add: '+',
  change: '~',
  same: '=',
  skip: '-',
  consent: '?',
  refuse: '!',
};

const WORDS: Readonly<Record<Change['action'], string>> = {
  add: 'is new',
  change: 'changes',
  same: 'is here already, the same',
  skip: 'is left as it is',
  consent: 'needs your consent here',
  refuse: 'is refused',
};

function linesOf({ kind, name, action, fields, notes }: Change): string[] {
  return [
    `${MARKS[action]} ${kind} ${name} ${WORDS[action]}`,
    ...fields.map(({ field, from, to }) =>
      from === null ? `    ${field}  ${to}` : `    ${field}  ${from} -> ${to ?? 'nothing'}`,
    ),
    ...notes.map((note) => `    ${note}`),
  ];
}
