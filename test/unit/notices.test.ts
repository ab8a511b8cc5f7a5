// Which event becomes which notice, how often, and what a notice does not say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '../../core/engine.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import {
  look,
  NOTHING_SAID,
  type NoticeKind,
  type NoticeMemory,
  over,
  remember,
} from '../../electron/notices.ts';
import { connectionView, TRAY_NOW } from '../support/tray-samples.ts';

const DAY = 24 * 3_600_000;
const nobody = () => false;

function titles(connections: readonly ConnectionView[], memory: NoticeMemory = NOTHING_SAID, now = TRAY_NOW) {
  return look(memory, connections, now, nobody).notices.map(({ title }) => title);
}

const refused = (name: string, since = TRAY_NOW) =>
  connectionView(name, { status: 'needs_consent', cause: 'refused', since });

/** A connection whose grant ends in so many days. */
const ending = (days: number) => ({
  ...connectionView('notion/team'),
  deadlines: [
    {
      what: 'refresh_absolute',
      from: TRAY_NOW - 30 * DAY,
      at: TRAY_NOW + days * DAY,
      renews: false,
    } as const,
  ],
});

/** What the engine says of it. */
function warning(memory: NoticeMemory, ends: number, days: number): NoticeMemory {
  return remember(memory, {
    seq: 1,
    at: TRAY_NOW,
    event: {
      type: 'expiring',
      connection: 'notion/team',
      id: 'c_notion-team',
      what: 'refresh_absolute',
      ends_at: new Date(TRAY_NOW + ends * DAY).toISOString(),
      days,
    },
  });
}

function provider(action: 'refused' | 'changed', at = TRAY_NOW) {
  return { seq: 1, at, event: { type: 'provider', action, provider: 'google' } } as const;
}

function event(action: 'refreshed' | 'refresh_failed' | 'removed', at: number) {
  const happened: TokentrayEvent = {
    type: 'connection',
    action,
    connection: 'google/work',
    id: 'c_google-work',
    status: 'active',
  };
  return { seq: 1, at, event: happened };
}

test('consent needed is said once, and again only when it is needed anew', () => {
  const first = look(NOTHING_SAID, [refused('a/b')], TRAY_NOW, nobody);
  assert.deepEqual(
    first.notices.map(({ title, about }) => [title, about]),
    [['a/b needs consent', 'c_a-b']],
  );
  assert.deepEqual(titles([refused('a/b')], first.memory), []);
  assert.deepEqual(titles([refused('a/b', TRAY_NOW + DAY)], first.memory), ['a/b needs consent']);
});

test('refreshes that fail are said after a day without a good one in between', () => {
  const google = [connectionView('google/work')];
  const failed = remember(NOTHING_SAID, event('refresh_failed', TRAY_NOW));
  const later = remember(failed, event('refresh_failed', TRAY_NOW + DAY / 2));
  assert.deepEqual(titles(google, later, TRAY_NOW + DAY - 1), []);
  assert.deepEqual(titles(google, later, TRAY_NOW + DAY), ['google/work could not be refreshed for a day']);
  const good = remember(later, event('refreshed', TRAY_NOW + DAY));
  assert.deepEqual(titles(google, good, TRAY_NOW + 2 * DAY), []);
});

test('a provider that refuses for a day is said too, also after a restart', () => {
  const state = { status: 'error', code: 'provider_refused', since: TRAY_NOW - DAY } as const;
  assert.deepEqual(titles([connectionView('google/work', state)]), [
    'google/work could not be refreshed for a day',
  ]);
});

test('what the engine warns of is said 7 days and 1 day before, once each, and a click shows that connection', () => {
  assert.deepEqual(titles([ending(7)]), []);
  const week = look(warning(NOTHING_SAID, 7, 7), [ending(7)], TRAY_NOW, nobody);
  assert.deepEqual(
    week.notices.map(({ title, click }) => [title, click]),
    [['notion/team ends in 7 days', { kind: 'show', path: '/connections/c_notion-team' }]],
  );
  const inDays = (days: number) => TRAY_NOW + (7 - days) * DAY;
  assert.deepEqual(titles([ending(7)], week.memory, inDays(5)), []);
  assert.deepEqual(titles([ending(7)], warning(week.memory, 7, 1), inDays(1)), [
    'notion/team ends within a day',
  ]);
  // The machine was off on the seventh day.
  assert.deepEqual(titles([ending(3)], warning(NOTHING_SAID, 3, 7)), ['notion/team ends in 3 days']);
});

test('a warning whose end is over or has moved on is not said, and is taken off the screen', () => {
  const memory = warning(NOTHING_SAID, 7, 7);
  const { notices } = look(memory, [ending(7)], TRAY_NOW, nobody);
  assert.equal(over(notices, [ending(7)], memory, TRAY_NOW).length, 0);
  for (const [view, now] of [
    [ending(90), TRAY_NOW],
    [ending(7), TRAY_NOW + 8 * DAY],
  ] as const) {
    assert.deepEqual(titles([view], memory, now), []);
    assert.deepEqual(over(notices, [view], memory, now), notices);
  }
});

test('a provider that refuses our client is said once, also over restarts, until it takes it again; a click shows the provider', () => {
  const refusing = look(remember(NOTHING_SAID, provider('refused')), [], TRAY_NOW, nobody);
  assert.deepEqual(
    refusing.notices.map(({ title, click }) => [title, click]),
    [['google refuses this client', { kind: 'show', path: '/providers/google' }]],
  );
  const again = remember(refusing.memory, provider('refused', TRAY_NOW + DAY));
  assert.deepEqual(titles([], again), []);
  for (const good of [provider('changed'), event('refreshed', TRAY_NOW)]) {
    const mended = remember(again, good);
    assert.deepEqual(over(refusing.notices, [], mended, TRAY_NOW), refusing.notices);
    assert.equal(titles([], remember(mended, provider('refused', TRAY_NOW + 2 * DAY))).length, 1);
  }
});

test('each kind can be muted, and what was muted is not brought up later', () => {
  const muted = (kind: NoticeKind) => kind === 'consent';
  const seen = look(warning(NOTHING_SAID, 3, 7), [refused('a/b'), ending(3)], TRAY_NOW, muted);
  assert.deepEqual(
    seen.notices.map(({ kind }) => kind),
    ['expiring'],
  );
  assert.deepEqual(titles([refused('a/b')], seen.memory), []);
});

test('3 at once are three notices, 500 are one that shows the list', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => refused(`a/b${at}`));
  assert.equal(titles(many(3)).length, 3);
  const one = look(NOTHING_SAID, many(500), TRAY_NOW, nobody);
  assert.deepEqual(
    one.notices.map(({ title, about }) => [title, about]),
    [['500 connections need consent', undefined]],
  );
  assert.deepEqual(titles(many(500), one.memory), []);
});

test('a notice is taken away when its reason is gone', () => {
  const { notices } = look(NOTHING_SAID, [refused('a/b')], TRAY_NOW, nobody);
  assert.equal(over(notices, [refused('a/b')], NOTHING_SAID, TRAY_NOW).length, 0);
  assert.deepEqual(over(notices, [connectionView('a/b')], NOTHING_SAID, TRAY_NOW), notices);
  assert.deepEqual(over(notices, [], NOTHING_SAID, TRAY_NOW), notices);
});

test('promise 164: a notice holds the name and nothing else of a connection', () => {
  const view = { ...refused('a/b'), label: 'canary@example.com', scopes_asked: ['canary'] };
  const { notices, memory } = look(NOTHING_SAID, [view], TRAY_NOW, nobody);
  assert.doesNotMatch(JSON.stringify([notices, memory]), /canary/);
});
