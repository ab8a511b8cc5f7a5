// A tray whose vault cannot be read: what it says, the repair in its window, and the review that follows.
import { damageVault } from '../support/damaged-vault.ts';
import { fillVault } from '../support/window-fill.ts';
import type { Desktop } from './desktop.ts';
import { preferring } from './preferring.ts';
import { expect, test } from './start.ts';

const filled = fillVault([{ account: 'work', endsIn: 41 * 60_000 }]);
const DAMAGED = '! The vault cannot be read. Repair it…';
const REVIEW = '○ Needs review: is it used here only?';
const WORK = '● acme/work · fresh';

async function labels(desktop: Desktop): Promise<string[]> {
  return (await desktop.tray.rows()).flatMap(({ label, type }) => (type === 'separator' ? [] : [label]));
}

async function icon(desktop: Desktop): Promise<string> {
  return (await desktop.tray.icon()).split(/[\\/]/).at(-1) ?? '';
}

test.use({
  desktopChoice: {
    // Later starts stay in the tray; this one must not.
    prepare: preferring(),
    fill: async (path: string, keyFile: string) => {
      const secrets = await filled(path, keyFile);
      damageVault(path);
      return secrets;
    },
  },
});

test('a start on a damaged vault opens the window at the repair, tray and window say that what was saved needs review, and one word ends it', async ({
  desktop,
}) => {
  const page = await desktop.window();
  await expect(page.getByRole('heading', { name: 'The vault cannot be read' })).toBeVisible();
  await expect.poll(() => labels(desktop)).toContain(DAMAGED);
  expect(await icon(desktop)).toBe('error-dark.png');
  expect(await desktop.tray.tooltip()).toBe('Tokentray: the vault cannot be read');

  await page.getByRole('button', { name: 'Repair' }).click();
  await expect.poll(() => labels(desktop)).toEqual(expect.arrayContaining([REVIEW, WORK]));
  expect(await icon(desktop)).toBe('consent-dark.png');
  expect(await desktop.tray.tooltip()).toContain('needs review');

  await desktop.closeWindow(page);
  await desktop.tray.press(REVIEW);
  const again = await desktop.window();
  await again.getByRole('button', { name: 'Use here' }).click();
  await again.getByRole('button', { name: 'Use it here' }).click();
  await expect(again.getByRole('region', { name: 'Needs review' })).toHaveCount(0);
  await expect.poll(() => labels(desktop)).not.toContain(REVIEW);
  expect(await icon(desktop)).toBe('fresh-dark.png');
});
