// Which event becomes which notice, how often, and what a notice does not say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '../../core/engine.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import {
  isOver,
  look,
  NOTHING_SAID,
  type NoticeKind,
  type NoticeMemory,
  remember,
} from '../../electron/notices.ts';
import { connectionView, TRAY_NOW, tokenFacts } from '../support/tray-samples.ts';

const DAY = 24 * 3_600_000;
const nobody = () => false;

function titles(connections: readonly ConnectionView[], memory: NoticeMemory = NOTHING_SAID, now = TRAY_NOW) {
  return look(memory, connections, now, nobody).notices.map(({ title }) => title);
}

const refused = (name: string, since = TRAY_NOW) =>
  connectionView(name, { status: 'needs_consent', cause: 'refused', since });

/** Not refreshable, issued so many days ago, ending in so many. */
const ending = (days: number, before = 30) =>
  connectionView('notion/team', {
    status: 'active',
    token: tokenFacts({
      refreshable: false,
      issued_at: TRAY_NOW - before * DAY,
      expires_at: TRAY_NOW + days * DAY,
    }),
  });

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
    first.notices.map(({ title, connection }) => [title, connection]),
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

test('a grant that cannot be renewed is said 7 days and 1 day before its end, once each', () => {
  assert.deepEqual(titles([ending(8)]), []);
  const week = look(NOTHING_SAID, [ending(7)], TRAY_NOW, nobody);
  assert.deepEqual(
    week.notices.map(({ title }) => title),
    ['notion/team expires in 7 days'],
  );
  const inDays = (days: number) => TRAY_NOW + (7 - days) * DAY;
  assert.deepEqual(titles([ending(7)], week.memory, inDays(5)), []);
  assert.deepEqual(titles([ending(7)], week.memory, inDays(1)), ['notion/team expires within a day']);
  assert.deepEqual(titles([ending(3)]), ['notion/team expires in 3 days']);
});

test('what renews itself, what lives a day, and what has ended is no warning', () => {
  const token = tokenFacts({ issued_at: TRAY_NOW - 30 * DAY, expires_at: TRAY_NOW + DAY });
  assert.deepEqual(titles([connectionView('a/b', { status: 'active', token })]), []);
  assert.deepEqual(titles([ending(0.5, 0.1)]), []);
  assert.deepEqual(titles([ending(-0.1)]), []);
});

test('each kind can be muted, and what was muted is not brought up later', () => {
  const muted = (kind: NoticeKind) => kind === 'consent';
  const seen = look(NOTHING_SAID, [refused('a/b'), ending(3)], TRAY_NOW, muted);
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
    one.notices.map(({ title, connection }) => [title, connection]),
    [['500 connections need consent', undefined]],
  );
  assert.deepEqual(titles(many(500), one.memory), []);
});

test('a notice is taken away when its reason is gone', () => {
  const [notice] = look(NOTHING_SAID, [refused('a/b')], TRAY_NOW, nobody).notices;
  assert.ok(notice);
  assert.equal(isOver(notice, [refused('a/b')], NOTHING_SAID, TRAY_NOW), false);
  assert.equal(isOver(notice, [connectionView('a/b')], NOTHING_SAID, TRAY_NOW), true);
  assert.equal(isOver(notice, [], NOTHING_SAID, TRAY_NOW), true);
});

test('promise 164: a notice holds the name and nothing else of a connection', () => {
  const view = { ...refused('a/b'), label: 'canary@example.com', scopes_asked: ['canary'] };
  const { notices, memory } = look(NOTHING_SAID, [view], TRAY_NOW, nobody);
  assert.doesNotMatch(JSON.stringify([notices, memory]), /canary/);
});
