// Refreshes in time, without being asked: a short tick compares due times with the wall clock, so sleep and clock jumps
// cost one tick at most. All that is due begins at once: the refresher's gate spreads it, and who is waited for goes first.
import type { Connections } from '../connections.ts';
import { LIMITS } from '../limits.ts';
import { type Connection, tokenOf } from '../model/connection.ts';
import type { Clock, NetworkPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { deadlinesOf } from './deadlines.ts';
import type { Receipts } from './receipts.ts';
import type { Refresher } from './refresher.ts';
import { isDue, shareOf } from './schedule.ts';

export interface BackgroundWorld {
  readonly clock: Clock;
  readonly network: NetworkPort;
  readonly connections: Connections;
  readonly refresher: Refresher;
  readonly receipts: Receipts;
  readonly registry: Registry;
}

export class Background {
  readonly #world: BackgroundWorld;
  #cancel: (() => void) | undefined;

  constructor(world: BackgroundWorld) {
    this.#world = world;
  }

  start(): void {
    if (this.#cancel !== undefined) return;
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Starts what is due now. Called by the tick, and by a host after sleep or when the network returns. */
  tick(): void {
    if (!this.#world.network.online()) return;
    for (const connection of this.#world.connections.all()) {
      if (!this.#isDue(connection)) continue;
      // No error: the refresher has recorded and announced what went wrong; nobody else waits for this one.
      this.#world.refresher.refresh(connection.id, { calm: true }).catch(() => undefined);
    }
  }

  #arm(): void {
    this.#cancel = this.#world.clock.timer(LIMITS.tickMs, () => {
      this.tick();
      this.#arm();
    });
  }

  #isDue(connection: Connection): boolean {
    const { connections, receipts, refresher, registry } = this.#world;
    const { state, id } = connection;
    const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
    if (token === undefined || refresher.isInFlight(id)) return false;
    if (connections.review(id) !== undefined) return false;
    const due =
      receipts.isMisdated(id, token) ||
      isDue(
        token,
        shareOf(id),
        receipts.nowFor(id, token),
        deadlinesOf(connection, registry.find(connection.provider)),
      );
    return due && token.refreshable && refresher.pauseLeft(connection) === 0;
  }
}
