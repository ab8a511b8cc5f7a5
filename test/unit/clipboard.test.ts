// The clipboard without a desktop: which way a text takes, what goes with it, and when it leaves again.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clipboardFormats } from '../../electron/clipboard-formats.ts';
import { type ClipboardPath, createKeeper } from '../../electron/clipboard-keeper.ts';
import { clipboardWay, sessionType } from '../../electron/clipboard-way.ts';
import { findWlClipboard } from '../../electron/clipboard-wl.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { writeFakeWlClipboard } from '../support/fake-wl-clipboard.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokentray-clipboard-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const raw = (name: string) => `electron application/osclipboard;format="${name}"`;

test('promise 162: Windows is told by three formats, of one byte and of two zero DWORDs, to keep and upload nothing', () => {
  assert.deepEqual(clipboardFormats('t', 'win32'), {
    'text/plain': 't',
    [raw('ExcludeClipboardContentFromMonitorProcessing')]: Uint8Array.of(1),
    [raw('CanIncludeInClipboardHistory')]: Uint8Array.of(0, 0, 0, 0),
    [raw('CanUploadToCloudClipboard')]: Uint8Array.of(0, 0, 0, 0),
  });
});

test('promise 162: macOS is told that the text is concealed and transient', () => {
  assert.deepEqual(Object.keys(clipboardFormats('t', 'darwin')), [
    'text/plain',
    raw('org.nspasteboard.ConcealedType'),
    raw('org.nspasteboard.TransientType'),
  ]);
});

test('promise 162: KDE is told by x-kde-passwordManagerHint with the bytes of "secret"', () => {
  const formats = clipboardFormats('t', 'linux');
  assert.deepEqual(formats[raw('x-kde-passwordManagerHint')], new Uint8Array(Buffer.from('secret')));
  assert.equal(Object.keys(formats).length, 2);
});

test('the kind of session decides the way: a write without focus on Wayland would be lost in silence', () => {
  assert.equal(sessionType({ XDG_SESSION_TYPE: 'wayland', DISPLAY: ':0' }, 'linux'), 'wayland');
  assert.equal(sessionType({ XDG_SESSION_TYPE: 'tty', WAYLAND_DISPLAY: 'wayland-0' }, 'linux'), 'wayland');
  assert.equal(sessionType({ DISPLAY: ':0' }, 'linux'), 'x11');
  assert.equal(sessionType({ WAYLAND_DISPLAY: 'wayland-0' }, 'darwin'), 'other');
  assert.equal(clipboardWay('x11', false, true), 'direct');
  assert.equal(clipboardWay('wayland', true, true), 'direct');
  assert.equal(clipboardWay('wayland', false, true), 'wl-copy');
  assert.equal(clipboardWay('wayland', false, false), 'picker');
});

/** A clipboard that anybody can write to. */
function fakePath(): ClipboardPath & { text: string | undefined; calls: string[] } {
  return {
    text: undefined,
    calls: [],
    async write(text) {
      this.calls.push('write');
      this.text = text;
      return true;
    },
    async read() {
      return this.text;
    },
    async clear() {
      this.calls.push('clear');
      this.text = undefined;
      return true;
    },
  };
}

function keeping(seconds: number) {
  const clock = new FakeClock();
  const log = createRecordingLog();
  const keeper = createKeeper({ seconds: () => seconds, log, timer: clock.timer.bind(clock) });
  return { clock, log, keeper, path: fakePath() };
}

/** Lets what was started run to its end: all of it is promises. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('promise 163: a copied token leaves the clipboard after 30 s, not before', async () => {
  const { clock, keeper, path } = keeping(30);
  assert.deepEqual(await keeper.put('token', path), { copied: true, clearsIn: 30 });
  clock.advance(29_999);
  await settled();
  assert.equal(path.text, 'token');
  clock.advance(1);
  await settled();
  assert.equal(path.text, undefined);
  assert.equal(keeper.holds(), false);
});

test('promise 163: what the user copied later is never wiped, neither by time nor by lock or quit', async () => {
  const { clock, keeper, path } = keeping(30);
  await keeper.put('token', path);
  path.text = 'a text of the user';
  clock.advance(30_000);
  await settled();
  await keeper.put('token', path);
  path.text = 'a picture of the user';
  await keeper.clear();
  assert.equal(path.text, 'a picture of the user');
  assert.deepEqual(path.calls, ['write', 'write']);
});

test('a second token starts the time anew, and the first one does not end it', async () => {
  const { clock, keeper, path } = keeping(30);
  await keeper.put('first', path);
  clock.advance(20_000);
  await keeper.put('second', path);
  clock.advance(20_000);
  await settled();
  assert.equal(path.text, 'second');
  clock.advance(10_000);
  await settled();
  assert.equal(path.text, undefined);
});

test('promise 163: a lock clears at once, also with the time set to never', async () => {
  const { clock, keeper, path } = keeping(0);
  assert.deepEqual(await keeper.put('token', path), { copied: true, clearsIn: null });
  clock.advance(24 * 3_600_000);
  await settled();
  assert.equal(path.text, 'token');
  await keeper.clear();
  assert.equal(path.text, undefined);
});

test('a clipboard that does not answer holds up a quit for 2 s and no longer', async () => {
  const { clock, keeper, path, log } = keeping(30);
  await keeper.put('token', { ...path, read: () => new Promise(() => {}) });
  const cleared = keeper.clear();
  await settled();
  clock.advance(2_000);
  await cleared;
  assert.equal(log.entries.at(-1)?.event, 'clipboard_not_cleared');
});

test('a write that failed is not said to be copied, and what the user has is not cleared for it later', async () => {
  const { clock, keeper, path } = keeping(30);
  path.text = 'a text of the user';
  const refused = await keeper.put('token', { ...path, write: async () => false });
  assert.deepEqual(refused, { copied: false, clearsIn: null });
  clock.advance(30_000);
  await settled();
  assert.equal(path.text, 'a text of the user');
  assert.equal(keeper.holds(), false);
  assert.equal(clock.pending, 0);
});

test('promise 163: a copy that fails does not end the time of the token before it', async () => {
  const { clock, keeper, path } = keeping(30);
  await keeper.put('first', path);
  clock.advance(10_000);
  await keeper.put('second', { ...path, write: async () => false });
  clock.advance(20_000);
  await settled();
  assert.equal(path.text, undefined);
});

/** A clipboard whose next write ends when the test says so, as wl-copy's does. */
function slowly(path: ClipboardPath & { text: string | undefined }) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow: ClipboardPath = {
    write: (text) => promise.then(() => path.write(text)),
    read: () => path.read(),
    clear: () => path.clear(),
  };
  return { slow, end: resolve };
}

test('promise 163: a lock in the middle of a write clears what arrives after it', async () => {
  const { keeper, path } = keeping(30);
  const { slow, end } = slowly(path);
  const copying = keeper.put('token', slow);
  await settled();
  const locked = keeper.clear();
  end();
  await locked;
  assert.equal(path.text, undefined);
  assert.equal((await copying).copied, false);
});

test('promise 163: a write that takes longer than a lock waits for it is cleared at its end', async () => {
  const { clock, keeper, path } = keeping(0);
  const { slow, end } = slowly(path);
  const copying = keeper.put('token', slow);
  await settled();
  const locked = keeper.clear();
  await settled();
  clock.advance(2_000);
  await locked;
  end();
  assert.equal((await copying).copied, false);
  assert.equal(path.text, undefined);
});

test('promise 163: what is no longer wanted when its turn comes is not written', async () => {
  const { keeper, path } = keeping(30);
  assert.deepEqual(await keeper.put('token', path, () => false), { copied: false, clearsIn: null });
  assert.deepEqual(path.calls, []);
});

test('the token is in no log line', async () => {
  const { keeper, path, log } = keeping(30);
  await keeper.put('canary-token', path);
  await keeper.clear();
  assert.doesNotMatch(JSON.stringify(log.entries), /canary/);
});

const onLinux = process.platform === 'win32' ? 'needs programs that are scripts' : false;

test('wl-copy gets the text on its standard input, marked as sensitive where it can be', {
  skip: onLinux,
}, async () => {
  const fake = writeFakeWlClipboard(join(folder, 'new'), { sensitive: true });
  const wl = findWlClipboard({
    PATH: `relative:${fake.bin}:${process.env.PATH}`,
    TOKENTRAY_KEY_FILE: '/secret',
  });
  assert.equal(await wl?.write('canary $(id) `id`'), true);
  assert.equal(readFileSync(fake.clipboard, 'utf8'), 'canary $(id) `id`');
  assert.equal(await wl?.read(), 'canary $(id) `id`');
  assert.equal(await wl?.clear(), true);
  assert.equal(await wl?.read(), undefined);
  const calls = readFileSync(fake.calls, 'utf8');
  assert.match(calls, /^wl-copy --sensitive --type text\/plain;charset=utf-8$/m);
  assert.doesNotMatch(calls, /canary/);
  assert.doesNotMatch(calls, /TOKENTRAY_/);
});

test('an older wl-copy gets no option that it does not know, and one that fails is no copy', {
  skip: onLinux,
}, async () => {
  const old = writeFakeWlClipboard(join(folder, 'old'), { sensitive: false });
  const wl = findWlClipboard({ PATH: `${old.bin}:${process.env.PATH}` });
  assert.equal(await wl?.write('text'), true);
  assert.match(readFileSync(old.calls, 'utf8'), /^wl-copy --type text\/plain;charset=utf-8$/m);
  writeFileSync(join(old.bin, 'wl-copy'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  assert.equal(await wl?.write('text'), false);
});

test('without wl-copy on an absolute path there is no such way', () => {
  assert.equal(findWlClipboard({ PATH: `.:${join(folder, 'none')}` }), undefined);
  assert.equal(findWlClipboard({}), undefined);
});
