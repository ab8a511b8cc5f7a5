// What became of past tries: how long ago one succeeded, and what stands in the way of the next one, until when. In
// memory only: a restart tries anew.
import { type Connections, nameOf } from '../connections.ts';
import { consentNeeded } from '../consent/consent-needed.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Connection } from '../model/connection.ts';
import type { Provider } from '../model/provider.ts';
import type { Clock, LogPort, RandomPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { backOffMs } from './schedule.ts';

/** What stands in the way of the next try. `said`: the provider named the time itself, so nobody asks earlier. */
interface Failure {
  readonly attempts: number;
  /** Both clocks: the wall can be set back and the other one stops during sleep; the pause ends with the first of them. */
  readonly nextAt: { readonly wall: number; readonly monotonic: number };
  readonly said: boolean;
  readonly code: string;
  /** What it was about: it says nothing of a corrected entry or of a new grant. */
  readonly entry: Provider | undefined;
  readonly consentedAt: number | null | undefined;
}

interface PastTriesWorld {
  readonly clock: Clock;
  readonly random: RandomPort;
  readonly log: LogPort;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly events: EventLog;
}

export class PastTries {
  readonly #world: PastTriesWorld;
  readonly #failures = new Map<string, Failure>();
  readonly #succeededAt = new Map<string, number>();

  constructor(world: PastTriesWorld) {
    this.#world = world;
  }

  /** True when a refresh ended well a few seconds ago: many callers that force one get one. */
  justSucceeded(id: string): boolean {
    const succeeded = this.#succeededAt.get(id);
    return succeeded !== undefined && this.#world.clock.monotonic() - succeeded < LIMITS.forceReuseMs;
  }

  /** A refusal that another request would only repeat: the provider named a time, or the grant is gone. */
  standingRefusal(doc: Connection): TokentrayError | undefined {
    if (doc.state.status === 'needs_consent') return consentNeeded(doc, doc.state.cause);
    const failure = this.#standing(doc.id);
    const wait = failure?.said ? this.msLeft(doc.id) : 0;
    if (wait === 0) return undefined;
    return new TokentrayError(
      'refresh_failed',
      failure?.code === 'provider_refused'
        ? `${nameOf(doc)}: the provider rejected our client. Check client_id, secret and authentication method of the provider.`
        : `${nameOf(doc)}: the provider asked to wait before the next try.`,
      {
        retryAfter: Math.ceil(wait / 1_000),
      },
    );
  }

  /** Milliseconds until the next try; 0 when nothing stands in its way. */
  msLeft(id: string): number {
    const failure = this.#standing(id);
    if (failure === undefined) return 0;
    const { clock } = this.#world;
    const { wall, monotonic } = failure.nextAt;
    return Math.max(0, Math.min(wall - clock.wall(), monotonic - clock.monotonic()));
  }

  succeeded(id: string): void {
    this.#failures.delete(id);
    this.#succeededAt.set(id, this.#world.clock.monotonic());
  }

  /** `after`: milliseconds until the next try, where the provider named them; else a back-off that doubles. */
  failed(id: string, code: string, after?: number): void {
    const { clock, connections, events, log, random, registry } = this.#world;
    const attempts = (this.#standing(id)?.attempts ?? 0) + 1;
    const pause = after ?? backOffMs(attempts, share(random));
    const doc = connections.get(id);
    const failure = {
      attempts,
      nextAt: { wall: clock.wall() + pause, monotonic: clock.monotonic() + pause },
      said: after !== undefined,
      code,
      entry: doc === undefined ? undefined : registry.find(doc.provider),
      consentedAt: doc?.consented_at,
    };
    this.#failures.set(id, failure);
    if (doc !== undefined) {
      events.emit({
        type: 'connection',
        action: 'refresh_failed',
        connection: nameOf(doc),
        id,
        status: doc.state.status,
        code,
      });
      log.warn('refresh_failed', { connection: nameOf(doc), code, attempts, pause_ms: pause });
    }
  }

  /** The failure no longer counts: something else than a try decides now. */
  forget(id: string): void {
    this.#failures.delete(id);
  }

  /** The network is back: what failed for want of it may be tried at once. */
  forgetOffline(): void {
    for (const [id, { code }] of this.#failures) if (code === 'offline') this.#failures.delete(id);
  }

  forgetAll(): void {
    this.#failures.clear();
    this.#succeededAt.clear();
  }

  /** The standing failure, unless the entry was corrected or the grant renewed since. */
  #standing(id: string): Failure | undefined {
    const failure = this.#failures.get(id);
    const doc = this.#world.connections.get(id);
    if (failure === undefined || doc === undefined) return undefined;
    const entry = this.#world.registry.find(doc.provider);
    return failure.entry === entry && failure.consentedAt === doc.consented_at ? failure : undefined;
  }
}

/** A number in [0, 1). */
export function share(random: RandomPort): number {
  return Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32;
}
