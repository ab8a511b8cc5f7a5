// Refreshes in time, without being asked: a short tick compares due times with the wall clock, so sleep and clock jumps
// cost one tick at most. Eight at once in all; what fails waits for its own back-off. While a person has paused it, while
// the machine sleeps and until it has its network back, nothing begins; then what is due begins one after the other.
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

  #tick(): void {
    if (!this.#world.network.online()) return;
    if (this.#waitedLongEnough()) this.networkReturned();
    else if (this.#mayBegin()) for (const { id } of this.#due()) this.#queue(id);
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
    for (const [at, { id }] of due.entries()) this.#queue(id, at * LIMITS.catchUpMs);
  }

  #mayBegin(): boolean {
    return this.#cancel !== undefined && !this.#paused && this.#power === 'on';
  }

  #arm(): void {
    this.#cancel = this.#world.clock.timer(LIMITS.tickMs, () => {
      this.#tick();
      this.#arm();
    });
  }

  #due(): Connection[] {
    return this.#world.connections.all().filter((connection) => this.#isDue(connection));
  }

  #isDue(connection: Connection): boolean {
    const { state, id } = connection;
    const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
    if (token === undefined || this.#queued.has(id)) return false;
    const now = this.#world.clock.wall();
    const due = dueAt(token, shareOf(id), now);
    return due !== null && due <= now && this.#world.refresher.pauseLeft(id) === 0;
  }

  #queue(id: string, afterMs = 0): void {
    this.#queued.add(id);
    const work = () => (this.#mayBegin() ? this.#world.refresher.refresh(id) : Promise.resolve());
    const begin = () =>
      void this.#gate
        .run('all', work)
        // The refresher has recorded and announced what went wrong; nobody else waits for this one.
        .catch(() => undefined)
        .finally(() => this.#queued.delete(id));
    if (afterMs === 0) begin();
    else this.#world.clock.timer(afterMs, begin);
  }
}

function endOf({ state }: Connection): number {
  const token = state.status === 'active' || state.status === 'error' ? tokenOf(state) : undefined;
  return token?.expires_at ?? 0;
}

/** A fixed number in [0, 1) per connection, so that due times are spread and stay put. */
function shareOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index += 1) hash = (hash * 31 + id.charCodeAt(index)) >>> 0;
  return hash / 2 ** 32;
}
