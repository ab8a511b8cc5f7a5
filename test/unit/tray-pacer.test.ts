// How often the tray is drawn: soon, not often, not under the pointer, and never from old news.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPacer } from '../../electron/tray-pacer.ts';
import { FakeClock } from '../support/fake-clock.ts';

function setting() {
  const clock = new FakeClock();
  const start = clock.monotonic();
  const drawn: number[] = [];
  const pacer = createPacer(250, () => drawn.push(clock.monotonic() - start), clock.timer.bind(clock));
  return { clock, drawn, pacer };
}

test('a hundred changes within 250 ms are one drawing at once and one at the end', () => {
  const { clock, drawn, pacer } = setting();
  for (let change = 0; change < 100; change += 1) {
    pacer.ask();
    clock.advance(2);
  }
  clock.advance(1_000);
  assert.deepEqual(drawn, [0, 250]);
});

test('nothing is drawn inside the call that asks', () => {
  const { clock, drawn, pacer } = setting();
  pacer.ask();
  assert.deepEqual(drawn, []);
  clock.advance(0);
  assert.deepEqual(drawn, [0]);
});

test('while the menu is open nothing is drawn; what was asked for comes when it closes', () => {
  const { clock, drawn, pacer } = setting();
  pacer.hold();
  pacer.ask();
  clock.advance(1_000);
  assert.deepEqual(drawn, []);
  pacer.release();
  clock.advance(0);
  assert.deepEqual(drawn, [1_000]);
});

test('a menu that never reports its close holds back for 30 s and no longer', () => {
  const { clock, drawn, pacer } = setting();
  pacer.hold();
  pacer.ask();
  clock.advance(60_000);
  assert.deepEqual(drawn, [30_000]);
});

test('a stopped pacer draws nothing and holds no timer of its own', () => {
  const { clock, drawn, pacer } = setting();
  pacer.ask();
  pacer.stop();
  pacer.ask();
  clock.advance(60_000);
  assert.deepEqual(drawn, []);
  assert.equal(clock.pending, 0);
});
