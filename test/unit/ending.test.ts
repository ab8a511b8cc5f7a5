// Quitting the tray, and its icon in the dock of macOS: what is decided without Electron.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createDockFollower } from '../../electron/dock.ts';
import { createEnding } from '../../electron/ending.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';

/** Electron's part: a quit that nobody prevents ends the program. */
class FakeApp extends EventEmitter {
  ended = false;

  quit(): void {
    let prevented = false;
    this.emit('before-quit', {
      preventDefault() {
        prevented = true;
      },
    });
    if (!prevented) this.ended = true;
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function quitting(close: () => Promise<void>) {
  const app = new FakeApp();
  const clock = new FakeClock();
  const log = createRecordingLog();
  const ending = createEnding({ app, close, log, timer: clock.timer.bind(clock) });
  return { app, clock, log, ending };
}

test('quitting waits until all is closed, once, and a second quit meanwhile cuts nothing short', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let closings = 0;
  const { app, clock, ending } = quitting(() => {
    closings += 1;
    return closed;
  });
  assert.equal(ending.begun(), false);
  app.quit();
  app.quit();
  await settled();
  assert.deepEqual([app.ended, closings, ending.begun()], [false, 1, true]);
  resolve();
  await settled();
  assert.deepEqual([app.ended, closings, clock.pending], [true, 1, 0]);
});

test('what cannot be closed holds up a quit for 30 s and no longer', async () => {
  const { app, clock, log } = quitting(() => new Promise(() => {}));
  app.quit();
  clock.advance(29_999);
  await settled();
  assert.equal(app.ended, false);
  clock.advance(1);
  await settled();
  assert.equal(app.ended, true);
  assert.equal(log.entries.at(-1)?.event, 'quit_late');
});

test('a failure while closing is logged, and the program ends all the same', async () => {
  const { app, log } = quitting(() => Promise.reject(new RangeError('canary')));
  app.quit();
  await settled();
  assert.equal(app.ended, true);
  assert.deepEqual(log.entries.at(-1)?.fields, { error: 'RangeError' });
});

function docking() {
  const calls: string[] = [];
  const clock = new FakeClock();
  const dock = {
    async show() {
      calls.push('show');
    },
    hide: () => void calls.push('hide'),
  };
  return { calls, clock, follow: createDockFollower(dock, clock.timer.bind(clock)) };
}

test('the dock is told once of an open window, however often that window gains and loses the focus', () => {
  const { calls, clock, follow } = docking();
  for (let time = 0; time < 5; time += 1) {
    follow(true);
    clock.advance(2_000);
  }
  follow(false);
  assert.deepEqual(calls, ['show', 'hide']);
});

test('a window that is closed within a second takes its icon out of the dock afterwards, when macOS listens again', () => {
  const { calls, clock, follow } = docking();
  follow(true);
  clock.advance(300);
  follow(false);
  assert.deepEqual(calls, ['show']);
  clock.advance(1_000);
  assert.deepEqual(calls, ['show', 'hide']);
});
