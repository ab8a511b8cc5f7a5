// A connection: one account's grant at one provider. Its state is a sum type: each state owns only its own fields.
// `consenting` and `refreshing` are states of work in flight and never on disk; what is on disk is StoredState.
import { z } from 'zod';
import { warned } from './deadline.ts';
import { connectionId, name, providerId } from './name.ts';
import { type TokenFacts, tokenFacts } from './token-set.ts';

/** Why a connection needs consent again. `refused`: the provider no longer takes the refresh token (expired or revoked).
 * `answer_lost`: a refresh was sent, its answer never came, and the grant is gone since. */
export const consentCause = z.enum(['refused', 'answer_lost', 'no_refresh_token']);
export type ConsentCause = z.infer<typeof consentCause>;

/** `new`: a refresh token is kept, but no answer with it has been judged good yet. */
export const storedState = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('new'), since: z.int() }),
  z.strictObject({ status: z.literal('active'), token: tokenFacts }),
  z.strictObject({
    status: z.literal('needs_consent'),
    cause: consentCause,
    since: z.int(),
    token: tokenFacts.optional(),
  }),
  z.strictObject({
    status: z.literal('error'),
    code: z.string(),
    since: z.int(),
    token: tokenFacts.optional(),
  }),
  z.strictObject({ status: z.literal('revoked'), at: z.int() }),
]);
export type StoredState = z.infer<typeof storedState>;

/** Who granted: `iss` + `sub` of OpenID Connect, or the provider and its profile id. Never a label. */
export const identity = z.strictObject({ issuer: z.string(), subject: z.string() });
export type Identity = z.infer<typeof identity>;

export const connectionSchema = z.strictObject({
  schema: z.literal(1),
  id: connectionId,
  provider: providerId,
  account: name,
  /** What the provider calls the account (an email, a login): shown, never a key. */
  label: z.string().nullable(),
  identity: identity.nullable(),
  scopes_asked: z.array(z.string()),
  created_at: z.int(),
  consented_at: z.int().nullable(),
  refreshed_at: z.int().nullable(),
  /** Since when it needs review because it came with an import; gone once a person said that it is used here. */
  imported_at: z.int().optional(),
  /** `since` of the review of the vault that is not about this grant: its refresh token was given after it (core/connections.ts). */
  after_review: z.int().optional(),
  /** Warnings of its end that were given (core/refresh/expiry-watch.ts). */
  warned: z.array(warned).optional(),
  /** Since when it is being removed: the provider may have been told, and the row is about to go (core/removals.ts). */
  removing_since: z.int().optional(),
  state: storedState,
});
export type Connection = z.infer<typeof connectionSchema>;

/** The state as everybody outside sees it: the stored one, or the work in flight over it. */
export type ConnectionState =
  | StoredState
  | { readonly status: 'consenting'; readonly consent: string; readonly token?: TokenFacts }
  | { readonly status: 'refreshing'; readonly since: number; readonly token?: TokenFacts };

/** Token facts of a state, where it has any. */
export function tokenOf(state: ConnectionState): TokenFacts | undefined {
  return 'token' in state ? state.token : undefined;
}
