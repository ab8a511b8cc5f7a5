// What the tray's window says about its desktop: never more than is known. And how long a choice of time is called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesktopFacts } from '../../api/desktop.ts';
import { desktopFacts, durationWords } from '../../renderer/text/desktop-words.ts';
import { scriptLines } from '../../renderer/text/script-lines.ts';
import { desktopDouble } from '../support/desktop-double.ts';

const FACTS = desktopDouble().controls.facts();
const said = (change: Partial<DesktopFacts>): string =>
  desktopFacts({ ...FACTS, ...change })
    .map(({ tone, label, sentence }) => `${label} (${tone}): ${sentence}`)
    .join('\n');

test('facts of the desktop are sentences, and what does not work is said as such', () => {
  assert.match(said({}), /Tray icon \(fresh\): Shown\./);
  assert.match(said({ tray: 'no_host' }), /Tray icon \(warn\): It may not be shown: nobody/);
  assert.match(said({ tray: 'unknown' }), /Tray icon \(quiet\): Nobody can tell/);
  assert.match(said({ screen_lock: 'not_seen' }), /Screen lock \(quiet\): Not seen on this desktop/);
  assert.match(said({ links: 'other', links_owner: 'Evil' }), /Links \(warn\): Evil takes/);
  assert.match(said({ links: 'other' }), /Links \(warn\): Another program takes/);
  assert.match(said({ links: 'none' }), /Links \(quiet\): Nobody takes/);
  assert.match(said({ sandboxed: false }), /Sandbox \(warn\): .* without the sandbox/);
  assert.match(said({ clipboard_way: 'picker' }), /Clipboard \(quiet\): Only a window with the focus/);
  assert.match(said({ updates: 'failed' }), /Updates \(warn\)/);
});

test('a time of the settings is said in the largest unit that fits', () => {
  assert.deepEqual([0, 1, 10, 60, 90, 300, 3_600, 43_200].map(durationWords), [
    'Never',
    '1 second',
    '10 seconds',
    '1 minute',
    '90 seconds',
    '5 minutes',
    '1 hour',
    '12 hours',
  ]);
});

test('without TCP a script is shown the socket', () => {
  const [only, ...others] = scriptLines(null, 'google/me', '/run/user/1000/tokentray/t.sock');
  assert.deepEqual(others, []);
  assert.match(
    only?.lines ?? '',
    /^token=\$\(curl -fsS --unix-socket '\/run\/user\/1000\/tokentray\/t\.sock' -H "Authorization: Bearer \$TOKENTRAY_KEY" \\\n {2}-H "Accept: text\/plain" http:\/\/localhost\/v1\/token\/google\/me\)$/,
  );
});
