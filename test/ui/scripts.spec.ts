// Keys of scripts, made, used and removed in the window.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scanText } from '../support/canary-scan.ts';
import { fillVault } from '../support/window-fill.ts';
import { Frame } from './pages/frame.ts';
import { ScriptsView } from './pages/scripts.ts';
import { expect, test } from './window.ts';

const HOUR_MS = 3_600_000;

test.use({
  hostChoice: {
    fill: fillVault([
      { account: 'me', endsIn: HOUR_MS },
      { account: 'other', endsIn: HOUR_MS },
    ]),
  },
});

test('promise 123: a key made in the window is shown once, works, and is nowhere after the dialog closes', async ({
  context,
  host,
  openWindow,
  watch,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await openWindow();
  await new Frame(page).goTo('Scripts');
  const scripts = new ScriptsView(page);
  await expect(page.getByRole('heading', { name: 'No keys yet' })).toBeVisible();
  await scripts.begin();
  await expect(scripts.dialog.getByLabel('Name')).toBeFocused();
  await scripts.fill('backup.sh', ['acme/me'], 'In 30 days');
  await watch.expectCalm(page, 'new key');
  await scripts.make();
  await expect(scripts.dialog).toHaveAccessibleName('The key backup.sh');
  const key = await scripts.shownKey();
  expect(key).toMatch(/^tt_[\w-]{43}$/);
  expect(await watch.secretsIn(page, [key])).toHaveLength(1);
  await expect(scripts.dialog).toContainText(`${host.url}/v1/token/acme/me`);
  await scripts.dialog.getByRole('button', { name: 'Copy key' }).click();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key);
  const token = (path: string) =>
    fetch(`${host.url}/v1/token/${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect([(await token('acme/me')).status, (await token('acme/other')).status]).toEqual([200, 404]);

  // Neither a press beside it nor Escape takes away what is shown once.
  await page.mouse.click(5, 5);
  await page.keyboard.press('Escape');
  expect(await scripts.shownKey()).toBe(key);
  await scripts.dialog.getByRole('button', { name: 'Done' }).click();
  await expect(scripts.dialog).toHaveCount(0);
  expect(await watch.secretsIn(page, [key])).toEqual([]);
  const row = scripts.key('backup.sh');
  await expect(row).toContainText('Get tokens');
  await expect(row).toContainText('acme/me');
  await expect(row).toContainText('Used just now');
  await expect(row).toContainText('Expires in 29 d');
  await expect(row).toContainText(key.slice(0, 7));

  await scripts.remove('backup.sh');
  await expect(page.getByRole('heading', { name: 'No keys yet' })).toBeVisible();
  expect((await token('acme/me')).status).toBe(401);
});

test('mistakes in a new key are told at the field, and the dialog keeps what was typed', async ({
  host,
  openWindow,
  watch,
}) => {
  watch.allow(/status of (400|409)/);
  await host.call('POST', '/v1/keys', { name: 'taken', connections: ['*'] });
  const page = await openWindow();
  await new Frame(page).goTo('Scripts');
  const scripts = new ScriptsView(page);
  await scripts.begin();
  await scripts.fill('taken', []);
  await scripts.make();
  await expect(scripts.dialog.getByText('Choose at least one connection')).toBeVisible();
  await scripts.dialog.getByLabel('All of acme, also later ones').check();
  await scripts.make();
  await expect(scripts.dialog.getByRole('alert')).toContainText('There is a key named taken already');
  await expect(scripts.dialog.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  await scripts.dialog.getByLabel('Name').fill('Not A Name');
  await scripts.make();
  await expect(scripts.dialog.getByRole('alert')).toContainText('is not a usable name');
  await scripts.dialog.getByLabel('Name').fill('fine');
  await scripts.dialog.getByLabel('Name').press('Enter');
  await expect(scripts.dialog).toHaveAccessibleName('The key fine');
});

test('a key made elsewhere appears in the window by itself, and an admin key needs no connections', async ({
  host,
  openWindow,
}) => {
  const page = await openWindow();
  await new Frame(page).goTo('Scripts');
  const scripts = new ScriptsView(page);
  await expect(page.getByRole('heading', { name: 'No keys yet' })).toBeVisible();
  await host.call('POST', '/v1/keys', { name: 'from-cli', connections: ['acme'] });
  await expect(scripts.key('from-cli')).toContainText('all of acme');
  await expect(scripts.key('from-cli')).toContainText('Never used');
  await scripts.begin();
  await scripts.dialog.getByLabel('Name').fill('root');
  await scripts.dialog.getByLabel('Manage everything').check();
  await expect(scripts.dialog.getByText('For these connections')).toHaveCount(0);
  await scripts.make();
  const key = await scripts.shownKey();
  await scripts.dialog.getByRole('button', { name: 'Done' }).click();
  await expect(scripts.key('root')).toContainText('every connection, key and provider');
  expect(scanText('page', await page.content(), [key])).toEqual([]);
});

test('promise 170: 6 minutes after the login the window asks for a fresh link before it makes a key', async ({
  host,
  openWindow,
  watch,
}) => {
  watch.allow(/status of (400|403)/, /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|Failed to fetch/);
  const page = await openWindow();
  await expect(page.getByRole('navigation')).toBeVisible();
  // As if the host had been stopped for that time: it keeps when each session began.
  await host.stop();
  const kept = join(host.home, 'sessions.json');
  const older = readFileSync(kept, 'utf8').replace(
    /"begun":\s*(\d+)/g,
    (_all, begun) => `"begun":${begun - 360_000}`,
  );
  writeFileSync(kept, older);
  await host.start();
  await page.goto(new URL('/scripts', page.url()).href);
  const scripts = new ScriptsView(page);
  await scripts.begin();
  await scripts.fill('nightly', ['acme/me']);
  await scripts.make();
  const link = scripts.dialog.getByLabel('A new link to this window');
  await expect(link).toBeFocused();
  await expect(scripts.dialog).toContainText('You opened this window a while ago.');
  await link.fill('wrong');
  await link.press('Enter');
  await expect(scripts.dialog.getByRole('alert')).toContainText('Get a new one with: tokentray open');
  expect(await host.call('GET', '/v1/keys')).toEqual({ keys: [] });
  await link.fill(host.link());
  await link.press('Enter');
  await expect(scripts.dialog).toHaveAccessibleName('The key nightly');
});
