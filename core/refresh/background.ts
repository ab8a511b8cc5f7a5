// Refreshes in time, without being asked: a short tick compares due times with the wall clock, so sleep and clock jumps
// cost one tick at most. Eight at once in all; what fails waits for its own back-off.
import type { Connections } from '../connections.ts';
import { LIMITS } from '../limits.ts';
import { type Connection, tokenOf } from '../model/connection.ts';
import type { Clock, NetworkPort } from '../ports.ts';
import { Gate } from './gate.ts';
import type { Refresher } from './refresher.ts';
import { dueAt } from './schedule.ts';

export interface BackgroundWorld {
  readonly clock: Clock;
  readonly network: NetworkPort;
  readonly connections: Connections;
  readonly refresher: Refresher;
}

export class Background {
  readonly #world: BackgroundWorld;
  readonly #gate = new Gate(LIMITS.refreshesAtOnce);
  readonly #queued = new Set<string>();
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
      if (this.#isDue(connection)) this.#queue(connection.id);
    }
  }

  #arm(): void {
    this.#cancel = this.#world.clock.timer(LIMITS.tickMs, () => {
      this.tick();
      this.#arm();
    });
  }

  #isDue(connection: Connection): boolean {
    const { state, id } = connection;
    const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
    if (token === undefined || this.#queued.has(id)) return false;
    if (this.#world.connections.review(id) !== undefined) return false;
    const now = this.#world.clock.wall();
    const due = dueAt(token, shareOf(id), now);
    return due !== null && due <= now && this.#world.refresher.pauseLeft(id) === 0;
  }

  #queue(id: string): void {
    this.#queued.add(id);
    const work = () => (this.#cancel === undefined ? Promise.resolve() : this.#world.refresher.refresh(id));
    void this.#gate
      .run('all', work)
      // The refresher has recorded and announced what went wrong; nobody else waits for this one.
      .catch(() => undefined)
      .finally(() => this.#queued.delete(id));
  }
}

/** A fixed number in [0, 1) per connection, so that due times are spread and stay put. */
function shareOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) hash = (hash * 31 + id.charCodeAt(index)) >>> 0;
  return hash / 2 ** 32;
}
