// The window by keyboard alone: no click anywhere, and the focus can always be seen.
import { expect as base, type Page } from '@playwright/test';
import { fillVault } from '../support/window-fill.ts';
import { accessTokenOf } from './answers.ts';
import { ConnectionsView } from './pages/connections.ts';
import { ScriptsView } from './pages/scripts.ts';
import { expect, test } from './window.ts';

const HOUR_MS = 3_600_000;

test.use({
  permissions: ['clipboard-read', 'clipboard-write'],
  hostChoice: {
    fill: fillVault([
      { account: 'alpha', endsIn: HOUR_MS },
      { account: 'beta', endsIn: HOUR_MS },
      { account: 'gamma', endsIn: HOUR_MS },
    ]),
  },
});

/** What has the focus is drawn with an outline, or a border of its own. */
const FOCUS_SEEN = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
})()`;

/** Presses Tab until something of that name has the focus; fails when a whole round does not reach it. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const named = `(() => { const { activeElement: at } = document;
    return at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent; })()`;
  for (let steps = 0; steps < 60; steps += 1) {
    await page.keyboard.press('Tab');
    base(await page.evaluate(FOCUS_SEEN), 'the focus is visible').toBe(true);
    if (name.test(await page.evaluate<string>(named))) return;
  }
  throw new Error(`Tab never reaches ${name}`);
}

test('finding, opening and copying by keyboard, with notices on the screen', async ({ host, openWindow }) => {
  const page = await openWindow();
  const connections = new ConnectionsView(page);
  await expect(connections.row('acme/alpha')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(connections.row('acme/alpha')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(connections.row('acme/beta')).toBeFocused();
  await page.keyboard.press('End');
  await expect(connections.row('acme/gamma')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(connections.detail('acme/gamma')).toBeVisible();
  await page.keyboard.press('c');
  await expect(page.getByText('Copied the token of acme/gamma.')).toBeVisible();
  const token = accessTokenOf(await host.call('GET', '/v1/token/acme/gamma'));
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token);
  await page.keyboard.press('/');
  await expect(connections.search).toBeFocused();
  await page.keyboard.type('bet');
  await expect(connections.rows()).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(connections.detail('acme/beta')).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(connections.search).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(connections.rows()).toHaveCount(3);
  await page.keyboard.press('ArrowDown');
  await expect(connections.row('acme/alpha')).toBeFocused();
});

test('every place of the window is reached by Tab and Enter, and / leads back to the list', async ({
  openWindow,
}) => {
  const page = await openWindow();
  // The one-time code is spent on arrival: a page left before its session came would have neither.
  await expect(page.getByRole('navigation')).toBeVisible();
  for (const place of ['Providers', 'Calendar', 'Activity', 'Scripts', 'Read a token', 'Settings']) {
    await page.goto(new URL('/', page.url()).href);
    await expect(page.getByRole('navigation')).toBeVisible();
    await tabTo(page, new RegExp(`^${place}$`));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: place })).toBeVisible();
  }
  await page.keyboard.press('/');
  await expect(new ConnectionsView(page).search).toBeFocused();
});

test('a key is made and removed by keyboard alone, and the focus comes back to where it was', async ({
  openWindow,
}) => {
  const page = await openWindow();
  const scripts = new ScriptsView(page);
  await expect(page.getByRole('navigation')).toBeVisible();
  await tabTo(page, /^Scripts$/);
  await page.keyboard.press('Enter');
  await tabTo(page, /^New key$/);
  await page.keyboard.press('Enter');
  await expect(scripts.dialog.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type('nightly');
  await tabTo(page, /^All of acme/);
  await page.keyboard.press('Space');
  await tabTo(page, /^Make key$/);
  await page.keyboard.press('Enter');
  await expect(scripts.dialog).toHaveAccessibleName('The key nightly');
  await tabTo(page, /^Done$/);
  await page.keyboard.press('Enter');
  await expect(scripts.dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'New key' })).toBeFocused();
  await tabTo(page, /^Remove the key nightly$/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
  await tabTo(page, /^Remove key$/);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'No keys yet' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'New key' })).toBeFocused();
});

test.describe('on a telephone', () => {
  test.use({ viewport: { width: 360, height: 720 } });

  test('at 360 pixels / and Ctrl K lead from a connection in detail back to the search of the list', async ({
    openWindow,
  }) => {
    const page = await openWindow();
    const connections = new ConnectionsView(page);
    for (const keys of ['/', 'Control+k']) {
      await connections.row('acme/alpha').click();
      await expect(connections.detail('acme/alpha')).toBeVisible();
      await page.keyboard.press(keys);
      await expect(connections.search).toBeFocused();
    }
  });
});
