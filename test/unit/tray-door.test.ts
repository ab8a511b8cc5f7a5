// What the door of the tray's own window answers: never a token, never a session, the desktop's powers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WIRE } from '../../api/wire.ts';
import { type Ask, apiDoor, fieldsOf } from '../support/api-door.ts';
import { desktopDouble } from '../support/desktop-double.ts';
import { handOut, PLANTED } from '../support/engine-double.ts';
import { EVERY_REQUEST, WINDOW_SAMPLES, windowDoor } from '../support/window-samples.ts';

const TOKEN = 'access-token-7c21';

function open() {
  const desktop = desktopDouble();
  const door = apiDoor(desktop.controls);
  door.double.handOut = () => Promise.resolve({ ...handOut(), access_token: TOKEN });
  const send = (line: string, options: Ask = {}) =>
    door.ask(line, { key: undefined, door: 'window', ...options });
  return { ...door, desktop, send };
}

test("promise 161: no route of the tray's window holds a token, and none but the making of a key holds a key", async () => {
  for (const { line, json } of EVERY_REQUEST) {
    for (const query of ['', 'format=token', 'format=header', 'accept=token']) {
      const { send } = open();
      const more = query === '' ? '' : `${line.includes('?') ? '&' : '?'}${query}`;
      const answer = await send(`${line}${more}`, { json, headers: { accept: 'text/plain' } });
      if (answer.headers.get('content-type') === 'text/event-stream') {
        await answer.body?.cancel();
        continue;
      }
      const text = await answer.text();
      const secrets = line === 'POST /v1/keys' ? [TOKEN, PLANTED] : [TOKEN, PLANTED, 'tt_the-new-key'];
      for (const secret of secrets) assert.ok(!text.includes(secret), line);
    }
  }
});

test("the tray's window has neither sessions nor tickets, and tokens do not exist there", async () => {
  const { send } = open();
  const lines = [
    'POST /window/session',
    'DELETE /window/session',
    'GET /window/sessions',
    'DELETE /window/sessions/w_x',
    'POST /window/copy/ticket',
    'GET /v1/token/google',
    'POST /v1/window/code',
  ];
  for (const line of lines) {
    const { status } = await send(line, line.startsWith('GET') ? {} : { json: {} });
    assert.ok(status === 404 || status === 405, `${line}: ${status}`);
  }
});

test('each window learns from one question in which host it is', async () => {
  const tray = open();
  assert.deepEqual(await fieldsOf(await tray.send('GET /window/session')), {
    door: 'window',
    expires_at: null,
  });
  const browser = await windowDoor(apiDoor());
  const session = WIRE.WindowSession.parse(await fieldsOf(await browser.send('GET /window/session')));
  assert.equal(session.door, 'window-http');
  assert.equal(Date.parse(session.expires_at ?? ''), browser.clock.wall() + 12 * 3_600_000);
  assert.equal((await browser.send('GET /window/session', { headers: {} })).status, 401);
});

test('promise 162: copying in the tray is done by the host; the answer says what happened', async () => {
  const { send, desktop } = open();
  const json = { connection: 'google/me', format: 'header' };
  const answer = await send('POST /window/copy', { json });
  assert.equal(answer.status, 200);
  const copied = WIRE.Copied.parse(await answer.json());
  assert.deepEqual([copied.copied, copied.clears_in], [true, 30]);
  assert.deepEqual(desktop.asked, [['copy', `c_${'A'.repeat(22)}`, 'header']]);
  assert.equal(
    (await send('POST /window/copy', { json: { ...json, connection: 'google/nobody' } })).status,
    404,
  );
  assert.equal(desktop.asked.length, 1);
});

test('preferences of the desktop are changed one by one, and what cannot be is refused by its name', async () => {
  const { send } = open();
  const before = WIRE.Desktop.parse(await (await send('GET /window/desktop')).json());
  assert.equal(before.preferences.theme, 'system');
  const browsers = { [`c_${'A'.repeat(22)}`]: { browser: 'firefox', profile: 'work' } };
  const answer = await send('PATCH /window/desktop', {
    json: { theme: 'dark', clipboard_seconds: 0, browsers },
  });
  const after = WIRE.Desktop.parse(await answer.json());
  assert.deepEqual(after.preferences, {
    ...before.preferences,
    theme: 'dark',
    clipboard_seconds: 0,
    browsers,
  });
  const refused: readonly [string, object][] = [
    ['clipboard_seconds', { clipboard_seconds: 4 }],
    ['clipboard_seconds', { clipboard_seconds: 601 }],
    ['theme', { theme: 'blue' }],
    ['shortcut', { shortcut: 'x'.repeat(101) }],
    ['shortcut', { shortcut: 'Ctrl+\n' }],
    ['browsers.google', { browsers: { google: { browser: 'firefox' } } }],
    [`browsers.c_x.browser`, { browsers: { c_x: { browser: '' } } }],
    ['token', { token: 'x' }],
  ];
  for (const [field, json] of refused) {
    const problem = await fieldsOf(await send('PATCH /window/desktop', { json }));
    assert.deepEqual([problem.status, problem.field], [400, field]);
  }
});

test('the picker asks to be closed, and the command line to be shown', async () => {
  const { send, ask, desktop } = open();
  const json = { action: 'close' };
  assert.equal((await send('POST /window/desktop/picker', { json })).status, 200);
  assert.equal((await send('POST /window/desktop/picker', { json: { action: 'open' } })).status, 400);
  const shown = await ask('POST /v1/window/code', { json: { open: true } });
  assert.deepEqual([shown.status, await fieldsOf(shown)], [200, { url: null, opened: true }]);
  assert.deepEqual(desktop.asked, [['closePicker'], ['show', undefined]]);
});

test('a host without a desktop has none of it', async () => {
  const door = await windowDoor(apiDoor());
  for (const name of [
    'GET /window/desktop',
    'PATCH /window/desktop',
    'POST /window/desktop/picker',
  ] as const) {
    const { line, json } = WINDOW_SAMPLES[name];
    assert.equal((await door.send(line, { json })).status, 404, line);
  }
});

test('a window that is used keeps the vault open; what it reads by itself does not', async () => {
  const tray = open();
  const browser = await windowDoor(apiDoor());
  const unattended = { 'x-tokentray-unattended': '1' };
  await tray.send('GET /v1/status', { headers: unattended });
  await browser.send('GET /v1/status', { headers: { ...unattended, 'x-tokentray-session': browser.secret } });
  await browser.send('GET /v1/status', { headers: {} });
  assert.deepEqual([tray.double.touched, browser.double.touched], [0, 0]);
  await tray.send('GET /v1/status');
  await browser.send('GET /v1/status');
  assert.deepEqual([tray.double.touched, browser.double.touched], [1, 1]);
});

test('pausing is a command of every door, and the status tells it', async () => {
  const { send, ask } = open();
  assert.deepEqual(await fieldsOf(await send('POST /v1/refreshes/pause')), { paused: true });
  assert.equal((await fieldsOf(await ask('GET /v1/status'))).refreshes_paused, true);
  assert.deepEqual(await fieldsOf(await ask('POST /v1/refreshes/resume')), { paused: false });
  assert.equal((await fieldsOf(await send('GET /v1/status'))).refreshes_paused, false);
});
