// The command tree. A command's module is loaded only when its name is among the arguments, so that no command pays
// for the others. Commander lays out help and finds mistakes; it prints nothing by itself and never ends the process.
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { EXIT, EXIT_CODES_HELP } from './exit-codes.ts';
import { usage } from './problem.ts';
import type { Session } from './session.ts';

/** Ends the answering of signals: for `serve`, which has its own. */
export type Release = () => void;

interface CommandModule {
  define(command: Command, session: Session, release: Release): void;
}

interface Entry {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

const EVERY_DAY = 'Every day:';
const PROVIDERS = 'Providers and connections:';
const HOST = 'Host and vault:';

const COMMANDS: readonly Entry[] = [
  {
    name: 'token',
    group: EVERY_DAY,
    summary: 'print a fresh access token',
    load: () => import('./commands/token.ts'),
  },
  {
    name: 'connect',
    group: EVERY_DAY,
    summary: 'get your consent at a provider',
    load: () => import('./commands/connect.ts'),
  },
  {
    name: 'connections',
    group: EVERY_DAY,
    summary: 'list, show, rename, refresh, revoke or remove connections',
    load: () => import('./commands/connections.ts'),
  },
  {
    name: 'open',
    group: EVERY_DAY,
    summary: 'open the window in the browser',
    load: () => import('./commands/open.ts'),
  },
  {
    name: 'status',
    group: EVERY_DAY,
    summary: 'show how the host and its vault are',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'doctor',
    group: EVERY_DAY,
    summary: 'check everything and say what to fix',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'events',
    group: EVERY_DAY,
    summary: 'follow what happens',
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'presets',
    group: PROVIDERS,
    summary: 'list known providers',
    load: () => import('./commands/presets.ts'),
  },
  {
    name: 'providers',
    group: PROVIDERS,
    summary: 'add, list, show, update, remove or check providers',
    load: () => import('./commands/providers.ts'),
  },
  {
    name: 'import',
    group: PROVIDERS,
    summary: 'take over a refresh token from elsewhere',
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'keys',
    group: PROVIDERS,
    summary: 'add, list or remove keys of scripts',
    load: () => import('./commands/keys.ts'),
  },
  {
    name: 'serve',
    group: HOST,
    summary: 'run the headless host',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'unlock',
    group: HOST,
    summary: 'open the vault',
    load: () => import('./commands/unlock.ts'),
  },
  {
    name: 'lock',
    group: HOST,
    summary: 'close the vault',
    load: () => import('./commands/lock.ts'),
  },
  {
    name: 'vault',
    group: HOST,
    summary: 'manage the vault: what opens it, and where it is used',
    load: () => import('./commands/vault.ts'),
  },
  {
    name: 'backup',
    group: HOST,
    summary: 'copy the vault into a file',
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    group: HOST,
    summary: 'put a backup in the place of the vault',
    load: () => import('./commands/restore.ts'),
  },
  {
    name: 'export',
    group: HOST,
    summary: 'write providers and connections into a file',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'import-from',
    group: HOST,
    summary: 'take over what was exported elsewhere',
    load: () => import('./commands/import-from.ts'),
  },
  {
    name: 'sandbox',
    group: HOST,
    summary: 'run the practice server',
    load: () => import('./commands/sandbox.ts'),
  },
];

const EPILOGUE = `
Data goes to standard output, everything else to standard error. Secrets come by
standard input or a prompt, never in arguments.

Environment:
  TOKENTRAY_HOME  the data directory, in place of the platform's own
  TOKENTRAY_KEY   a key to use in place of the owner's, with its rights only
  NO_COLOR        no colours

Run \`tokentray help COMMAND\` for one command, \`tokentray help exit-codes\` for the
exit codes.
`;

/** Builds the tree, with the modules of the commands that `argv` names, or of all. */
export async function buildProgram(
  session: Session,
  argv: readonly string[] | 'all',
  release: Release = () => {},
): Promise<Command> {
  const program = new Command('tokentray');
  program
    .description(
      'One holder of your OAuth tokens: consent in the browser, tokens sealed, a fresh token for every script.',
    )
    .usage('COMMAND [options]')
    .option('--json', 'print one JSON document, also on errors')
    .version(packageJson.version, '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => session.out.help(text, 'stdout'),
      writeErr: (text) => session.out.help(text, 'stderr'),
      // Told by main.ts, in our own voice.
      outputError: () => {},
    })
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: () => program.options.filter(({ long }) => long === '--json'),
      subcommandTerm: (command) => (command.parent?.parent ? usageTerm(command) : command.name()),
    })
    .addHelpText('after', EPILOGUE);

  // An empty name is a variable of a script that was never set: said here, before it becomes another address.
  program.hook('preAction', (_program, command) => {
    const empty = command.registeredArguments.find(
      ({ required, variadic }, at) => required && !variadic && command.args[at] === '',
    );
    if (empty !== undefined) throw usage(`The argument ${empty.name()} is empty. Give it a value.`);
  });

  for (const { name, group, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).helpGroup(group).helpCommand(false);
    if (argv === 'all' || argv.includes(name)) (await load()).define(command, session, release);
  }
  program
    .command('help')
    .summary('explain a command, or `exit-codes`')
    .helpGroup(HOST)
    .description('Explain a command.')
    .argument('[topic...]', 'a command, or exit-codes')
    .action((topic: string[]) => explain(program, topic, session));
  return program;
}

/** Runs the command that `argv` asks for. Throws CommandError. */
export async function runProgram(session: Session, argv: readonly string[], release: Release): Promise<void> {
  const program = await buildProgram(session, argv, release);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === EXIT.ok) return;
    // A group without its sub-command: its help has been shown.
    if (error.code === 'commander.help') throw usage('A command is missing.');
    throw usage(sentence(error.message));
  }
}

function usageTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map((argument) => argument.name())].join(' ');
}

function explain(program: Command, topic: readonly string[], { out }: Session): void {
  if (topic.length === 1 && topic[0] === 'exit-codes') {
    out.help(EXIT_CODES_HELP, 'stdout');
    return;
  }
  let command = program;
  for (const word of topic) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) throw usage(`There is no help on ${topic.join(' ')}. See \`tokentray --help\`.`);
    command = next;
  }
  command.outputHelp();
}

/** Commander's message as a sentence: `error: unknown command 'tokn'\n(Did you mean token?)`. */
function sentence(message: string): string {
  const [first = '', hint] = message.replace(/^error: /, '').split('\n');
  const said = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`;
  return hint === undefined ? `${said} See \`tokentray --help\`.` : `${said} ${hint.replace(/^\(|\)$/g, '')}`;
}
