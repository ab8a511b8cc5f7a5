// When a refresh is due, and how long a failed one waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import type { TokenFacts } from '../../core/model/token-set.ts';
import { backOffMs, dueAt } from '../../core/refresh/schedule.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';

function token(lifeSeconds: number | null, refreshable = true): TokenFacts {
  return {
    token_type: 'Bearer',
    scope: [],
    issued_at: FAKE_NOW,
    expires_at: lifeSeconds === null ? null : FAKE_NOW + lifeSeconds * 1_000,
    expires_source: lifeSeconds === null ? 'unknown' : 'expires_in',
    refreshable,
  };
}

const dueAfter = (lifeSeconds: number, share: number) => dueAt(token(lifeSeconds), share)! - FAKE_NOW;

test('promise 96: a refresh is due between 75 and 90 % of the life of the token', () => {
  assert.equal(dueAfter(600, 0), 450_000);
  assert.equal(Math.round(dueAfter(600, 0.999_999_9)), 540_000);
});

test('promise 96: a token that lives longer than half an hour is refreshed at least five minutes early', () => {
  assert.equal(dueAfter(2_400, 0.999), 2_100_000);
  assert.equal(dueAfter(1_801, 0.999), 1_501_000);
  assert.ok(dueAfter(1_800, 0.999) > 1_500_000);
});

test('nothing is due for a token without a refresh token or without a known end', () => {
  assert.equal(dueAt(token(3_600, false), 0.5), null);
  assert.equal(dueAt(token(null), 0.5), null);
});

test('promise 97: a life of more than 24.8 days, and one of ten years, is due in its last quarter and not at once', () => {
  for (const days of [25, 90, 3_650]) {
    const life = days * 86_400;
    for (const share of [0, 0.5, 0.999]) {
      const due = dueAfter(life, share);
      assert.ok(due >= life * 750 && due <= life * 900.001, `${days} days: ${due}`);
    }
  }
});

test('promise 97: a due time is always a number after the token came and before it ends', () => {
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 60, max: LIMITS.lifetimeMaxSeconds }), share, (life, part) => {
      const due = dueAfter(life, part);
      assert.ok(Number.isFinite(due) && due >= 0.75 * life * 1_000 * 0.9 && due < life * 1_000, `${due}`);
    }),
    { numRuns: 1_000 },
  );
});

test('promise 98: a token that lives less than a minute is refreshed when asked for, never in a loop', () => {
  for (const seconds of [0, 1, 30, 59]) assert.equal(dueAt(token(seconds), 0.5), null);
  assert.notEqual(dueAt(token(60), 0.5), null);
});

test('promise 96: connections with tokens of one second do not all become due together', () => {
  const times = new Set(Array.from({ length: 50 }, (_, index) => dueAfter(600, index / 50)));
  assert.equal(times.size, 50);
});

test('promise 93: failed tries wait 5 s, then twice as long each time, 15 minutes at most, with up to a quarter of jitter', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((attempt) => backOffMs(attempt, 0)),
    [5_000, 10_000, 20_000, 40_000],
  );
  assert.equal(backOffMs(50, 0), LIMITS.retryLongestMs);
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), share, (attempt, part) => {
      const pause = backOffMs(attempt, part);
      assert.ok(
        Number.isInteger(pause) && pause >= LIMITS.retryFirstMs && pause <= LIMITS.retryLongestMs * 1.25,
      );
    }),
  );
});
