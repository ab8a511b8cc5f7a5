// What the tray's menu says: rows, marks, words, groups, and what a name cannot do to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionJson } from '../../api/to-wire.ts';
import type { ConnectionView } from '../../core/engine.ts';
import type { ConnectionState } from '../../core/model/connection.ts';
import {
  menuTemplate,
  menuText,
  type TrayAction,
  type TrayRow,
  type TraySnapshot,
  trayRows,
  trayStatus,
  trayTooltip,
} from '../../electron/tray-rows.ts';
import { statusOf } from '../../electron/tray-status.ts';
import { lookOf, needsConsent } from '../../renderer/text/connection-words.ts';
import { connectionView, EVERY_STATE, TRAY_NOW, tokenFacts } from '../support/tray-samples.ts';

const MINUTE = 60_000;

function snapshot(connections: readonly ConnectionView[], changes: Partial<TraySnapshot> = {}): TraySnapshot {
  return { vault: 'open', connections, providers: [], paused: false, review: false, ...changes };
}

/** A row as text: `—`, `[disabled]`, `label`, `label > …`. */
function said(rows: readonly TrayRow[]): string[] {
  return rows.flatMap((row) => {
    if (row.type === 'separator') return ['—'];
    if (row.type === 'text') return [`[${row.label}]`];
    if (row.type === 'action') return [row.label];
    return [`${row.label} >`, ...said(row.rows).map((label) => `  ${label}`)];
  });
}

function chosen(rows: readonly TrayRow[], label: string): TrayAction | undefined {
  const row = rows.find((one) => one.type === 'action' && one.label === label);
  return row?.type === 'action' ? row.action : undefined;
}

const FOOT = ['—', 'Open Tokentray', 'Add provider…', 'Pause refresh', 'Lock', '—', 'Settings', 'Quit'];

function many(count: number, providers: number): ConnectionView[] {
  return Array.from({ length: count }, (_, at) => {
    const number = String(at).padStart(3, '0');
    return connectionView(`p${String(at % providers).padStart(2, '0')}/a${number}`);
  });
}

test('AC-NP-01: fresh, expiring, consent needed and error are four rows with four marks, what needs you first', () => {
  assert.deepEqual(said(trayRows(snapshot(EVERY_STATE), TRAY_NOW)), [
    '! zoom/team · refresh fails',
    '○ salesforce/ops · consent needed',
    '—',
    '● google/work · fresh',
    '◐ microsoft/contoso · expiring',
    '—',
    'Copy as header >',
    '  google/work',
    '  microsoft/contoso',
    ...FOOT,
  ]);
});

test('a row with a token copies it, one that needs consent starts that, one that fails shows why', () => {
  const rows = trayRows(snapshot(EVERY_STATE), TRAY_NOW);
  assert.deepEqual(chosen(rows, '● google/work · fresh'), {
    kind: 'copy',
    connection: 'c_google-work',
    format: 'token',
  });
  assert.deepEqual(chosen(rows, '○ salesforce/ops · consent needed'), {
    kind: 'consent',
    connection: 'c_salesforce-ops',
  });
  assert.deepEqual(chosen(rows, '! zoom/team · refresh fails'), {
    kind: 'show',
    path: '/connections/c_zoom-team',
  });
  const headers = rows.find((row) => row.type === 'menu');
  assert.deepEqual(headers?.type === 'menu' ? chosen(headers.rows, 'google/work') : undefined, {
    kind: 'copy',
    connection: 'c_google-work',
    format: 'header',
  });
});

test('a locked vault tells no name: one row says Locked, and Unlock is what can be chosen', () => {
  const rows = trayRows(snapshot([], { vault: 'locked' }), TRAY_NOW);
  assert.deepEqual(said(rows), [
    '[– Locked]',
    '—',
    '[Copy as header]',
    '—',
    'Open Tokentray',
    '[Add provider…]',
    '[Pause refresh]',
    'Unlock',
    '—',
    'Settings',
    'Quit',
  ]);
  assert.deepEqual(said(trayRows(snapshot([], { vault: 'setup' }), TRAY_NOW))[0], 'Set up the vault…');
  assert.equal(said(trayRows(snapshot([]), TRAY_NOW))[0], '[No connections yet]');
});

test('a vault that cannot be read is one row that opens the window, on an icon and with a tooltip that say it', () => {
  const damaged = snapshot([], { vault: 'unreadable' });
  const rows = trayRows(damaged, TRAY_NOW);
  assert.deepEqual(said(rows).slice(0, 5), [
    '! The vault cannot be read. Repair it…',
    '—',
    '[Copy as header]',
    '—',
    'Open Tokentray',
  ]);
  assert.ok(said(rows).includes('[Lock]'));
  assert.deepEqual(chosen(rows, '! The vault cannot be read. Repair it…'), { kind: 'show', path: '/' });
  assert.equal(trayStatus(damaged, TRAY_NOW), 'error');
  assert.equal(trayTooltip(damaged, TRAY_NOW), 'Tokentray: the vault cannot be read');
});

test('what needs review is the first row, makes the icon ask for a person, and is in the tooltip', () => {
  const copied = snapshot([connectionView('google/work')], { review: true });
  const rows = trayRows(copied, TRAY_NOW);
  assert.deepEqual(said(rows).slice(0, 3), [
    '○ Needs review: is it used here only?',
    '—',
    '● google/work · fresh',
  ]);
  assert.deepEqual(chosen(rows, '○ Needs review: is it used here only?'), { kind: 'show', path: '/' });
  assert.equal(trayStatus(copied, TRAY_NOW), 'consent');
  assert.equal(trayStatus(snapshot(EVERY_STATE, { review: true }), TRAY_NOW), 'error');
  assert.equal(trayTooltip(copied, TRAY_NOW), 'Tokentray: 1 fresh, needs review');
});

test('a pause is undone by the same row', () => {
  assert.deepEqual(chosen(trayRows(snapshot([]), TRAY_NOW), 'Pause refresh'), { kind: 'pause' });
  assert.deepEqual(chosen(trayRows(snapshot([], { paused: true }), TRAY_NOW), 'Resume refresh'), {
    kind: 'resume',
  });
});

test('8 connections are a list, 9 are grouped by provider, 21 are menus with the worst mark of each', () => {
  const heads = (count: number) => said(trayRows(snapshot(many(count, 2)), TRAY_NOW));
  assert.deepEqual(heads(8).slice(0, 2), ['● p00/a000 · fresh', '● p00/a002 · fresh']);
  assert.deepEqual(heads(9).slice(0, 8), [
    '[p00]',
    '● a000 · fresh',
    '● a002 · fresh',
    '● a004 · fresh',
    '● a006 · fresh',
    '● a008 · fresh',
    '—',
    '[p01]',
  ]);
  assert.equal(heads(20)[0], '[p00]');
  assert.equal(heads(21)[0], '● p00 (11) >');

  const failing = connectionView('p01/zz', { status: 'error', code: 'offline', since: TRAY_NOW });
  const rows = trayRows(snapshot([...many(21, 2), failing, connectionView('alone/one')]), TRAY_NOW);
  const top = rows.slice(0, 3).map((row) => ('label' in row ? row.label : ''));
  assert.deepEqual(top, ['! p01 (11)', '● alone/one · fresh', '● p00 (11)']);
});

test('names of providers are shown without control and direction characters, and with && for &', () => {
  const providers = [{ id: 'p00', name: 'Ma&x \u202Egnp.exe\n\u0000 \u2066Q&A' }];
  const rows = trayRows(snapshot(many(9, 1), { providers }), TRAY_NOW);
  assert.equal(said(rows)[0], '[Ma&&x gnp.exe Q&&A]');
  assert.equal(menuText('x'.repeat(200)).length, 60);
  assert.equal(menuText('a\u2028b\u200Fc\uD800d\tef'), 'abcdef');
});

test('promise 164: the tooltip counts, and names nobody', () => {
  assert.equal(
    trayTooltip(snapshot(EVERY_STATE, { paused: true }), TRAY_NOW),
    'Tokentray: 1 consent needed, 1 expiring, 1 fresh, 1 refresh fails, refresh paused',
  );
  assert.equal(trayTooltip(snapshot([], { vault: 'locked' }), TRAY_NOW), 'Tokentray: locked');
});

test('the icon shows the worst state, and what is under way or wanted so asks for nothing', () => {
  assert.equal(trayStatus(snapshot(EVERY_STATE), TRAY_NOW), 'error');
  assert.equal(trayStatus(snapshot(EVERY_STATE.slice(0, 3)), TRAY_NOW), 'consent');
  assert.equal(trayStatus(snapshot(EVERY_STATE.slice(0, 2)), TRAY_NOW), 'expiring');
  assert.equal(trayStatus(snapshot(EVERY_STATE.slice(0, 1)), TRAY_NOW), 'fresh');
  assert.equal(trayStatus(snapshot([], { vault: 'locked' }), TRAY_NOW), 'locked');
  const calm = [
    connectionView('a/b', { status: 'revoked', at: TRAY_NOW }),
    connectionView('a/c', { status: 'consenting', consent: 'k_1' }),
  ];
  assert.equal(trayStatus(snapshot(calm), TRAY_NOW), 'fresh');
});

test('tray and window call the same token expiring, and the same connection in need of consent', () => {
  const ends = [-1, 0, 1, 4, 5, 6, 8, 9, 10, 11, 40].map((minutes) => TRAY_NOW + minutes * MINUTE);
  const states: ConnectionState[] = [
    ...[...ends, null].flatMap((expires_at) =>
      [true, false].map((refreshable): ConnectionState => {
        return { status: 'active', token: tokenFacts({ expires_at, refreshable }) };
      }),
    ),
    { status: 'revoked', at: TRAY_NOW },
    { status: 'needs_consent', cause: 'refused', since: TRAY_NOW },
  ];
  for (const state of states) {
    const view = connectionView('a/b', state);
    const ours = statusOf(view, TRAY_NOW);
    const wire = connectionJson(view);
    const why = JSON.stringify(state);
    assert.equal(ours.click === 'consent', needsConsent(wire, TRAY_NOW), why);
    if (ours.click === 'copy') {
      assert.equal(ours.status === 'expiring', lookOf(wire, TRAY_NOW).tone === 'warn', why);
    }
  }
});

test('the template runs the action of the row that was chosen, and text rows cannot be chosen', () => {
  const run: TrayAction[] = [];
  const template = menuTemplate(trayRows(snapshot([]), TRAY_NOW), (action) => run.push(action));
  const open = template.find(({ label }) => label === 'Open Tokentray');
  // The three arguments are Electron's, and none of them is used.
  Reflect.apply(open?.click ?? (() => {}), undefined, []);
  assert.deepEqual(run, [{ kind: 'show' }]);
  assert.equal(template.find(({ label }) => label === 'No connections yet')?.enabled, false);
});
