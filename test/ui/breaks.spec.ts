// What comes between a window and its host: a second window, a lock, a stop, a restart, a lost session.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fillVault } from '../support/window-fill.ts';
import { keyOf } from './answers.ts';
import { LOOKS, look } from './look.ts';
import { ConnectionsView } from './pages/connections.ts';
import { Frame } from './pages/frame.ts';
import { LockScreen, SetupScreen } from './pages/setup.ts';
import { expect, test } from './window.ts';

const HOUR_MS = 3_600_000;
const NAMES = ['acme', 'alpha', 'beta', 'nightly-backup', 'alpha@example.test'];

const FILLED = {
  fill: fillVault([
    { account: 'alpha', label: 'alpha@example.test', endsIn: HOUR_MS },
    { account: 'beta', endsIn: HOUR_MS },
  ]),
};

/** What a browser says by itself when nobody answers. */
const NOBODY =
  /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_SOCKET_NOT_CONNECTED|Failed to fetch/;

test.describe('two windows', () => {
  test.use({ hostChoice: FILLED });

  test("two windows at once see each other's changes and have sessions of their own", async ({
    openWindow,
  }) => {
    const [first, second] = [await openWindow(), await openWindow()];
    const secret = (page: typeof first) =>
      page.evaluate<string>(`sessionStorage.getItem('tokentray.session')`);
    expect(await secret(first)).not.toBe(await secret(second));
    const [here, there] = [new ConnectionsView(first), new ConnectionsView(second)];
    await expect(here.row('acme/alpha')).toBeVisible();
    await expect(there.row('acme/alpha')).toBeVisible();
    await first.bringToFront();
    await here.row('acme/alpha').click();
    await here.button('More').click();
    await first.getByRole('menuitem', { name: 'Rename' }).click();
    await first.getByRole('dialog').getByRole('textbox').fill('gamma');
    await first.keyboard.press('Enter');
    await expect(here.detail('acme/gamma')).toBeVisible();
    await expect(there.row('acme/gamma')).toBeVisible();
    await expect(there.row('acme/alpha')).toHaveCount(0);
  });
});

for (const { theme, width } of LOOKS) {
  test.describe(`${theme}, ${width} pixels wide`, () => {
    test.use({ colorScheme: theme, viewport: { width, height: 720 } });
    const see = (page: Parameters<typeof look>[0], name: string) => look(page, name, { theme, width });

    test.describe('over a filled vault', () => {
      test.use({ hostChoice: FILLED });

      // It waits for a window to try again, which takes its time: one look is enough.
      const once = theme === LOOKS[0]?.theme ? test : undefined;
      once?.(
        'a host that stops is told in a banner over what was there, and the window comes back by itself',
        async ({ host, openWindow, watch }) => {
          watch.allow(NOBODY, /status of 401/);
          const page = await openWindow();
          const connections = new ConnectionsView(page);
          await expect(connections.row('acme/alpha')).toBeVisible();
          await watch.expectCalm(page, 'before');
          await host.stop();
          await expect(new Frame(page).banner).toBeVisible();
          await expect(connections.row('acme/alpha')).toBeVisible();
          await see(page, 'host-stopped');
          await watch.expectCalm(page, 'the banner');
          await host.start();
          await expect(new Frame(page).banner).toBeHidden({ timeout: 20_000 });
          await expect(connections.row('acme/alpha')).toBeVisible();
          // Without the sessions it kept, the host knows nobody: the window says where the next one comes from.
          await host.stop();
          rmSync(join(host.home, 'sessions.json'));
          await host.start();
          await expect(page.getByRole('heading', { name: 'This session has ended' })).toBeVisible({
            timeout: 20_000,
          });
          await expect(page.getByText('tokentray open', { exact: true })).toBeVisible();
          expect(await page.evaluate('sessionStorage.length')).toBe(0);
          for (const name of NAMES) expect(await page.content()).not.toContain(name);
          await see(page, 'session-ended');
          await page.goto(host.link());
          await expect(connections.row('acme/alpha')).toBeVisible();
        },
      );

      test('a locked vault shows nothing of its names, in this window and in the other', async ({
        host,
        openWindow,
        watch,
      }) => {
        keyOf(await host.call('POST', '/v1/keys', { name: 'nightly-backup', connections: ['acme'] }));
        const [page, other] = [await openWindow(), await openWindow()];
        await new Frame(other).goTo('Scripts');
        await expect(other.getByText('nightly-backup')).toBeVisible();
        await page.bringToFront();
        const connections = new ConnectionsView(page);
        await connections.row('acme/alpha').click();
        await expect(connections.detail('acme/alpha')).toBeVisible();
        await host.call('POST', '/v1/lock');
        const lock = new LockScreen(page);
        await expect(lock.title).toBeVisible();
        await expect(new LockScreen(other).title).toBeVisible();
        for (const one of [page, other]) {
          const kept = `${await one.content()} ${await one.title()} ${one.url()}`;
          for (const name of NAMES) expect(kept, name).not.toContain(name);
        }
        await see(page, 'locked');
        await watch.expectCalm(page, 'locked');
        await page.getByRole('button', { name: 'Unlock with the key file' }).click();
        await expect(connections.row('acme/alpha')).toBeVisible();
        await other.bringToFront();
        await expect(new ConnectionsView(other).row('acme/alpha')).toBeVisible();
      });
    });

    test.describe('with a passphrase', () => {
      test.use({ hostChoice: { keySource: 'none' } });

      test('a wrong passphrase is told and the right one opens', async ({ host, openWindow, watch }) => {
        watch.allow(/status of 403/);
        host.secrets.add('the right passphrase').add('a wrong passphrase');
        const page = await openWindow();
        await new SetupScreen(page).withPassphrase('the right passphrase');
        await expect(page.getByRole('heading', { name: 'No connections yet' })).toBeVisible();
        await host.call('POST', '/v1/lock');
        const lock = new LockScreen(page);
        await lock.unlock('a wrong passphrase');
        await expect(page.getByRole('alert')).toContainText('passphrase');
        await see(page, 'locked-wrong');
        await lock.unlock('the right passphrase');
        await expect(page.getByRole('heading', { name: 'No connections yet' })).toBeVisible();
      });
    });

    test('a link that was used, and a window without one, say how to get a new one', async ({
      context,
      host,
      watch,
    }) => {
      watch.allow(/status of 401/);
      const link = host.link();
      const first = await context.newPage();
      watch.window(first);
      await first.goto(link);
      await expect(first.getByRole('heading', { name: 'The sandbox is ready' })).toBeVisible();
      const second = await context.newPage();
      watch.window(second);
      await second.goto(link);
      await expect(second.getByRole('heading', { name: 'This link does not work any more' })).toBeVisible();
      await see(second, 'link-used');
      await second.goto(host.origin);
      await expect(second.getByRole('heading', { name: 'This window has no session' })).toBeVisible();
      await see(second, 'no-session');
    });
  });
}
