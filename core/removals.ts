// Removing a connection: the grant is withdrawn at the provider, then the row goes. That it is being removed is on disk
// before the provider is told, so that a host that dies in between finishes it at its next start and refreshes nothing.
import { type Connections, nameOf } from './connections.ts';
import { TokentrayError } from './errors.ts';
import type { EventLog } from './event-log.ts';
import { LIMITS } from './limits.ts';
import type { Connection } from './model/connection.ts';
import { type Revocation, revokeToken } from './oauth/revocation.ts';
import type { Clock, HttpPort, LogPort } from './ports.ts';
import type { Registry } from './providers/registry.ts';
import type { Refresher } from './refresh/refresher.ts';

export interface RemovalWorld {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly log: LogPort;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly refresher: Refresher;
  readonly events: EventLog;
}

/** Revokes and forgets. Throws `revocation_failed` when the provider was not told, unless `force`; then it is as it was. */
export async function removeConnection(
  world: RemovalWorld,
  doc: Connection,
  force: boolean,
): Promise<Revocation | 'nothing'> {
  const { clock, connections } = world;
  const { id } = doc;
  connections.update(id, (row) => ({ ...row, doc: { ...row.doc, removing_since: clock.wall() } }));
  try {
    const result = await revokeGrant(world, doc);
    if ((result === 'refused' || result === 'unreachable') && !force) {
      const then = 'It was not removed; remove it with --force to leave the grant at the provider.';
      throw notRevoked(doc, result, then);
    }
    forget(world, doc, result);
    return result;
  } catch (error) {
    connections.update(id, (row) => {
      const { removing_since: _since, ...rest } = row.doc;
      return { ...row, doc: rest };
    });
    throw error;
  }
}

function forget({ connections, events, log }: RemovalWorld, doc: Connection, result: string): void {
  const { id, state } = doc;
  connections.remove(id);
  events.emit({ type: 'connection', action: 'removed', connection: nameOf(doc), id, status: state.status });
  log.info('connection_removed', { connection: nameOf(doc), revoked: result });
}

/** Finishes what a former run began. A provider that cannot be reached is asked again later; its answer is the end. */
export class Removals {
  readonly #world: RemovalWorld;
  #cancel: (() => void) | undefined;

  constructor(world: RemovalWorld) {
    this.#world = world;
  }

  /** `work` is waited for by a lock or stop. */
  start(work: (removal: () => Promise<void>) => Promise<void>): void {
    this.stop();
    const { clock, connections } = this.#world;
    // A copy of a vault revokes nothing before a person has said that it is used here.
    const begun = connections
      .all()
      .filter((doc) => doc.removing_since !== undefined && !connections.review(doc.id));
    if (begun.length === 0) return;
    void work(async () => {
      for (const { id } of begun) await this.#finish(id);
    });
    this.#cancel = clock.timer(LIMITS.removalRetryMs, () => this.start(work));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #finish(id: string): Promise<void> {
    const { connections, log, refresher } = this.#world;
    try {
      await refresher.exclusively(id, async () => {
        const doc = connections.get(id);
        if (doc?.removing_since === undefined) return;
        const result = await revokeGrant(this.#world, doc);
        // Refused: of a grant that the first request ended, many providers say that they do not know it.
        if (result !== 'unreachable') forget(this.#world, doc, result);
      });
    } catch (error) {
      // Somebody else removes it, or the vault takes no writes: it is looked at again later.
      if (!(error instanceof TokentrayError)) throw error;
      log.warn('removal_not_finished', { id, code: error.code });
    }
  }
}

/** RFC 7009 section 2.1: the refresh token, since that ends the grant; else the access token; else nothing is left. */
export async function revokeGrant(
  { connections, http, registry }: RemovalWorld,
  doc: Connection,
): Promise<Revocation | 'nothing'> {
  const { secrets } = connections.row(doc.id);
  const token = secrets.refresh_token ?? secrets.tokens?.access_token;
  if (token === undefined) return 'nothing';
  const { provider, secret } = registry.withSecret(doc.provider);
  const hint = secrets.refresh_token === null ? 'access_token' : 'refresh_token';
  return revokeToken(http, provider, secret, token, hint);
}

export function notRevoked(doc: Connection, result: Revocation, then: string): TokentrayError {
  const why = {
    revoked: '',
    not_supported: 'the provider has no revocation endpoint; end the grant on its own pages',
    refused: 'the provider refused',
    unreachable: 'the provider could not be reached',
  }[result];
  return new TokentrayError(
    'revocation_failed',
    `The grant of ${nameOf(doc)} was not revoked: ${why}. ${then}`,
  );
}
