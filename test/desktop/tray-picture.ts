// Pictures for people, kept with the run in both themes: the tray as icon and rows, and windows of the tray.
import { basename } from 'node:path';
import type { Page } from '@playwright/test';
import { menuPicture } from '../support/menu-picture.ts';
import type { Desktop } from './desktop.ts';

const FOLDER = 'test-results/tray';
const THEMES = ['light', 'dark'] as const;

/** test-results/tray/NAME-light.png and NAME-dark.png. The first menu in the menu is shown open. `page` is a blank one. */
export async function pictureOf(page: Page, desktop: Desktop, name: string): Promise<void> {
  const icon = basename(await desktop.tray.icon()).replace(/(?:-light|-dark|Template)?\.\w+$/, '');
  const rows = await desktop.tray.rows();
  for (const theme of THEMES) {
    await page.setContent(menuPicture({ title: name, icon, rows, theme, unfolded: true }));
    await page.locator('body').screenshot({ path: `${FOLDER}/${name}-${theme}.png` });
  }
}

/** A window as the page draws it; `height`: as if it were so high. */
export async function screenOf(page: Page, name: string, height?: number): Promise<void> {
  const size = page.viewportSize();
  if (size !== null && height !== undefined) await page.setViewportSize({ ...size, height });
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${FOLDER}/${name}-${colorScheme}.png`, animations: 'disabled' });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (size !== null) await page.setViewportSize(size);
}
