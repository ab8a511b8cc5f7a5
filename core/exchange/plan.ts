// What an import would do, as a list that a person reads before anything is written. Pure.
// What must stay true: what is here stays as it is unless the list says otherwise; no secret or token goes to another place
// than the one it was made for (promise 190); no value of a secret is ever in the list.
import { type ConnectionRow, nameOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { Connection, Identity } from '../model/connection.ts';
import { slugName } from '../model/name.ts';
import type { Provider } from '../model/provider.ts';
import { factsOf } from '../model/token-set.ts';
import { judgeEntry, moveOf, refuseMixUp, warningsOf } from '../providers/entry.ts';
import type { ExportDocument, ExportedConnection, ExportedProvider } from './document.ts';
import { refused } from './strict-json.ts';

/** `same`: nothing to do. `skip`: what is here stays. `consent`: only a new consent makes it. `refuse`: nothing is imported. */
export type ChangeAction = 'add' | 'change' | 'same' | 'skip' | 'consent' | 'refuse';

export interface Change {
  readonly kind: 'provider' | 'connection' | 'setting';
  readonly name: string;
  readonly action: ChangeAction;
  /** Values as JSON; a secret is `set` or `unset`. Null: there was, or is, none. */
  readonly fields: readonly {
    readonly field: string;
    readonly from: string | null;
    readonly to: string | null;
  }[];
  /** Sentences. */
  readonly notes: readonly string[];
}

export interface ImportPlan {
  readonly changes: readonly Change[];
  readonly providers: readonly { readonly provider: Provider; readonly secret: string | null | undefined }[];
  readonly connections: readonly ConnectionRow[];
}

export interface ImportState {
  readonly providers: readonly Provider[];
  readonly connections: readonly Connection[];
  /** Rows of providers that do not open. */
  readonly damaged: ReadonlySet<string>;
  readonly redirectPort: number;
  /** Of a provider that is here. */
  readonly secretOf: (id: string) => string | undefined;
  readonly newId: () => string;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** Throws `import_refused` for a document that contradicts itself. */
export function planImport(document: ExportDocument, state: ImportState): ImportPlan {
  refuseRepeated(document);
  const entries = document.providers.map((entry) => planProvider(entry, state));
  const after = new Map(state.providers.map((provider) => [provider.id, provider]));
  for (const { write } of entries) if (write) after.set(write.provider.id, write.provider);
  const mixed = entries.map(({ change, write }) =>
    write ? refusedMixUp(change, write.provider, [...after.values()]) : change,
  );
  const taken = new Set(state.connections.map(nameOf));
  const same = sameAccount(state.connections);
  const connections = document.connections.map((one) => planConnection(one, { after, taken, same }, state));
  return {
    changes: [...mixed, ...connections.map(({ change }) => change), ...planSettings(document, state)],
    providers: entries.flatMap(({ write }) => write ?? []),
    connections: connections.flatMap(({ row }) => row ?? []),
  };
}

function planProvider(
  { client_secret, ...fields }: ExportedProvider,
  state: ImportState,
): { change: Change; write?: ImportPlan['providers'][number] } {
  // Without a secret it is taken all the same: the list says that it is missing.
  const next = judgeEntry({ schema: 1, ...fields }, true);
  const about = { kind: 'provider', name: next.id } as const;
  if (state.damaged.has(next.id)) {
    const note = 'Its row here does not open. Remove it, or enter it again, before the import.';
    return { change: { ...about, action: 'refuse', fields: [], notes: [note] } };
  }
  const current = state.providers.find(({ id }) => id === next.id);
  const had = current && state.secretOf(next.id);
  const moved = current === undefined ? undefined : movedTo(current, next);
  const isUsed = state.connections.some(({ provider }) => provider === next.id);
  // RFC 6749 section 2.3.1 and promise 61: what we have stays where it is.
  const secret = client_secret ?? (moved === undefined ? undefined : null);
  const has = secret === undefined ? had : (secret ?? undefined);
  const fieldsChanged = [
    ...differences(current, next),
    ...(has === had
      ? []
      : [{ field: 'client_secret', from: shown(had), to: has === undefined ? 'unset' : 'set' }]),
  ];
  if (current !== undefined && fieldsChanged.length === 0) {
    return { change: { ...about, action: 'same', fields: [], notes: [] } };
  }
  if (moved !== undefined && isUsed) {
    const note = `Its ${moved} would change while it has connections here, whose tokens belong to the old one. Remove them first, or change the provider by hand.`;
    return { change: { ...about, action: 'refuse', fields: fieldsChanged, notes: [note] } };
  }
  const notes = [
    ...(moved === undefined || had === undefined || client_secret !== undefined
      ? []
      : [
          `Its ${moved} changes, so the client secret that is kept here is forgotten: it belongs to the old one.`,
        ]),
    ...(next.token_endpoint_auth_method !== 'none' && has === undefined
      ? [`It needs its client secret: tokentray providers update ${next.id} --client-secret-stdin`]
      : []),
    ...warningsOf(next),
  ];
  const action = current === undefined ? 'add' : 'change';
  return { change: { ...about, action, fields: fieldsChanged, notes }, write: { provider: next, secret } };
}

/** The field by which a secret or token would go elsewhere; undefined when none does. */
function movedTo(current: Provider, next: Provider): string | undefined {
  const move = moveOf(current, next)?.field;
  if (move !== undefined) return move;
  const origin = (address: string | undefined) =>
    address === undefined ? undefined : new URL(address).origin;
  const api = origin(next.api_base_url);
  return api !== undefined && api !== origin(current.api_base_url) ? 'api_base_url' : undefined;
}

function refusedMixUp(change: Change, provider: Provider, others: readonly Provider[]): Change {
  try {
    refuseMixUp(provider, others);
    return change;
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    return { ...change, action: 'refuse', notes: [error.message] };
  }
}

function planConnection(
  given: ExportedConnection,
  here: {
    readonly after: ReadonlyMap<string, Provider>;
    readonly taken: Set<string>;
    readonly same: (one: ExportedConnection) => Connection | undefined;
  },
  state: ImportState,
): { change: Change; row?: ConnectionRow } {
  const { provider, account, scopes, grant } = given;
  const name = nameOf(given);
  const about = { kind: 'connection', name, fields: [] } as const;
  const { after, taken, same } = here;
  if (!after.has(provider)) throw refused(`it has a connection of ${provider}, but not that provider`);
  const twin = same(given);
  if (twin !== undefined) {
    const known = nameOf(twin);
    const note = `${known === name ? 'It' : `The same account`} is here already${known === name ? '' : ` as ${known}`} and stays as it is.`;
    return { change: { ...about, action: 'skip', notes: [note] } };
  }
  if (grant === undefined) {
    const note = `tokentray connect ${provider} --account ${account}`;
    return { change: { ...about, action: 'consent', notes: [note] } };
  }
  const free = taken.has(name)
    ? slugName(account, (candidate) => taken.has(`${provider}/${candidate}`))
    : account;
  taken.add(`${provider}/${free}`);
  const { rotates, refresh_token, tokens, consented_at } = grant;
  // Dates of another clock: none is later than this moment, which the review is compared with.
  const earlier = (time: number) => Math.min(time, state.now);
  const row: ConnectionRow = {
    doc: {
      ...{
        schema: 1,
        id: state.newId(),
        provider,
        account: free,
        label: grant.label,
        identity: grant.identity,
      },
      scopes_asked: scopes,
      created_at: earlier(grant.created_at),
      consented_at: consented_at === null ? null : earlier(consented_at),
      // Never here: whether its refresh token was ever replaced is known by the review alone.
      refreshed_at: rotates || grant.refreshed_at === null ? null : earlier(grant.refreshed_at),
      ...(rotates ? { imported_at: state.now } : {}),
      state: { status: 'active', token: factsOf(tokens) },
    },
    secrets: { refresh_token, tokens },
    previous: null,
    intent: null,
  };
  const notes = [
    ...(free === account ? [] : [`Another account has its name here, so it becomes ${provider}/${free}.`]),
    ...(rotates ? ['It is not refreshed until you say that it is used here: tokentray vault use-here'] : []),
  ];
  const fields = [
    { field: 'scopes', from: null, to: JSON.stringify(scopes) },
    { field: 'label', from: null, to: JSON.stringify(grant.label) },
    { field: 'refresh_token', from: null, to: shown(refresh_token ?? undefined) },
  ];
  return { change: { ...about, action: 'add', fields, notes }, row };
}

/** Finds the same account by its identity; where nobody knows that, by its name. */
function sameAccount(here: readonly Connection[]): (one: ExportedConnection) => Connection | undefined {
  const keyOf = (provider: string, of: Identity) => JSON.stringify([provider, of.issuer, of.subject]);
  const byName = new Map(here.map((one) => [nameOf(one), one]));
  const byIdentity = new Map(
    here.flatMap((one) => (one.identity ? [[keyOf(one.provider, one.identity), one]] : [])),
  );
  return (one) => {
    const other = one.grant?.identity;
    const named = byName.get(nameOf(one));
    if (!other) return named;
    return byIdentity.get(keyOf(one.provider, other)) ?? (named?.identity ? undefined : named);
  };
}

function planSettings({ settings }: ExportDocument, { redirectPort }: ImportState): Change[] {
  const { redirect_port } = settings;
  if (redirect_port === undefined || redirect_port === redirectPort) return [];
  const fields = [{ field: 'redirect_port', from: String(redirectPort), to: String(redirect_port) }];
  const notes = [
    'An import changes no setting. Providers with a fixed redirect port know the other one: change it in the settings of the window, or at the provider.',
  ];
  return [{ kind: 'setting', name: 'redirect_port', action: 'skip', fields, notes }];
}

function refuseRepeated({ providers, connections }: ExportDocument): void {
  const names = [...providers.map(({ id }) => id), ...connections.map(nameOf)];
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw refused(`it has ${twice} twice`);
}

function differences(current: Provider | undefined, next: Provider): Change['fields'] {
  const before = new Map<string, unknown>(Object.entries(current ?? {}));
  const after = new Map<string, unknown>(Object.entries(next));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => field !== 'schema')
    .sort()
    .map((field) => ({ field, from: asText(before.get(field)), to: asText(after.get(field)) }))
    .filter(({ from, to }) => from !== to);
}

/** Members in order, so that two spellings of one value are the same. */
function asText(value: unknown): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

const shown = (secret: string | undefined): string => (secret === undefined ? 'unset' : 'set');
