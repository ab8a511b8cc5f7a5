// Our windows: the main one and the quick picker, both pages of ours in the one hardened session. A closed window is
// destroyed, so that nothing it showed stays in memory; the next one is made anew, which takes a moment only.
import { join } from 'node:path';
import { app, BrowserWindow, screen, type WebPreferences } from 'electron';
import type { LogPort } from '../core/ports.ts';
import { UI_PARTITION, uiAddress } from './ui-scheme.ts';
import { type Bounds, fitBounds, LEAST_SIZE } from './window-bounds.ts';

/** The one set of preferences of every page there is. No preload: the page speaks to the host by requests alone. */
const WEB_PREFERENCES = Object.freeze({
  partition: UI_PARTITION,
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  plugins: false,
  navigateOnDragDrop: false,
  spellcheck: false,
  devTools: !app.isPackaged,
} satisfies WebPreferences);

/**
 * On Linux a window of a checkout or an AppImage has no desktop file that names an icon; X11 takes one of the window itself,
 * Wayland none. Elsewhere it is that of the program.
 */
const ICON = process.platform === 'linux' ? { icon: join(import.meta.dirname, 'icons', 'window.png') } : {};
const PICKER_SIZE = { width: 560, height: 420 } as const;
/** A page that dies three times within a minute dies by itself; it is not shown again until somebody asks. */
const CRASHES = 3;
const CRASHES_MS = 60_000;

export interface WindowOptions {
  readonly kind: 'main' | 'picker';
  readonly log: LogPort;
  /** Told when it opened or closed. */
  readonly changed?: () => void;
  readonly bounds?: { read(): Bounds | undefined; keep(bounds: Bounds): void };
}

export interface UiWindow {
  /** Opens it, or brings it to the front; `path` (with its slash) also goes there. */
  show(path?: string): void;
  close(): void;
  isOpen(): boolean;
  isFocused(): boolean;
  /** Called each time it gains the focus; returns the way to stop. */
  onFocus(listener: () => void): () => void;
}

/** After `ready`. Nothing is shown yet. */
export function createUiWindow(options: WindowOptions): UiWindow {
  const { kind, log, changed } = options;
  const start = kind === 'picker' ? '/picker' : '/';
  const focusListeners = new Set<() => void>();
  let window: BrowserWindow | undefined;
  let crashes: number[] = [];

  const open = (path: string): void => {
    const made = kind === 'picker' ? makePicker() : makeMain(options.bounds?.read());
    window = made;
    made.once('ready-to-show', () => made.show());
    made.on('focus', () => {
      for (const listener of focusListeners) listener();
    });
    made.on('blur', () => {
      // A picker is for one choice: whoever goes elsewhere has made none.
      if (kind === 'picker') close();
    });
    if (kind === 'main') made.on('close', () => options.bounds?.keep(made.getNormalBounds()));
    made.once('closed', () => {
      if (window === made) window = undefined;
      changed?.();
    });
    made.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit') return;
      log.error('window_process_gone', { kind, reason });
      made.destroy();
      const now = Date.now();
      crashes = [...crashes.filter((at) => now - at < CRASHES_MS), now];
      if (kind === 'main' && crashes.length < CRASHES) open(start);
    });
    void load(made, path);
    changed?.();
  };
  const load = async (target: BrowserWindow, path: string): Promise<void> => {
    try {
      await target.loadURL(uiAddress(path));
    } catch (error) {
      // Closed while it was loading, or gone to another page of ours before it was done.
      if (!target.isDestroyed()) log.warn('window_not_loaded', { kind, error: codeOf(error) });
    }
  };
  const close = (): void => {
    window?.close();
  };

  return {
    show(path) {
      if (window === undefined || window.isDestroyed()) return open(path ?? start);
      if (path !== undefined) void load(window, path);
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    close,
    isOpen: () => window !== undefined && !window.isDestroyed(),
    isFocused: () => window?.isFocused() ?? false,
    onFocus(listener) {
      focusListeners.add(listener);
      return () => void focusListeners.delete(listener);
    },
  };
}

function makeMain(saved: Bounds | undefined): BrowserWindow {
  const screens = screen.getAllDisplays().map(({ workArea }) => workArea);
  return new BrowserWindow({
    ...fitBounds(saved, screens),
    ...ICON,
    minWidth: LEAST_SIZE.width,
    minHeight: LEAST_SIZE.height,
    show: false,
    title: 'Tokentray',
    autoHideMenuBar: true,
    webPreferences: WEB_PREFERENCES,
  });
}

function makePicker(): BrowserWindow {
  return new BrowserWindow({
    ...PICKER_SIZE,
    ...ICON,
    center: true,
    show: false,
    title: 'Tokentray',
    frame: false,
    resizable: false,
    minimizable: false,
    maximizable: false,
    fullscreenable: false,
    skipTaskbar: true,
    alwaysOnTop: true,
    webPreferences: WEB_PREFERENCES,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
