// What a refused call must look like: our error, its code, a sentence, and none of the values that were sent in.
import assert from 'node:assert/strict';
import { type ErrorCode, TokentrayError } from '../../core/errors.ts';

/** The TokentrayError that `work` throws or rejects with; anything else fails the test. */
export async function refusalOf(work: () => unknown): Promise<TokentrayError> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof TokentrayError, `not one of ours: ${String(error)}`);
    return error;
  }
  assert.fail('It was accepted.');
}

/** Everything of an error that a person, a script or a log could read. */
export function said(error: TokentrayError): string {
  return `${error.message} ${JSON.stringify(error.details)} ${String(error.cause ?? '')} ${error.stack ?? ''}`;
}

export async function refusedWith(code: ErrorCode, work: () => unknown): Promise<TokentrayError> {
  const error = await refusalOf(work);
  assert.equal(error.code, code, error.message);
  return error;
}
