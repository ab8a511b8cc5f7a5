// `connect`: one consent, from its start to the name of the connection. Ctrl-C, a time-out or a refused paste cancels it.
import type { Command } from 'commander';
import type { ConsentJson, WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { consentFailure, waitForConsent } from '../consent-wait.ts';
import { EXIT } from '../exit-codes.ts';
import { onInterrupt } from '../interrupt.ts';
import { choice, examples, repeated, seconds } from '../options.ts';
import { CommandError, failure, usage } from '../problem.ts';
import { stdinLines } from '../prompt.ts';
import type { Session } from '../session.ts';

const VIAS = ['browser', 'paste'] as const;

interface ConnectOptions {
  readonly account?: string;
  readonly scope?: readonly string[];
  readonly via: (typeof VIAS)[number];
  readonly open: boolean;
  readonly wait: number;
}

export function define(command: Command, session: Session): void {
  command
    .description(
      'Get your consent at a provider and make, or renew, a connection. The browser is opened by the host; its address is also printed. Prints the name of the connection.',
    )
    .argument('<provider>', 'id of the provider')
    .option('--account <label>', 'account to make or renew (default: named by the provider)')
    .option('--scope <scope>', 'scope to ask for; may be repeated (default: those of the provider)', repeated)
    .option(
      '--via <way>',
      'browser, or paste: the redirected address comes by standard input',
      choice('--via', VIAS),
      'browser',
    )
    .option('--no-open', 'print the address and open nothing')
    .option(
      '--wait <seconds>',
      'how long to wait; 0 prints the consent and leaves it open',
      seconds('--wait'),
      300,
    )
    .action((provider: string, options: ConnectOptions) => connect(session, provider, options));
  examples(
    command,
    'tokentray connect google',
    'tokentray connect work --account me --scope openid --scope email',
    'tokentray connect google --via paste',
  );
}

async function connect(session: Session, provider: string, options: ConnectOptions): Promise<void> {
  const { out, host } = session;
  const consent = await start(session, provider, options);
  out.talk('To give your consent, open this address:');
  out.talk(consent.authorization_url ?? '');
  if (options.wait === 0 && options.via === 'browser') {
    out.result(consent, [consent.id]);
    return;
  }

  const stop = new AbortController();
  const cancel = () => host.call('DELETE', route('consents', consent.id));
  const settled = onInterrupt(() => {
    stop.abort();
    return cancel();
  });
  let ended = consent;
  try {
    const wait = options.via === 'paste' ? paste : waitForConsent;
    ended = await wait(session, consent, options.wait, stop.signal);
  } finally {
    settled();
    // Best effort: a consent that cannot be cancelled expires by itself.
    if (ended.status === 'pending' && !stop.signal.aborted) await Promise.allSettled([cancel()]);
  }
  if (ended.status === 'pending') {
    throw failure(
      'consent_expired',
      `Your consent did not come within ${options.wait} s, so it was cancelled. Run the command again.`,
    );
  }
  if (ended.status !== 'done') throw consentFailure(ended);
  out.result(ended, [ended.connection ?? '']);
  out.talk(`Connected ${ended.connection}.`);
}

/** Without a browser on the host's machine the consent goes on: any browser that reaches this machine will do. */
async function start(
  { out, host }: Session,
  provider: string,
  options: ConnectOptions,
): Promise<ConsentJson> {
  const begin = async (via?: string) => {
    const body = { provider, account: options.account, scopes: options.scope, via };
    return (await host.call<WireTypes['ConsentStarted']>('POST', route('connections'), { body })).consent;
  };
  if (options.via === 'paste') return begin('paste');
  if (!options.open) return begin();
  try {
    return await begin('browser');
  } catch (error) {
    if (!(error instanceof CommandError) || error.problem.code !== 'browser_unavailable') throw error;
    out.talk('No browser could be opened. Open the address yourself in a browser on this machine;');
    out.talk('for a browser on another machine, press Ctrl-C and add --via paste.');
    return begin();
  }
}

/** Reads redirected addresses until one is accepted. On a terminal a refused one may be tried again. */
async function paste(
  session: Session,
  consent: ConsentJson,
  seconds: number,
  signal: AbortSignal,
): Promise<ConsentJson> {
  const { out, host } = session;
  const late = AbortSignal.timeout(seconds * 1_000);
  const either = AbortSignal.any([signal, late]);
  out.talk(
    'Then copy the address the browser was sent to. It opens your account: paste it nowhere but here.',
  );
  out.talk('Paste it and press Enter:');
  for await (const line of stdinLines(either)) {
    const url = line.trim();
    if (url === '') continue;
    try {
      const body = { url };
      const answer = await host.call<ConsentJson>('POST', route('consents', consent.id, 'redirect'), {
        body,
        signal,
      });
      return answer.status === 'pending' ? await waitForConsent(session, answer, seconds, signal) : answer;
    } catch (error) {
      const again = error instanceof CommandError && error.exit === EXIT.usage && process.stdin.isTTY;
      if (!again) throw error;
      out.talk(`${error.message} Paste it again:`);
    }
  }
  if (either.aborted) return consent;
  throw usage('Standard input ended before an address was accepted. The consent was cancelled.');
}
