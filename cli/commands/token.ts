// `token`: a fresh access token on stdout, and nothing else there (promise 176).
import type { Command } from 'commander';
import type { TokenJson } from '../../api/wire.ts';
import { connectionPath } from '../client.ts';
import { choice, examples, repeated, seconds } from '../options.ts';
import type { Session } from '../session.ts';

const FORMATS = ['token', 'header', 'json'] as const;

export interface TokenOptions {
  readonly minValid?: number;
  readonly scope?: readonly string[];
  readonly force?: boolean;
  readonly wait?: number;
  readonly format?: (typeof FORMATS)[number];
  readonly show?: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .description(
      'Print a fresh access token of connection C, refreshed first when it has less than 10 s left. C is provider/account, an id, or the provider alone when there is one connection.',
    )
    .argument('<C>', 'the connection')
    .option('--min-valid <seconds>', 'the token must live at least this long', seconds('--min-valid'))
    .option('--scope <scope>', 'the token must cover this scope; may be repeated', repeated)
    .option('--force', 'refresh first, whatever is left')
    .option('--wait <seconds>', 'wait this long for a consent that is open', seconds('--wait'))
    .option('--format <format>', 'token, header (an Authorization line) or json', choice('--format', FORMATS))
    .option('--show', 'no warning when the token is shown on a terminal')
    .action((ref: string, options: TokenOptions) => runToken(session, ref, options));
  examples(
    command,
    'curl -H "$(tokentray token sandbox/user1 --format header)" http://127.0.0.1:9596/contacts',
    'tokentray token google/me --min-valid 600',
  );
}

export async function runToken({ out, host }: Session, ref: string, options: TokenOptions): Promise<void> {
  const answer = await host.call<TokenJson>('GET', connectionPath('token', ref), {
    query: {
      min_valid: options.minValid,
      scope: options.scope,
      force: options.force ? 'true' : undefined,
      wait: options.wait,
    },
    waitSeconds: options.wait ?? 0,
  });
  if (out.terminal && !options.show) {
    out.talk(
      `This token opens ${answer.connection} to whoever sees it. Add --show to leave this warning out.`,
    );
  }
  if (out.json || options.format === 'json') out.document(answer);
  else if (options.format === 'header')
    out.secret(`Authorization: ${answer.token_type} ${answer.access_token}`);
  else out.secret(answer.access_token);
}
