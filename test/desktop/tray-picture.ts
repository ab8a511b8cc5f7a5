// A picture of the tray for people: the icon and the rows that the app gave to the desktop, drawn as a menu.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import type { Desktop, Row } from './desktop.ts';

const ICONS = fileURLToPath(new URL('../../electron/icons/tray', import.meta.url));
const FOLDER = 'test-results/tray';
const STYLE = `
  body { margin: 0; padding: 24px; display: inline-flex; flex-direction: column; gap: 6px; font: 13px system-ui, sans-serif; }
  .bar { align-self: flex-start; padding: 4px 12px; border-radius: 6px; }
  .bar img { display: block; width: 22px; height: 22px; }
  .menus { display: flex; gap: 4px; align-items: flex-start; }
  ul { list-style: none; margin: 0; padding: 4px; min-width: 220px; border-radius: 8px; border: 1px solid #8884; }
  li { padding: 4px 12px; border-radius: 4px; white-space: pre; display: flex; gap: 24px; justify-content: space-between; }
  li.off { opacity: 0.5; }
  hr { border: 0; border-top: 1px solid #8884; margin: 4px 8px; }
  .light { background: #fbfbfa; color: #1c1d1f; } .light ul, .light .bar { background: #fff; }
  .dark { background: #17181a; color: #ececea; } .dark ul, .dark .bar { background: #1e2022; }
`;

/** Kept as test-results/tray/NAME-THEME.png; the theme is that of the icon. The first menu in the menu is shown open. */
export async function pictureOf(page: Page, desktop: Desktop, name: string): Promise<void> {
  const file = basename(await desktop.tray.icon());
  const theme = file.includes('-light') ? 'dark' : 'light';
  const png = readFileSync(join(ICONS, file.replace(/\.png$/, '@2x.png'))).toString('base64');
  const rows = await desktop.tray.rows();
  const open = rows.find(({ submenu }) => submenu !== undefined)?.submenu ?? [];
  await page.setContent(
    `<!doctype html><html lang="en"><title>${name}</title><style>${STYLE}</style><body class="${theme}">
    <div class="bar"><img alt="${file}" src="data:image/png;base64,${png}"></div>
    <div class="menus">${menu(rows)}${open.length === 0 ? '' : menu(open)}</div></body></html>`,
  );
  await page.locator('body').screenshot({ path: `${FOLDER}/${name}-${theme}.png` });
}

function menu(rows: readonly Row[]): string {
  return `<ul>${rows.map(item).join('')}</ul>`;
}

function item({ type, label, enabled, submenu }: Row): string {
  if (type === 'separator') return '<hr>';
  // A doubled ampersand is how a menu is told of a single one.
  const text = label.replaceAll('&&', '&').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<li class="${enabled ? '' : 'off'}"><span>${text}</span><span>${submenu === undefined ? '' : '›'}</span></li>`;
}
