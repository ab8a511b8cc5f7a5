// Sessions of the window on a clock moved by hand: codes and tickets that work once, idleness, age, ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OneTime } from '../../core/access/one-time.ts';
import { Sessions } from '../../core/access/sessions.ts';
import { LIMITS } from '../../core/limits.ts';
import { systemRandom } from '../../host/random.ts';
import { refusedWith } from '../support/errors.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { inTime } from '../support/in-time.ts';

const MINUTE = 60_000;
const HERE = new AbortController().signal;

function world() {
  const clock = new FakeClock();
  const sessions = new Sessions(clock, systemRandom);
  return { clock, sessions, login: () => sessions.begin(sessions.newCode(), HERE) };
}

/** How long the answer to a wrong code takes, in milliseconds of the clock. */
async function delayOf({ clock, sessions }: ReturnType<typeof world>, code: string): Promise<number> {
  let settled = false;
  const refused = refusedWith('unauthorized', () => sessions.begin(code, HERE)).then(() => {
    settled = true;
  });
  const start = clock.monotonic();
  while (!settled && clock.monotonic() - start < MINUTE) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
  await inTime('the refusal', refused);
  return clock.monotonic() - start;
}

test('promise 166: a login code works once', async () => {
  const { sessions, clock } = world();
  const code = sessions.newCode();
  assert.match(code, /^[A-Za-z0-9_-]{43}$/, '256 bits');
  const { secret } = await sessions.begin(code, HERE);
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/, '256 bits');
  assert.notEqual(secret, code);
  const again = refusedWith('unauthorized', () => sessions.begin(code, HERE));
  clock.advance(MINUTE);
  await again;
  assert.equal(sessions.list().length, 1);
});

test('promise 166: a login code lives 60 seconds, and setting the clock back prolongs nothing', async () => {
  for (const [pass, good] of [
    [(clock: FakeClock) => clock.advance(59_999), true],
    [(clock: FakeClock) => clock.advance(60_000), false],
    [(clock: FakeClock) => clock.jumpWall(60_000), false],
    [
      (clock: FakeClock) => {
        clock.jumpWall(-MINUTE);
        clock.advance(MINUTE);
      },
      false,
    ],
  ] as const) {
    const { sessions, clock } = world();
    const code = sessions.newCode();
    pass(clock);
    const begun = sessions.begin(code, HERE).then(
      () => true,
      () => false,
    );
    clock.advance(MINUTE);
    assert.equal(await begun, good);
  }
});

test('promise 166: wrong codes are answered later each time, up to ten seconds, and a good one at once', async () => {
  const place = world();
  const delays: number[] = [];
  for (let i = 0; i < 7; i += 1) delays.push(await delayOf(place, 'x'.repeat(43)));
  assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  const before = place.clock.monotonic();
  await place.login();
  assert.equal(place.clock.monotonic(), before);
  assert.equal(await delayOf(place, ''), 500, 'a login starts the count anew');
});

test('promise 166: every login is a session of its own, and a wrong secret finds none', async () => {
  const { sessions, login } = world();
  const [one, two] = [await login(), await login()];
  assert.notEqual(one.secret, two.secret);
  assert.equal(sessions.find(one.secret, true)?.id, one.view.id);
  for (const wrong of ['', 'x', one.view.id, one.secret.slice(1), `${one.secret}x`, one.secret.toLowerCase()])
    assert.equal(sessions.find(wrong, true), undefined);
});

test('promise 166: an asker that goes away ends the wait for a wrong code', async () => {
  const { sessions, clock } = world();
  const gone = new AbortController();
  const refused = refusedWith('unauthorized', () => sessions.begin('wrong', gone.signal));
  assert.equal(clock.pending, 1);
  gone.abort();
  await inTime('the end of the wait', refused);
  assert.equal(clock.pending, 0);
});

test('promise 170: a session ends after 15 minutes without a request, its streams with it', async () => {
  const { sessions, clock, login } = world();
  const { secret } = await login();
  const session = sessions.find(secret, true);
  clock.advance(14 * MINUTE);
  assert.ok(sessions.find(secret, true), 'a request renews it');
  clock.advance(15 * MINUTE - 1);
  assert.equal(session?.ended.aborted, false);
  clock.advance(1);
  assert.equal(session?.ended.aborted, true);
  assert.equal(sessions.find(secret, true), undefined);
  assert.deepEqual(sessions.list(), []);
});

test('promise 170: what no person asked for does not keep a session awake', async () => {
  const { sessions, clock, login } = world();
  const { secret } = await login();
  for (let minute = 0; minute < 14; minute += 1) {
    clock.advance(MINUTE);
    assert.ok(sessions.find(secret, false));
  }
  clock.advance(MINUTE);
  assert.equal(sessions.find(secret, false), undefined);
});

test('promise 170: a session ends after 12 hours, however busy it is', async () => {
  const { sessions, clock, login } = world();
  const { secret, view } = await login();
  assert.equal(view.expires_at - view.created_at, 12 * 60 * MINUTE);
  for (let minute = 0; minute < 12 * 60 - 1; minute += 1) {
    clock.advance(MINUTE);
    assert.ok(sessions.find(secret, true), `minute ${minute}`);
  }
  clock.advance(MINUTE);
  assert.equal(sessions.find(secret, true), undefined);
});

test('promise 170: a login counts as proof for 5 minutes, by either clock, and a fresh link for 5 more', async () => {
  const { sessions, clock, login } = world();
  const { secret } = await login();
  const session = sessions.find(secret, true);
  assert.ok(session !== undefined);
  clock.advance(5 * MINUTE - 1);
  assert.equal(sessions.isProved(session), true);
  clock.advance(1);
  assert.equal(sessions.isProved(session), false);
  const { signal } = new AbortController();
  await sessions.proveByCode(session, sessions.newCode(), signal);
  assert.equal(sessions.isProved(session), true);
  clock.jumpWall(-60 * MINUTE);
  clock.advance(5 * MINUTE);
  assert.equal(sessions.isProved(session), false);
  sessions.prove(session);
  // Asleep: only the wall clock goes on.
  clock.jumpWall(5 * MINUTE);
  assert.equal(sessions.isProved(session), false);
});

test('promise 170: setting the clock back keeps no session alive, and a machine that slept finds it ended', async () => {
  const { sessions, clock, login } = world();
  const { secret } = await login();
  clock.jumpWall(-60 * MINUTE);
  clock.advance(15 * MINUTE);
  assert.equal(sessions.find(secret, true), undefined);
  const asleep = await login();
  // The monotonic clock stands still in sleep.
  clock.jumpWall(15 * MINUTE);
  assert.equal(sessions.find(asleep.secret, true), undefined);
});

test('promise 170: sessions can be listed and ended, and the ids are not the secrets', async () => {
  const { sessions, login } = world();
  const [one, two] = [await login(), await login()];
  const ended = sessions.find(one.secret, true)?.ended;
  assert.deepEqual(
    sessions.list().map(({ id }) => id),
    [two.view.id, one.view.id],
  );
  assert.ok(!JSON.stringify(sessions.list()).includes(one.secret));
  sessions.end(one.view.id);
  assert.equal(ended?.aborted, true);
  assert.equal(sessions.find(one.secret, true), undefined);
  assert.ok(sessions.find(two.secret, true));
  await refusedWith('not_found', () => sessions.end(one.view.id));
});

test('promise 170: no timer is left when the last session has ended', async () => {
  const { sessions, clock, login } = world();
  const { view } = await login();
  assert.equal(clock.pending, 1);
  sessions.end(view.id);
  assert.equal(clock.pending, 0);
});

test('promise 170: there are at most 20 sessions; the oldest gives way', async () => {
  const { sessions, login } = world();
  const first = await login();
  for (let i = 0; i < LIMITS.windowSessions; i += 1) await login();
  assert.equal(sessions.list().length, LIMITS.windowSessions);
  assert.equal(sessions.find(first.secret, true), undefined);
});

test('a copy ticket works once, for ten seconds, in its own session', async () => {
  const { sessions, clock, login } = world();
  const [mine, other] = [await login(), await login()].map(({ secret }) => sessions.find(secret, true));
  const order = { connection: 'c_x', format: 'token' } as const;
  const ticket = mine?.tickets.issue(order) ?? '';
  assert.equal(other?.tickets.take(ticket), undefined, 'another session');
  assert.equal(mine?.tickets.take(ticket), order);
  assert.equal(mine?.tickets.take(ticket), undefined, 'a second time');
  const late = mine?.tickets.issue(order) ?? '';
  clock.advance(10_000);
  assert.equal(mine?.tickets.take(late), undefined, 'too late');
});

test('texts that are never used do not pile up', () => {
  const codes = new OneTime<number>(new FakeClock(), systemRandom, MINUTE);
  const texts = Array.from({ length: LIMITS.oneTimeTexts + 1 }, (_, at) => codes.issue(at));
  assert.equal(codes.take(texts[0] ?? ''), undefined);
  assert.equal(codes.take(texts[1] ?? ''), 1);
});
