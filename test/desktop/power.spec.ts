// Sleep, waking, the network and the locked screen; and a desktop that shows no tray icon at all.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BusBody } from '../support/bus-message.ts';
import { ownName } from '../support/bus-service.ts';
import { hasBus, type PrivateBus, startPrivateBus } from '../support/private-bus.ts';
import { fillVault } from '../support/window-fill.ts';
import type { Desktop } from './desktop.ts';
import { needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { expect, test } from './start.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const LOGIN = 'org.freedesktop.login1';
const SESSION = '/org/freedesktop/login1/session/_32';
const prepare = preferring();
/** Over the point where it is refreshed in the background, with time to spare. */
const overdue = fillVault(['one', 'two', 'three'].map((account) => ({ account, endsIn: 4 * 60_000 })));

async function labels(desktop: Desktop): Promise<string[]> {
  return (await desktop.tray.rows()).flatMap(({ label, type }) => (type === 'separator' ? [] : [label]));
}

function tries(desktop: Desktop): number {
  return readFileSync(join(desktop.home, 'logs', 'host.log'), 'utf8').split('"refresh_failed"').length - 1;
}

test.describe('three connections whose refresh is due', () => {
  test.use({ desktopChoice: { fill: overdue, prepare } });

  test('fault 64: after a sleep nothing is refreshed until the network is back, then each is, and all stay healthy', async ({
    desktop,
  }) => {
    needs('network');
    await expect.poll(() => labels(desktop)).toContain('◐ acme/one · expiring');
    await desktop.power('suspend');
    await desktop.online(false);
    await desktop.power('resume');
    // It has looked at the network since, more than once, and still waits.
    const looks = await desktop.networkLooks();
    await expect.poll(() => desktop.networkLooks()).toBeGreaterThan(looks + 1);
    expect(tries(desktop)).toBe(0);
    await desktop.online(true);
    // Nobody listens at the provider's address: each try is one that failed for a passing reason.
    await expect.poll(() => tries(desktop), { timeout: 20_000 }).toBe(3);
    expect(await labels(desktop)).toContain('◐ acme/one · expiring');
  });

  test('a locked screen locks the vault and hides the names, and the vault is open again with the screen', async ({
    desktop,
  }) => {
    await expect.poll(() => labels(desktop)).toContain('◐ acme/one · expiring');
    await desktop.power('lock-screen');
    await expect.poll(() => labels(desktop)).toContain('– Locked');
    await desktop.power('unlock-screen');
    await expect.poll(() => labels(desktop)).toContain('◐ acme/one · expiring');
    await desktop.tray.press('Lock');
    await expect.poll(() => labels(desktop)).toContain('– Locked');
    await desktop.power('lock-screen');
    await desktop.power('unlock-screen');
    await desktop.tray.press('Unlock');
    await expect.poll(() => labels(desktop)).toContain('◐ acme/one · expiring');
  });
});

test.describe('a desktop that shows no tray icons', () => {
  test.use({ desktopChoice: { fill: overdue, prepare, bus: 'none' } });
  needs('linux');

  test('fault 73: the window opens although later starts stay in the tray, and the reason is said', async ({
    desktop,
  }) => {
    await expect.poll(() => desktop.windows().length).toBe(1);
    const said = expect.stringContaining('The tray icon may not be shown on this desktop');
    const facts = { tray: 'no_host', screen_lock: 'not_seen', warnings: expect.arrayContaining([said]) };
    await expect.poll(() => desktop.facts()).toMatchObject(facts);
  });
});

test.describe('a real bus', () => {
  needs('linux');
  test.skip(!hasBus, 'needs dbus, which is not installed');
  let bus: PrivateBus;
  test.beforeAll(async () => {
    bus = await startPrivateBus();
  });
  test.afterAll(() => bus.close());

  test('with a panel and a login manager on it the tray is shown, and the lock of the session locks the vault', async ({
    startDesktop,
  }) => {
    const watcher = await ownName(bus.address, WATCHER, () => new BusBody().flag(true));
    const login = await ownName(bus.address, LOGIN, () => new BusBody().path(SESSION));
    const { DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS } = bus.env;
    const desktop = await startDesktop({
      fill: overdue,
      prepare,
      bus: 'real',
      env: { DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS, XDG_SESSION_ID: '2' },
    });
    await expect.poll(() => desktop.facts()).toMatchObject({ tray: 'shown', screen_lock: 'seen' });
    const locks = async () => {
      // Sent until it is heard: the monitor may not listen yet.
      login.emit({ path: SESSION, interface: `${LOGIN}.Session`, member: 'Lock' });
      return labels(desktop);
    };
    await expect.poll(locks).toContain('– Locked');
    login.emit({ path: SESSION, interface: `${LOGIN}.Session`, member: 'Unlock' });
    await expect.poll(() => labels(desktop)).toContain('◐ acme/one · expiring');
    await watcher.close();
    await login.close();
  });
});
