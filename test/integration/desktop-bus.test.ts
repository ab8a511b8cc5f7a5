// What the tray learns from the message bus, asked of a real bus: is there anybody who shows tray icons, and is the screen
// locked. Watcher and login manager are programs of the test.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { trayHost } from '../../electron/bus.ts';
import { programPath } from '../../electron/clipboard-way.ts';
import { type LoginWatch, watchLogin } from '../../electron/power-login.ts';
import { BusBody } from '../support/bus-message.ts';
import { type BusService, ownName } from '../support/bus-service.ts';
import { inTime } from '../support/in-time.ts';
import { hasBus, type PrivateBus, startPrivateBus } from '../support/private-bus.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const skip = hasBus ? false : 'dbus is not installed';
const WATCHER = 'org.kde.StatusNotifierWatcher';
const LOGIN = 'org.freedesktop.login1';
const SESSION = '/org/freedesktop/login1/session/_32';

let bus: PrivateBus;
let tools: string;

before(async () => {
  tools = mkdtempSync(join(tmpdir(), 'tokentray-bus-tools-'));
  if (hasBus) bus = await startPrivateBus();
});

after(async () => {
  await bus?.close();
  rmSync(tools, { recursive: true, force: true });
});

/** A PATH with these programs and nothing else. */
function only(...programs: readonly string[]): string {
  const folder = mkdtempSync(join(tools, 'bin-'));
  for (const program of programs) {
    const path = programPath(program, process.env);
    if (path !== undefined) symlinkSync(path, join(folder, program));
  }
  return folder;
}

function startWatcher(host: boolean | undefined): Promise<BusService> {
  return ownName(bus.address, WATCHER, ({ member }) =>
    member === 'Get' && host !== undefined ? new BusBody().flag(host) : undefined,
  );
}

const hasGdbus = programPath('gdbus', process.env) !== undefined;
const SENDERS = [['dbus-send'], ...(hasGdbus ? [['gdbus']] : [])];

for (const programs of SENDERS) {
  test(`fault 73: ${programs} tells a desktop that shows tray icons from one that does not`, {
    skip,
  }, async () => {
    const env = { ...bus.env, PATH: only(...programs) };
    assert.equal(await trayHost({ env, platform: 'linux' }), 'no_host');
    for (const [host, seen] of [
      [false, 'no_host'],
      [true, 'shown'],
    ] as const) {
      const watcher = await startWatcher(host);
      assert.equal(await trayHost({ env, platform: 'linux' }), seen);
      await watcher.close();
    }
  });
}

test('fault 73: a panel that starts after us at login is waited for', { skip }, async () => {
  const looking = trayHost({ env: bus.env, platform: 'linux', waitMs: 10_000 });
  const watcher = await startWatcher(true);
  assert.equal(await looking, 'shown');
  await watcher.close();
});

test('fault 73: a watcher that never answers counts as none after 2 s', { skip }, async () => {
  const watcher = await startWatcher(undefined);
  const started = performance.now();
  assert.equal(await trayHost({ env: bus.env, platform: 'linux' }), 'no_host');
  assert.ok(performance.now() - started < 10_000);
  await watcher.close();
});

test('fault 73: without a bus there is no tray host, without a program to ask with nobody knows, and elsewhere there is one', async () => {
  const env = { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
  if (hasBus) assert.equal(await trayHost({ env, platform: 'linux' }), 'no_host');
  assert.equal(await trayHost({ env: { PATH: only() }, platform: 'linux' }), 'unknown');
  assert.equal(await trayHost({ env: {}, platform: 'darwin' }), 'shown');
});

function startLogin(): Promise<BusService> {
  return ownName(bus.address, LOGIN, ({ member, path }) => {
    if (member === 'GetSession') return new BusBody().path(SESSION);
    return member === 'Get' && path?.endsWith('/self') ? new BusBody().path(SESSION) : undefined;
  });
}

const hint = (value: boolean) =>
  new BusBody().string(`${LOGIN}.Session`).flags({ LockedHint: value }).noStrings();
const changed = { path: SESSION, interface: 'org.freedesktop.DBus.Properties', member: 'PropertiesChanged' };
const MONITORS = [['dbus-send', 'dbus-monitor'], ...(hasGdbus ? [['gdbus']] : [])];

for (const programs of MONITORS) {
  test(`a screen that is locked is seen on Linux: with ${programs.join(' and ')}`, { skip }, async () => {
    const login = await startLogin();
    const env = { ...bus.env, PATH: only(...programs), XDG_SESSION_ID: '2' };
    const told: string[] = [];
    let next = Promise.withResolvers<void>();
    const watch = await watchLogin(env, createRecordingLog(), {
      changed(state) {
        told.push(state);
        next.resolve();
      },
    });
    assert.equal(watch.seen(), true);
    /** The monitor may not listen yet: the signal is sent until it is heard. */
    const heard = async (send: () => void) => {
      next = Promise.withResolvers<void>();
      told.length = 0;
      const again = setInterval(send, 50);
      await inTime('a signal of the login manager', next.promise).finally(() => clearInterval(again));
      return told.at(-1);
    };
    assert.equal(
      await heard(() => login.emit({ path: SESSION, interface: `${LOGIN}.Session`, member: 'Lock' })),
      'locked',
    );
    await heard(() => login.emit(changed, hint(false)));
    while (told.at(-1) !== 'unlocked') await heard(() => login.emit(changed, hint(false)));
    while (told.at(-1) !== 'locked') await heard(() => login.emit(changed, hint(true)));
    watch.stop();
    assert.equal(watch.seen(), false);
    await login.close();
  });
}

test('without a login manager, or with nothing to listen with, the screen lock is not seen', {
  skip,
}, async () => {
  const watch = (env: NodeJS.ProcessEnv) => watchLogin(env, createRecordingLog(), { changed() {} });
  assert.equal((await watch(bus.env)).seen(), false);
  const login = await startLogin();
  assert.equal((await watch({ ...bus.env, PATH: only('dbus-send'), XDG_SESSION_ID: '2' })).seen(), false);
  await login.close();
});

test('a monitor of the screen lock that ends is started again, and both are told', { skip }, async () => {
  const login = await startLogin();
  const folder = only('dbus-send', 'sleep');
  // Ends at once; from the moment that a file says so it stays.
  const monitor = join(folder, 'dbus-monitor');
  writeFileSync(monitor, `#!/bin/sh\n[ -e '${folder}/stays' ] && exec sleep 60\nexit 1\n`, { mode: 0o755 });
  let watch: LoginWatch | undefined;
  const seen: (boolean | undefined)[] = [];
  const again = Promise.withResolvers<void>();
  const listener = {
    changed() {},
    seenChanged() {
      seen.push(watch?.seen());
      if (seen.length === 1) writeFileSync(join(folder, 'stays'), '');
      if (watch?.seen()) again.resolve();
    },
  };
  watch = await watchLogin(
    { ...bus.env, PATH: folder, XDG_SESSION_ID: '2' },
    createRecordingLog(),
    listener,
    20,
  );
  await inTime('another monitor', again.promise);
  assert.deepEqual(seen, [false, true]);
  watch.stop();
  assert.equal(watch.seen(), false);
  await login.close();
});
