// The stream of events: numbered, replayed to readers that come back, with a gap said openly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLog } from '../../core/event-log.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SequencedEvent } from '../../core/model/event.ts';
import { FAKE_NOW, FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';

function world() {
  const clock = new FakeClock();
  const errors = createRecordingLog();
  const log = new EventLog(clock, errors);
  const emit = (count = 1) => {
    for (let index = 0; index < count; index += 1) log.emit({ type: 'vault', state: 'open' });
  };
  /** Subscribes and keeps what comes. */
  const read = (after?: number) => {
    const events: SequencedEvent[] = [];
    const { gap, unsubscribe } = log.subscribe((event) => events.push(event), after);
    return { events, gap, unsubscribe };
  };
  return { clock, errors, log, emit, read };
}

test('a new reader gets what happens from now on, numbered without holes and dated', () => {
  const { clock, emit, read } = world();
  emit();
  const { events, gap } = read();
  clock.advance(10);
  emit(3);
  assert.equal(gap, false);
  assert.deepEqual(
    events.map(({ seq }) => seq - events[0]!.seq),
    [0, 1, 2],
  );
  assert.ok(events.every(({ at }) => at === FAKE_NOW + 10));
});

test('a reader that comes back gets exactly what it missed', () => {
  const { emit, read } = world();
  const first = read();
  emit(3);
  const back = read(first.events[0]!.seq);
  assert.equal(back.gap, false);
  assert.deepEqual(back.events, first.events.slice(1));
  const current = read(first.events[2]!.seq);
  assert.deepEqual([current.gap, current.events], [false, []]);
});

test('a reader that was away for too long is told of the gap and gets no part of it', () => {
  const { emit, read } = world();
  const first = read();
  emit(LIMITS.eventReplay * 3);
  const back = read(first.events[0]!.seq);
  assert.deepEqual([back.gap, back.events], [true, []]);
  const recent = read(first.events.at(-LIMITS.eventReplay)!.seq);
  assert.deepEqual([recent.gap, recent.events.length], [false, LIMITS.eventReplay - 1]);
});

test('a number from before a restart, or from nowhere, is a gap', () => {
  const { clock, emit, read } = world();
  emit(3);
  for (const after of [0, -1, FAKE_NOW - 1, FAKE_NOW + 1_000_000, Number.MAX_SAFE_INTEGER]) {
    assert.deepEqual([read(after).gap, read(after).events], [true, []], String(after));
  }
  clock.advance(60_000);
  const restarted = new EventLog(clock, createRecordingLog());
  restarted.emit({ type: 'vault', state: 'locked' });
  assert.equal(restarted.subscribe(() => {}, FAKE_NOW + 3).gap, true);
});

test('a reader that left hears nothing more, and leaving while reading disturbs nobody', () => {
  const { emit, log, read } = world();
  const gone = read();
  gone.unsubscribe();
  let heard = 0;
  const { unsubscribe } = log.subscribe(() => {
    heard += 1;
    unsubscribe();
  });
  const stays = read();
  emit(2);
  assert.deepEqual([gone.events.length, heard, stays.events.length], [0, 1, 2]);
});

test('the memory for events is bounded', () => {
  const { emit, log, read } = world();
  const first = read();
  emit();
  first.unsubscribe();
  emit(LIMITS.eventReplay * 10);
  let replayed = 0;
  const last = first.events[0]!.seq + LIMITS.eventReplay * 10;
  for (let after = last - LIMITS.eventReplay * 3; after < last; after += LIMITS.eventReplay / 2) {
    let count = 0;
    log
      .subscribe(() => {
        count += 1;
      }, after)
      .unsubscribe();
    replayed = Math.max(replayed, count);
  }
  assert.ok(replayed > 0 && replayed <= LIMITS.eventReplay * 2);
});

test('a reader that throws breaks neither the work it reads about nor the other readers', () => {
  const { emit, errors, log, read } = world();
  log.subscribe(() => {
    throw new RangeError('a secret of the reader');
  });
  const { events } = read();
  emit();
  assert.equal(events.length, 1);
  assert.deepEqual(
    errors.entries.map(({ event }) => event),
    ['event_reader_failed'],
  );
});
