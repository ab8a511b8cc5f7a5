// A sample of the storm of `npm run torture`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storm } from '../torture/storm.ts';

test('fault 10: of 20 rotating connections no committed token is lost while the host is killed 40 times in a storm of refreshes', async (t) => {
  const report = await storm(t, { kills: 40, answers: 6 });
  assert.deepEqual([report.lost, report.wrong], [[], []]);
  assert.ok(report.rotations > report.kills, `${report.rotations} rotations`);
  t.diagnostic(
    `${report.kills} kills, ${report.rotations} rotations, ${report.lost.length} tokens lost, ${report.inDoubt} answers lost with their host, ${report.longestMs.toFixed(1)} ms at most from the last byte to the commit`,
  );
});
