// `providers`: the authorization servers and our registrations there. A client secret can be given, never read back.
import type { Command } from 'commander';
import type { ProviderJson, ReportJson, WireTypes } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples, repeated } from '../options.ts';
import { usage } from '../problem.ts';
import { confirmLoss, readSecret } from '../prompt.ts';
import { printReport } from '../report.ts';
import type { Session } from '../session.ts';
import { applySettings, type Fields } from '../settings.ts';
import { facts, table } from '../text.ts';

interface FieldOptions {
  readonly preset?: string;
  readonly issuer?: string;
  readonly id?: string;
  readonly clientId?: string;
  readonly clientSecretStdin?: boolean;
  readonly scope?: readonly string[];
  readonly set?: readonly string[];
}

export function define(command: Command, session: Session): void {
  const { out, host } = session;
  command.description('Manage the authorization servers you have registered a client at.');

  const add = command
    .command('add')
    .option('--preset <preset>', 'start from this preset, see `tokentray presets`')
    .option('--id <id>', 'the name you will use for it');
  withFields(add)
    .summary('add a provider')
    .description(
      'Add a provider from a preset, from its issuer (by discovery), or field by field with --set.',
    )
    .action(async (options: FieldOptions) => {
      if (options.preset !== undefined && options.issuer !== undefined) {
        throw usage('Give --preset or --issuer, not both.');
      }
      const made = await host.call<ProviderJson>('POST', route('providers'), {
        body: await fieldsOf(options),
      });
      printChanged(session, made, 'Added');
    });
  examples(
    add,
    'tokentray providers add --preset google --id google --client-id ID --client-secret-stdin < secret.txt',
    'tokentray providers add --issuer https://login.example.com --id work --client-id ID --scope openid',
  );

  command
    .command('list')
    .summary('list providers')
    .description('List the providers.')
    .action(() => list(session));
  command
    .command('show')
    .summary('show a provider and the redirect URI to register')
    .description('Show a provider, with the redirect URI to register there on a line of its own.')
    .argument('<id>', 'id of the provider')
    .action(async (id: string) => {
      const provider = await host.call<ProviderJson>('GET', route('providers', id));
      out.result(provider, factLines(provider));
    });

  const update = withFields(command.command('update'))
    .summary('change a provider')
    .description(
      'Change fields of a provider; `--set key=` removes one. A new token_endpoint, or a revocation_endpoint at another origin, forgets the client secret.',
    )
    .argument('<id>', 'id of the provider')
    .action(async (id: string, options: FieldOptions) => {
      const fields = await fieldsOf(options);
      if (Object.keys(fields).length === 0)
        throw usage('Nothing to change was given. See `tokentray help providers update`.');
      const changed = await host.call<ProviderJson>('PATCH', route('providers', id), { body: fields });
      printChanged(session, changed, 'Changed');
    });
  examples(
    update,
    'tokentray providers update work --set redirect.port=fixed --set access_token_seconds=3600',
    'tokentray providers update work --client-secret-stdin < secret.txt',
  );

  command
    .command('remove')
    .summary('remove a provider without connections')
    .description('Remove a provider and its client secret. Its connections must be removed before.')
    .argument('<id>', 'id of the provider')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: { yes?: boolean }) => {
      await confirmLoss(
        `Remove the provider ${id}? Its client secret is deleted for good.`,
        options.yes === true,
      );
      out.result(await host.call('DELETE', route('providers', id)), []);
      out.talk(`Removed the provider ${id}.`);
    });
  command
    .command('check')
    .summary('check that a provider answers as configured')
    .description('Ask the provider for its metadata and compare. Ends with 1 when something is wrong.')
    .argument('<id>', 'id of the provider')
    .action(async (id: string) => {
      printReport(out, await host.call<ReportJson>('POST', route('providers', id, 'check')));
    });
}

function withFields(command: Command): Command {
  return command
    .option('--issuer <url>', 'its issuer, for discovery')
    .option('--client-id <id>', 'client id of your registration there')
    .option('--client-secret-stdin', 'read the client secret from standard input, or ask for it')
    .option('--scope <scope>', 'scope to ask for; may be repeated', repeated)
    .option('--set <key=value>', 'any other field, dotted for inner ones; may be repeated', repeated);
}

async function fieldsOf(options: FieldOptions): Promise<Fields> {
  const given: Fields = {
    preset: options.preset,
    issuer: options.issuer,
    id: options.id,
    client_id: options.clientId,
    scopes: options.scope,
  };
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const fields = applySettings(named, options.set ?? []);
  if (!options.clientSecretStdin) return fields;
  const client_secret = await readSecret({
    what: 'the client secret',
    option: '--client-secret-stdin',
    fromStdin: true,
  });
  return { ...fields, client_secret };
}

function printChanged({ out }: Session, provider: ProviderJson, verb: string): void {
  out.result(provider, [provider.id]);
  out.talk(`${verb} ${provider.id}. Register this redirect URI there:`);
  out.talk(provider.redirect_uri);
  for (const warning of provider.warnings) out.talk(`Warning: ${warning}`);
}

async function list({ out, host }: Session): Promise<void> {
  const answer = await host.call<WireTypes['Providers']>('GET', route('providers'));
  if (answer.providers.length === 0)
    out.talk('There are no providers yet. Add one with `tokentray providers add`.');
  const rows = answer.providers.map(({ id, name, connections, issuer, token_endpoint }) => [
    id,
    name,
    connections.toString(),
    issuer ?? new URL(token_endpoint).origin,
  ]);
  out.result(answer, rows.length === 0 ? [] : table(['PROVIDER', 'NAME', 'CONNECTIONS', 'AT'], rows));
}

function factLines(provider: ProviderJson): string[] {
  const parameters = Object.entries(provider.authorization_parameters).map(
    ([key, value]) => `${key}=${value}`,
  );
  return [
    ...facts([
      ['Provider', provider.id],
      ['Name', provider.name],
      ['Preset', provider.preset],
      ['Issuer', provider.issuer],
      ['Authorization', provider.authorization_endpoint],
      ['Token', provider.token_endpoint],
      ['Revocation', provider.revocation_endpoint],
      ['API', provider.api_base_url],
      ['Client id', provider.client_id],
      ['Client secret', `${provider.client_secret} (${provider.token_endpoint_auth_method})`],
      ['Scopes', provider.scopes.join(' ')],
      ['PKCE', provider.pkce],
      ['Parameters', parameters.join(' ')],
      ['Connections', provider.connections.toString()],
    ]),
    'Redirect URI to register:',
    provider.redirect_uri,
    ...provider.warnings.map((warning) => `Warning: ${warning}`),
  ];
}
