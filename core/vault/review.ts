// Needs review: whether the tokens of this vault may be used here. A vault that was copied, restored or put back may hold
// refresh tokens that somebody else has used since; sending one of those ends the grant at many providers.
// What must stay true: only a person ends a review.
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { Clock } from '../ports.ts';

/**
 * `copied`: made on another machine or in another folder. `restored`: from a backup. `rolled_back`: an older copy than the
 * one of the last start. `log_lost`: it was not closed, and its write-ahead log is gone. `rows_changed`: rows are not those
 * that were written last. `repaired`: saved from a damaged file. `imported`: of single connections, not of the vault.
 */
export const reviewCause = z.enum([
  'copied',
  'restored',
  'rolled_back',
  'log_lost',
  'rows_changed',
  'repaired',
  'imported',
]);
export type ReviewCause = z.infer<typeof reviewCause>;

/**
 * `since`: wall clock, milliseconds; also the name of this review: refresh tokens that were given during it have it, belong
 * to this vault and are not affected. `device`: where it was found; a copy of the copy is found anew.
 */
export const reviewSchema = z.object({
  cause: reviewCause,
  since: z.int().nonnegative(),
  device: z.string().max(64).optional(),
});
export type Review = z.infer<typeof reviewSchema>;

/** A review that begins now: of none before it does a refresh token bear the name. */
export function newReview(
  cause: ReviewCause,
  { clock, device }: { readonly clock: Clock; readonly device?: string | undefined },
): Review {
  return { cause, since: clock.wall(), ...(device === undefined ? {} : { device }) };
}

/** The gravest of what was found; undefined when nothing was. */
export function reviewCauseOf(found: {
  readonly moved: boolean;
  readonly older: boolean;
  readonly logLost: boolean;
  readonly changed: boolean;
}): ReviewCause | undefined {
  if (found.moved) return 'copied';
  if (found.older) return 'rolled_back';
  if (found.logLost) return 'log_lost';
  return found.changed ? 'rows_changed' : undefined;
}

const HAPPENED: Readonly<Record<ReviewCause, string>> = {
  copied: 'This vault was made on another machine or in another folder.',
  restored: 'This vault was restored from a backup.',
  rolled_back: 'This vault is an older copy than the one of the last start.',
  log_lost:
    'This vault was not closed properly, and its write-ahead log is gone since: it may be older than it was.',
  rows_changed: 'Some rows of this vault are not those that were written last.',
  repaired: 'This vault was saved from a damaged file and may be older than it was.',
  imported: 'It was imported, and the place it comes from may still use it.',
};

const COMMAND = 'tokentray vault use-here';

/** What happened, what follows, what to do. */
export function reviewSentence({ cause }: Review): string {
  if (cause === 'imported')
    return `${HAPPENED.imported} Its refresh token is not sent until you say that it is used here and nowhere else: ${COMMAND}`;
  return `${HAPPENED[cause]} No refresh token in it is sent until you say that it is used here and nowhere else: ${COMMAND}`;
}

/** A standing sentence about connections that were imported; undefined for none. */
export function importedSentence(count: number): string | undefined {
  if (count === 0) return undefined;
  const [what, them] =
    count === 1
      ? ['One imported connection waits', 'it is']
      : [`${count} imported connections wait`, 'they are'];
  return `${what}: no refresh token is sent until you say that ${them} used here and nowhere else: ${COMMAND}`;
}

export function needsReview(review: Review, connection: string): TokentrayError {
  return new TokentrayError('needs_review', `${connection} is not refreshed. ${reviewSentence(review)}`, {
    action: { method: 'POST', url: '/v1/vault/use-here', command: COMMAND },
  });
}
