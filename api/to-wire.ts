// From the engine's views to what goes over the wire: pure, field by field. Nothing is spread: a field that an engine
// view gains one day stays inside until somebody names it here.
import type { SessionView } from '../core/access/sessions.ts';
import type { DoctorReport } from '../core/doctor.ts';
import type {
  ConnectionView,
  ExportReport,
  HandOut,
  ImportReport,
  PresetView,
  ProviderCheck,
  ProviderView,
  RestoreReport,
  VaultState,
} from '../core/engine.ts';
import type { ActivityView } from '../core/model/activity.ts';
import type { CallerView } from '../core/model/caller.ts';
import { tokenOf } from '../core/model/connection.ts';
import type { ConsentView, OpenConsentView } from '../core/model/consent.ts';
import type { Deadline } from '../core/model/deadline.ts';
import type { DiscoveredFields } from '../core/providers/entry.ts';
import type { BackupReport } from '../core/vault/backup.ts';
import type { CopyFacts } from '../core/vault/copy-check.ts';
import type { RepairReport } from '../core/vault/salvage.ts';
import type { SlotView } from '../core/vault/slots.ts';
import type { HostStatus, SandboxInfo } from './host-controls.ts';
import { SAFE_HEADERS } from './problem.ts';
import type {
  ActivityJson,
  ConnectionJson,
  ConsentJson,
  DiscoveryJson,
  KeyJson,
  PresetJson,
  ProviderJson,
  ReportJson,
  SandboxJson,
  SessionJson,
  SlotJson,
  StatusJson,
  TokenJson,
  WireTypes,
} from './wire.ts';

/** RFC 3339 from wall clock milliseconds. */
export function timeJson(ms: number): string {
  return new Date(ms).toISOString();
}

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeJson(ms));

export function tokenJson(handOut: HandOut): TokenJson {
  return {
    access_token: handOut.access_token,
    token_type: handOut.token_type,
    expires_at: timeOrNull(handOut.expires_at),
    expires_in: handOut.expires_in,
    expires_source: handOut.expires_source,
    scope: handOut.scope,
    connection: handOut.connection,
    account: handOut.account,
  };
}

const PLAIN_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8', ...SAFE_HEADERS } as const;

/** The bare token, or the line to send it with: RFC 6750 section 2.1, since only Bearer tokens are handed out. */
export function plainToken(handOut: HandOut, format: 'token' | 'header'): Response {
  const text = format === 'token' ? handOut.access_token : `Authorization: Bearer ${handOut.access_token}`;
  return new Response(text, { headers: PLAIN_HEADERS });
}

export function connectionJson(view: ConnectionView): ConnectionJson {
  const { state } = view;
  const token = tokenOf(state);
  return {
    id: view.id,
    name: view.name,
    provider: view.provider,
    account: view.account,
    label: view.label,
    status: state.status,
    ...(state.status === 'needs_consent' ? { cause: state.cause } : {}),
    ...(state.status === 'error' ? { code: state.code } : {}),
    ...(state.status === 'consenting' ? { consent: state.consent } : {}),
    scopes: token === undefined ? [] : [...token.scope],
    scopes_asked: [...view.scopes_asked],
    created_at: timeJson(view.created_at),
    consented_at: timeOrNull(view.consented_at),
    refreshed_at: timeOrNull(view.refreshed_at),
    issued_at: token === undefined ? null : timeJson(token.issued_at),
    expires_at: token === undefined ? null : timeOrNull(token.expires_at),
    expires_source: token === undefined ? null : token.expires_source,
    // A new connection has a refresh token that no answer has proved yet.
    refreshable: token === undefined ? state.status === 'new' : token.refreshable,
    deadlines: view.deadlines.map(deadlineJson),
    issuer: view.identity?.issuer ?? null,
    subject: view.identity?.subject ?? null,
    generation: view.generation,
  };
}

function deadlineJson({ what, from, at, renews }: Deadline): ConnectionJson['deadlines'][number] {
  return { what, at: timeJson(at), seconds: Math.round((at - from) / 1_000), renews };
}

export function consentJson(view: ConsentView): ConsentJson {
  return {
    id: view.id,
    provider: view.provider,
    account: view.account,
    status: view.status,
    authorization_url: view.authorization_url,
    expires_at: timeJson(view.expires_at),
    connection: view.connection,
    connection_id: view.connection_id,
    reason: view.reason,
    code: view.code,
  };
}

export function openConsentJson(view: OpenConsentView): WireTypes['Consents']['consents'][number] {
  return {
    id: view.id,
    provider: view.provider,
    account: view.account,
    connection: view.connection,
    status: view.status,
    expires_at: timeJson(view.expires_at),
  };
}

export function providerJson(view: ProviderView): ProviderJson {
  return {
    id: view.id,
    name: view.name,
    preset: view.preset,
    issuer: view.issuer,
    discovery: view.discovery,
    authorization_endpoint: view.authorization_endpoint,
    token_endpoint: view.token_endpoint,
    revocation_endpoint: view.revocation_endpoint,
    userinfo_endpoint: view.userinfo_endpoint,
    jwks_uri: view.jwks_uri,
    id_token_signing_alg_values_supported: view.id_token_signing_alg_values_supported,
    authorization_response_iss_parameter_supported: view.authorization_response_iss_parameter_supported,
    client_id: view.client_id,
    token_endpoint_auth_method: view.token_endpoint_auth_method,
    scopes: view.scopes,
    scope_separator: view.scope_separator,
    pkce: view.pkce,
    authorization_parameters: view.authorization_parameters,
    profile: view.profile,
    redirect: view.redirect,
    api_base_url: view.api_base_url,
    access_token_seconds: view.access_token_seconds,
    refresh_idle_seconds: view.refresh_idle_seconds,
    refresh_absolute_seconds: view.refresh_absolute_seconds,
    documentation_url: view.documentation_url,
    registration_url: view.registration_url,
    client_secret: view.client_secret,
    redirect_uri: view.redirect_uri,
    connections: view.connections,
    warnings: [...view.warnings],
  };
}

export function discoveryJson(found: DiscoveredFields): DiscoveryJson {
  return {
    issuer: found.issuer,
    discovery: found.discovery,
    authorization_endpoint: found.authorization_endpoint,
    token_endpoint: found.token_endpoint,
    revocation_endpoint: found.revocation_endpoint,
    userinfo_endpoint: found.userinfo_endpoint,
    jwks_uri: found.jwks_uri,
    id_token_signing_alg_values_supported: found.id_token_signing_alg_values_supported,
    authorization_response_iss_parameter_supported: found.authorization_response_iss_parameter_supported,
    scopes: found.scopes ?? [],
  };
}

export function presetJson(view: PresetView): PresetJson {
  return {
    id: view.id,
    name: view.name,
    documentation_url: view.documentation_url,
    registration_url: view.registration_url,
    verified_on: view.verified_on,
    scopes: [...view.scopes],
    redirect: view.redirect,
    redirect_note: view.redirect_note,
  };
}

export function keyJson(view: CallerView): KeyJson {
  return {
    name: view.name,
    prefix: view.prefix,
    rights: [...view.rights],
    connections: [...view.connections],
    created_at: timeJson(view.created_at),
    last_used_at: timeOrNull(view.last_used_at),
    expires_at: timeOrNull(view.expires_at),
  };
}

export function activityJson(view: ActivityView): ActivityJson {
  return {
    seq: view.seq,
    at: timeJson(view.at),
    kind: view.kind,
    connection: view.connection,
    connection_id: view.connection_id,
    provider: view.provider,
    caller: view.caller,
    door: view.door,
    outcome: view.outcome,
    code: view.code,
  };
}

export function sessionJson(view: SessionView, current: boolean): SessionJson {
  return {
    id: view.id,
    created_at: timeJson(view.created_at),
    last_used_at: timeJson(view.last_used_at),
    expires_at: timeJson(view.expires_at),
    current,
  };
}

export function repairJson({ repaired, kept, saved, lost }: RepairReport): WireTypes['Repair'] {
  return { repaired, kept, saved: { ...saved }, lost: lost.map((row) => ({ ...row })) };
}

export function backupJson(report: BackupReport): WireTypes['Backup'] {
  return { path: report.path, bytes: report.bytes, ...copyJson(report) };
}

function copyJson(facts: Omit<CopyFacts, 'device'>) {
  return {
    vault_id: facts.vault_id,
    schema: facts.schema,
    created_at: timeJson(facts.created_at),
    opens_with: [...facts.opens_with],
    providers: facts.providers,
    connections: facts.connections,
    keys: facts.keys,
    damaged: facts.damaged,
  };
}

export function restoreJson(report: RestoreReport, state: VaultState): WireTypes['Restore'] {
  const { restored, kept, confirm, backup } = report;
  return { restored, kept, state, confirm, backup: { ...copyJson(backup), elsewhere: backup.elsewhere } };
}

export function exportJson(report: ExportReport): WireTypes['Export'] {
  const { path, secrets, providers, connections, without_grant, left_out } = report;
  return { path, secrets, providers, connections, without_grant, left_out: [...left_out] };
}

export function importJson({ imported, ready, confirm, changes }: ImportReport): WireTypes['Import'] {
  return {
    imported,
    ready,
    confirm,
    changes: changes.map(({ kind, name, action, fields, notes }) => ({
      kind,
      name,
      action,
      fields: fields.map(({ field, from, to }) => ({ field, from, to })),
      notes: [...notes],
    })),
  };
}

export function reportJson(report: DoctorReport | ProviderCheck): ReportJson {
  return { ok: report.ok, checks: report.checks.map(({ name, ok, detail }) => ({ name, ok, detail })) };
}

export function slotJson(view: SlotView): SlotJson {
  const { id, kind, created_at, in_use, backend, path } = view;
  return { id, kind, created_at: timeJson(created_at), in_use, backend, path };
}

export function sandboxJson(info: SandboxInfo): SandboxJson {
  const { running, issuer, port, users, login } = info;
  return { running, issuer, port, users: [...users], login };
}

/**
 * `connections`: those the caller may see; undefined while the vault is not open. `providers`: for admins, while it is.
 * `admin`: the caller may know where the files are.
 */
export function statusJson(
  state: VaultState,
  host: HostStatus,
  admin: boolean,
  connections: readonly ConnectionView[] | undefined,
  providers: number | undefined,
  refreshesPaused: boolean,
): StatusJson {
  const counts: Record<string, number> = {};
  for (const { state: of } of connections ?? []) counts[of.status] = (counts[of.status] ?? 0) + 1;
  return {
    state,
    version: host.version,
    pid: host.pid,
    started_at: timeJson(host.started_at),
    url: host.url,
    socket: host.socket,
    ...(admin ? { home: host.home } : {}),
    warnings: [...host.warnings],
    refreshes_paused: refreshesPaused,
    ...(connections === undefined ? {} : { connections: counts }),
    ...(providers === undefined ? {} : { providers }),
  };
}
