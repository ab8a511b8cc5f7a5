// Who may refresh now: one refresh in flight per connection whatever the number of callers and doors, none while the
// engine is paused or the connection is being ended. What one refresh does is in rotation.ts.
import { nameOf } from '../connections.ts';
import { consentNeeded } from '../consent/consent-needed.ts';
import { type ErrorCode, TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { type Connection, tokenOf } from '../model/connection.ts';
import { needsReview } from '../vault/review.ts';
import { Gate } from './gate.ts';
import { HeldAnswers } from './held-answers.ts';
import { PastTries } from './past-tries.ts';
import type { ClientRefusal } from './provider-waits.ts';
import { Rescue } from './rescue.ts';
import { type RotationWorld, rotate } from './rotation.ts';

type RefresherWorld = Omit<RotationWorld, 'tries' | 'held'> & {
  /** Absent: of an answer that is held no copy is saved. */
  readonly rescue?: Rescue;
};

interface RefreshOptions {
  /** Refresh although the provider refused before, or asked to wait: a person asked for it. */
  readonly insist?: boolean;
  /** A refresh that ended a few seconds ago will do: many callers that force one get one. */
  readonly reuse?: boolean;
  /** The first refresh of an imported grant. Any other connection whose answer was never judged good is refused. */
  readonly prove?: boolean;
  /** Nobody waits for it: it lets those go first that somebody waits for. */
  readonly calm?: boolean;
}

/** `since`: wall clock since it has its place; undefined while it waits for one. */
interface Flight {
  readonly promise: Promise<void>;
  readonly provider: string;
  readonly since: number | undefined;
}

export class Refresher {
  readonly #world: RotationWorld;
  readonly #inFlight = new Map<string, Flight>();
  readonly #gate = new Gate({ perKey: LIMITS.refreshesPerProvider, inAll: LIMITS.refreshesAtOnce });
  readonly #tries: PastTries;
  readonly #held: HeldAnswers;
  /** Connections that are being revoked or removed. */
  readonly #busy = new Set<string>();
  /** Why the disk kept the last try of a connection from being sent, or from being finished. */
  readonly #notSent = new Map<string, string>();
  #paused: TokentrayError | undefined;

  constructor(world: RefresherWorld) {
    this.#tries = new PastTries(world);
    const rescue = world.rescue ?? new Rescue([], world);
    this.#held = new HeldAnswers({ ...world, rescue }, (id) => {
      // No error: what went wrong was said at the first try; the answer stays held and comes again.
      if (!this.#inFlight.has(id)) void this.#begin(id).catch(() => undefined);
    });
    this.#world = { ...world, tries: this.#tries, held: this.#held };
  }

  /**
   * Joins the refresh in flight or starts one; resolves when its token set is on disk. Throws `consent_needed`,
   * `refresh_failed`, `offline`, `storage` or `conflict` (the connection was removed or renewed meanwhile).
   */
  refresh(id: string, options: RefreshOptions = {}): Promise<void> {
    const flight = this.#inFlight.get(id);
    if (flight !== undefined) {
      if (!options.calm) this.#gate.hurry(flight.provider, id);
      return flight.promise;
    }
    if (options.reuse && this.#tries.justSucceeded(id)) return Promise.resolve();
    const doc = this.#world.connections.get(id);
    if (doc === undefined)
      return Promise.reject(new TokentrayError('not_found', 'There is no such connection.'));
    const refusal = this.#refusal(doc, options);
    return refusal === undefined ? this.#begin(id, options) : Promise.reject(refusal);
  }

  /** True for a refresh that is under way or waits for its place. */
  isInFlight(id: string): boolean {
    return this.#inFlight.has(id);
  }

  /** True while its refresh waits for its place: how long depends on other refreshes. */
  waitsForPlace(id: string): boolean {
    const flight = this.#inFlight.get(id);
    return flight !== undefined && this.#gate.isWaiting(flight.provider, id);
  }

  /** Wall clock since when a refresh of this connection is under way, if one is. */
  inFlightSince(id: string): number | undefined {
    return this.#inFlight.get(id)?.since;
  }

  /** Milliseconds for which the background does not try again: the last try failed, or its provider wants to be left alone. */
  pauseLeft(doc: Connection): number {
    return this.#tries.msLeft(doc);
  }

  /** The rejection of our client that stands at this provider, if one does (promise 94). */
  clientRefusal(provider: string): ClientRefusal | undefined {
    return this.#tries.clientRefusal(provider);
  }

  /** Nothing new is sent from now on; whoever asks gets `refusal`. */
  pause(refusal: TokentrayError): void {
    this.#paused = refusal;
  }

  resume(): void {
    this.#paused = undefined;
  }

  /** True while an answer, or the one of this connection, is kept in memory, because the vault did not take it. */
  holdsAnswer(id?: string): boolean {
    return id === undefined ? this.#held.size > 0 : this.#held.of(id) !== undefined;
  }

  /** Goes on with answers that an earlier run could not store; before anything of their connections is sent. */
  takeUpRescued(): void {
    this.#held.takeUp();
  }

  /** What a person must know for as long as the disk does not take what a refresh has to write. */
  storageWarnings(): readonly string[] {
    const notSent = [...this.#notSent].flatMap(([id, why]) => {
      const doc = this.#world.connections.get(id);
      return doc === undefined ? [] : [`${nameOf(doc)} was not refreshed, and nothing was sent. ${why}`];
    });
    return [...this.#held.warnings(), ...notSent];
  }

  /** Resolves when nothing is in flight and every answer is on disk. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0 || this.#held.size > 0) {
      await Promise.allSettled([...this.#inFlight.values()].map((flight) => flight.promise));
      if (this.#inFlight.size > 0) continue;
      await Promise.allSettled(this.#held.ids().map((id) => this.#begin(id)));
      if (this.#held.size > 0)
        await new Promise<void>((resolve) => {
          this.#world.clock.timer(LIMITS.heldRetryMs, resolve);
        });
    }
  }

  /**
   * Runs `work` while nothing is refreshed for this connection: first waits for what is in flight, then refuses what
   * comes. So that what is revoked is the newest token and stays the last one. Throws `conflict` when it runs already.
   */
  async exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    for (let flight = this.#inFlight.get(id); flight !== undefined; flight = this.#inFlight.get(id)) {
      this.#gate.hurry(flight.provider, id);
      await Promise.allSettled([flight.promise]);
    }
    if (this.#busy.has(id)) throw beingEnded();
    this.#busy.add(id);
    try {
      return await work();
    } finally {
      this.#busy.delete(id);
    }
  }

  /** The network is back. */
  forgetOffline(): void {
    this.#tries.forgetOffline();
  }

  /** For a vault that was locked: past tries say nothing of what is found when it opens. */
  forget(): void {
    this.#notSent.clear();
    this.#tries.forgetAll();
  }

  #refusal(doc: Connection, { insist, prove }: RefreshOptions): TokentrayError | undefined {
    if (doc.state.status === 'revoked') return consentNeeded(doc, 'refused');
    if (!prove && tokenOf(doc.state) === undefined) {
      return new TokentrayError(
        'conflict',
        `${nameOf(doc)} was never proved good, so it is not used. Remove it and connect again.`,
      );
    }
    const review = this.#world.connections.review(doc.id);
    if (review !== undefined) return needsReview(review, nameOf(doc));
    const standing = insist ? undefined : this.#tries.standingRefusal(doc);
    if (standing !== undefined) return standing;
    return this.#busy.has(doc.id) || doc.removing_since !== undefined ? beingEnded() : this.#paused;
  }

  #begin(id: string, options: RefreshOptions = {}): Promise<void> {
    const provider = this.#world.connections.get(id)?.provider ?? '';
    const waiting = Promise.withResolvers<void>();
    this.#inFlight.set(id, { promise: waiting.promise, provider, since: undefined });
    this.#gate
      .run(provider, id, () => this.#rotate(id, options), { calm: options.calm })
      .finally(() => this.#inFlight.delete(id))
      .then(waiting.resolve, waiting.reject);
    return waiting.promise;
  }

  async #rotate(id: string, options: RefreshOptions): Promise<void> {
    // A place in the queue is not a refresh: whoever still waits when a lock begins, when the provider asks for patience,
    // or when another vault has taken the place of this one, has sent nothing. An answer that is held is stored all the same.
    const doc = this.#world.connections.get(id);
    if (this.#held.of(id) === undefined) {
      const refusal = this.#paused ?? (doc === undefined ? undefined : this.#refusal(doc, options));
      if (refusal !== undefined) throw refusal;
    }
    const flight = this.#inFlight.get(id);
    if (flight !== undefined) this.#inFlight.set(id, { ...flight, since: this.#world.clock.wall() });
    await rotate(this.#world, id).catch((error: unknown) => {
      this.#failed(id, error);
      throw error;
    });
    this.#notSent.delete(id);
  }

  /** Says what the rotation has not said: an error of the disk, or one that nobody foresaw. */
  #failed(id: string, error: unknown): void {
    const doc = this.#world.connections.get(id);
    const code = error instanceof TokentrayError ? error.code : 'unexpected';
    if (doc === undefined || SAID.has(code) || this.#held.of(id) !== undefined) return;
    if (error instanceof TokentrayError && code === 'storage') this.#notSent.set(id, error.message);
    if (!(error instanceof TokentrayError))
      this.#world.log.error('refresh_broke', {
        connection: id,
        error: error instanceof Error ? error.name : '',
      });
    this.#tries.failed(doc, code);
  }
}

/** What the rotation says itself (endings.ts), and what is no failure. */
const SAID: ReadonlySet<string> = new Set<ErrorCode>([
  'offline',
  'refresh_failed',
  'consent_needed',
  'provider_answer_invalid',
  'conflict',
  'locked',
  'busy',
]);

function beingEnded(): TokentrayError {
  return new TokentrayError(
    'conflict',
    'The connection is being revoked or removed. Wait for that to finish.',
  );
}
