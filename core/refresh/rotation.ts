// One rotation, top to bottom: the one place that sends a refresh token. The order S0-S9 is fixed: lock, re-read,
// durable intent, send, take the new refresh token out of the raw answer, commit, and only then judge and release.
// No path here deletes a refresh token. One rotation at a time per connection: refresher.ts sees to it.
import { type ConnectionRow, type Connections, nameOf, secretsOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Connection } from '../model/connection.ts';
import { factsOf, type TokenSet } from '../model/token-set.ts';
import { msLeft } from '../oauth/expiry.ts';
import { revokeToken } from '../oauth/revocation.ts';
import { clientAuthOf } from '../oauth/server.ts';
import { judgeTokenAnswer, rescueRefreshToken } from '../oauth/token-answer.ts';
import { refreshGrant } from '../oauth/token-request.ts';
import type { Clock, HttpPort, LogPort, RandomPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { vaultLocked } from '../vault/locked.ts';
import { announceRefreshed, needConsent, refuseAnswer, tryLater } from './endings.ts';
import type { HeldAnswers } from './held-answers.ts';
import {
  type Answer,
  answeredIntent,
  changedMeanwhile,
  commitIntent,
  endIntent,
  storedResponse,
  withAnswer,
} from './intents.ts';
import { outcomeOf } from './outcome.ts';
import { type PastTries, share } from './past-tries.ts';

/**
 * Kill points for fault tests; empty in production. Called after the named step is finished. S4 happens at the
 * provider, S6 (sealing) is part of the commit S7, and S9 is part of the commit of the next rotation.
 */
export type RotationStep = 'S0' | 'S1' | 'S2' | 'S3' | 'S5' | 'S7' | 'S8';
export type StepHook = (step: RotationStep, connection: string) => void;

export interface RotationWorld {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly random: RandomPort;
  readonly log: LogPort;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly events: EventLog;
  readonly onStep?: StepHook;
  readonly tries: PastTries;
  readonly held: HeldAnswers;
}

/** S0 to S8 for one connection, from where the last rotation ended. Resolves when callers may have the access token. */
export async function rotate(world: RotationWorld, id: string): Promise<void> {
  const { clock, connections, held, onStep } = world;
  const answer = held.of(id);
  if (answer !== undefined) {
    // Nothing is sent: the newest refresh token is in this answer, and it has to be stored first.
    await keep(world, answer);
    return judge(world, id, answer.attempt);
  }
  onStep?.('S0', id);
  const row = connections.reread(id);
  onStep?.('S1', id);
  if (row.intent?.kind !== 'answered') return send(world, row, row.intent?.kind === 'sent');
  // A former run stored this answer and died before judging it.
  await judge(world, id, row.intent.attempt);
  const judged = connections.row(id);
  if (isSpent(judged, clock.wall())) await send(world, judged, false);
}

/** S2 and S3, then on by what came back. `wasInDoubt`: the answer to an earlier sending of this token was lost. */
async function send(
  world: RotationWorld,
  row: ConnectionRow,
  wasInDoubt: boolean,
  isRepeat = false,
): Promise<void> {
  const { clock, connections, http, onStep, random, registry, tries } = world;
  const { id } = row.doc;
  const token = row.secrets.refresh_token;
  if (token === null) throw needConsent(world, row.doc, 'no_refresh_token');
  const { provider, secret } = registry.withSecret(row.doc.provider);
  // Refused here, before the intent: nothing would be sent, and a later refusal must not read as a lost answer.
  clientAuthOf(provider, secret);
  tries.begins(row.doc);
  const attempt = commitIntent(world, id, token);
  onStep?.('S2', id);

  let answer = await refreshGrant(http, provider, secret, token);
  let inDoubt = wasInDoubt;
  if (answer.kind === 'maybe_sent') {
    // The answer is lost; if the token was used up, its successor is too. Some providers grant a short grace.
    inDoubt = true;
    await pauseBeforeRetry(clock, random);
    answer = await refreshGrant(http, provider, secret, token);
  }
  onStep?.('S3', id);

  const response = answer.kind === 'answered' ? answer.response : undefined;
  const rescued = response === undefined ? undefined : rescueRefreshToken(response);
  // What brings the next refresh token ends every doubt about the one that was sent.
  if (rescued !== undefined) inDoubt = false;
  const outcome = outcomeOf(answer, clock.wall(), inDoubt);
  // A refusal in a 2xx may still hold the one refresh token that works from now on: it is kept, then the refusal counts.
  if (response !== undefined && (outcome.kind === 'refreshed' || rescued !== undefined)) {
    await keep(world, { id, attempt, sent: token, at: clock.wall(), provider, secret, response });
    if (outcome.kind === 'refreshed') return judge(world, id, attempt);
  }
  if (outcome.kind === 'consent_needed') {
    const stored = connections.reread(id);
    const newer = stored.secrets.refresh_token !== null && stored.secrets.refresh_token !== token;
    if (newer && !isRepeat) return send(world, stored, inDoubt, true);
    throw needConsent(world, row.doc, outcome.cause, attempt);
  }
  // Still in doubt keeps the intent: the next refusal is then known to be a lost answer.
  if (!inDoubt) endIntent(connections, id, attempt);
  throw tryLater(world, row.doc, outcome);
}

/** S5 to S7: nothing here waits, asks or sends; the next thing that happens to the bytes is the commit. */
async function keep(world: RotationWorld, answer: Answer): Promise<void> {
  const { connections, held, http, onStep } = world;
  const { id, provider, secret, sent, response } = answer;
  const rescued = rescueRefreshToken(response);
  onStep?.('S5', id);
  const kept = held.commit(answer, (row) => withAnswer(row, answer, rescued ?? sent));
  onStep?.('S7', id);
  if (kept !== undefined) return;
  if (!connections.loaded) throw vaultLocked();
  // Removed or revoked meanwhile: what came belongs to nobody, so it is given back. After a new consent it is only
  // dropped: many providers revoke by person and would end the new grant with the old one.
  const left = connections.get(id) === undefined ? undefined : connections.row(id);
  if (rescued !== undefined && (left?.secrets.refresh_token ?? null) === null)
    await revokeToken(http, provider, secret, rescued, 'refresh_token');
  throw changedMeanwhile();
}

/**
 * S8: the strict judgement of the stored answer; then callers may have the access token. S9, dropping the previous
 * refresh token, happens with the next rotation: until then it is the one thing left if this one was a mistake.
 */
async function judge(world: RotationWorld, id: string, attempt: string): Promise<void> {
  const { connections, onStep } = world;
  const row = connections.row(id);
  try {
    release(world, id, attempt, await judgedTokens(world, row, attempt));
  } catch (error) {
    if (error instanceof TokentrayError && error.code === 'provider_answer_invalid')
      refuseAnswer(world, row.doc, attempt, error.code);
    throw error;
  }
  onStep?.('S8', id);
  announceRefreshed(world, row.doc);
}

/** Throws `provider_answer_invalid`, also for an answer about another account; `conflict` when it is not there. */
async function judgedTokens(
  { http, registry }: RotationWorld,
  row: ConnectionRow,
  attempt: string,
): Promise<TokenSet> {
  const { doc, secrets } = row;
  const intent = answeredIntent(row, attempt);
  const { provider } = registry.withSecret(doc.provider);
  const grant = {
    type: 'refresh',
    previous: secrets.tokens ?? undefined,
    asked: doc.scopes_asked,
    refreshToken: secrets.refresh_token ?? intent.sent_token,
  } as const;
  const judged = await judgeTokenAnswer(http, provider, storedResponse(intent), grant, intent.at);
  if (judged.id !== undefined && doc.identity !== null && judged.id.subject !== doc.identity.subject) {
    throw new TokentrayError(
      'provider_answer_invalid',
      `The refresh of ${nameOf(doc)} was answered with another account's token.`,
    );
  }
  return judged.tokens;
}

/** One durable write that makes the judged token set the one callers get. */
function release({ clock, connections }: RotationWorld, id: string, attempt: string, tokens: TokenSet): void {
  endIntent(connections, id, attempt, ({ doc }) => ({
    doc: { ...doc, refreshed_at: clock.wall(), state: stateWith(tokens, doc) },
    secrets: secretsOf(tokens),
  }));
}

/** An imported grant is proved, but whose it is has yet to be settled (providers/commands.ts). */
function stateWith(tokens: TokenSet, { state }: Connection): Connection['state'] {
  return state.status === 'new' ? state : { status: 'active', token: factsOf(tokens) };
}

function isSpent(row: ConnectionRow, now: number): boolean {
  const { tokens } = row.secrets;
  return tokens === null || msLeft(tokens, now) <= 0;
}

/** Promise 90: one to three seconds. */
function pauseBeforeRetry(clock: Clock, random: RandomPort): Promise<void> {
  const { inDoubtRetryMinMs: min, inDoubtRetryMaxMs: max } = LIMITS;
  return new Promise((resolve) => {
    clock.timer(Math.round(min + share(random) * (max - min)), resolve);
  });
}
