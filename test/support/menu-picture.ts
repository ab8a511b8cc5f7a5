// A menu of the tray as a page, for pictures: the rows that the app gives to the desktop, under its icon in a bar. Desktops draw
// them in their own way; words, order and marks are what such a picture shows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Theme = 'light' | 'dark';

export interface MenuRow {
  readonly type: string;
  readonly label: string;
  readonly enabled: boolean;
  readonly submenu?: readonly MenuRow[] | undefined;
}

export interface MenuPicture {
  readonly title: string;
  /** Name of the icon, without its colour. */
  readonly icon: string;
  readonly rows: readonly MenuRow[];
  readonly theme: Theme;
  /** The row under the pointer. */
  readonly chosen?: string;
  /** Shows the first menu in the menu open. */
  readonly unfolded?: boolean;
}

const ICONS = fileURLToPath(new URL('../../electron/icons/tray', import.meta.url));
const STYLE = `
  body { margin: 0; padding: 20px 24px 32px; display: inline-flex; flex-direction: column; align-items: flex-start; gap: 6px;
    font: 13px/20px system-ui, sans-serif; background: var(--bg); color: var(--ink); }
  .light { --bg: #f4f4f2; --panel: #fff; --ink: #1c1d1f; --ink-3: #686d74; --line: #e6e6e3; --accent: #2f6f5e; --on: #fff; --shadow: #0002; }
  .dark { --bg: #141517; --panel: #1e2022; --ink: #ececea; --ink-3: #959ba3; --line: #2c2f33; --accent: #6fc2a9; --on: #10201b; --shadow: #0006; }
  .icon { padding: 3px 10px; border-radius: 6px; background: var(--panel); border: 1px solid var(--line); }
  .icon img { display: block; width: 22px; height: 22px; }
  .menus { display: flex; gap: 4px; align-items: flex-start; }
  ul { list-style: none; margin: 0; padding: 5px; min-width: 230px; border-radius: 9px; border: 1px solid var(--line);
    background: var(--panel); box-shadow: 0 6px 20px var(--shadow); }
  li { padding: 3px 10px; border-radius: 5px; white-space: pre; display: flex; gap: 24px; justify-content: space-between; }
  li.off { color: var(--ink-3); }
  li.chosen { background: var(--accent); color: var(--on); }
  hr { border: 0; border-top: 1px solid var(--line); margin: 5px 10px; }
`;

export function menuPicture({ title, icon, rows, theme, chosen, unfolded = false }: MenuPicture): string {
  // A dark icon is for a light bar.
  const drawing = `${icon}-${theme === 'light' ? 'dark' : 'light'}@2x.png`;
  const png = readFileSync(join(ICONS, drawing)).toString('base64');
  const inner = unfolded ? rows.find(({ submenu }) => submenu !== undefined)?.submenu : undefined;
  return `<!doctype html><html lang="en"><title>${title}</title><style>${STYLE}</style><body class="${theme}">
    <div class="icon"><img alt="${icon}" src="data:image/png;base64,${png}"></div>
    <div class="menus">${list(rows, chosen)}${inner === undefined ? '' : list(inner)}</div></body></html>`;
}

function list(rows: readonly MenuRow[], chosen?: string): string {
  return `<ul>${rows.map((row) => item(row, chosen)).join('')}</ul>`;
}

function item({ type, label, enabled, submenu }: MenuRow, chosen: string | undefined): string {
  if (type === 'separator') return '<hr>';
  // A doubled ampersand is how a menu is told of a single one.
  const text = label.replaceAll('&&', '&').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const look = enabled ? (label === chosen ? 'chosen' : '') : 'off';
  return `<li class="${look}"><span>${text}</span><span>${submenu === undefined ? '' : '›'}</span></li>`;
}
