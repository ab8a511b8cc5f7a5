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
import { revokeToken } from '../oauth/revocation.ts';
import { judgeTokenAnswer, rescueRefreshToken } from '../oauth/token-answer.ts';
import { refreshGrant } from '../oauth/token-request.ts';
import type { Clock, HttpPort, HttpResponse, LogPort, RandomPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { type Failure, Failures, share } from './failures.ts';
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

export class Refresher {
  readonly #world: RefresherWorld;
  readonly #inFlight = new Map<string, { promise: Promise<void>; since: number }>();
  readonly #succeededAt = new Map<string, number>();
  readonly #failures: Failures;
  readonly #gate = new Gate(LIMITS.refreshesPerProvider);

  constructor(world: RefresherWorld) {
    this.#world = world;
    this.#failures = new Failures(world);
  }

  /** Wall clock since when a refresh of this connection is in flight, if one is. */
  inFlightSince(id: string): number | undefined {
    return this.#inFlight.get(id)?.since;
  }

  /** Wall clock before which the background does not try again, if the last try failed. */
  failureOf(id: string): Failure | undefined {
    return this.#failures.of(id);
  }

  /** Resolves when every refresh in flight has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#inFlight.values()].map((flight) => flight.promise));
  }

  /** Resolves when the refresh of this connection, if any, has ended, well or not. */
  async settledOne(id: string): Promise<void> {
    await Promise.allSettled([this.#inFlight.get(id)?.promise]);
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

    const promise = this.#gate
      .run(doc.provider, () => this.#rotate(id))
      .finally(() => this.#inFlight.delete(id));
    this.#inFlight.set(id, { promise, since: this.#world.clock.wall() });
    return promise;
  }

  /** A refusal that another request would only repeat: the provider named a time, or the grant is gone. */
  #standingRefusal(id: string): TokentrayError | undefined {
    const doc = this.#world.connections.get(id)!;
    if (doc.state.status === 'needs_consent') return consentNeeded(doc, doc.state.cause);
    const failure = this.#failures.of(id);
    const wait = failure?.said ? failure.nextAt - this.#world.clock.wall() : 0;
    if (wait <= 0) return undefined;
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
    const end = row.secrets.tokens?.expires_at;
    return (
      row.secrets.tokens === null || (end !== null && end !== undefined && end <= this.#world.clock.wall())
    );
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
    if (outcome.kind === 'answered' && answer.kind === 'answered') {
      await this.#keep({ id, attempt, sent: token, provider, secret }, answer.response);
      return this.#judge(id, attempt);
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
    const kept = connections.update(id, (current) => {
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
                state: { status: 'active', token: factsOf(tokens) },
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
    const { clock, connections } = this.#world;
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
    const failure = this.#failures.note(id, code, after);
    const why = outcome.kind === 'retry_later' || outcome.kind === 'in_doubt' ? outcome.why : outcome.kind;
    const sentence = offline
      ? `${name}: the provider could not be reached (${why}). Nothing is lost; it is tried again.`
      : outcome.kind === 'in_doubt'
        ? `${name}: the provider's answer was lost (${why}). It is tried again.`
        : `${name}: the provider could not refresh the token now (${why}). Nothing is lost; it is tried again.`;
    return new TokentrayError(code, sentence, {
      retryAfter: Math.ceil((failure.nextAt - clock.wall()) / 1_000),
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

function jitter(random: RandomPort, min: number, max: number): number {
  return min + share(random) * (max - min);
}
