// From connections and open consents to the lines of the list: filtered, grouped, in order. Pure, and quick for 10 000.
import type { ConnectionJson, ConsentJson } from '../../../api/wire.ts';
import { type Group, groupOf } from '../../text/connection-words.ts';

export type Line =
  | { readonly kind: 'title'; readonly key: string; readonly group: Group; readonly count: number }
  | { readonly kind: 'connection'; readonly key: string; readonly connection: ConnectionJson }
  | { readonly kind: 'consent'; readonly key: string; readonly consent: ConsentJson };

const GROUPS: readonly Group[] = ['needs', 'fresh', 'waiting'];

/** By name; names are ASCII, so the plain comparison is the right one and the quick one. */
export function sortConnections(connections: readonly ConnectionJson[]): readonly ConnectionJson[] {
  return connections.toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

export function findConnections(
  sorted: readonly ConnectionJson[],
  wanted: string,
): readonly ConnectionJson[] {
  const words = wanted
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return sorted;
  return sorted.filter(({ name, label, scopes }) => {
    const text = `${name} ${label ?? ''} ${scopes.join(' ')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function linesOf(
  found: readonly ConnectionJson[],
  consents: readonly ConsentJson[],
  now: number,
): readonly Line[] {
  const groups: Record<Group, Line[]> = { needs: [], fresh: [], waiting: [] };
  for (const connection of found) {
    groups[groupOf(connection, now)].push({ kind: 'connection', key: connection.id, connection });
  }
  for (const consent of consents) {
    groups[consent.status === 'pending' ? 'waiting' : 'needs'].unshift({
      kind: 'consent',
      key: consent.id,
      consent,
    });
  }
  return GROUPS.flatMap((group) =>
    groups[group].length === 0
      ? []
      : [{ kind: 'title', key: group, group, count: groups[group].length } as const, ...groups[group]],
  );
}

/** Consents that have no connection yet to be shown at. */
export function looseConsents(
  consents: readonly ConsentJson[],
  connections: readonly ConnectionJson[],
): readonly ConsentJson[] {
  const held = new Set(connections.map(({ consent }) => consent).filter((id) => id !== undefined));
  return consents.filter(({ id }) => !held.has(id));
}
