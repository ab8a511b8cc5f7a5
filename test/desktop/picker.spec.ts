// The global shortcut and the quick picker that it opens.
import { fillVault } from '../support/window-fill.ts';
import { needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { expect, test } from './start.ts';
import { screenOf } from './tray-picture.ts';

const fill = fillVault(['home', 'work'].map((account) => ({ account, endsIn: 41 * 60_000 })));
const SHORTCUT = 'CommandOrControl+Shift+K';

test.describe('with a shortcut', () => {
  test.use({ desktopChoice: { fill, prepare: preferring({ shortcut: SHORTCUT }) } });

  test('the shortcut opens the quick picker, pressed again it is the same one, and going elsewhere closes it', async ({
    desktop,
  }) => {
    needs('focus');
    await expect.poll(() => desktop.shortcuts()).toHaveLength(1);
    await desktop.shortcut(SHORTCUT);
    await expect.poll(() => desktop.windows().length).toBe(1);
    const [page] = desktop.windows();
    await page!.getByRole('combobox').waitFor();
    expect(await desktop.path(page!)).toBe('/picker');
    await desktop.shortcut(SHORTCUT);
    expect(desktop.windows()).toHaveLength(1);
    await desktop.focus(false);
    await expect.poll(() => desktop.windows()).toEqual([]);
  });

  test('type, Enter copies, and the picker is gone', async ({ desktop }) => {
    await expect.poll(() => desktop.shortcuts()).toHaveLength(1);
    await desktop.shortcut(SHORTCUT);
    await expect.poll(() => desktop.windows().length).toBe(1);
    const [page] = desktop.windows();
    await expect(page!.getByRole('option')).toHaveCount(2);
    await page!.keyboard.type('wor');
    await expect(page!.getByRole('option', { selected: true })).toHaveText(/acme\/work/);
    await screenOf(page!, 'picker');
    await page!.keyboard.press('Enter');
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    await expect.poll(() => desktop.windows()).toEqual([]);
  });
});

test.describe('with a shortcut that is none', () => {
  test.use({ desktopChoice: { fill, prepare: preferring({ shortcut: 'Nonsense+Too' }) } });

  test('it is refused in a sentence that names it, and everything else works', async ({ desktop }) => {
    const warnings = expect.arrayContaining([
      expect.stringContaining('The shortcut Nonsense+Too could not be set'),
    ]);
    await expect.poll(() => desktop.facts()).toMatchObject({ warnings });
    expect(await desktop.shortcuts()).toEqual([]);
    await desktop.tray.press('● acme/work · fresh');
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
  });
});
