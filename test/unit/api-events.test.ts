// The stream of events: its form, what a reader may see, what it missed, and when it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import { apiDoor, fieldsOf } from '../support/api-door.ts';
import { KEYS } from '../support/engine-double.ts';
import { inTime } from '../support/in-time.ts';

const EVENTS = 'GET /v1/events';
const refreshed = (id: string): TokentrayEvent => ({
  type: 'connection',
  action: 'refreshed',
  connection: 'google/me',
  id,
  status: 'active',
});
const keyAdded: TokentrayEvent = { type: 'key', action: 'added', name: 'backup' };

interface Reader {
  /** The text of the next piece, or undefined at the end. */
  next(): Promise<string | undefined>;
  cancel(): Promise<void>;
}

function readerOf(response: Response): Reader {
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  assert.ok(response.body);
  const reader = response.body.getReader();
  return {
    next: async () => {
      const { value } = await inTime('the next piece of the stream', reader.read());
      return value && new TextDecoder().decode(value);
    },
    cancel: () => reader.cancel(),
  };
}

const idIn = (frame: string | undefined): number => Number(/^id: (\d+)$/m.exec(frame ?? '')?.[1]);

test('the stream begins at once and tells each event with id, type and JSON', async () => {
  const door = apiDoor();
  const reader = readerOf(await door.ask(EVENTS));
  assert.equal(await reader.next(), ': ok\n\n');
  door.double.emit(refreshed('c_1'));
  const frame = await reader.next();
  const [id, event, data] = frame?.split('\n') ?? [];
  assert.equal(event, 'event: connection');
  assert.deepEqual(JSON.parse(data?.slice('data: '.length) ?? ''), {
    seq: Number(id?.slice('id: '.length)),
    at: '2026-01-31T12:00:00.000Z',
    ...refreshed('c_1'),
  });
  assert.ok(frame?.endsWith('\n\n'));
  await reader.cancel();
});

test('a key sees what the engine lets it see', async () => {
  const door = apiDoor();
  const reader = readerOf(await door.ask(EVENTS, { key: KEYS.token }));
  await reader.next();
  door.double.emit(keyAdded);
  door.double.emit(refreshed('c_2'));
  assert.match((await reader.next()) ?? '', /c_2/);
  await reader.cancel();
});

test('while the vault is not open only changes of the vault are told', async () => {
  const door = apiDoor();
  const reader = readerOf(await door.ask(EVENTS));
  await reader.next();
  door.double.state = 'locked';
  door.double.emit(refreshed('c_3'));
  door.double.emit({ type: 'vault', state: 'locked' });
  assert.match((await reader.next()) ?? '', /^event: vault$/m);
  await reader.cancel();
});

test('Last-Event-ID replays what was missed, in order and once', async () => {
  const door = apiDoor();
  const first = readerOf(await door.ask(EVENTS));
  await first.next();
  door.double.emit(refreshed('c_4'));
  const seen = idIn(await first.next());
  await first.cancel();
  door.double.emit(refreshed('c_5'));
  door.double.emit(refreshed('c_6'));
  const again = readerOf(await door.ask(EVENTS, { headers: { 'last-event-id': String(seen) } }));
  const replay = (await again.next()) ?? '';
  assert.deepEqual(
    [...replay.matchAll(/"id":"(c_\d)"/g)].map((match) => match[1]),
    ['c_5', 'c_6'],
  );
  assert.doesNotMatch(replay, /event: reset/);
  await again.cancel();
});

test('a gap that cannot be replayed is told with a reset before anything else', async () => {
  const door = apiDoor();
  const reader = readerOf(await door.ask(EVENTS, { headers: { 'last-event-id': '1' } }));
  assert.equal(await reader.next(), ': ok\n\nevent: reset\ndata: {}\n\n');
  await reader.cancel();
});

test('a Last-Event-ID that is no id of ours is refused by name', async () => {
  for (const id of ['abc', '-1', '1.5', '9'.repeat(16)]) {
    const response = await apiDoor().ask(EVENTS, { headers: { 'last-event-id': id } });
    assert.deepEqual([response.status, (await fieldsOf(response)).field], [400, 'Last-Event-ID'], id);
  }
});

test('a silent stream gets a heart-beat, and none after its reader left', async () => {
  const door = apiDoor();
  const reader = readerOf(await door.ask(EVENTS));
  await reader.next();
  for (let i = 0; i < 3; i += 1) {
    door.clock.advance(LIMITS.eventHeartbeatMs);
    assert.equal(await reader.next(), ': beat\n\n');
  }
  await reader.cancel();
  assert.equal(door.clock.pending, 0);
});

test('a reader that leaves is forgotten', async () => {
  const door = apiDoor();
  const reader = readerOf(await door.ask(EVENTS));
  assert.equal(door.double.listeners(), 1);
  await reader.cancel();
  assert.equal(door.double.listeners(), 0);
  door.double.emit(refreshed('c_7'));
});

test('a reader that does not read is closed at the length of the replay and holds nothing after', async () => {
  const door = apiDoor();
  const { body } = await door.ask(EVENTS);
  assert.ok(body);
  for (let i = 0; i < LIMITS.eventReplay * 2; i += 1) door.double.emit(refreshed('c_8'));
  assert.equal(door.double.listeners(), 0);
  assert.equal(door.clock.pending, 0);
  const text = await inTime('the end of the stream', new Response(body).text());
  const told = [...text.matchAll(/^event: connection$/gm)].length;
  assert.ok(told > 0 && told <= LIMITS.eventReplay, `${told} events were kept`);
});

test('promise 122: the stream of a key ends when that key is removed, and other streams go on', async () => {
  const door = apiDoor();
  const removed = readerOf(await door.ask(EVENTS, { key: KEYS.token }));
  const stays = readerOf(await door.ask(EVENTS, { key: KEYS.proxy }));
  await removed.next();
  await stays.next();
  door.double.emit({ type: 'key', action: 'removed', name: 'token' });
  assert.equal(await removed.next(), undefined);
  assert.equal(door.double.listeners(), 1);
  door.double.emit(refreshed('c_9'));
  assert.match((await stays.next()) ?? '', /c_9/);
  await stays.cancel();
});

test('promise 122: a replay that tells of an older key by the same name ends nothing', async () => {
  const door = apiDoor();
  const first = readerOf(await door.ask(EVENTS));
  await first.next();
  door.double.emit(refreshed('c_a'));
  const seen = idIn(await first.next());
  door.double.emit({ type: 'key', action: 'removed', name: 'token' });
  const again = readerOf(
    await door.ask(EVENTS, { key: KEYS.token, headers: { 'last-event-id': String(seen) } }),
  );
  assert.equal(await again.next(), ': ok\n\n');
  door.double.emit(refreshed('c_b'));
  assert.match((await again.next()) ?? '', /c_b/);
  await again.cancel();
  await first.cancel();
});

test('promise 122: the stream of a key that has expired ends before the next event, and at the next heart-beat at the latest', async () => {
  for (const happens of ['an event', 'a heart-beat'] as const) {
    const door = apiDoor();
    const reader = readerOf(await door.ask(EVENTS, { key: KEYS.token }));
    await reader.next();
    door.double.keysValid = false;
    if (happens === 'an event') door.double.emit(refreshed('c_c'));
    else door.clock.advance(LIMITS.eventHeartbeatMs);
    assert.equal(await reader.next(), undefined, happens);
    assert.deepEqual([door.double.listeners(), door.clock.pending], [0, 0], happens);
  }
});
