// What a person does with providers: add, look, change, remove, check, import a grant from elsewhere.
import { z } from 'zod';
import type { Connections } from '../connections.ts';
import { nameOf } from '../connections.ts';
import type { Consents } from '../consent/consents.ts';
import type { ExchangeWorld } from '../consent/exchange.ts';
import { linkRedirect } from '../consent/redirect/link.ts';
import { newConnection, settle } from '../consent/settle.ts';
import type { Engine, ProviderCheck, ProviderInput, ProviderView } from '../engine.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import type { Connection } from '../model/connection.ts';
import { endpointUrl, parseInput } from '../model/field.ts';
import { isName, NAME_RULE } from '../model/name.ts';
import { isOpenId, type Provider } from '../model/provider.ts';
import { discover } from '../oauth/discovery.ts';
import { fetchProfile } from '../oauth/identity.ts';
import { validatedIdClaims } from '../oauth/token-answer.ts';
import type { HttpPort } from '../ports.ts';
import { refusalSentence } from '../refresh/provider-waits.ts';
import type { Refresher } from '../refresh/refresher.ts';
import {
  buildEntry,
  changeEntry,
  fromDiscovery,
  issuerToDiscover,
  moveOf,
  refuseMixUp,
  splitSecret,
  warningsOf,
} from './entry.ts';
import type { Registry } from './registry.ts';

export interface ProviderWorld extends ExchangeWorld {
  readonly http: HttpPort;
  readonly registry: Registry;
  readonly connections: Connections;
  readonly consents: Consents;
  readonly refresher: Refresher;
  readonly events: EventLog;
  readonly redirectPort: () => number;
}

type Commands = Omit<Engine['providers'], 'import'> & {
  import(id: string, input: { refresh_token: string; account?: string }): Promise<Connection>;
};

export function providerCommands(world: ProviderWorld): Commands {
  const { registry, connections, consents, events } = world;
  const view = (provider: Provider) => viewOf(world, provider);
  const ask = (issuer: string) =>
    discover(world.http, parseInput(z.object({ issuer: endpointUrl }), { issuer }, 'Provider').issuer);

  return {
    list: () =>
      registry
        .all()
        .map(view)
        .sort((left, right) => left.id.localeCompare(right.id)),

    show: (id) => view(registry.get(id)),

    async add(input: ProviderInput) {
      const split = splitSecret(input);
      const issuer = issuerToDiscover(split.fields);
      const discovered = issuer === undefined ? undefined : await ask(issuer);
      const provider = buildEntry(split, discovered);
      if (registry.find(provider.id) !== undefined) {
        throw new TokentrayError(
          'already_exists',
          `There is a provider named ${provider.id} already. Choose another id, or update it.`,
          { field: 'id' },
        );
      }
      refuseMixUp(provider, registry.all());
      registry.put(provider, split.secret);
      events.emit({ type: 'provider', action: 'added', provider: provider.id });
      return view(provider);
    },

    async update(id, changes) {
      const current = registry.get(id);
      const { fields, secret } = splitSecret(changes);
      const move = moveOf(current, changeEntry(current, fields, true));
      if (move !== undefined && connections.ofProvider(id).length > 0) {
        throw new TokentrayError(
          'conflict',
          `The ${move.field} of ${id} cannot change while it has connections: their tokens belong to the old one. Remove them first, or add another provider.`,
          { field: move.field },
        );
      }
      // RFC 6749 section 2.3.1 and promise 61: a secret is never carried to another place.
      const moved = move?.takesSecret === true;
      const nextSecret = secret === undefined && moved ? null : secret;
      const hasSecret = nextSecret === undefined ? registry.hasSecret(id) : nextSecret !== null;
      const next = changeEntry(current, fields, hasSecret || moved);
      refuseMixUp(next, registry.all());
      registry.put(next, nextSecret);
      events.emit({ type: 'provider', action: 'changed', provider: id });
      return view(next);
    },

    async remove(id) {
      if (!registry.damaged().has(id)) registry.get(id);
      const left = connections.ofProvider(id);
      if (left.length > 0) {
        throw new TokentrayError(
          'conflict',
          `${id} has ${left.length} connection${left.length === 1 ? '' : 's'}. Remove ${left.length === 1 ? 'it' : 'them'} first.`,
          {
            action: { command: `tokentray connections remove ${nameOf(left[0]!)}` },
          },
        );
      }
      if (consents.openOf(id))
        throw new TokentrayError('conflict', `${id} has an open consent. Finish or cancel it first.`);
      registry.remove(id);
      events.emit({ type: 'provider', action: 'removed', provider: id });
    },

    discover: async (issuer) => fromDiscovery(await ask(issuer), false),

    check: (id) => check(world, registry.get(id)),

    import: (id, input) => importGrant(world, registry.get(id), input),
  };
}

/** What to register at the provider: RFC 8252 section 7.3 lets the port differ, so `any` is registered without one. */
function redirectUriOf(provider: Provider, fixedPort: number): string {
  const { id, redirect } = provider;
  if ('scheme' in redirect) return linkRedirect(id).href;
  return `http://${redirect.host}${redirect.port === 'fixed' ? `:${fixedPort}` : ''}/callback/${id}`;
}

function viewOf(
  { registry, connections, redirectPort, refresher }: ProviderWorld,
  provider: Provider,
): ProviderView {
  const refusal = refresher.clientRefusal(provider.id);
  return {
    ...provider,
    client_secret: registry.hasSecret(provider.id) ? 'set' : 'unset',
    redirect_uri: redirectUriOf(provider, redirectPort()),
    connections: connections.ofProvider(provider.id).length,
    warnings: [...(refusal === undefined ? [] : [refusalSentence(refusal)]), ...warningsOf(provider)],
  };
}

async function check({ http, registry }: ProviderWorld, provider: Provider): Promise<ProviderCheck> {
  const checks: { name: string; ok: boolean; detail: string }[] = [];
  const add = (name: string, ok: boolean, detail: string) => checks.push({ name, ok, detail });

  const needsSecret = provider.token_endpoint_auth_method !== 'none';
  const hasSecret = registry.hasSecret(provider.id);
  add(
    'client_secret',
    !needsSecret || hasSecret,
    needsSecret && !hasSecret
      ? `${provider.token_endpoint_auth_method} needs a client_secret. Enter it with tokentray providers update ${provider.id} --client-secret-stdin.`
      : needsSecret
        ? 'A client secret is set.'
        : 'A public client: no secret is needed.',
  );
  if (provider.issuer !== undefined && provider.discovery !== 'none') {
    try {
      const { metadata } = await discover(http, provider.issuer);
      const same =
        metadata.authorization_endpoint === provider.authorization_endpoint &&
        metadata.token_endpoint === provider.token_endpoint;
      add(
        'discovery',
        same,
        same
          ? 'The discovery document names the same endpoints.'
          : 'The discovery document names other endpoints than the entry. Look at both before you change the entry.',
      );
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      add('discovery', false, error.message);
    }
  }
  // Without any credential: an answer of whatever status shows that name, TLS and proxy work.
  const reached = await http.send({
    method: 'GET',
    url: new URL(provider.token_endpoint),
    headers: { accept: 'application/json' },
  });
  add(
    'token_endpoint',
    reached.kind === 'answered',
    reached.kind === 'answered'
      ? 'The token endpoint answers.'
      : `The token endpoint cannot be reached (${reached.fault}). Check address, network and proxy.`,
  );
  for (const warning of warningsOf(provider)) add('warning', true, warning);
  return { ok: checks.every((entry) => entry.ok), checks };
}

/** A grant from elsewhere: proved by a refresh at once, kept only then. Not proved, nothing is kept. */
async function importGrant(
  world: ProviderWorld,
  provider: Provider,
  input: { refresh_token: string; account?: string },
): Promise<Connection> {
  const { connections, refresher } = world;
  if (input.account !== undefined && !isName(input.account)) {
    throw new TokentrayError('invalid_field', `The field account: ${NAME_RULE}.`, { field: 'account' });
  }
  if (input.account !== undefined && connections.byName(`${provider.id}/${input.account}`) !== undefined) {
    throw new TokentrayError(
      'already_exists',
      `There is a connection ${provider.id}/${input.account} already. Choose another account name, or remove it first.`,
      { field: 'account' },
    );
  }
  const wanted = {
    provider,
    scopes: provider.scopes,
    account: input.account,
    redirectUri: '',
    codeVerifier: '',
    nonce: '',
  };
  const held = newConnection(world, wanted, input.account ?? 'imported');
  connections.insert({
    doc: held,
    secrets: { refresh_token: input.refresh_token, tokens: null },
    previous: null,
    intent: null,
  });
  try {
    await refresher.refresh(held.id, { prove: true, insist: true });
    const { tokens } = connections.row(held.id).secrets;
    if (tokens === null)
      throw new TokentrayError('conflict', 'The import was removed while it was being checked.');
    const id =
      isOpenId(provider) && tokens.id_token !== undefined
        ? validatedIdClaims(tokens.id_token)
        : await fetchProfile(world.http, provider, tokens.access_token);
    return await settle(world, wanted, { tokens, id, held: held.id });
  } catch (error) {
    // Kept only when the provider has already replaced the imported token: then ours is the only one there is.
    const row = connections.get(held.id) === undefined ? undefined : connections.row(held.id);
    const isUnproved = row !== undefined && row.secrets.refresh_token === input.refresh_token;
    if (isUnproved && !refresher.holdsAnswer(held.id)) connections.remove(held.id);
    if (error instanceof TokentrayError && error.code === 'consent_needed') {
      throw new TokentrayError(
        'provider_refused',
        `${provider.id} does not accept this refresh token. Nothing was stored; check that it belongs to this client_id.`,
        { field: 'refresh_token' },
      );
    }
    throw error;
  }
}
