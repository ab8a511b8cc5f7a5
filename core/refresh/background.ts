// Refreshes in time, without being asked: a short tick compares due times with the wall clock, so sleep and clock jumps
// cost one tick at most. What is due begins at once: the refresher's gate spreads it, and who is waited for goes first.
// While a person has paused it, while the machine sleeps and until it has its network back, nothing begins; then what is
// due begins one after the other.
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
  /** Due, and waiting for their turn in a spread. */
  readonly #spread = new Set<string>();
  #cancel: (() => void) | undefined;
  #paused = false;
  /** `awakeAt`: after sleep, waiting for the network since that monotonic time (the wall is corrected just then). */
  #power: 'on' | 'asleep' | { readonly awakeAt: number } = 'on';

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

  paused(): boolean {
    return this.#paused;
  }

  /** By a person, until they resume. What somebody asks for is refreshed all the same. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#catchUp();
  }

  suspended(): void {
    this.#power = 'asleep';
  }

  /** The machine is awake; its network may not be, for a while. */
  resumed(): void {
    if (this.#power === 'asleep') this.#power = { awakeAt: this.#world.clock.monotonic() };
  }

  networkReturned(): void {
    // Before a sleep has ended, the network is of no use.
    if (this.#power === 'asleep') return;
    this.#power = 'on';
    this.#world.refresher.forgetOffline();
    this.#catchUp();
  }

  /** Starts what is due now; every tick does. */
  tick(): void {
    if (!this.#world.network.online()) return;
    if (this.#waitedLongEnough()) this.networkReturned();
    else if (this.#mayBegin()) for (const { id } of this.#due()) this.#begin(id);
  }

  /** Nobody said that the network is back, but the system does not deny it: nothing sleeps for ever. */
  #waitedLongEnough(): boolean {
    if (typeof this.#power === 'string') return false;
    return this.#world.clock.monotonic() - this.#power.awakeAt >= LIMITS.networkWaitMs;
  }

  /** What is due begins one after the other, the first to end first. */
  #catchUp(): void {
    if (!this.#mayBegin()) return;
    const due = this.#due().sort((left, right) => endOf(left) - endOf(right));
    for (const [at, { id }] of due.entries()) {
      if (at === 0) {
        this.#begin(id);
        continue;
      }
      this.#spread.add(id);
      this.#world.clock.timer(at * LIMITS.catchUpMs, () => this.#comeUp(id));
    }
  }

  #mayBegin(): boolean {
    return this.#cancel !== undefined && !this.#paused && this.#power === 'on';
  }

  #arm(): void {
    this.#cancel = this.#world.clock.timer(LIMITS.tickMs, () => {
      this.tick();
      this.#arm();
    });
  }

  #due(): Connection[] {
    return this.#world.connections.all().filter((connection) => this.#isDue(connection));
  }

  #isDue(connection: Connection): boolean {
    const { connections, receipts, refresher, registry } = this.#world;
    const { state, id } = connection;
    const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
    if (token === undefined || this.#spread.has(id) || refresher.isInFlight(id)) return false;
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

  /** Its turn after a sleep or a pause: a person may have paused again, or somebody refreshed it meanwhile. */
  #comeUp(id: string): void {
    this.#spread.delete(id);
    const connection = this.#world.connections.get(id);
    if (connection !== undefined && this.#mayBegin() && this.#isDue(connection)) this.#begin(id);
  }

  #begin(id: string): void {
    // No error: the refresher has recorded and announced what went wrong; nobody else waits for this one.
    this.#world.refresher.refresh(id, { calm: true }).catch(() => undefined);
  }
}

function endOf({ state }: Connection): number {
  const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
  return token?.expires_at ?? 0;
}
