// `connections`: what is connected, and what to do with one of them. C is provider/account, an id, or a provider alone.
import type { Command } from 'commander';
import type { ConnectionJson, WireTypes } from '../../api/wire.ts';
import { connectionPath, route } from '../client.ts';
import { examples } from '../options.ts';
import { confirmLoss } from '../prompt.ts';
import type { Session } from '../session.ts';
import { facts, relative, table } from '../text.ts';

const C = 'provider/account, an id, or the provider alone when it has one connection';

export function define(command: Command, session: Session): void {
  const { out, host } = session;
  command.description('List connections, or look after one.');
  command
    .command('list')
    .summary('list connections')
    .description('List the connections this key may see.')
    .action(() => list(session));
  command
    .command('show')
    .summary('show one connection')
    .description('Show one connection. Its tokens are not shown; see `tokentray token`.')
    .argument('<C>', C)
    .action(async (ref: string) => {
      const one = await host.call<ConnectionJson>('GET', route('connections', ref));
      out.result(one, factLines(one));
    });

  const rename = command
    .command('rename')
    .summary('give the account another name')
    .description('Give the account of a connection another name. Scripts that use the old one must follow.')
    .argument('<C>', C)
    .argument('<name>', 'the new name of the account, without the provider')
    .action(async (ref: string, account: string) => {
      const one = await host.call<ConnectionJson>('PATCH', route('connections', ref), { body: { account } });
      out.result(one, [one.name]);
      out.talk(`Renamed to ${one.name}.`);
    });
  examples(rename, 'tokentray connections rename sandbox/user1 work');

  command
    .command('refresh')
    .summary('refresh the token now')
    .description('Refresh the token of a connection now.')
    .argument('<C>', C)
    .action(async (ref: string) => {
      const one = await host.call<ConnectionJson>('POST', connectionPath('refresh', ref));
      out.result(one, []);
      out.talk(`Refreshed ${one.name}: ${tokenState(one)}.`);
    });
  command
    .command('revoke')
    .summary('withdraw the grant at the provider')
    .description('Withdraw the grant at the provider. The connection stays, and can be connected again.')
    .argument('<C>', C)
    .action(async (ref: string) => {
      const one = await host.call<ConnectionJson>('POST', connectionPath('revoke', ref));
      out.result(one, []);
      out.talk(`Revoked ${one.name}.`);
    });

  const remove = command
    .command('remove')
    .summary('revoke and forget a connection')
    .description(
      'Withdraw the grant at the provider and forget the connection. Nothing is removed when the provider cannot be told.',
    )
    .argument('<C>', C)
    .option('--force', 'remove it even when the provider cannot be told')
    .option('--yes', 'do not ask')
    .action((ref: string, options: { force?: boolean; yes?: boolean }) => removeOne(session, ref, options));
  examples(remove, 'tokentray connections remove sandbox/user1 --yes');
}

async function list({ out, host }: Session): Promise<void> {
  const answer = await host.call<WireTypes['Connections']>('GET', route('connections'));
  if (answer.connections.length === 0)
    out.talk('There are no connections yet. Make one with `tokentray connect PROVIDER`.');
  // Most grants have no known end: a column only where there is one.
  const anyEnds = answer.connections.some((one) => grantEnd(one) !== '');
  const rows = answer.connections.map((one) => [
    one.name,
    one.status.replaceAll('_', ' '),
    tokenState(one),
    ...(anyEnds ? [grantEnd(one)] : []),
    one.label ?? '',
  ]);
  const header = ['CONNECTION', 'STATUS', 'TOKEN', ...(anyEnds ? ['GRANT'] : []), 'LABEL'];
  out.result(answer, rows.length === 0 ? [] : table(header, rows));
}

async function removeOne({ out, host }: Session, ref: string, options: { force?: boolean; yes?: boolean }) {
  await confirmLoss(`Remove the connection ${ref}? Its tokens are deleted for good.`, options.yes === true);
  const answer = await host.call<WireTypes['RemovedConnection']>('DELETE', route('connections', ref), {
    query: { force: options.force ? 'true' : undefined },
  });
  out.result(answer, []);
  out.talk(
    answer.revoked
      ? `Revoked and removed ${ref}.`
      : `Removed ${ref}. The grant was not withdrawn at the provider.`,
  );
}

function tokenState({ expires_at, issued_at }: ConnectionJson): string {
  if (issued_at === null) return 'none';
  if (expires_at === null) return 'expiry unknown';
  const now = Date.now();
  return `${Date.parse(expires_at) > now ? 'expires' : 'expired'} ${relative(expires_at, now)}`;
}

/** The first end against which only a new consent helps; what a refresh moves on is no end. */
function grantEnd({ deadlines }: ConnectionJson): string {
  const first = deadlines.find(({ renews }) => !renews);
  return first === undefined ? '' : `ends ${relative(first.at, Date.now())}`;
}

const DEADLINES = {
  access_token: 'Token ends',
  refresh_idle: 'Idle until',
  refresh_token: 'Refreshable until',
  refresh_absolute: 'Grant ends',
} as const satisfies Record<ConnectionJson['deadlines'][number]['what'], string>;

/** How the end of the token is known, where the provider did not simply say it. */
const GROUNDS = {
  expires_in: '',
  jwt: ' (by the token itself)',
  preset: ' (as known of the provider)',
  assumed: ' (assumed)',
  unknown: '',
} as const satisfies Record<NonNullable<ConnectionJson['expires_source']>, string>;

function factLines(one: ConnectionJson): string[] {
  const now = Date.now();
  const why = one.cause ?? one.code;
  return facts([
    ['Connection', one.name],
    ['Id', one.id],
    [
      'Status',
      `${one.status.replaceAll('_', ' ')}${why === undefined ? '' : ` (${why.replaceAll('_', ' ')})`}`,
    ],
    ['Label', one.label],
    ['Token', `${tokenState(one)}${one.expires_source === null ? '' : GROUNDS[one.expires_source]}`],
    ['Refreshable', one.refreshable ? 'yes' : 'no'],
    ...one.deadlines.map(({ what, at, renews }) => {
      const advice = renews ? 'a refresh before moves it on' : 'connect again before';
      return [DEADLINES[what], `${relative(at, now)} (${advice})`] as const;
    }),
    ['Scopes', one.scopes.join(' ')],
    ['Asked for', one.scopes_asked.join(' ')],
    ['Issuer', one.issuer],
    ['Subject', one.subject],
    ['Refreshed', relative(one.refreshed_at, now)],
    ['Consent', relative(one.consented_at, now)],
    ['Made', relative(one.created_at, now)],
  ]);
}
