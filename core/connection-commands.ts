// What a person or script does with connections: find, look, rename, refresh, revoke, remove. What a caller may not see
// is answered exactly like what does not exist (promise 117).
import { maySee } from './access/rules.ts';
import { type Connections, nameOf } from './connections.ts';
import type { Consents } from './consent/consents.ts';
import type { ConnectionView, Engine } from './engine.ts';
import { TokentrayError } from './errors.ts';
import type { EventLog } from './event-log.ts';
import type { Caller } from './model/caller.ts';
import { type Connection, type ConnectionState, tokenOf } from './model/connection.ts';
import { isName, NAME_RULE } from './model/name.ts';
import type { Clock, HttpPort, LogPort } from './ports.ts';
import type { Registry } from './providers/registry.ts';
import { deadlinesOf } from './refresh/deadlines.ts';
import type { Refresher } from './refresh/refresher.ts';
import { notRevoked, removeConnection, revokeGrant } from './removals.ts';

export interface ConnectionWorld {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly log: LogPort;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly consents: Consents;
  readonly refresher: Refresher;
  readonly events: EventLog;
}

/** Resolves the command line's C. Throws `not_found` or `ambiguous`. */
export function findConnection(connections: Connections, caller: Caller, ref: string): Connection {
  const exact = connections.get(ref) ?? connections.byName(ref);
  if (exact !== undefined && maySee(caller, exact)) return exact;
  // A row that does not open is known by its id alone; who may use that id is told what is wrong (promise 66).
  const broken = connections.damaged().get(ref);
  if (broken !== undefined && maySee(caller, { id: ref, provider: '' })) throw broken.damaged;
  const own = ref.includes('/')
    ? []
    : connections.ofProvider(ref).filter((connection) => maySee(caller, connection));
  if (own.length === 1) return own[0]!;
  if (own.length > 1) {
    const names = own.slice(0, 5).map(nameOf).sort();
    throw new TokentrayError(
      'ambiguous',
      `${ref} has ${own.length} connections: ${names.join(', ')}${own.length > 5 ? ', …' : ''}. Name one of them.`,
      { field: 'connection' },
    );
  }
  throw new TokentrayError('not_found', 'There is no connection by that name.', { field: 'connection' });
}

/** The state as everybody outside sees it: work in flight over the stored one. */
export function viewConnection(
  { connections, consents, refresher, registry }: ConnectionWorld,
  doc: Connection,
): ConnectionView {
  const {
    schema: _schema,
    warned: _warned,
    removing_since: _removing,
    imported_at: _imported,
    after_review: _after,
    state: stored,
    ...rest
  } = doc;
  const token = tokenOf(stored);
  const kept = token === undefined ? {} : { token };
  const since = refresher.inFlightSince(doc.id);
  const consent = consents.ownedBy(doc);
  let state: ConnectionState = stored;
  if (consent !== undefined) state = { status: 'consenting', consent, ...kept };
  else if (since !== undefined) state = { status: 'refreshing', since, ...kept };
  const deadlines = deadlinesOf(doc, registry.find(doc.provider));
  return { ...rest, name: nameOf(doc), state, deadlines, generation: connections.generation(doc.id) };
}

export function connectionCommands(world: ConnectionWorld): Engine['connections'] {
  const { connections, events, refresher } = world;
  const find = (caller: Caller, ref: string) => findConnection(connections, caller, ref);
  const view = (doc: Connection) => viewConnection(world, doc);

  return {
    list: (caller) =>
      connections
        .all()
        .filter((connection) => maySee(caller, connection))
        .map(view)
        .sort((left, right) => (left.name < right.name ? -1 : 1)),

    show: (caller, ref) => view(find(caller, ref)),

    async rename(caller, ref, account) {
      const doc = find(caller, ref);
      if (!isName(account))
        throw new TokentrayError('invalid_field', `The field account: ${NAME_RULE}.`, { field: 'account' });
      const other = connections.byName(`${doc.provider}/${account}`);
      if (other !== undefined && other.id !== doc.id) {
        throw new TokentrayError(
          'already_exists',
          `There is a connection ${nameOf(other)} already. Choose another name.`,
          { field: 'account' },
        );
      }
      const row = connections.update(doc.id, (current) => ({ ...current, doc: { ...current.doc, account } }));
      if (row === undefined) throw new TokentrayError('not_found', 'There is no connection by that name.');
      events.emit({
        type: 'connection',
        action: 'renamed',
        connection: nameOf(row.doc),
        id: doc.id,
        status: row.doc.state.status,
      });
      return view(row.doc);
    },

    async refresh(caller, ref) {
      const { id } = find(caller, ref);
      await refresher.refresh(id, { insist: true });
      return view(connections.get(id) ?? find(caller, ref));
    },

    async revoke(caller, ref) {
      const { id } = find(caller, ref);
      return refresher.exclusively(id, async () => {
        const doc = find(caller, id);
        const result = await revokeGrant(world, doc);
        if (result !== 'revoked' && result !== 'nothing') throw notRevoked(doc, result, 'It is unchanged.');
        const row = connections.update(id, (current) => ({
          doc: { ...current.doc, state: { status: 'revoked', at: world.clock.wall() } },
          secrets: { refresh_token: null, tokens: null },
          previous: null,
          intent: null,
        }));
        if (row === undefined) throw new TokentrayError('not_found', 'There is no connection by that name.');
        const name = nameOf(row.doc);
        events.emit({ type: 'connection', action: 'revoked', connection: name, id, status: 'revoked' });
        return view(row.doc);
      });
    },

    async remove(caller, ref, options = {}) {
      if (options.force && connections.damaged().has(ref)) {
        connections.remove(ref);
        world.log.info('connection_removed', { connection: ref, revoked: 'nothing' });
        return { revoked: false };
      }
      const { id } = find(caller, ref);
      return refresher.exclusively(id, async () => {
        const doc = find(caller, id);
        const result = await removeConnection(world, doc, options.force === true);
        return { revoked: result === 'revoked' };
      });
    },
  };
}
