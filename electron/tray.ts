// The one tray icon of the program, with its menu: drawn from a snapshot, never from what was shown before.
// One Tray for life (a second one is dead on KDE), its menu set at most every 250 ms and only when its rows differ.
import { Menu, Tray } from 'electron';
import type { Engine } from '../core/engine.ts';
import { OWNER } from '../core/model/caller.ts';
import type { LogPort } from '../core/ports.ts';
import type { TrayIcons } from './tray-icon.ts';
import { createPacer } from './tray-pacer.ts';
import {
  menuTemplate,
  type TrayAction,
  type TrayRow,
  type TraySnapshot,
  trayRows,
  trayStatus,
  trayTooltip,
} from './tray-rows.ts';

/** What the tray reads; the engine has all of it. */
export type TrayEngine = Pick<Engine, 'state' | 'subscribe'> & {
  readonly connections: Pick<Engine['connections'], 'list'>;
  readonly providers: Pick<Engine['providers'], 'list'>;
  readonly refreshes: { paused(): boolean };
  readonly vault: Pick<Engine['vault'], 'review'>;
};

export interface TrayOptions {
  readonly engine: TrayEngine;
  readonly icons: TrayIcons;
  /** Never throws. */
  readonly run: (action: TrayAction) => void;
  readonly log: LogPort;
  readonly platform?: NodeJS.Platform;
}

export interface TrayIcon {
  /** As the menu has them now. */
  rows(): readonly TrayRow[];
  dispose(): void;
}

/** A menu that is changed more often can flicker, or close under the pointer. */
const REDRAW_MS = 250;
/** Nobody tells when a token starts to expire; a state may be this much late. */
const LOOK_MS = 15_000;

export function createTray(options: TrayOptions): TrayIcon {
  const { engine, icons, run, log, platform = process.platform } = options;
  let status = trayStatus(snapshot(), Date.now());
  const tray = new Tray(icons.image(status));
  let rows: readonly TrayRow[] = [];
  let tooltip = '';

  // The menu opens by itself at a right click on Windows, at any on macOS, and where the desktop likes on Linux. What else is
  // clicked says so here, and is never the only way.
  tray.on('click', () => {
    if (platform === 'win32') tray.popUpContextMenu();
    else if (platform === 'linux') run({ kind: 'show' });
  });
  const pacer = createPacer(REDRAW_MS, draw);
  const { unsubscribe } = engine.subscribe(() => pacer.ask());
  const stopTheme = icons.onChanged(() => tray.setImage(icons.image(status)));
  const look = setInterval(() => pacer.ask(), LOOK_MS);
  draw();

  return {
    rows: () => rows,
    dispose() {
      clearInterval(look);
      stopTheme();
      unsubscribe();
      pacer.stop();
      tray.destroy();
    },
  };

  function draw(): void {
    const now = Date.now();
    const seen = snapshot();
    const worst = trayStatus(seen, now);
    if (worst !== status) {
      status = worst;
      tray.setImage(icons.image(status));
    }
    const words = trayTooltip(seen, now);
    if (words !== tooltip) {
      tooltip = words;
      tray.setToolTip(tooltip);
    }
    const next = trayRows(seen, now);
    if (JSON.stringify(next) === JSON.stringify(rows)) return;
    rows = next;
    const menu = Menu.buildFromTemplate(menuTemplate(rows, run));
    // Reported for tray menus on some systems only; where it is, an open menu is not replaced.
    menu.on('menu-will-show', () => pacer.hold());
    menu.on('menu-will-close', () => pacer.release());
    tray.setContextMenu(menu);
  }

  function snapshot(): TraySnapshot {
    const vault = engine.state();
    const empty = { vault, connections: [], providers: [], paused: false, review: false };
    if (vault !== 'open') return empty;
    try {
      return {
        vault,
        connections: engine.connections.list(OWNER),
        providers: engine.providers.list(),
        paused: engine.refreshes.paused(),
        review: engine.vault.review() !== undefined,
      };
    } catch (error) {
      // Locked between the two questions; its event comes next.
      log.warn('tray_snapshot_failed', { error: error instanceof Error ? error.name : 'unknown' });
      return { ...empty, vault: 'locked' };
    }
  }
}
