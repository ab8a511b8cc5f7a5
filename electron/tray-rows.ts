// What the tray's menu says: a snapshot in, rows out, rows to a template for Electron. Pure: equal snapshots give equal
// rows, and nothing a provider or a person named can add a row, a line or a key of its own.
import type { MenuItemConstructorOptions } from 'electron';
import type { ConnectionView, VaultState } from '../core/engine.ts';
import {
  type ConnectionStatus,
  MARKS,
  statusOf,
  TRAY_STATUSES,
  type TrayStatus,
  worstOf,
} from './tray-status.ts';

export interface TraySnapshot {
  readonly vault: VaultState;
  /** Empty unless the vault is open: a locked one tells no names. */
  readonly connections: readonly ConnectionView[];
  readonly providers: readonly { readonly id: string; readonly name: string }[];
  /** The user paused the refreshes. */
  readonly paused: boolean;
  /** The vault, or a connection in it, may be used elsewhere: a person has to say. */
  readonly review: boolean;
}

export type TrayAction =
  | { readonly kind: 'copy'; readonly connection: string; readonly format: 'token' | 'header' }
  | { readonly kind: 'consent'; readonly connection: string }
  | { readonly kind: 'show'; readonly path?: string }
  | { readonly kind: 'pause' | 'resume' | 'lock' | 'unlock' | 'quit' };

export type TrayRow =
  | { readonly type: 'separator' }
  /** Says something; cannot be chosen. */
  | { readonly type: 'text'; readonly label: string }
  | { readonly type: 'action'; readonly label: string; readonly action: TrayAction }
  | { readonly type: 'menu'; readonly label: string; readonly rows: readonly TrayRow[] };

/** Up to so many connections are a plain list; more are grouped by provider. */
const LIST_MAX = 8;
/** More than a screen is high: each provider gets a menu of its own. */
const GROUPS_MAX = 20;
/** Wider menus are cut by the desktop at a place of its choice. */
const LABEL_CHARS = 60;

/** Nothing refreshes before a person has said a word. */
const UNDER_REVIEW = { status: 'consent', word: 'needs review', click: 'look', counts: true } as const;

const SEPARATOR: TrayRow = { type: 'separator' };

interface Shown extends ConnectionStatus {
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly account: string;
}

export function trayRows(snapshot: TraySnapshot, now: number): TrayRow[] {
  const open = snapshot.vault === 'open';
  const shown = open ? inOrder(snapshot.connections, now) : [];
  const names = new Map(snapshot.providers.map(({ id, name }) => [id, name]));
  const headers = shown.filter(({ click }) => click === 'copy');
  return [
    ...(open && snapshot.review
      ? [act(`${MARKS.consent} Needs review: is it used here only?`, { kind: 'show', path: '/' }), SEPARATOR]
      : []),
    ...connectionRows(snapshot.vault, shown, names),
    SEPARATOR,
    open && headers.length > 0
      ? { type: 'menu', label: 'Copy as header', rows: arranged(headers, names, headerRow) }
      : { type: 'text', label: 'Copy as header' },
    SEPARATOR,
    act('Open Tokentray', { kind: 'show' }),
    open
      ? act('Add provider…', { kind: 'show', path: '/providers/new' })
      : { type: 'text', label: 'Add provider…' },
    pauseRow(open, snapshot.paused),
    lockRow(snapshot.vault),
    SEPARATOR,
    act('Settings', { kind: 'show', path: '/settings' }),
    act('Quit', { kind: 'quit' }),
  ];
}

/** What the icon shows. */
export function trayStatus({ vault, connections, review }: TraySnapshot, now: number): TrayStatus {
  if (vault === 'unreadable') return 'error';
  if (vault !== 'open') return 'locked';
  const all = connections.map((view) => statusOf(view, now));
  return worstOf(review ? [...all, UNDER_REVIEW] : all);
}

/** Counts only: whoever looks over a shoulder learns no name. */
export function trayTooltip(snapshot: TraySnapshot, now: number): string {
  if (snapshot.vault === 'setup') return 'Tokentray: not set up yet';
  if (snapshot.vault === 'locked') return 'Tokentray: locked';
  if (snapshot.vault === 'unreadable') return 'Tokentray: the vault cannot be read';
  const counts = new Map<string, number>();
  for (const view of snapshot.connections) {
    const { word } = statusOf(view, now);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].map(([word, count]) => `${count} ${word}`).sort();
  if (snapshot.review) parts.push(UNDER_REVIEW.word);
  if (snapshot.paused) parts.push('refresh paused');
  return parts.length === 0 ? 'Tokentray' : `Tokentray: ${parts.join(', ')}`;
}

/** The rows as Electron's menu takes them; `run` is told what was chosen. */
export function menuTemplate(
  rows: readonly TrayRow[],
  run: (action: TrayAction) => void,
): MenuItemConstructorOptions[] {
  return rows.map((row) => menuItem(row, run));
}

function menuItem(row: TrayRow, run: (action: TrayAction) => void): MenuItemConstructorOptions {
  switch (row.type) {
    case 'separator':
      return { type: 'separator' };
    case 'text':
      return { label: row.label, enabled: false };
    case 'action':
      return { label: row.label, click: () => run(row.action) };
    case 'menu':
      return { label: row.label, submenu: menuTemplate(row.rows, run) };
  }
}

/**
 * A text as a menu may show it: in one line, without control or direction characters, cut, and with `&` doubled, which
 * would otherwise underline a letter and make it a key.
 */
export function menuText(text: string): string {
  const clean = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
  const letters = [...clean];
  const cut = letters.length > LABEL_CHARS ? `${letters.slice(0, LABEL_CHARS - 1).join('')}…` : clean;
  return cut.replaceAll('&', '&&');
}

function connectionRows(
  vault: VaultState,
  shown: readonly Shown[],
  names: ReadonlyMap<string, string>,
): readonly TrayRow[] {
  if (vault === 'setup') return [act('Set up the vault…', { kind: 'show' })];
  if (vault === 'unreadable')
    return [act(`${MARKS.error} The vault cannot be read. Repair it…`, { kind: 'show', path: '/' })];
  if (vault === 'locked') return [{ type: 'text', label: `${MARKS.locked} Locked` }];
  if (shown.length === 0) return [{ type: 'text', label: 'No connections yet' }];
  return arranged(shown, names, connectionRow);
}

/** A list; past eight grouped by provider; past twenty a menu for each provider. */
function arranged(
  shown: readonly Shown[],
  names: ReadonlyMap<string, string>,
  row: (one: Shown, name: string) => TrayRow,
): TrayRow[] {
  if (shown.length <= LIST_MAX) {
    const calm = shown.findIndex(({ click }) => click === 'copy');
    const rows = shown.map((one) => row(one, one.name));
    return calm > 0 ? [...rows.slice(0, calm), SEPARATOR, ...rows.slice(calm)] : rows;
  }
  // `shown` is in order, so the provider with the worst state comes first.
  const groups = [...Map.groupBy(shown, ({ provider }) => provider)];
  if (shown.length <= GROUPS_MAX) {
    return groups.flatMap(([provider, members], at) => [
      ...(at === 0 ? [] : [SEPARATOR]),
      { type: 'text' as const, label: menuText(names.get(provider) ?? provider) },
      ...members.map((one) => row(one, one.account)),
    ]);
  }
  return groups.map(([provider, members]) => {
    const [first] = members;
    if (members.length === 1 && first !== undefined) return row(first, first.name);
    const mark = MARKS[worstOf(members)];
    const label = `${mark} ${menuText(names.get(provider) ?? provider)} (${members.length})`;
    return { type: 'menu', label, rows: members.map((one) => row(one, one.account)) };
  });
}

function connectionRow(one: Shown, name: string): TrayRow {
  const label = `${MARKS[one.status]} ${menuText(name)} · ${one.word}`;
  if (one.click === 'copy') return act(label, { kind: 'copy', connection: one.id, format: 'token' });
  if (one.click === 'consent') return act(label, { kind: 'consent', connection: one.id });
  return act(label, { kind: 'show', path: `/connections/${one.id}` });
}

function headerRow(one: Shown, name: string): TrayRow {
  return act(menuText(name), { kind: 'copy', connection: one.id, format: 'header' });
}

function pauseRow(open: boolean, paused: boolean): TrayRow {
  if (!open) return { type: 'text', label: 'Pause refresh' };
  return paused ? act('Resume refresh', { kind: 'resume' }) : act('Pause refresh', { kind: 'pause' });
}

function lockRow(vault: VaultState): TrayRow {
  if (vault === 'open') return act('Lock', { kind: 'lock' });
  return vault === 'locked' ? act('Unlock', { kind: 'unlock' }) : { type: 'text', label: 'Lock' };
}

function act(label: string, action: TrayAction): TrayRow {
  return { type: 'action', label, action };
}

/** What needs a person first, then by name. */
function inOrder(connections: readonly ConnectionView[], now: number): Shown[] {
  const shown = connections.map((view) => ({
    ...statusOf(view, now),
    id: view.id,
    provider: view.provider,
    name: view.name,
    account: view.account,
  }));
  const rank = ({ click, status }: Shown) => (click === 'copy' ? 0 : 1 + TRAY_STATUSES.indexOf(status));
  // Not localeCompare: its collation costs more than all the rest, and names are plain letters.
  return shown.sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1));
}
