// One line of what happened, as it is kept: ids and codes only, so that it need not be sealed and outlives a rename.
import { z } from 'zod';
import type { TokentrayEvent } from './event.ts';

export const activityKind = z.enum(['hand_out', 'connection', 'consent', 'provider', 'key', 'vault']);
export type ActivityKind = z.infer<typeof activityKind>;

/** A row of the audit. `connection`: an id, or of a consent without one and of a provider the provider's. */
export interface ActivityRow {
  readonly caller: string | null;
  readonly connection: string | null;
  /** `hand_out`, or kind and what happened: `connection.refreshed`. */
  readonly action: string;
  /** Of a hand-out `released` or a code; else a code or null. */
  readonly outcome: string | null;
}

export interface ActivityView {
  readonly seq: number;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly kind: ActivityKind;
  /** `provider/account` now; null when there is none any more. */
  readonly connection: string | null;
  readonly connection_id: string | null;
  readonly provider: string | null;
  readonly caller: string | null;
  readonly door: string | null;
  /** `released` or `refused`, or what happened: `refreshed`, `added`, `open`, … */
  readonly outcome: string;
  readonly code: string | null;
}

export interface ActivityQuery {
  /** Only what is older than this entry. */
  readonly after?: number | undefined;
  readonly limit: number;
  /** As the command line's C. */
  readonly connection?: string | undefined;
  readonly caller?: string | undefined;
  readonly kind?: ActivityKind | undefined;
}

/**
 * The row to keep of an event; undefined for a hand-out, whose full record is written where it happens, and for what is
 * over with the run.
 */
export function activityRow(
  event: TokentrayEvent,
  idOf: (name: string) => string | undefined,
): ActivityRow | undefined {
  switch (event.type) {
    case 'hand_out':
    case 'desktop':
    case 'refreshes':
    case 'clock':
      return undefined;
    case 'vault':
      return { caller: null, connection: null, action: `vault.${event.state}`, outcome: null };
    case 'file':
      if (event.action === 'backing_up') return undefined;
      return { caller: null, connection: null, action: `vault.${event.action}`, outcome: null };
    case 'key':
      return { caller: event.name, connection: null, action: `key.${event.action}`, outcome: null };
    case 'provider':
      return { caller: null, connection: event.provider, action: `provider.${event.action}`, outcome: null };
    case 'connection':
      return {
        caller: null,
        connection: event.id,
        action: `connection.${event.action}`,
        outcome: event.code ?? null,
      };
    case 'expiring':
      return { caller: null, connection: event.id, action: 'connection.expiring', outcome: event.what };
    case 'consent': {
      const id = event.connection === undefined ? undefined : idOf(event.connection);
      return {
        caller: null,
        connection: id ?? event.provider,
        action: `consent.${event.action}`,
        outcome: event.code ?? null,
      };
    }
  }
}

/** A kept row as it is shown. `nameOf`: of a connection that still exists. Undefined for a row of a newer program. */
export function activityView(
  row: ActivityRow & { readonly seq: number; readonly at: number; readonly door: string | null },
  nameOf: (id: string) => string | undefined,
): ActivityView | undefined {
  const dot = row.action.indexOf('.');
  const kind = activityKind.safeParse(dot === -1 ? row.action : row.action.slice(0, dot));
  if (!kind.success) return undefined;
  const released = row.outcome === 'released';
  const isConnection = row.connection?.startsWith('c_') ?? false;
  const name = row.connection !== null && isConnection ? nameOf(row.connection) : undefined;
  const provider = isConnection ? name?.slice(0, name.indexOf('/')) : row.connection;
  return {
    seq: row.seq,
    at: row.at,
    kind: kind.data,
    connection: name ?? null,
    connection_id: isConnection ? row.connection : null,
    provider: provider ?? null,
    caller: row.caller,
    door: row.door,
    outcome: dot !== -1 ? row.action.slice(dot + 1) : released ? 'released' : 'refused',
    code: dot === -1 && released ? null : row.outcome,
  };
}
