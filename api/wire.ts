// The shapes of every answer, once: schemas for the OpenAPI document and the tests, types for the mapping, the CLI and
// the window (which import types only, so this module is not even loaded until somebody asks for the document).
// Strict on purpose: a field that is not here has no way onto the wire. Times are RFC 3339, durations seconds.
import { z } from 'zod';
import { ERROR_CATALOGUE, type Problem } from '../core/errors.ts';
import { activityKind } from '../core/model/activity.ts';
import { right } from '../core/model/caller.ts';
import { consentCause } from '../core/model/connection.ts';
import { deadlineKind } from '../core/model/deadline.ts';
import { providerSchema } from '../core/model/provider.ts';
import { expirySource } from '../core/model/token-set.ts';
import { desktopFacts, desktopPreferences } from './desktop.ts';

const time = z.iso
  .datetime({ precision: 3 })
  .meta({ description: 'RFC 3339, UTC', example: '2026-01-31T12:00:00.000Z' });
const vaultState = z.enum(['setup', 'locked', 'open', 'unreadable']);
const checks = z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() }));

const connectionStatus = z.enum([
  'new',
  'consenting',
  'active',
  'refreshing',
  'needs_consent',
  'error',
  'revoked',
]);

const health = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

const status = z
  .strictObject({
    state: vaultState,
    version: z.string(),
    pid: z.int(),
    started_at: time,
    url: z
      .string()
      .nullable()
      .meta({ description: 'null while the TCP door is off', example: 'http://127.0.0.1:9595' }),
    socket: z.string().nullable(),
    home: z.string().optional().meta({ description: 'Path of the data directory, for admin keys' }),
    warnings: z.array(z.string()),
    refreshes_paused: z.boolean().meta({ description: 'A person paused what is refreshed by itself' }),
    needs_review: z.literal(true).optional().meta({
      description: 'For admin keys: the vault was copied, restored or put back; see POST /v1/vault/use-here',
    }),
    connections: z
      .record(z.string(), z.int())
      .optional()
      .meta({ description: 'How many of each status; while open' }),
    providers: z.int().optional().meta({ description: 'While open, for admin keys' }),
  })
  .meta({ id: 'Status' });

const token = z
  .strictObject({
    access_token: z.string().meta({ example: 'the-access-token' }),
    token_type: z.string().meta({ example: 'Bearer' }),
    expires_at: time.nullable(),
    expires_in: z.int().nullable().meta({ description: 'Seconds left, rounded down' }),
    expires_source: expirySource,
    scope: z.string().meta({ example: 'contacts.read profile' }),
    connection: z.string().meta({ example: 'google/me' }),
    account: z.string().meta({ example: 'me' }),
  })
  .meta({ id: 'Token' });

const deadline = z
  .strictObject({
    what: deadlineKind,
    at: time,
    seconds: z.int().meta({ description: 'Length of the whole limit', example: 7_776_000 }),
    renews: z.boolean().meta({ description: 'A refresh moves it on, and one is done in time' }),
  })
  .meta({ id: 'Deadline' });

const connection = z
  .strictObject({
    id: z.string().meta({ example: 'c_AAAAAAAAAAAAAAAAAAAAAA' }),
    name: z.string().meta({ example: 'google/me' }),
    provider: z.string(),
    account: z.string(),
    label: z.string().nullable(),
    status: connectionStatus,
    cause: consentCause.optional().meta({ description: 'Why consent is needed' }),
    code: z.string().optional().meta({ description: 'What is wrong, in status error' }),
    consent: z.string().optional().meta({ description: 'The consent that is open' }),
    scopes: z.array(z.string()).meta({ description: 'Granted' }),
    scopes_asked: z.array(z.string()),
    created_at: time,
    consented_at: time.nullable(),
    refreshed_at: time.nullable(),
    issued_at: time.nullable(),
    expires_at: time.nullable(),
    expires_source: expirySource.nullable(),
    refreshable: z.boolean(),
    deadlines: z
      .array(deadline)
      .meta({ description: 'When the grant ends, as far as it is known; soonest first' }),
    issuer: z.string().nullable(),
    subject: z.string().nullable(),
    generation: z.int(),
  })
  .meta({ id: 'Connection' });

const consent = z
  .strictObject({
    id: z.string(),
    provider: z.string(),
    account: z.string().optional().meta({ description: 'To be made or renewed, where one was named' }),
    status: z.enum(['pending', 'done', 'failed', 'expired', 'cancelled']),
    authorization_url: z.string().optional().meta({ description: 'To open in a browser, while pending' }),
    expires_at: time,
    connection: z.string().optional(),
    connection_id: z.string().optional(),
    reason: z.string().optional(),
    code: z.string().optional(),
  })
  .meta({ id: 'Consent' });

const openConsent = z
  .strictObject({
    id: z.string(),
    provider: z.string(),
    account: z.string().optional().meta({ description: 'To be made or renewed, where one was named' }),
    connection: z.string().optional().meta({ description: 'The one it renews' }),
    status: z.literal('pending'),
    expires_at: time,
  })
  .meta({ id: 'OpenConsent' });

const provider = providerSchema
  .omit({ schema: true })
  .extend({
    client_secret: z.enum(['set', 'unset']),
    redirect_uri: z.string(),
    connections: z.int(),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Provider' });

const discovery = providerSchema
  .pick({
    discovery: true,
    authorization_endpoint: true,
    token_endpoint: true,
    revocation_endpoint: true,
    userinfo_endpoint: true,
    jwks_uri: true,
    id_token_signing_alg_values_supported: true,
    authorization_response_iss_parameter_supported: true,
    scopes: true,
  })
  .extend({ issuer: z.string() })
  .meta({ id: 'Discovery' });

const check = z.strictObject({ ok: z.boolean(), checks }).meta({ id: 'Report' });

const count = z.int().nonnegative();

const repair = z
  .strictObject({
    repaired: z.boolean().meta({ description: 'False: everything opens, and nothing was changed' }),
    kept: z.string().nullable().meta({ description: 'Path of the file that was damaged' }),
    saved: z.strictObject({ providers: count, connections: count, keys: count, activity: count }),
    lost: z.array(
      z.strictObject({ kind: z.enum(['provider', 'connection', 'provider or key']), name: z.string() }),
    ),
  })
  .meta({ id: 'Repair' });

const slotKind = z.enum(['keychain', 'passphrase', 'file']);

const copy = {
  vault_id: z.string(),
  schema: z.int(),
  created_at: time.meta({ description: 'When the vault was made' }),
  opens_with: z.array(slotKind),
  providers: count,
  connections: count,
  keys: count,
  damaged: count.meta({ description: 'Rows that cannot open, in the vault as in the copy' }),
};

const backup = z.strictObject({ path: z.string(), bytes: count, ...copy }).meta({ id: 'Backup' });

const confirm = z
  .string()
  .meta({ description: 'To send back: does what was shown, and refuses when anything changed since' });

const restore = z
  .strictObject({
    restored: z.boolean().meta({ description: 'False: only looked at, nothing was changed' }),
    kept: z.string().nullable().meta({ description: 'Path of the vault that was here before' }),
    state: vaultState,
    confirm,
    backup: z.strictObject({
      ...copy,
      elsewhere: z.boolean().meta({ description: 'Made on another machine or in another folder' }),
    }),
  })
  .meta({ id: 'Restore' });

const exported = z
  .strictObject({
    path: z.string(),
    secrets: z.boolean(),
    providers: count,
    connections: count,
    without_grant: count.meta({ description: 'Connections that need a new consent elsewhere' }),
    left_out: z.array(z.string()).meta({ description: 'Ids of rows that do not open' }),
  })
  .meta({ id: 'Export' });

const change = z
  .strictObject({
    kind: z.enum(['provider', 'connection', 'setting']),
    name: z.string(),
    action: z.enum(['add', 'change', 'same', 'skip', 'consent', 'refuse']),
    fields: z.array(
      z.strictObject({ field: z.string(), from: z.string().nullable(), to: z.string().nullable() }),
    ),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Change' });

const imported = z
  .strictObject({
    imported: z.boolean().meta({ description: 'False: only shown, nothing was changed' }),
    ready: z.boolean().meta({ description: 'False: something is refused, so nothing can be imported' }),
    confirm,
    changes: z.array(change),
  })
  .meta({ id: 'Import' });

const preset = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    documentation_url: z.string(),
    registration_url: z.string(),
    verified_on: z.string(),
    scopes: z.array(z.string()).meta({ description: 'Asked for unless others are given' }),
    redirect: providerSchema.shape.redirect,
    redirect_note: z.string().meta({ description: 'How the redirect address is to be registered' }),
  })
  .meta({ id: 'Preset' });

const key = z
  .strictObject({
    name: z.string(),
    prefix: z.string().meta({ example: 'tt_Ab12' }),
    rights: z.array(right),
    connections: z.array(z.string()),
    created_at: time,
    last_used_at: time.nullable(),
    expires_at: time.nullable(),
  })
  .meta({ id: 'Key' });

const newKey = key
  .extend({ key: z.string().meta({ description: 'Shown in this answer only', example: 'tt_…' }) })
  .meta({ id: 'NewKey' });

const slot = z
  .strictObject({
    id: z.string(),
    kind: slotKind,
    created_at: time,
    in_use: z.boolean().meta({ description: 'Opened the vault last' }),
    backend: z.string().optional().meta({ description: 'Name of the keychain' }),
    path: z.string().optional().meta({ description: 'Path of the key file' }),
  })
  .meta({ id: 'Slot' });

const sandbox = z
  .strictObject({
    running: z.boolean(),
    issuer: z.string().nullable(),
    port: z.int().nullable(),
    users: z.array(z.string()),
    login: z.string(),
  })
  .meta({ id: 'Sandbox' });

const activity = z
  .strictObject({
    seq: z.int(),
    at: time,
    kind: activityKind,
    connection: z.string().nullable().meta({ description: 'Its name now; null when it is gone' }),
    connection_id: z.string().nullable(),
    provider: z.string().nullable(),
    caller: z.string().nullable().meta({ description: 'Of a hand-out, or the name of a key' }),
    door: z.string().nullable().meta({ description: 'tcp, socket or window, of a hand-out' }),
    outcome: z.string().meta({ description: 'released or refused; else what happened, e.g. refreshed' }),
    code: z.string().nullable().meta({ description: 'Why, where it went wrong' }),
  })
  .meta({ id: 'Activity' });

const settings = z
  .strictObject({
    redirect_port: z.int(),
    endpoint_port: z.int(),
    window_port: z.int(),
    endpoint_enabled: z.boolean().meta({ description: 'The TCP door; the socket is always there' }),
    lock_after_minutes: z.int().meta({ description: 'Of no use by anybody; 0: never' }),
    restart_needed: z
      .boolean()
      .meta({ description: 'A changed port, or the TCP door, takes effect at the next start' }),
  })
  .meta({ id: 'Settings' });

const session = z.strictObject({
  id: z.string(),
  created_at: time,
  last_used_at: time,
  expires_at: time,
  current: z.boolean(),
});

/** RFC 9457 section 3.1, with the stable code and what can be done. */
export const problem = z
  .strictObject({
    type: z.string().meta({ example: 'urn:tokentray:error:not_found' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(ERROR_CATALOGUE)),
    field: z.string().optional(),
    action: z
      .strictObject({
        method: z.string().optional(),
        url: z.string().optional(),
        body: z.unknown().optional(),
        command: z.string().optional(),
      })
      .optional(),
    retry_after: z.number().optional().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'Problem' });

/** Every successful answer by its name. */
export const WIRE = {
  Health: health,
  Status: status,
  Token: token,
  Connection: connection,
  Connections: z.strictObject({ connections: z.array(connection) }),
  Removed: z.strictObject({ removed: z.literal(true) }),
  RemovedConnection: z.strictObject({ removed: z.literal(true), revoked: z.boolean() }),
  Consent: consent,
  Consents: z.strictObject({ consents: z.array(openConsent) }),
  ConsentStarted: z.strictObject({ consent }),
  Provider: provider,
  Providers: z.strictObject({ providers: z.array(provider) }),
  Discovery: discovery,
  Report: check,
  Repair: repair,
  Backup: backup,
  Restore: restore,
  Export: exported,
  Import: imported,
  Presets: z.strictObject({ presets: z.array(preset) }),
  Key: key,
  NewKey: newKey,
  Keys: z.strictObject({ keys: z.array(key) }),
  Slot: slot,
  Slots: z.strictObject({ slots: z.array(slot) }),
  VaultState: z.strictObject({ state: vaultState }),
  Refreshes: z.strictObject({ paused: z.boolean() }),
  Sandbox: sandbox,
  Activity: z.strictObject({
    entries: z.array(activity),
    next: z.int().optional().meta({ description: 'after of the next page' }),
  }),
  Settings: settings,
  WindowLink: z.strictObject({
    url: z.string().nullable().meta({ description: 'null where a tray shows the window itself' }),
    opened: z.boolean(),
  }),
  WindowSession: z.strictObject({ door: z.enum(['window', 'window-http']), expires_at: time.nullable() }),
  NewSession: z.strictObject({ session: z.string(), expires_at: time }),
  Sessions: z.strictObject({ sessions: z.array(session) }),
  Proof: z.strictObject({ expires_at: time }),
  Ticket: z.strictObject({ ticket: z.string() }),
  Copied: z.strictObject({
    copied: z.boolean(),
    clears_in: z.int().nullable().meta({ description: 'Seconds until it leaves the clipboard' }),
    sentence: z.string(),
  }),
  Desktop: z.strictObject({ preferences: desktopPreferences(), facts: desktopFacts() }),
  Done: z.strictObject({ done: z.literal(true) }),
  Events: z.string().meta({ description: 'Server-sent events: id, event and JSON data' }),
  Document: z.record(z.string(), z.unknown()),
} as const;

export type WireName = keyof typeof WIRE;
export type WireTypes = { [Name in WireName]: z.infer<(typeof WIRE)[Name]> };

export type StatusJson = WireTypes['Status'];
export type TokenJson = WireTypes['Token'];
export type ConnectionJson = WireTypes['Connection'];
export type ConsentJson = WireTypes['Consent'];
export type DiscoveryJson = WireTypes['Discovery'];
export type ProviderJson = WireTypes['Provider'];
export type ReportJson = WireTypes['Report'];
export type PresetJson = WireTypes['Presets']['presets'][number];
export type KeyJson = WireTypes['Key'];
export type NewKeyJson = WireTypes['NewKey'];
export type SlotJson = WireTypes['Slot'];
export type SandboxJson = WireTypes['Sandbox'];
export type ActivityJson = WireTypes['Activity']['entries'][number];
export type SettingsJson = WireTypes['Settings'];
export type SessionJson = WireTypes['Sessions']['sessions'][number];
export type WindowSessionJson = WireTypes['WindowSession'];
export type CopiedJson = WireTypes['Copied'];
export type DesktopJson = WireTypes['Desktop'];
export type WindowLinkJson = WireTypes['WindowLink'];
export type ProblemJson = Problem;
