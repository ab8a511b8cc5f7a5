// What an export holds: one versioned document, with or without secrets. Field names are those of the endpoint.
// What must stay true: a field that is not here is neither written nor read. Nothing that lets somebody in (keys of
// scripts, slots, passphrases) and nothing of this machine (addresses, paths, ports of its own) is ever part of it.
import { z } from 'zod';
import { type Connections, nameOf } from '../connections.ts';
import { identity } from '../model/connection.ts';
import { parseInput } from '../model/field.ts';
import { name, providerId } from '../model/name.ts';
import { providerSchema, scope } from '../model/provider.ts';
import { tokenSetSchema } from '../model/token-set.ts';
import { CLIENT_SECRET } from '../providers/entry.ts';
import type { Registry } from '../providers/registry.ts';

export const EXPORT_VERSION = 1;

/** More than anybody has; bounds what a file can make us do. */
const ENTRIES_MAX = 20_000;

const settings = z.strictObject({
  /** Providers that take one fixed port only have it in their registration, so it travels. */
  redirect_port: z.int().min(1).max(65_535).optional(),
});

const clientSecret = z.string().regex(CLIENT_SECRET, 'must be 1 to 4096 printable characters');

const provider = providerSchema.omit({ schema: true });

const connection = z.strictObject({
  provider: providerId,
  account: name,
  /** As they were asked for. */
  scopes: z.array(scope).max(100),
});

/** Without secrets: what to connect again. */
const plainSchema = z.strictObject({
  tokentray_export: z.literal(EXPORT_VERSION),
  settings,
  providers: z.array(provider).max(ENTRIES_MAX),
  connections: z.array(connection).max(ENTRIES_MAX),
});

const time = z.int().nonnegative();

const grant = z.strictObject({
  /** Wall clock, milliseconds. */
  created_at: time,
  consented_at: time.nullable(),
  refreshed_at: time.nullable(),
  label: z.string().max(1_000).nullable(),
  identity: identity.nullable(),
  /** False only where it is known that the provider never replaces the refresh token. */
  rotates: z.boolean(),
  refresh_token: z.string().min(1).nullable(),
  tokens: tokenSetSchema,
});

/** With them: `client_secret` of a provider, and `grant` of a connection that can go on. */
const secretSchema = z.strictObject({
  tokentray_export: z.literal(EXPORT_VERSION),
  settings,
  providers: z.array(provider.extend({ client_secret: clientSecret.optional() })).max(ENTRIES_MAX),
  connections: z.array(connection.extend({ grant: grant.optional() })).max(ENTRIES_MAX),
});

export type ExportDocument = z.infer<typeof secretSchema>;
export type ExportedConnection = ExportDocument['connections'][number];
export type ExportedProvider = ExportDocument['providers'][number];
type Grant = z.infer<typeof grant>;

export interface ExportWorld {
  readonly registry: Registry;
  readonly connections: Connections;
  readonly redirectPort: () => number;
}

/** Judges a document that was read. One in the open must hold no secret. Throws as `parseInput`. */
export function parseDocument(value: unknown, sealed: boolean): ExportDocument {
  return sealed
    ? parseInput(secretSchema, value, 'The export')
    : parseInput(plainSchema, value, 'The export');
}

/** Everything that opens. Rows that do not are left out: they are in `damaged()` of registry and connections. */
export function exportDocument(world: ExportWorld, secrets: boolean): ExportDocument {
  const { registry, connections, redirectPort } = world;
  return {
    tokentray_export: EXPORT_VERSION,
    settings: { redirect_port: redirectPort() },
    providers: registry
      .all()
      .sort((left, right) => (left.id < right.id ? -1 : 1))
      .map(({ schema: _schema, ...fields }) => {
        const { secret } = secrets ? registry.withSecret(fields.id) : {};
        return secret === undefined ? fields : { ...fields, client_secret: secret };
      }),
    connections: connections
      .all()
      // One that is being removed is not taken elsewhere.
      .filter(({ removing_since }) => removing_since === undefined)
      .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
      .map(({ id, provider, account, scopes_asked: scopes }) => {
        const known = secrets ? grantOf(connections, id) : undefined;
        return { provider, account, scopes, ...(known === undefined ? {} : { grant: known }) };
      }),
  };
}

/** What lets a connection go on elsewhere; undefined where only a new consent does. */
function grantOf(connections: Connections, id: string): Grant | undefined {
  const { doc, secrets, previous } = connections.row(id);
  const { refresh_token, tokens } = secrets;
  const over = doc.state.status === 'needs_consent' || doc.state.status === 'revoked';
  if (over || tokens === null) return undefined;
  const { created_at, consented_at, refreshed_at, label, identity } = doc;
  const rotates = doc.imported_at !== undefined || refreshed_at === null || previous !== null;
  return { created_at, consented_at, refreshed_at, label, identity, rotates, refresh_token, tokens };
}

/** The same vault gives the same bytes: names of members in order, nothing of the time it was made (promise 186). */
export function exportText(document: ExportDocument): string {
  return `${JSON.stringify(document, (_name, value: unknown) => inOrder(value), 2)}\n`;
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
