// Rotation: the one place that sends a refresh token. One refresh in flight per connection whatever the number of
// callers; the order S0-S9 is fixed: lock, re-read, durable intent, send, take the new refresh token out of the raw
// answer, commit, and only then judge and release. No path here deletes a refresh token.
import { createHash } from 'node:crypto';
import { type ConnectionRow, type Connections, nameOf, secretsOf } from '../connections.ts';
import { consentNeeded } from '../consent/consent-needed.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import { type Connection, type ConsentCause, tokenOf } from '../model/connection.ts';
import type { Provider } from '../model/provider.ts';
import { factsOf } from '../model/token-set.ts';
import { msLeft } from '../oauth/expiry.ts';
import { revokeToken } from '../oauth/revocation.ts';
import { clientAuthOf } from '../oauth/server.ts';
import { judgeTokenAnswer, rescueRefreshToken } from '../oauth/token-answer.ts';
import { refreshGrant } from '../oauth/token-request.ts';
import type { Clock, HttpPort, HttpResponse, LogPort, RandomPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { vaultLocked } from '../vault/locked.ts';
import { Failures, share } from './failures.ts';
import { Gate } from './gate.ts';
import { outcomeOf, type RefreshOutcome } from './outcome.ts';

/** Kill points for fault tests; empty in production. Called after the named step is finished. */
export type RotationStep = 'S0' | 'S1' | 'S2' | 'S3' | 'S5' | 'S7' | 'S8';
export type StepHook = (step: RotationStep, connection: string) => void;

export interface RefresherWorld {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly random: RandomPort;
  readonly log: LogPort;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly events: EventLog;
  readonly onStep?: StepHook;
}

export interface RefreshOptions {
  /** Refresh although the provider refused before, or asked to wait: a person asked for it. */
  readonly insist?: boolean;
  /** A refresh that ended a few seconds ago will do: many callers that force one get one. */
  readonly reuse?: boolean;
  /** The first refresh of an imported grant. Any other connection whose answer was never judged good is refused. */
  readonly prove?: boolean;
}

interface Sending {
  readonly id: string;
  readonly attempt: string;
  readonly sent: string;
  readonly provider: Provider;
  readonly secret: string | undefined;
}

interface Held {
  readonly sending: Sending;
  readonly response: HttpResponse;
}

export class Refresher {
  readonly #world: RefresherWorld;
  readonly #inFlight = new Map<string, { promise: Promise<void>; since: number }>();
  readonly #succeededAt = new Map<string, number>();
  readonly #failures: Failures;
  readonly #gate = new Gate(LIMITS.refreshesPerProvider);
  /** Answers whose commit failed: each holds the only copy of a refresh token there is. */
  readonly #held = new Map<string, Held>();
  /** Connections that are being revoked or removed. */
  readonly #busy = new Set<string>();
  #paused: TokentrayError | undefined;

  constructor(world: RefresherWorld) {
    this.#world = world;
    this.#failures = new Failures(world);
  }

  /** Wall clock since when a refresh of this connection is in flight, if one is. */
  inFlightSince(id: string): number | undefined {
    return this.#inFlight.get(id)?.since;
  }

  /** Milliseconds for which the background does not try again, because the last try failed. */
  pauseLeft(id: string): number {
    return this.#failures.msLeft(id);
  }

  /** Nothing new is sent from now on; whoever asks gets `refusal`. */
  pause(refusal: TokentrayError): void {
    this.#paused = refusal;
  }

  resume(): void {
    this.#paused = undefined;
  }

  /** True while an answer is kept in memory only, because the disk did not take it. */
  holdsAnswer(): boolean {
    return this.#held.size > 0;
  }

  /** Resolves when nothing is in flight and every answer is on disk. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0 || this.#held.size > 0) {
      await Promise.allSettled([...this.#inFlight.values()].map((flight) => flight.promise));
      if (this.#inFlight.size > 0) continue;
      await Promise.allSettled([...this.#held.keys()].map((id) => this.#begin(id)));
      if (this.#held.size > 0) await this.#pause(LIMITS.heldRetryMs);
    }
  }

  /**
   * Runs `work` while nothing is refreshed for this connection: first waits for what is in flight, then refuses what
   * comes. So that what is revoked is the newest token and stays the last one. Throws `conflict` when it runs already.
   */
  async exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    while (this.#inFlight.has(id)) await Promise.allSettled([this.#inFlight.get(id)?.promise]);
    if (this.#busy.has(id)) throw beingEnded();
    this.#busy.add(id);
    try {
      return await work();
    } finally {
      this.#busy.delete(id);
    }
  }

  forget(): void {
    this.#succeededAt.clear();
    this.#failures.forgetAll();
  }

  /**
   * Joins the refresh in flight or starts one; resolves when its token set is on disk. Throws `consent_needed`,
   * `refresh_failed`, `offline`, `storage` or `conflict` (the connection was removed or renewed meanwhile).
   */
  refresh(id: string, options: RefreshOptions = {}): Promise<void> {
    const flight = this.#inFlight.get(id);
    if (flight !== undefined) return flight.promise;
    const succeeded = this.#succeededAt.get(id);
    const now = this.#world.clock.monotonic();
    const recent = succeeded !== undefined && now - succeeded < LIMITS.forceReuseMs;
    if (options.reuse && recent) return Promise.resolve();

    const doc = this.#world.connections.get(id);
    if (doc === undefined)
      return Promise.reject(new TokentrayError('not_found', 'There is no such connection.'));
    if (doc.state.status === 'revoked') return Promise.reject(consentNeeded(doc, 'refused'));
    if (!options.prove && tokenOf(doc.state) === undefined) {
      return Promise.reject(
        new TokentrayError(
          'conflict',
          `${nameOf(doc)} was never proved good, so it is not used. Remove it and connect again.`,
        ),
      );
    }
    const blocked = options.insist ? undefined : this.#standingRefusal(id);
    if (blocked !== undefined) return Promise.reject(blocked);

    if (this.#busy.has(id)) return Promise.reject(beingEnded());
    if (this.#paused !== undefined) return Promise.reject(this.#paused);
    return this.#begin(id);
  }

  #begin(id: string): Promise<void> {
    const provider = this.#world.connections.get(id)?.provider ?? '';
    const promise = this.#gate.run(provider, () => this.#rotate(id)).finally(() => this.#inFlight.delete(id));
    this.#inFlight.set(id, { promise, since: this.#world.clock.wall() });
    return promise;
  }

  /** A refusal that another request would only repeat: the provider named a time, or the grant is gone. */
  #standingRefusal(id: string): TokentrayError | undefined {
    const doc = this.#world.connections.get(id)!;
    if (doc.state.status === 'needs_consent') return consentNeeded(doc, doc.state.cause);
    const failure = this.#failures.of(id);
    const wait = failure?.said ? this.#failures.msLeft(id) : 0;
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

  async #rotate(id: string): Promise<void> {
    const held = this.#held.get(id);
    if (held !== undefined) {
      await this.#keep(held.sending, held.response);
      return this.#judge(id, held.sending.attempt);
    }
    // A place in the queue is not a refresh: whoever still waits when a lock begins has sent nothing.
    if (this.#paused !== undefined) throw this.#paused;
    this.#step('S0', id);
    const row = this.#world.connections.reread(id);
    this.#step('S1', id);
    if (row.intent?.kind === 'answered') {
      // A former run stored this answer and died before judging it.
      await this.#judge(id, row.intent.attempt);
      if (!this.#isSpent(this.#world.connections.row(id))) return;
      return this.#send(this.#world.connections.row(id), false);
    }
    return this.#send(row, row.intent?.kind === 'sent');
  }

  #isSpent(row: ConnectionRow): boolean {
    const { tokens } = row.secrets;
    return tokens === null || msLeft(tokens, this.#world.clock.wall()) <= 0;
  }

  async #send(row: ConnectionRow, wasInDoubt: boolean, isRepeat = false): Promise<void> {
    const { clock, connections, http, random, registry } = this.#world;
    const { id } = row.doc;
    const token = row.secrets.refresh_token;
    if (token === null) {
      this.#needConsent(id, 'no_refresh_token');
      throw consentNeeded(row.doc, 'no_refresh_token');
    }
    const { provider, secret } = registry.withSecret(row.doc.provider);
    // Refused here, before the intent: nothing would be sent, and a later refusal must not read as a lost answer.
    clientAuthOf(provider, secret);
    const attempt = Buffer.from(random.bytes(16)).toString('base64url');
    const tokenHash = createHash('sha256').update(token).digest('hex');
    connections.update(id, (current) => ({
      ...current,
      intent: { kind: 'sent', attempt, at: clock.wall(), token_hash: tokenHash },
    }));
    this.#step('S2', id);

    const send = () => refreshGrant(http, provider, secret, token);
    let answer = await send();
    let doubt = wasInDoubt;
    if (answer.kind === 'maybe_sent') {
      // The answer is lost; if the token was used up, its successor is too. Some providers grant a short grace.
      doubt = true;
      await this.#pause(jitter(random, LIMITS.inDoubtRetryMinMs, LIMITS.inDoubtRetryMaxMs));
      answer = await send();
    }
    this.#step('S3', id);

    const outcome = outcomeOf(answer, clock.wall());
    const answered = answer.kind === 'answered' ? answer.response : undefined;
    // A refusal in a 2xx may still hold the one refresh token that works from now on: it is kept, then the refusal counts.
    if (
      answered !== undefined &&
      (outcome.kind === 'answered' || rescueRefreshToken(answered) !== undefined)
    ) {
      await this.#keep({ id, attempt, sent: token, provider, secret }, answered);
      if (outcome.kind === 'answered') return this.#judge(id, attempt);
      doubt = false;
    }
    if (outcome.kind === 'consent_needed') {
      const stored = connections.reread(id);
      const newer = stored.secrets.refresh_token !== null && stored.secrets.refresh_token !== token;
      if (newer && !isRepeat) return this.#send(stored, doubt, true);
      this.#clearIntent(id, attempt);
      const cause: ConsentCause = doubt ? 'answer_lost' : 'refused';
      this.#needConsent(id, cause);
      throw consentNeeded(row.doc, cause);
    }
    throw this.#failed(row.doc, attempt, outcome, doubt);
  }

  /** S5 to S7: nothing here waits, asks or sends; the next thing that happens to the bytes is the commit. */
  async #keep(sending: Sending, response: HttpResponse): Promise<void> {
    const { id, attempt, sent, provider, secret } = sending;
    const { clock, connections, http } = this.#world;
    const rescued = rescueRefreshToken(response);
    this.#step('S5', id);
    const kept = this.#commit(sending, response, (current) => {
      if (current.intent?.attempt !== attempt) return undefined;
      const rotated = rescued !== undefined && rescued !== sent;
      const body = Buffer.from(response.body).toString('base64');
      return {
        ...current,
        secrets: { ...current.secrets, refresh_token: rescued ?? sent },
        previous: rotated ? sent : current.previous,
        intent: { kind: 'answered', attempt, at: clock.wall(), body, sent_token: sent },
      };
    });
    this.#step('S7', id);
    if (kept !== undefined) return;
    if (!connections.loaded) throw vaultLocked();
    // Removed or revoked meanwhile: what came belongs to nobody, so it is given back. After a new consent it is only
    // dropped: many providers revoke by person and would end the new grant with the old one.
    const left = connections.get(id) === undefined ? undefined : connections.row(id);
    if (rescued !== undefined && (left?.secrets.refresh_token ?? null) === null)
      await revokeToken(http, provider, secret, rescued, 'refresh_token');
    throw new TokentrayError(
      'conflict',
      'The connection changed while its token was being refreshed. Ask again.',
    );
  }

  /** S7. What the disk does not take is held and tried again: it is the only copy. */
  #commit(
    sending: Sending,
    response: HttpResponse,
    change: (row: ConnectionRow) => ConnectionRow | undefined,
  ): ConnectionRow | undefined {
    const { clock, connections, log } = this.#world;
    const { id } = sending;
    try {
      const row = connections.update(id, change);
      this.#held.delete(id);
      return row;
    } catch (error) {
      if (!(error instanceof TokentrayError) || error.code !== 'storage') throw error;
      if (!this.#held.has(id)) log.error('refresh_token_not_stored', { connection: id });
      this.#held.set(id, { sending, response });
      clock.timer(LIMITS.heldRetryMs, () => {
        if (this.#held.has(id) && !this.#inFlight.has(id)) void this.#begin(id).catch(() => undefined);
      });
      throw new TokentrayError(
        'storage',
        `The new refresh token could not be stored. It is kept in memory and tried again; make room and do not stop the host. ${error.message}`,
      );
    }
  }

  /**
   * S8: the strict judgement of the stored answer; then callers may have the access token. S9, dropping the previous
   * refresh token, happens with the next rotation: until then it is the one thing left if this one was a mistake.
   */
  async #judge(id: string, attempt: string): Promise<void> {
    const { clock, connections, events, http, log, registry } = this.#world;
    const { doc, intent, secrets } = connections.row(id);
    if (intent?.kind !== 'answered' || intent.attempt !== attempt) {
      throw new TokentrayError(
        'conflict',
        'The connection changed while its token was being refreshed. Ask again.',
      );
    }
    const { provider } = registry.withSecret(doc.provider);
    const response = { status: 200, headers: new Headers(), body: Buffer.from(intent.body, 'base64') };
    const grant = {
      type: 'refresh',
      previous: secrets.tokens ?? undefined,
      asked: doc.scopes_asked,
      refreshToken: secrets.refresh_token ?? intent.sent_token,
    } as const;
    try {
      const { tokens, id: claims } = await judgeTokenAnswer(http, provider, response, grant, intent.at);
      if (claims !== undefined && doc.identity !== null && claims.subject !== doc.identity.subject) {
        throw new TokentrayError(
          'provider_answer_invalid',
          `The refresh of ${nameOf(doc)} was answered with another account's token.`,
        );
      }
      connections.update(id, (current) =>
        current.intent?.attempt === attempt
          ? {
              ...current,
              doc: {
                ...current.doc,
                refreshed_at: clock.wall(),
                // An imported grant is proved, but whose it is has yet to be settled (providers/commands.ts).
                state: isNew(current) ? current.doc.state : { status: 'active', token: factsOf(tokens) },
              },
              secrets: secretsOf(tokens),
              intent: null,
            }
          : undefined,
      );
    } catch (error) {
      if (!(error instanceof TokentrayError) || error.code !== 'provider_answer_invalid') throw error;
      connections.update(id, (current) =>
        current.intent?.attempt === attempt
          ? {
              ...current,
              doc: { ...current.doc, state: this.#errorState(current, error.code) },
              intent: null,
            }
          : undefined,
      );
      this.#failures.note(id, error.code);
      log.warn('refresh_answer_invalid', { connection: nameOf(doc) });
      throw error;
    }
    this.#step('S8', id);
    this.#failures.forget(id);
    this.#succeededAt.set(id, clock.monotonic());
    events.emit({ type: 'connection', action: 'refreshed', connection: nameOf(doc), id, status: 'active' });
    log.info('refreshed', { connection: nameOf(doc) });
  }

  #failed(doc: Connection, attempt: string, outcome: RefreshOutcome, doubt: boolean): TokentrayError {
    const { connections } = this.#world;
    const { id } = doc;
    const name = nameOf(doc);
    // Still in doubt keeps the intent: the next refusal is then known to be a lost answer.
    if (!doubt) this.#clearIntent(id, attempt);
    if (outcome.kind === 'provider_problem') {
      connections.update(id, (current) => ({
        ...current,
        doc: { ...current.doc, state: this.#errorState(current, 'provider_refused') },
      }));
      this.#failures.note(id, 'provider_refused', LIMITS.retryAfterCapMs);
      return new TokentrayError(
        'refresh_failed',
        `${name}: the provider rejected our client (${outcome.why}). Check client_id, secret and authentication method of the provider.`,
      );
    }
    const offline = outcome.kind === 'retry_later' && outcome.offline;
    const after = outcome.kind === 'retry_later' ? outcome.after : undefined;
    const code = offline ? 'offline' : 'refresh_failed';
    this.#failures.note(id, code, after);
    const why = outcome.kind === 'retry_later' || outcome.kind === 'in_doubt' ? outcome.why : outcome.kind;
    const sentence = offline
      ? `${name}: the provider could not be reached (${why}). Nothing is lost; it is tried again.`
      : outcome.kind === 'in_doubt'
        ? `${name}: the provider's answer was lost (${why}). It is tried again.`
        : `${name}: the provider could not refresh the token now (${why}). Nothing is lost; it is tried again.`;
    return new TokentrayError(code, sentence, {
      retryAfter: Math.ceil(this.#failures.msLeft(id) / 1_000),
    });
  }

  #needConsent(id: string, cause: ConsentCause): void {
    const { clock, connections, events, log } = this.#world;
    const row = connections.update(id, (current) => ({
      ...current,
      doc: {
        ...current.doc,
        state: {
          status: 'needs_consent',
          cause,
          since: clock.wall(),
          ...(current.secrets.tokens === null ? {} : { token: factsOf(current.secrets.tokens) }),
        },
      },
    }));
    if (row === undefined) return;
    this.#failures.forget(id);
    const name = nameOf(row.doc);
    events.emit({
      type: 'connection',
      action: 'needs_consent',
      connection: name,
      id,
      status: 'needs_consent',
      code: cause,
    });
    log.warn('consent_needed', { connection: name, cause });
  }

  #errorState(row: ConnectionRow, code: string) {
    return {
      status: 'error' as const,
      code,
      since: this.#world.clock.wall(),
      ...(row.secrets.tokens === null ? {} : { token: factsOf(row.secrets.tokens) }),
    };
  }

  #clearIntent(id: string, attempt: string): void {
    this.#world.connections.update(id, (current) =>
      current.intent?.attempt === attempt ? { ...current, intent: null } : undefined,
    );
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.clock.timer(ms, resolve);
    });
  }

  #step(step: RotationStep, id: string): void {
    this.#world.onStep?.(step, id);
  }
}

function isNew(row: ConnectionRow): boolean {
  return row.doc.state.status === 'new';
}

function beingEnded(): TokentrayError {
  return new TokentrayError(
    'conflict',
    'The connection is being revoked or removed. Wait for that to finish.',
  );
}

function jitter(random: RandomPort, min: number, max: number): number {
  return min + share(random) * (max - min);
}
