// A rotation broken from below, at the writes and syncs that it is made of. Here a sample of them; `npm run torture` takes
// every one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsOf, leftBy, rotationTemplate } from '../support/broken-rotation.ts';
import { cutPower, recordRotation } from '../support/power-loss.ts';
import { failRotation, killRotation } from '../support/rotation-verdicts.ts';
import { noStrace } from '../support/trouble.ts';
import { readVaultsElsewhere } from '../support/vault-rows.ts';

const skip = noStrace;

test('faults 7 and 9: killed at a write or sync of the commit, the row is the old one with its intent or the new one with its predecessor', {
  skip,
}, async (t) => {
  const template = await rotationTemplate(t);
  const calls = await callsOf(template);
  const commit = calls.filter(({ after }) => after === 'S5');
  assert.ok(commit.length >= 3 && commit.at(-1)?.name.endsWith('sync'), JSON.stringify(calls));
  for (const call of [commit[0]!, commit[2]!, commit.at(-1)!, calls.at(-1)!])
    await killRotation(template, call);
});

test('faults 12, 13 and 14: an error at a write or sync keeps a refresh from being sent; after it was sent the new token is held until it is stored', {
  skip,
}, async (t) => {
  const template = await rotationTemplate(t);
  const calls = await callsOf(template);
  const intent = calls.filter(({ after }) => after === 'S1');
  const commit = calls.filter(({ after }) => after === 'S5');
  await failRotation(template, intent[1]!, 'ENOSPC', true);
  await failRotation(template, commit[1]!, 'ENOSPC', false);
  await failRotation(template, commit.at(-1)!, 'EIO', false);
  await failRotation(template, commit.at(-1)!, 'EIO', true);
});

test('fault 11: whatever a power cut leaves of what was not synced, every state opens, has the old token, and after the commit the new one', {
  skip,
}, async (t) => {
  const template = await rotationTemplate(t);
  const { states, moments } = cutPower(template, await recordRotation(template), false);
  assert.ok(moments > 20 && states.filter(({ committed }) => committed).length > 1, `${moments} moments`);
  const paths = states.map(({ vault }) => vault);
  for (const [at, found] of readVaultsElsewhere(paths, template.keyFile).entries()) {
    assert.ok(!('error' in found), JSON.stringify(found));
    const left = leftBy(found);
    if (states[at]!.committed) assert.equal(left, 'R2');
  }
});
