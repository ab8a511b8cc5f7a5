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
import { type PauseEnd, pauseEnd, pauseLeft } from './pause.ts';
import { type ClientRefusal, ProviderWaits } from './provider-waits.ts';
import { backOffMs, shareOf } from './schedule.ts';

/** A try of one connection that failed for a passing reason; what it says of the provider is in provider-waits.ts. */
interface Failure {
  readonly code: string;
  readonly attempts: number;
  readonly end: PauseEnd;
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
  readonly #providers: ProviderWaits;
  readonly #succeededAt = new Map<string, number>();

  constructor(world: PastTriesWorld) {
    this.#world = world;
    this.#providers = new ProviderWaits(world);
  }

  /** True when a refresh ended well a few seconds ago: many callers that force one get one. */
  justSucceeded(id: string): boolean {
    const succeeded = this.#succeededAt.get(id);
    return succeeded !== undefined && this.#world.clock.monotonic() - succeeded < LIMITS.forceReuseMs;
  }

  /** A refusal that another request would only repeat: the provider named a time, or the grant is gone. */
  standingRefusal(doc: Connection): TokentrayError | undefined {
    if (doc.state.status === 'needs_consent') return consentNeeded(doc, doc.state.cause);
    const wait = this.#providers.msLeft(doc.provider);
    if (wait === 0) return undefined;
    const refused = this.#providers.refusal(doc.provider);
    return new TokentrayError(
      'refresh_failed',
      refused === undefined
        ? `${nameOf(doc)}: the provider asked to wait before the next try.`
        : `${nameOf(doc)}: the provider rejected our client (${refused.error}). Check client_id, secret and authentication method of the provider.`,
      { retryAfter: Math.ceil(wait / 1_000) },
    );
  }

  /** Milliseconds for which the background does not try again; 0 when nothing stands in its way. */
  msLeft(doc: Connection): number {
    const failure = this.#standing(doc.id);
    const own = failure === undefined ? 0 : pauseLeft(this.#world.clock, failure.end);
    return Math.max(own, this.#providers.msLeft(doc.provider, shareOf(doc.id)));
  }

  /** The rejection of our client that stands, if one does. */
  clientRefusal(provider: string): ClientRefusal | undefined {
    return this.#providers.refusal(provider);
  }

  /** A request is about to be sent. */
  begins(doc: Connection): void {
    this.#providers.begins(doc.provider);
  }

  succeeded(doc: Connection): void {
    this.#failures.delete(doc.id);
    this.#succeededAt.set(doc.id, this.#world.clock.monotonic());
    this.#providers.clientWorks(doc.provider);
  }

  /**
   * A try that failed: the next one after a back-off that doubles. `after`: milliseconds that the provider named; then
   * all its connections wait for them.
   */
  failed(doc: Connection, code: string, after?: number): void {
    const { clock, random } = this.#world;
    this.#providers.saidNothing(doc.provider);
    if (after !== undefined) this.#providers.askedForPatience(doc.provider, after);
    const attempts = (this.#standing(doc.id)?.attempts ?? 0) + 1;
    const pause = after ?? backOffMs(attempts, share(random));
    this.#note(doc, code, attempts, pauseEnd(clock, pause));
  }

  /** The provider rejects our client, whichever connection asks. */
  refusedClient(doc: Connection, error: string): void {
    const { clock } = this.#world;
    this.#providers.refusedClient(doc.provider, error);
    this.#note(doc, 'provider_refused', 1, pauseEnd(clock, LIMITS.clientProbeMs));
  }

  #note({ id }: Connection, code: string, attempts: number, end: PauseEnd): void {
    const { clock, connections, events, log, registry } = this.#world;
    const doc = connections.get(id);
    if (doc === undefined) return;
    const entry = registry.find(doc.provider);
    this.#failures.set(id, { code, attempts, end, entry, consentedAt: doc.consented_at });
    const name = nameOf(doc);
    const { status } = doc.state;
    events.emit({ type: 'connection', action: 'refresh_failed', connection: name, id, status, code });
    log.warn('refresh_failed', { connection: name, code, attempts, pause_ms: pauseLeft(clock, end) });
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
    this.#providers.forgetAll();
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
