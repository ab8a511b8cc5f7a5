// A token set: what one answer of the token endpoint gave us. Lives sealed in the vault and in the engine's memory.
// Facts about it (TokenFacts) may leave the engine; the tokens themselves only through a hand-out.
import { z } from 'zod';

/** How the expiry is known: said by the provider, read from the JWT, the provider entry's figure, assumed, or not at all. */
export const expirySource = z.enum(['expires_in', 'jwt', 'preset', 'assumed', 'unknown']);
export type ExpirySource = z.infer<typeof expirySource>;

/**
 * The end of the refresh token, where an answer said it, and since when it is that one: a refresh that moves it on begins
 * anew, one that leaves it where it was does not. Wall clock, milliseconds.
 */
const refreshExpiry = z.strictObject({ at: z.int(), since: z.int() });
export type RefreshExpiry = z.infer<typeof refreshExpiry>;

export const tokenSetSchema = z.strictObject({
  access_token: z.string().min(1),
  /** As RFC 6750 or RFC 9449 spell it: `Bearer` is the only type handed out. */
  token_type: z.string(),
  refresh_token: z.string().min(1).optional(),
  id_token: z.string().optional(),
  /** Granted scopes (RFC 6749 section 5.1), not the ones asked for. */
  scope: z.array(z.string()),
  issued_at: z.int(),
  /** Wall clock, milliseconds; null when nobody says. */
  expires_at: z.int().nullable(),
  expires_source: expirySource,
  refresh_expiry: refreshExpiry.optional(),
});
export type TokenSet = z.infer<typeof tokenSetSchema>;

/** What may be shown about a token set. Times are wall clock in milliseconds. */
export const tokenFacts = z.strictObject({
  token_type: z.string(),
  scope: z.array(z.string()),
  issued_at: z.int(),
  expires_at: z.int().nullable(),
  expires_source: expirySource,
  refreshable: z.boolean(),
  refresh_expiry: refreshExpiry.optional(),
});
export type TokenFacts = z.infer<typeof tokenFacts>;

export function factsOf(tokens: TokenSet): TokenFacts {
  return {
    token_type: tokens.token_type,
    scope: tokens.scope,
    issued_at: tokens.issued_at,
    expires_at: tokens.expires_at,
    expires_source: tokens.expires_source,
    refreshable: tokens.refresh_token !== undefined,
    ...(tokens.refresh_expiry === undefined ? {} : { refresh_expiry: tokens.refresh_expiry }),
  };
}
