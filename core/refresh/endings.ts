// How a refresh ends: what becomes of the connection's state, what is announced, and what the callers are told.
// Nothing here touches a refresh token; only `needConsent` may ask for a new consent (invariant I3).
import { type ConnectionRow, type Connections, nameOf } from '../connections.ts';
import { consentNeeded } from '../consent/consent-needed.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import type { Connection, ConsentCause } from '../model/connection.ts';
import { factsOf } from '../model/token-set.ts';
import type { Clock, LogPort } from '../ports.ts';
import { endIntent } from './intents.ts';
import type { RefreshOutcome } from './outcome.ts';
import type { PastTries } from './past-tries.ts';

interface EndingsWorld {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly events: EventLog;
  readonly log: LogPort;
  readonly tries: PastTries;
}

/** Callers may have the access token: said after its row is on disk. */
export function announceRefreshed({ events, log, tries }: EndingsWorld, doc: Connection): void {
  const { id } = doc;
  tries.succeeded(doc);
  events.emit({ type: 'connection', action: 'refreshed', connection: nameOf(doc), id, status: 'active' });
  log.info('refreshed', { connection: nameOf(doc) });
}

/** The answer of this attempt is no good: its refresh token stays, the rest of it is not used. */
export function refuseAnswer(world: EndingsWorld, doc: Connection, attempt: string, code: string): void {
  const { clock, connections, log, tries } = world;
  endIntent(connections, doc.id, attempt, (row) => ({ doc: withError(row, code, clock.wall()) }));
  tries.failed(doc, code);
  log.warn('refresh_answer_invalid', { connection: nameOf(doc) });
}

/**
 * Only a person can help. Returns what to throw: `consent_needed`. In one write with the end of the `attempt`: whoever dies
 * between the two would have forgotten that an answer was lost.
 */
export function needConsent(
  world: EndingsWorld,
  doc: Connection,
  refusal: ConsentCause,
  attempt?: string,
): TokentrayError {
  const { clock, connections, events, log, tries } = world;
  const { id, state } = doc;
  // The same refusal again, because a person insisted: why the grant ended has not changed.
  const wasLost = state.status === 'needs_consent' && state.cause === 'answer_lost';
  const cause = wasLost && refusal === 'refused' ? state.cause : refusal;
  const row = connections.update(id, (current) => ({
    ...current,
    intent: current.intent?.attempt === attempt ? null : current.intent,
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
  if (row !== undefined) {
    tries.forget(id);
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
  return consentNeeded(doc, cause);
}

/** Tried again later; nothing is lost. Returns what to throw: `offline` or `refresh_failed`. */
export function tryLater(world: EndingsWorld, doc: Connection, outcome: RefreshOutcome): TokentrayError {
  const { tries } = world;
  const name = nameOf(doc);
  if (outcome.kind === 'provider_problem') {
    refuseClient(world, doc, outcome.why);
    return new TokentrayError(
      'refresh_failed',
      `${name}: the provider rejected our client (${outcome.why}). Check client_id, secret and authentication method of the provider.`,
    );
  }
  const offline = outcome.kind === 'retry_later' && outcome.offline;
  const after = outcome.kind === 'retry_later' ? outcome.after : undefined;
  const code = offline ? 'offline' : 'refresh_failed';
  tries.failed(doc, code, after);
  const why = outcome.kind === 'retry_later' || outcome.kind === 'in_doubt' ? outcome.why : outcome.kind;
  const sentence = offline
    ? `${name}: the provider could not be reached (${why}). Nothing is lost; it is tried again.`
    : outcome.kind === 'in_doubt'
      ? `${name}: the provider's answer was lost (${why}). It is tried again.`
      : `${name}: the provider could not refresh the token now (${why}). Nothing is lost; it is tried again.`;
  return new TokentrayError(code, sentence, { retryAfter: Math.ceil(tries.msLeft(doc) / 1_000) });
}

/** Promise 94: a problem of the provider's entry, shown there and on the connection that met it. Nothing else changes. */
function refuseClient({ clock, connections, tries }: EndingsWorld, doc: Connection, error: string): void {
  connections.update(doc.id, (row) => ({ ...row, doc: withError(row, 'provider_refused', clock.wall()) }));
  tries.refusedClient(doc, error);
}

function withError(row: ConnectionRow, code: string, since: number): Connection {
  const { tokens } = row.secrets;
  const kept = tokens === null ? {} : { token: factsOf(tokens) };
  return { ...row.doc, state: { status: 'error', code, since, ...kept } };
}
