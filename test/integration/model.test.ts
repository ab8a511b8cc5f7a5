// The model of `npm run torture`, for a few histories; and that it can fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered } from '../support/fake-http.ts';
import { modelRuns } from '../torture/model.ts';
import type { Twin } from '../torture/model-world.ts';

test('random histories of connecting, refreshing, expiring, revoking, locking, killing, restarting and setting the clock agree with the model', async () => {
  await modelRuns(60);
});

const TWINS: readonly (readonly [string, Twin])[] = [
  [
    'takes a lost answer for a refusal',
    (outcome) => (outcome.kind === 'maybe_sent' ? answered(400, { error: 'invalid_grant' }) : outcome),
  ],
  [
    'does not read the new refresh token',
    (outcome) =>
      outcome.kind === 'answered' && outcome.response.status === 200
        ? answered(200, { access_token: 'A-1', token_type: 'Bearer', expires_in: 3_600 })
        : outcome,
  ],
];
for (const [what, twin] of TWINS) {
  test(`the model finds an engine that ${what}`, async () => {
    await assert.rejects(modelRuns(200, twin), /Property failed/);
  });
}
