// When a token ends: every odd hint has one defined result.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import {
  type ExpiryHints,
  expiryOf,
  handOutMarginMs,
  jwtExpiry,
  msLeft,
  secondsLeft,
} from '../../core/oauth/expiry.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';

const NOTHING: ExpiryHints = {
  expiresIn: undefined,
  accessToken: 'opaque',
  presetSeconds: undefined,
  refreshable: true,
};
const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;
const NOW_SECONDS = FAKE_NOW / 1_000;
const TEN_YEARS_MS = LIMITS.lifetimeMaxSeconds * 1_000;

/** What the hints come to: milliseconds from now (null: unknown), and who says so. */
function lifeOf(hints: Partial<ExpiryHints>): [number | null, string] {
  const { expires_at, expires_source } = expiryOf({ ...NOTHING, ...hints }, FAKE_NOW);
  return [expires_at === null ? null : expires_at - FAKE_NOW, expires_source];
}

const EXPIRES_IN: readonly [string, number, number][] = [
  ['one hour', 3_600, 3_600_000],
  ['zero', 0, 0],
  ['negative', -5, 0],
  ['a fraction', 0.5, 500],
  ['more than 24.8 days', 2_592_000, 2_592_000_000],
  ['ten years and a second', LIMITS.lifetimeMaxSeconds + 1, TEN_YEARS_MS],
  ['1e15', 1e15, TEN_YEARS_MS],
  ['the largest number', Number.MAX_VALUE, TEN_YEARS_MS],
  ['infinite', Number.POSITIVE_INFINITY, 0],
  ['no number', Number.NaN, 0],
];

for (const [what, expiresIn, life] of EXPIRES_IN) {
  test(`promise 98: an expires_in that is ${what} gives a life of ${life} ms`, () => {
    assert.deepEqual(lifeOf({ expiresIn }), [life, 'expires_in']);
  });
}

test('promise 98: a missing expires_in is looked for in the JWT, then in the entry, then assumed', () => {
  const accessToken = jwt({ exp: NOW_SECONDS + 60 });
  assert.deepEqual(lifeOf({ accessToken, presetSeconds: 90 }), [60_000, 'jwt']);
  assert.deepEqual(lifeOf({ presetSeconds: 90 }), [90_000, 'preset']);
  assert.deepEqual(lifeOf({}), [3_600_000, 'assumed']);
  assert.deepEqual(lifeOf({ refreshable: false }), [null, 'unknown']);
  assert.deepEqual(lifeOf({ expiresIn: 30, accessToken }), [30_000, 'expires_in']);
});

test('promise 98: an exp that is past, absurd or no number is not believed', () => {
  const odd = [NOW_SECONDS, NOW_SECONDS - 1, 0, -1, 1e11, 1e15, '1900000060', null, [NOW_SECONDS + 60], {}];
  for (const exp of odd)
    assert.deepEqual(lifeOf({ accessToken: jwt({ exp }) }), [3_600_000, 'assumed'], String(exp));
  assert.deepEqual(lifeOf({ accessToken: jwt({ exp: 9e10 }) }), [TEN_YEARS_MS, 'jwt']);
});

test('promise 62: what only looks like a JWT is an opaque token', () => {
  for (const token of [
    'a.b.c',
    'a.b',
    '..',
    `${jwt({ exp: 5 })}.x`,
    jwt([5]),
    jwt('x'),
    `e30.${'%'.repeat(9)}.s`,
  ]) {
    assert.equal(jwtExpiry(token), undefined, token);
  }
  assert.equal(jwtExpiry(jwt({ exp: 1_900_000_000.7 })), 1_900_000_000_700);
});

const hints: fc.Arbitrary<ExpiryHints> = fc.record({
  expiresIn: fc.option(fc.double(), { nil: undefined }),
  accessToken: fc.oneof(
    fc.string(),
    fc.oneof(fc.double(), fc.jsonValue()).map((exp) => jwt({ exp })),
    fc.integer({ min: 0, max: 4_000_000_000 }).map((exp) => jwt({ exp })),
  ),
  presetSeconds: fc.option(fc.integer({ min: 30, max: 315_360_000 }), { nil: undefined }),
  refreshable: fc.boolean(),
});

test('promise 98: no hint makes a token live for ever, end before it came, or end at no date', () => {
  fc.assert(
    fc.property(hints, fc.integer({ min: 0, max: 4_000_000_000_000 }), (given, now) => {
      const { expires_at: end, expires_source: source } = expiryOf(given, now);
      if (end === null) {
        assert.equal(source, 'unknown');
        assert.ok(!given.refreshable && given.expiresIn === undefined);
        return;
      }
      assert.ok(Number.isSafeInteger(end), `${end}`);
      assert.ok(end >= now && end <= now + TEN_YEARS_MS, `${end - now}`);
    }),
    { numRuns: 2_000 },
  );
});

const spanOf = (life: number | null) => ({
  issued_at: FAKE_NOW,
  expires_at: life === null ? null : FAKE_NOW + life,
});

test('promise 99: a token never has more left than its life, and nothing when the clock was set back past its coming', () => {
  const hour = spanOf(3_600_000);
  assert.equal(msLeft(hour, FAKE_NOW + 600_000), 3_000_000);
  assert.equal(msLeft(hour, FAKE_NOW - 30_000), 3_600_000);
  assert.equal(msLeft(hour, FAKE_NOW - 30_001), 0);
  assert.equal(secondsLeft(hour, FAKE_NOW - 20_000), 3_600);
  assert.equal(secondsLeft(hour, FAKE_NOW - 86_400_000), 0);
  assert.equal(msLeft(spanOf(null), FAKE_NOW - 86_400_000), Number.POSITIVE_INFINITY);
});

test('seconds left are whole, never negative, and null when nobody knows', () => {
  assert.equal(secondsLeft(spanOf(null), FAKE_NOW), null);
  assert.equal(secondsLeft(spanOf(1_999), FAKE_NOW), 1);
  assert.equal(secondsLeft(spanOf(1_999), FAKE_NOW + 2_000), 0);
});

test('the hand-out margin is 10 s, or a fifth of the life of a token shorter than 50 s', () => {
  assert.equal(handOutMarginMs(3_600_000), 10_000);
  assert.equal(handOutMarginMs(50_000), 10_000);
  assert.equal(handOutMarginMs(30_000), 6_000);
  assert.equal(handOutMarginMs(0), 0);
});
