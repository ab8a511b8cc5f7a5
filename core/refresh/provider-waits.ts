// What one answer says about a whole provider: it asked for patience (429, 503 with Retry-After), or it rejected our
// client. Then every connection of it waits (promises 94 and 95). In memory only: a restart asks anew, once.
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Provider } from '../model/provider.ts';
import type { Clock, LogPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { type PauseEnd, pauseEnd, pauseLeft } from './pause.ts';

interface Wait {
  readonly ms: number;
  end: PauseEnd;
  /** The end before the probe of this hour began. */
  endBefore: PauseEnd;
  /** The OAuth error by which the client was rejected; undefined where the provider only asked for patience. */
  readonly refusal: string | undefined;
  readonly since: number;
  /** What was rejected: it says nothing of a corrected entry. */
  readonly entry: Provider | undefined;
}

/** A provider that rejects our client. `since`: wall clock, milliseconds. */
export interface ClientRefusal {
  readonly error: string;
  readonly since: number;
}

interface ProviderWaitsWorld {
  readonly clock: Clock;
  readonly events: EventLog;
  readonly log: LogPort;
  readonly registry: Registry;
}

export class ProviderWaits {
  readonly #world: ProviderWaitsWorld;
  readonly #waits = new Map<string, Wait>();

  constructor(world: ProviderWaitsWorld) {
    this.#world = world;
    world.events.subscribe(({ event }) => {
      // A code was exchanged: the client is known there.
      if (event.type === 'consent' && event.action === 'done') this.clientWorks(event.provider);
    });
  }

  /** The provider named a time. `ms`: until then. */
  askedForPatience(provider: string, ms: number): void {
    const now = this.#standing(provider);
    if (now?.refusal === undefined) this.#set(provider, ms, undefined, this.#world.clock.wall());
  }

  /** The provider rejects our client: one try an hour for all its connections. Said once. */
  refusedClient(provider: string, error: string): void {
    const { clock, events, log } = this.#world;
    const before = this.#standing(provider);
    const isNews = before?.refusal === undefined;
    this.#set(provider, LIMITS.clientProbeMs, error, isNews ? clock.wall() : before.since);
    if (!isNews) return;
    events.emit({ type: 'provider', action: 'refused', provider });
    log.warn('client_refused', { provider, error });
  }

  /** It gave a token: nothing is wrong with our client. */
  clientWorks(provider: string): void {
    if (this.#waits.get(provider)?.refusal !== undefined) this.#waits.delete(provider);
  }

  refusal(provider: string): ClientRefusal | undefined {
    const wait = this.#standing(provider);
    return wait?.refusal === undefined ? undefined : { error: wait.refusal, since: wait.since };
  }

  /** Milliseconds until somebody may ask again; the background asks later by up to a tenth, by `share` in [0, 1). */
  msLeft(provider: string, share = 0): number {
    const wait = this.#standing(provider);
    if (wait === undefined) return 0;
    return pauseLeft(this.#world.clock, wait.end, wait.ms * LIMITS.retryAfterJitter * share);
  }

  /** Somebody asks now. Where the client was rejected, that one is the probe of this hour: all others wait on. */
  begins(provider: string): void {
    const wait = this.#standing(provider);
    if (wait?.refusal === undefined) return;
    wait.endBefore = wait.end;
    wait.end = pauseEnd(this.#world.clock, wait.ms);
  }

  /** That probe said nothing about the client (no network, a provider that is down): the next one may ask instead. */
  saidNothing(provider: string): void {
    const wait = this.#standing(provider);
    if (wait?.refusal !== undefined) wait.end = wait.endBefore;
  }

  forgetAll(): void {
    this.#waits.clear();
  }

  #set(provider: string, ms: number, refusal: string | undefined, since: number): void {
    const { clock, registry } = this.#world;
    const entry = registry.find(provider);
    const end = pauseEnd(clock, ms);
    this.#waits.set(provider, { ms, end, endBefore: end, refusal, since, entry });
  }

  /** The wait, over or not, unless the entry was corrected since. */
  #standing(provider: string): Wait | undefined {
    const wait = this.#waits.get(provider);
    if (wait === undefined || wait.entry === this.#world.registry.find(provider)) return wait;
    this.#waits.delete(provider);
    return undefined;
  }
}

/** For people, wherever the provider is shown. */
export function refusalSentence({ error, since }: ClientRefusal): string {
  return `The provider rejects our client (${error}) since ${new Date(since).toISOString()}. Check client_id, secret and authentication method; until then it is asked once an hour, and nothing is lost.`;
}
