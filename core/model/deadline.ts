// A moment at which a connection stops working, unless something is done before.
import { z } from 'zod';

/**
 * `access_token`: nothing can refresh it. `refresh_idle`: the refresh token, if it is not used before. `refresh_token`:
 * the provider said so of this refresh token. `refresh_absolute`: the whole grant, whatever is done.
 */
export const deadlineKind = z.enum(['access_token', 'refresh_idle', 'refresh_token', 'refresh_absolute']);

export interface Deadline {
  readonly what: z.infer<typeof deadlineKind>;
  /** Wall clock in milliseconds: from when the limit counts, and when it is over. */
  readonly from: number;
  readonly at: number;
  /** A refresh before it moves it on, and one is done in time; else only a new consent helps. */
  readonly renews: boolean;
}

/** A warning that was given: `days` before the deadline at `at`. */
export const warned = z.strictObject({ what: deadlineKind, at: z.int(), days: z.int() });
export type Warned = z.infer<typeof warned>;
