// The headless host as a command: starts it, says what runs and how to use it, asks for a key where a person can answer,
// and ends cleanly on SIGINT and SIGTERM.
import { join } from 'node:path';
import { TokentrayError, toProblem } from '../core/errors.ts';
import { endpointPortOf } from '../host/endpoint-port.ts';
import { type Host, startHost } from '../host/start.ts';
import packageJson from '../package.json' with { type: 'json' };
import { EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';
import { CommandError } from './problem.ts';
import { askForKey } from './serve-key.ts';

export interface ServeOptions {
  readonly port?: number;
  readonly sandbox?: boolean;
  readonly open?: boolean;
}

// Beside this file lies the sandbox: as a source in a checkout, as a bundle in dist/. The window is always a bundle.
const SOURCES = import.meta.filename.endsWith('.ts');
const SANDBOX = SOURCES
  ? join(import.meta.dirname, '..', 'sandbox', 'main.ts')
  : join(import.meta.dirname, 'sandbox.js');
const WINDOW = SOURCES
  ? join(import.meta.dirname, '..', 'dist', 'renderer')
  : join(import.meta.dirname, 'renderer');

/** Runs until it is told to end; answers the exit code. Throws CommandError when it cannot start. */
export async function runServe(options: ServeOptions, out: Output): Promise<number> {
  const host = await start(options);
  const ended = Promise.withResolvers<void>();
  // Not once: a second one would end the process in the middle of its closing, which has an end of its own.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve());

  const { engine, controls } = host;
  out.result(
    { ...controls.status(), state: engine.state(), sandbox: controls.sandbox.info() },
    greeting(host),
  );
  if (options.open) await openWindow(host, out);
  if (['setup', 'locked'].includes(engine.state()) && process.stdin.isTTY && process.stderr.isTTY) {
    void askForKey(engine, out, ended).then((open) => open && out.talk('The vault is open.'));
  }
  await ended.promise;
  out.talk('Stopping.');
  await host.close();
  return EXIT.ok;
}

/** Where no browser can be opened, the link is for one elsewhere, by a tunnel to this machine's port. */
async function openWindow({ controls, windowLink }: Host, out: Output): Promise<void> {
  try {
    await controls.window.open(windowLink());
    out.talk('There is no tray here: the window is open in your browser.');
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    out.talk(
      'There is no tray and no browser here. Open the window with this link, once and within a minute:',
    );
    out.talk(windowLink().href);
  }
}

async function start(options: ServeOptions): Promise<Host> {
  try {
    return await startHost({
      env: process.env,
      port: options.port ?? endpointPortOf(process.env),
      sandbox: options.sandbox ?? false,
      sandboxScript: SANDBOX,
      windowDirectory: WINDOW,
      version: packageJson.version,
    });
  } catch (error) {
    if (error instanceof TokentrayError) throw new CommandError(toProblem(error));
    throw error;
  }
}

const STATES = {
  setup: 'is not set up yet',
  locked: 'is locked',
  open: 'is open',
  unreadable: 'cannot be read',
} as const;

/** What is running, how to go on, and the line for a script. */
function greeting(host: Host): string[] {
  const { engine, controls, paths, url } = host;
  const { version, warnings } = controls.status();
  const sandbox = controls.sandbox.info();
  const state = engine.state();
  const lines = [`Tokentray ${version} is running. The vault ${STATES[state]}.`];
  for (const warning of warnings) lines.push(`! ${warning}`);
  if (state === 'setup')
    lines.push(
      '  Set it up:      tokentray vault slots add --kind passphrase   (or --kind file --path FILE)',
    );
  if (state === 'unreadable')
    lines.push('  Repair it:      tokentray doctor --repair   (saves what opens, keeps the old file)');
  const [slot, second] = engine.vault.slots();
  if (state === 'open' && second === undefined && slot?.kind !== 'passphrase')
    lines.push(
      '  Recovery:       tokentray vault slots add --kind passphrase   (opens the vault if its key is lost)',
    );
  if (state === 'locked') lines.push('  Unlock it:      tokentray unlock');
  lines.push(
    `  Window:         ${controls.window.url()}   (get in with: tokentray open)`,
    `  Endpoint:       ${url}`,
    `  Socket:         ${paths.socket}`,
    `  Files:          ${paths.home}`,
  );
  if (sandbox.running)
    lines.push(`  Sandbox:        ${sandbox.issuer}`, `                  ${sandbox.login}`);
  const example = sandbox.running ? 'sandbox' : 'PROVIDER';
  if (!sandbox.running)
    lines.push(
      '  Add a provider: tokentray providers add --preset github --id github --client-id ID --client-secret-stdin',
    );
  lines.push(
    `  Connect:        tokentray connect ${example}`,
    `  Use a token:    tokentray token ${example}`,
    `  In a script:    curl --unix-socket ${paths.socket} -H "Authorization: Bearer $KEY" http://localhost/v1/token/${example}`,
    '                  (make a KEY with: tokentray keys add NAME --connection PROVIDER)',
    'Stop it with Ctrl-C.',
  );
  return lines;
}
