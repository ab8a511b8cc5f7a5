// Links of our scheme before the engine sees them: what is taken from an argument list, from another start, from the system,
// and what a flood of them costs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../core/limits.ts';
import { LinkInbox } from '../../electron/link-inbox.ts';
import { linkFrom, ownArguments, readHandover, readLink, toHandover } from '../../electron/link-text.ts';
import { refusedSwitch } from '../../electron/start-refusal.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const LINK = 'tokentray://callback/work?code=abc&state=s1';
const link = (text = LINK) => ({ kind: 'link' as const, url: new URL(text) });
const why = (text: string) => {
  const reading = readLink(text);
  return reading.kind === 'dropped' ? reading.why : reading.kind;
};

test('promise 27: a link is taken from behind "--" alone, and only when it stands there alone', () => {
  assert.deepEqual(linkFrom(['--', LINK]), link());
  assert.deepEqual(linkFrom([]), { kind: 'none' });
  assert.deepEqual(linkFrom(['--']), { kind: 'none' });
  assert.equal(linkFrom([LINK]).kind, 'dropped');
  assert.equal(linkFrom(['--', LINK, LINK]).kind, 'dropped');
  assert.equal(linkFrom(['--', LINK, '--inspect']).kind, 'dropped');
});

test('promise 27: whatever looks like an option before "--" drops the link', () => {
  for (const option of [
    '--settings=x',
    '--inspect',
    '--remote-debugging-port=9222',
    '--load-extension=/tmp/x',
    '-r',
    '/tmp/x.js',
  ]) {
    assert.deepEqual(linkFrom([option, '--', LINK]), { kind: 'dropped', why: 'options' }, option);
  }
  // What an AppImage puts there by itself is said in Settings.
  assert.deepEqual(linkFrom(['--no-sandbox', '--', LINK]), link());
});

test('promise 27: option-like text inside a link stays inside of it', () => {
  const text = `${LINK}&x=--inspect&y=--load-extension%3D/tmp`;
  assert.deepEqual(linkFrom(['--', text]), link(text));
  assert.equal(linkFrom(['--', '--inspect']).kind, 'dropped');
});

test('promise 27: in a checkout what stands up to the folder of the application is the launcher’s, and nothing behind it', () => {
  const root = '/home/me/tokentray';
  const electron = `${root}/node_modules/electron/dist/electron`;
  assert.deepEqual(
    ownArguments([electron, '-r', `${root}/recorder.js`, '--inspect=0', root, '--', LINK], root),
    ['--', LINK],
  );
  assert.deepEqual(ownArguments([electron, `${root}/dist/electron/main.js`, '--inspect', '--', LINK], root), [
    '--inspect',
    '--',
    LINK,
  ]);
  assert.deepEqual(ownArguments([electron, '--inspect', root, '--', `${root}/x`], root), ['--', `${root}/x`]);
  assert.deepEqual(ownArguments(['/opt/Tokentray/tokentray', '--inspect', '--', LINK], undefined), [
    '--inspect',
    '--',
    LINK,
  ]);
});

test('promise 33: a link that is too long, badly encoded, or holds controls, quotes or spaces is dropped as it came', () => {
  const filler = LIMITS.redirectUrlBytes - LINK.length;
  assert.equal(why(LINK + 'a'.repeat(filler)), 'link');
  assert.equal(why(LINK + 'a'.repeat(filler + 1)), 'long');
  assert.equal(why(`${LINK}%`), 'encoding');
  assert.equal(why(`${LINK}%zz`), 'encoding');
  assert.equal(why(`${LINK}%ff`), 'encoding');
  for (const control of ['%00', '%0a', '%0d%0a', '%7f', '%c2%85', '%e2%80%a8'])
    assert.equal(why(LINK + control), 'characters', control);
  // URL would take these out, or mend them, and nobody would see.
  for (const text of ['\n', '\t', '\0', ' ', '"', '<', '\\', 'é'])
    assert.equal(why(LINK + text), 'characters');
  assert.equal(why('tokentray:'), 'link');
  assert.equal(why('://'), 'address');
});

test('promise 34: only what toHandover makes is understood by the first instance', () => {
  assert.deepEqual(readHandover(toHandover(link())), { reading: link(), show: false });
  assert.deepEqual(readHandover(toHandover({ kind: 'none' })), { reading: { kind: 'none' }, show: true });
  // A start that was meant for a link does not bring the window to the front because the link was bad.
  assert.deepEqual(readHandover(toHandover({ kind: 'dropped', why: 'long' })), {
    reading: { kind: 'none' },
    show: false,
  });
  const good = toHandover(link());
  for (const other of [
    null,
    [],
    'tokentray',
    {},
    { ...good, tokentray: 2 },
    { ...good, more: true },
    { ...good, link: 7 },
    { ...good, link: 'x'.repeat(1_000_000) },
    JSON.parse('{"tokentray":1,"show":true,"link":null,"__proto__":{"x":1}}'),
  ]) {
    assert.equal(readHandover(other), undefined);
  }
});

test('promise 34: whatever another start sends, reading it neither throws nor makes a link of bad text', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (data, text) => {
      readHandover(data);
      const handed = readHandover({ tokentray: 1, show: false, link: text });
      if (handed?.reading.kind === 'link') assert.match(text, /^[\x21-\x7e]+$/);
    }),
  );
});

/** An inbox with a clock of its own. */
function inbox() {
  const log = createRecordingLog();
  let now = 0;
  const box = new LinkInbox(log, () => now);
  const told = { arrived: [] as string[], taken: 0, stray: 0, unlock: 0, locked: false };
  const open = (verdict: (url: URL) => 'taken' | 'ignored') =>
    box.open({
      arrive(url) {
        told.arrived.push(url.href);
        return verdict(url);
      },
      onTaken: () => {
        told.taken += 1;
      },
      locked: () => told.locked,
      onStray: (locked) => {
        told.stray += 1;
        told.unlock += Number(locked);
      },
    });
  return { box, log, told, open, advance: (ms: number) => (now += ms) };
}

test('promise 32: of 1000 links in a second all are judged, one notice is given, and the open consent gets its answer', () => {
  const { box, log, told, open, advance } = inbox();
  open((url) => (url.searchParams.get('state') === 'ours' ? 'taken' : 'ignored'));
  for (let at = 0; at < 1_000; at += 1) {
    box.take(at === 700 ? link(LINK.replace('s1', 'ours')) : link(`${LINK}${at}`));
    advance(1);
  }
  assert.equal(told.arrived.length, 1_000);
  assert.deepEqual([told.taken, told.stray], [1, 1]);
  assert.equal(log.entries.length, 0);
});

test('promise 32: before the engine is there ten links wait, and the rest is dropped with one log line a second', () => {
  const { box, log, told, open, advance } = inbox();
  for (let at = 0; at < 1_000; at += 1) {
    box.take(link(`${LINK}${at}`));
    advance(1);
  }
  assert.equal(log.entries.length, 1);
  open(() => 'ignored');
  assert.equal(told.arrived.length, LIMITS.consentsAtOnce);
});

test('promise 33: a dropped link leaves one log line that holds nothing of it', () => {
  const { box, log } = inbox();
  box.take(readLink('tokentray://callback/work?code=canary-7f3&state=canary-91%00'));
  assert.deepEqual(
    log.entries.map(({ event }) => event),
    ['link_dropped'],
  );
  assert.doesNotMatch(JSON.stringify(log.entries), /canary|callback|work/);
});

test('promise 29: a link that nobody waits for gives one quiet notice in ten minutes', () => {
  const { box, told, open, advance } = inbox();
  open(() => 'ignored');
  for (const ms of [0, 1, 599_998]) {
    advance(ms);
    box.take(link());
  }
  assert.equal(told.stray, 1);
  advance(1);
  box.take(link());
  assert.deepEqual([told.stray, told.taken, told.unlock], [2, 0, 0]);
});

test('promise 35: a link into a locked vault asks to unlock, also when one into an open vault was just said', () => {
  const { box, told, open } = inbox();
  open(() => 'ignored');
  box.take(link());
  told.locked = true;
  box.take(link());
  box.take(link());
  assert.deepEqual([told.stray, told.unlock], [2, 1]);
});

test('security 6.1: a package refuses every switch that would open it to a debugger or a script, and no other', () => {
  for (const name of [
    'inspect',
    'inspect-brk',
    'remote-debugging-port',
    'remote-debugging-pipe',
    'load-extension',
    'js-flags',
    'disable-web-security',
  ])
    assert.equal(
      refusedSwitch((given) => given === name),
      name,
    );
  assert.equal(
    refusedSwitch((given) => ['no-sandbox', 'force-dark-mode', 'ozone-platform'].includes(given)),
    undefined,
  );
});
