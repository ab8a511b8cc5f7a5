// The durable intent of a connection: what a refresh has begun and not finished, so that a host that died in between
// knows it. `sent`: a request may have arrived and its answer is in doubt. `answered`: the answer is on disk, unjudged.
import { createHash } from 'node:crypto';
import type { ConnectionRow, Connections, Intent } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { Provider } from '../model/provider.ts';
import type { Clock, HttpResponse, RandomPort } from '../ports.ts';

/** An answer of the token endpoint that may hold a refresh token, with what it answers. */
export interface Answer {
  readonly id: string;
  readonly attempt: string;
  /** The refresh token that was sent. */
  readonly sent: string;
  /** Wall clock in milliseconds when it came. */
  readonly at: number;
  readonly provider: Provider;
  readonly secret: string | undefined;
  readonly response: HttpResponse;
}

type AnsweredIntent = Extract<Intent, { kind: 'answered' }>;

/** S2: commits that `token` is about to be sent, and returns the attempt. Only the hash of the token is noted. */
export function commitIntent(
  { clock, connections, random }: { clock: Clock; connections: Connections; random: RandomPort },
  id: string,
  token: string,
): string {
  const attempt = Buffer.from(random.bytes(16)).toString('base64url');
  connections.update(id, (row) => ({
    ...row,
    intent: { kind: 'sent', attempt, at: clock.wall(), token_hash: hashOf(token) },
  }));
  return attempt;
}

/** Whether this is the refresh token that the intent is about. */
export function isSentToken(intent: Extract<Intent, { kind: 'sent' }>, token: string): boolean {
  return intent.token_hash === hashOf(token);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * S7: the row with the answer in it: `next` is the refresh token from now on, the one it replaces stays as `previous`.
 * Undefined when the connection belongs to something newer meanwhile.
 */
export function withAnswer(row: ConnectionRow, answer: Answer, next: string): ConnectionRow | undefined {
  const { attempt, sent, at, response } = answer;
  if (row.intent?.attempt !== attempt) return undefined;
  const body = Buffer.from(response.body).toString('base64');
  const date = response.headers.get('date');
  return {
    ...row,
    secrets: { ...row.secrets, refresh_token: next },
    // S9: with the next successor the token before the previous one is dropped.
    previous: next === sent ? row.previous : sent,
    intent: { kind: 'answered', attempt, at, body, sent_token: sent, ...(date === null ? {} : { date }) },
  };
}

/** The stored answer of this attempt. Throws `conflict` when the connection belongs to something newer meanwhile. */
export function answeredIntent(row: ConnectionRow, attempt: string): AnsweredIntent {
  const { intent } = row;
  if (intent?.kind === 'answered' && intent.attempt === attempt) return intent;
  throw changedMeanwhile();
}

/** The answer as it came; only what a judgement needs of it was stored. */
export function storedResponse(intent: Pick<AnsweredIntent, 'body' | 'date'>): HttpResponse {
  const headers = new Headers(intent.date === undefined ? {} : { date: intent.date });
  return { status: 200, headers, body: Buffer.from(intent.body, 'base64') };
}

/** One durable write that ends this attempt; nothing is written when the connection belongs to something newer. */
export function endIntent(
  connections: Connections,
  id: string,
  attempt: string,
  change: (row: ConnectionRow) => Partial<ConnectionRow> = () => ({}),
): void {
  connections.update(id, (row) =>
    row.intent?.attempt === attempt ? { ...row, ...change(row), intent: null } : undefined,
  );
}

export function changedMeanwhile(): TokentrayError {
  return new TokentrayError(
    'conflict',
    'The connection changed while its token was being refreshed. Ask again.',
  );
}
