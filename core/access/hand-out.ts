// Gives one access token to one caller: the contract of the token route (design: "The local endpoint"). Decides whether
// the token at hand is good enough, refreshes first when it is not, and records every outcome.
import type { ConnectionRow, Connections } from '../connections.ts';
import { nameOf } from '../connections.ts';
import { consentNeeded } from '../consent/consent-needed.ts';
import type { Consents } from '../consent/consents.ts';
import type { HandOut, HandOutOptions } from '../engine.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Caller } from '../model/caller.ts';
import type { Connection } from '../model/connection.ts';
import type { TokenSet } from '../model/token-set.ts';
import { handOutMarginMs, lifeMs, msLeft, secondsLeft } from '../oauth/expiry.ts';
import type { Clock } from '../ports.ts';
import type { Receipts } from '../refresh/receipts.ts';
import type { Refresher } from '../refresh/refresher.ts';
import { type Audit, markOf } from './audit.ts';
import { type Callers, unauthorized } from './callers.ts';

export interface HandOutWorld {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly consents: Consents;
  readonly refresher: Refresher;
  readonly receipts: Receipts;
  readonly events: EventLog;
  readonly callers: Callers;
  readonly audit: () => Audit;
  /** Key of the marks in the audit. */
  readonly markKey: () => Uint8Array;
}

// Readers of the stream want to see that a script is at work, not each of ten thousand calls.
const EVENT_EVERY_MS = 1_000;

export class HandOuts {
  readonly #world: HandOutWorld;
  readonly #marks = new WeakMap<TokenSet, string>();
  readonly #told = new Map<string, number>();

  constructor(world: HandOutWorld) {
    this.#world = world;
  }

  /** Throws the codes of the token route; see docs/endpoint.md. */
  async give(caller: Caller, connection: Connection, options: HandOutOptions): Promise<HandOut> {
    const { callers, clock, connections } = this.#world;
    try {
      const ready = this.#atHand(connections.row(connection.id), options);
      const tokens = typeof ready === 'object' ? ready : await this.#refreshed(connection.id, options, ready);
      // A refresh or a consent may have been waited for; meanwhile the key may have been removed.
      if (!callers.isValid(caller)) throw unauthorized();
      return this.#release(caller, connection, tokens, options.door);
    } catch (error) {
      const code = error instanceof TokentrayError ? error.code : 'unexpected';
      const at = clock.wall();
      // A refused key was used too: the list says what the audit writes to disk.
      callers.used(caller.name, at);
      this.#world.audit().record({
        at,
        caller: caller.name,
        connection: connection.id,
        door: options.door,
        outcome: code,
        mark: null,
      });
      throw error;
    }
  }

  /**
   * The stored token when it satisfies the request; else what must come first: a refresh of now, or, where a second one
   * would bring no more, of the last seconds. Throws when none can help.
   */
  #atHand(row: ConnectionRow, options: HandOutOptions): TokenSet | 'new' | 'recent' {
    const { tokens } = row.secrets;
    const { state } = row.doc;
    if (state.status === 'revoked') throw consentNeeded(row.doc, 'refused');
    // A grant whose owner is not settled yet is nobody's to use.
    if (tokens === null || state.status === 'new') return 'new';
    requireScope(row.doc, tokens, options.scope);
    const left = msLeft(tokens, this.#world.receipts.nowFor(row.doc.id, tokens));
    const life = lifeMs(tokens);
    const wanted = (options.minValid ?? 0) * 1_000;
    if (wanted > life) throw minValidImpossible(row.doc, options.minValid!, tokens);
    const living = left > handOutMarginMs(life);
    const good = living && left >= wanted;
    if (good && !options.force) return tokens;
    if (row.secrets.refresh_token !== null) {
      // Tokens that are over when they come, and those of which all but the whole life is asked for.
      const neverBetter = life < 1_000 || (living && wanted > life - LIMITS.forceReuseMs);
      return good || neverBetter ? 'recent' : 'new';
    }
    if (!living) return 'new';
    if (options.force) {
      throw new TokentrayError(
        'conflict',
        `${nameOf(row.doc)} has no refresh token, so its token cannot be renewed. Leave out force, or connect again.`,
        { field: 'force' },
      );
    }
    throw minValidImpossible(row.doc, options.minValid!, tokens);
  }

  async #refreshed(id: string, options: HandOutOptions, which: 'new' | 'recent'): Promise<TokenSet> {
    const { connections, refresher } = this.#world;
    try {
      await this.#patiently(id, refresher.refresh(id, { reuse: which === 'recent' }), options.signal);
    } catch (error) {
      // No error: the consent that was waited for has come.
      if (!(await this.#consented(id, error, options))) throw error;
    }
    const { doc, secrets } = connections.row(id);
    if (secrets.tokens === null)
      throw new TokentrayError(
        'conflict',
        `${nameOf(doc)} was never proved good, so it is not used. Remove it and connect again.`,
      );
    requireScope(doc, secrets.tokens, options.scope);
    // The whole life: what is asked for is what the provider gives, whatever the way here took.
    if (lifeMs(secrets.tokens) < (options.minValid ?? 0) * 1_000)
      throw minValidImpossible(doc, options.minValid!, secrets.tokens);
    return secrets.tokens;
  }

  /** The caller may go, and in a line it is not kept for ever; the refresh goes on for the others. */
  async #patiently(id: string, work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const { clock, connections, refresher } = this.#world;
    // One that has its place ends by itself: every request has a time-out.
    if (!refresher.waitsForPlace(id)) return abortable(work, signal);
    const late = Promise.withResolvers<never>();
    const cancel = clock.timer(LIMITS.refreshWaitMs, () => {
      const doc = connections.get(id);
      late.reject(stillWaiting(doc === undefined ? 'The connection' : nameOf(doc)));
    });
    try {
      await abortable(Promise.race([work, late.promise]), signal);
    } finally {
      cancel();
    }
  }

  /** Waits for an open consent, where the caller is ready to wait. True when it gave the connection a new token. */
  async #consented(id: string, error: unknown, options: HandOutOptions): Promise<boolean> {
    if (!(error instanceof TokentrayError) || error.code !== 'consent_needed' || !options.wait) return false;
    const doc = this.#world.connections.get(id);
    const open = doc === undefined ? undefined : this.#world.consents.openFor(doc);
    if (open === undefined) return false;
    const ended = await this.#world.consents.wait(open.id, options.wait, options.signal);
    return ended.status === 'done' && ended.connection_id === id;
  }

  #release(caller: Caller, connection: Connection, tokens: TokenSet, door: string): HandOut {
    const { audit, callers, clock, connections, events, markKey, receipts } = this.#world;
    const now = clock.wall();
    // After the clock was set back the stored end is one of another time: what is told is of this one.
    const later = receipts.nowFor(connection.id, tokens) - now;
    let mark = this.#marks.get(tokens);
    if (mark === undefined) {
      mark = markOf(markKey(), tokens.access_token);
      this.#marks.set(tokens, mark);
    }
    const doc = connections.get(connection.id) ?? connection;
    audit().record({ at: now, caller: caller.name, connection: doc.id, door, outcome: 'released', mark });
    callers.used(caller.name, now);
    const key = `${caller.name} ${doc.id}`;
    if (now - (this.#told.get(key) ?? 0) >= EVENT_EVERY_MS) {
      this.#told.set(key, now);
      events.emit({ type: 'hand_out', caller: caller.name, connection: nameOf(doc), id: doc.id });
    }
    return {
      access_token: tokens.access_token,
      token_type: tokens.token_type,
      expires_at: tokens.expires_at === null ? null : tokens.expires_at - later,
      expires_in: secondsLeft(tokens, now + later),
      expires_source: tokens.expires_source,
      scope: tokens.scope.join(' '),
      connection: nameOf(doc),
      account: doc.account,
    };
  }
}

function requireScope(doc: Connection, tokens: TokenSet, scope: readonly string[] | undefined): void {
  const missing = scope?.find((wanted) => !tokens.scope.includes(wanted));
  if (missing === undefined) return;
  throw new TokentrayError(
    'scope_not_granted',
    `${nameOf(doc)} was not granted every scope that was asked for. Connect it again with that scope.`,
    {
      field: 'scope',
      action: {
        command: `tokentray connect ${doc.provider} --account ${doc.account} --scope ${asArgument(missing)}`,
      },
    },
  );
}

/** A command is there to be copied into a shell: text of a caller goes into it only where a shell would leave it alone. */
function asArgument(scope: string): string {
  return /^[A-Za-z0-9_.:/@+-]+$/.test(scope) ? scope : 'SCOPE';
}

function minValidImpossible(doc: Connection, seconds: number, tokens: TokenSet): TokentrayError {
  const life = Math.floor((tokens.expires_at! - tokens.issued_at) / 1_000);
  const why =
    seconds > life
      ? `tokens of ${nameOf(doc)} live ${life} s`
      : `the token of ${nameOf(doc)} ends sooner and a longer one cannot be had`;
  return new TokentrayError(
    'min_valid_impossible',
    `min_valid asks for ${seconds} s, but ${why}. Ask for less.`,
    {
      field: 'min_valid',
    },
  );
}

function stillWaiting(name: string): TokentrayError {
  const seconds = LIMITS.refreshWaitMs / 1_000;
  return new TokentrayError(
    'refresh_failed',
    `${name}: its refresh has not ended after ${seconds} s, since other refreshes hang before it. It goes on, and nothing is lost. Ask again in a moment.`,
    { retryAfter: 5 },
  );
}

function abortable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const gone = () =>
      reject(new TokentrayError('timeout', 'The caller went away before the token was refreshed.'));
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone));
    if (signal.aborted) gone();
    else signal.addEventListener('abort', gone, { once: true });
  });
}
