// `sandbox`: the practice server, run by the host.
import type { Command } from 'commander';
import type { SandboxJson } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';
import { facts } from '../text.ts';

export function define(command: Command, { out, host }: Session): void {
  command.description(
    'Run the practice server: an authorization server with a contacts API, for trying things out.',
  );
  const act = (verb: string, method: string, summary: string, description: string) =>
    command
      .command(verb)
      .summary(summary)
      .description(description)
      .action(async () => {
        const path = verb === 'info' ? route('sandbox') : route('sandbox', verb);
        const info = await host.call<SandboxJson>(method, path);
        out.result(info, factLines(info));
      });
  examples(act('start', 'POST', 'start it', 'Start the practice server.'), 'tokentray sandbox start');
  act(
    'info',
    'GET',
    'show where it runs and how to sign in',
    'Show where the practice server runs and how to sign in.',
  );
  act('reset', 'POST', 'put users and contacts back', 'Put users and contacts back as on the first day.');
  act('stop', 'POST', 'stop it', 'Stop the practice server.');
}

function factLines(info: SandboxJson): string[] {
  if (!info.running) return ['The sandbox is not running.'];
  return facts([
    ['Issuer', info.issuer],
    ['Port', info.port?.toString()],
    ['Users', info.users.join(', ')],
    ['Sign in', info.login],
  ]);
}
