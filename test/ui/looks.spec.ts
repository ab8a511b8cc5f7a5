// Every view and state, in both themes, wide and narrow: axe-core finds nothing, nothing is cut off, nothing jumps.
import type { Page } from '@playwright/test';
import { fillVault } from '../support/window-fill.ts';
import { LOOKS, look } from './look.ts';
import { Frame } from './pages/frame.ts';
import { ScriptsView } from './pages/scripts.ts';
import { expect, test } from './window.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Nobody's: an expired one with a signature of zeros. */
const TOKEN = [
  { alg: 'RS256', kid: 'k1' },
  { iss: 'https://issuer.test', sub: 'user-7', iat: 1_700_000_000, exp: 1_700_003_600 },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('A'.repeat(342))
  .join('.');

const FILLED = fillVault([
  { account: 'work', label: 'maria@example.test', endsIn: 41 * MINUTE_MS, scope: ['calendar', 'drive.file'] },
  { account: 'home', label: 'maria.k@example.test', endsIn: 52 * MINUTE_MS, scope: ['openid', 'mail.read'] },
  { account: 'contoso', label: 'm.k@contoso.test', endsIn: 3 * MINUTE_MS, scope: ['mail.read'] },
  { account: 'team', label: 'Acme workspace', endsIn: null, refreshable: false },
  { account: 'group-a', endsIn: 19 * HOUR_MS, refreshable: false },
  { account: 'later', endsIn: 33 * DAY_MS, refreshable: false },
  { account: 'ops', endsIn: -HOUR_MS, state: 'needs_consent' },
  { account: 'broken', endsIn: -HOUR_MS, state: 'error' },
  { account: 'gone', endsIn: HOUR_MS, state: 'revoked' },
  { account: 'a-name-as-long-as-a-name-may-be-and-then-a-little-longer-0123', endsIn: HOUR_MS },
]);

for (const { theme, width } of LOOKS) {
  test.describe(`${theme}, ${width} pixels wide`, () => {
    test.use({ colorScheme: theme, viewport: { width, height: 720 } });
    const see = (page: Page, name: string) => look(page, name, { theme, width });

    test.describe('a window in use', () => {
      test.use({ hostChoice: { fill: FILLED } });

      test('connections and one in detail', async ({ openWindow, watch }) => {
        const page = await openWindow();
        await expect(page.getByRole('link', { name: /acme\/work/ })).toBeVisible();
        await see(page, 'connections');
        await watch.expectCalm(page, 'connections');
        await page.getByRole('link', { name: /acme\/work/ }).click();
        await expect(page.getByRole('heading', { level: 1, name: 'acme/work' })).toBeVisible();
        await see(page, 'detail');
        await watch.expectCalm(page, 'detail');
        await page.getByRole('main').getByRole('button', { name: 'More' }).click();
        await expect(page.getByRole('menu')).toBeVisible();
        await see(page, 'detail-menu');
        await page.getByRole('menuitem', { name: 'Rename' }).click();
        await expect(page.getByRole('dialog')).toBeVisible();
        await see(page, 'detail-rename');
        await page.keyboard.press('Escape');
        await page.getByRole('main').getByRole('button', { name: 'More' }).click();
        await page.getByRole('menuitem', { name: 'Remove' }).click();
        await expect(page.getByRole('alertdialog')).toBeVisible();
        await see(page, 'detail-remove');
        await watch.expectCalm(page, 'menus and dialogs');
      });

      test('connections that need somebody', async ({ openWindow }) => {
        const page = await openWindow();
        for (const account of ['ops', 'broken', 'gone', 'group-a']) {
          await new Frame(page).goTo('Connections');
          await page.getByRole('link', { name: new RegExp(`acme/${account}`) }).click();
          await expect(page.getByRole('heading', { level: 1, name: `acme/${account}` })).toBeVisible();
          await see(page, `detail-${account}`);
        }
      });

      test('calendar, activity and scripts', async ({ host, openWindow, watch }) => {
        const page = await openWindow();
        const frame = new Frame(page);
        await frame.goTo('Scripts');
        await expect(page.getByRole('heading', { name: 'No keys yet' })).toBeVisible();
        await see(page, 'scripts-none');
        const scripts = new ScriptsView(page);
        await scripts.begin();
        await see(page, 'scripts-new');
        await scripts.fill('backup.sh', ['acme/work', 'All of acme, also later ones'], 'In 90 days');
        await see(page, 'scripts-new-filled');
        await scripts.make();
        await scripts.shownKey();
        await see(page, 'scripts-key');
        await scripts.dialog.getByRole('button', { name: 'Done' }).click();
        // Behind another view: a key of others that comes between two rows moves the second, as it must.
        await frame.goTo('Read a token');
        await host.call('POST', '/v1/keys', { name: 'admin-tool', rights: ['admin'] });
        await host.call('POST', '/v1/keys', { name: 'soon', connections: ['*'], expires_in: 5 * 86_400 });
        await host.call('GET', '/v1/token/acme/work');
        await frame.goTo('Scripts');
        await expect(scripts.key('soon')).toBeVisible();
        await see(page, 'scripts');
        await page.getByRole('button', { name: 'Remove the key soon' }).click();
        await expect(page.getByRole('alertdialog')).toBeVisible();
        await see(page, 'scripts-remove');
        await page.getByRole('button', { name: 'Cancel' }).click();
        await watch.expectCalm(page, 'scripts');
        await frame.goTo('Calendar');
        await see(page, 'calendar');
        await watch.expectCalm(page, 'calendar');
        await frame.goTo('Activity');
        await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible();
        await see(page, 'activity');
        await watch.expectCalm(page, 'activity');
      });
    });

    test('providers, settings and a token that is read', async ({ openWindow, watch }) => {
      const page = await openWindow();
      const frame = new Frame(page);
      await expect(page.getByRole('heading', { name: 'The sandbox is ready' })).toBeVisible();
      await frame.goTo('Providers');
      await expect(page.getByRole('link', { name: 'Sandbox' })).toBeVisible();
      await see(page, 'providers');
      await watch.expectCalm(page, 'providers');
      await page.getByRole('link', { name: 'Sandbox' }).click();
      await expect(page.getByRole('button', { name: /^Save/ }).first()).toBeVisible();
      await see(page, 'provider');
      await watch.expectCalm(page, 'provider');
      await page.goto(new URL('/providers/new', page.url()).href);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await see(page, 'provider-new');
      await watch.expectCalm(page, 'a new provider');
      await frame.goTo('Settings');
      await see(page, 'settings');
      await watch.expectCalm(page, 'settings');
      await frame.goTo('Read a token');
      await see(page, 'decode');
      await page.getByLabel('Token (JWT)').fill(TOKEN);
      await expect(page.getByText('user-7')).toBeVisible();
      await see(page, 'decode-read');
      await page.getByLabel('Token (JWT)').fill('not a token');
      await expect(page.getByRole('alert')).toBeVisible();
      await see(page, 'decode-mistake');
      await watch.expectCalm(page, 'a token that is read');
    });

    test('the first screen of a window without connections, and its other views', async ({
      openWindow,
      watch,
    }) => {
      const page = await openWindow();
      const frame = new Frame(page);
      await expect(page.getByRole('heading', { name: 'The sandbox is ready' })).toBeVisible();
      await see(page, 'sandbox-ready');
      await watch.expectCalm(page, 'sandbox ready');
      await frame.goTo('Calendar');
      await see(page, 'calendar-none');
      await watch.expectCalm(page, 'calendar of nothing');
      await frame.goTo('Activity');
      await see(page, 'activity-first');
      await watch.expectCalm(page, 'activity at first');
    });
  });
}
