// BrowserWindow and its webContents. The page itself is a Chromium page in the test process; here is its state, its events,
// and the answers of the app to what the page tries.
import { app, living, windowGone } from './app.ts';
import { loadImage } from './image.ts';
import { needsReady } from './moment.ts';
import {
  inScheme,
  partitionOf,
  permissionsOf,
  StandInSession,
  serverOf,
  session as sessions,
} from './session.ts';
import { asReal, fire, strict } from './strict.ts';
import { toTest } from './to-test.ts';

let nextId = 1;
/** False: the desktop gives no window the focus, as a Wayland compositor does to one that nobody clicked. */
let focusAllowed = true;

let sessionOf: (contents: WebContents) => StandInSession;
let destroyContents: (contents: WebContents) => void;
let focusWindow: (window: BrowserWindow | undefined) => void;
let contentsOf: (window: BrowserWindow) => WebContents;
let iconOf: (window: BrowserWindow) => string;
let contentsEvents: {
  loaded: (contents: WebContents, url: string, title: string, first: boolean) => void;
  failed: (contents: WebContents, url: string) => void;
  gone: (contents: WebContents) => void;
  mayOpen: (contents: WebContents, url: string) => boolean;
};

export class WebContents extends strict('webContents') {
  readonly id: number;
  readonly session: Electron.Session;
  readonly #own: StandInSession;
  readonly #preferences: Electron.WebPreferences;
  #url = '';
  #title = '';
  #crashed = false;
  #destroyed = false;
  #open: ((details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse) | undefined;

  constructor(id: number, session: StandInSession, preferences: Electron.WebPreferences) {
    super();
    this.id = id;
    this.#own = session;
    this.session = asReal<Electron.Session>(session);
    this.#preferences = preferences;
  }

  async loadURL(url: string): Promise<void> {
    const scheme = /^[^:]+/.exec(url)?.[0] ?? '';
    const server = serverOf(this.#own, scheme);
    const failed = `(-302) loading '${url}'`;
    // Electron would load it; nothing here may.
    if (scheme === 'http' || scheme === 'https') throw new Error(`stand-in: no window loads ${url}`);
    if (server === undefined) {
      fire(this, 'did-fail-load', {}, -302, 'ERR_UNKNOWN_URL_SCHEME', url, true);
      throw new Error(`ERR_UNKNOWN_URL_SCHEME ${failed}`);
    }
    const http = await server.toHttp(url);
    if (this.#destroyed) throw new Error(`ERR_ABORTED (-3) loading '${url}'`);
    this.#crashed = false;
    const granted = permissionsOf(this.#own, asReal<Electron.WebContents>(this), url);
    await toTest.ask('window.load', this.id, http, granted);
  }

  reload(): void {
    this.loadURL(this.#url).catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  }

  getURL(): string {
    return this.#url;
  }

  getTitle(): string {
    return this.#title;
  }

  isCrashed(): boolean {
    return this.#crashed;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isLoading(): boolean {
    return false;
  }

  isDevToolsOpened(): boolean {
    return false;
  }

  focus(): void {}

  setIgnoreMenuShortcuts(): void {}

  async setVisualZoomLevelLimits(): Promise<void> {}

  setWindowOpenHandler(
    handler: (details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse,
  ): void {
    this.#open = handler;
  }

  /** Exists in Electron and is not declared there. */
  getLastWebPreferences(): Electron.WebPreferences {
    return this.#preferences;
  }

  static {
    contentsEvents = {
      loaded: (contents, url, title, first) => {
        contents.#url = url;
        contents.#title = title;
        fire(contents, 'did-navigate', {}, url, 200, 'OK');
        fire(contents, 'page-title-updated', {}, title, true);
        fire(contents, 'dom-ready');
        if (first) contents.emit('stand-in-first');
        contents.emit('did-finish-load');
      },
      failed: (contents, url) => fire(contents, 'did-fail-load', {}, -2, 'ERR_FAILED', url, true),
      gone: (contents) => {
        contents.#crashed = true;
        const details = { reason: 'crashed', exitCode: 5 };
        fire(contents, 'render-process-gone', {}, details);
        fire(app, 'render-process-gone', {}, contents, details);
      },
      mayOpen: (contents, url) => {
        const details = { url, frameName: '', features: '', disposition: 'foreground-tab' } as const;
        const answer = contents.#open?.({ ...details, referrer: { url: contents.#url, policy: 'default' } });
        return answer?.action !== 'deny';
      },
    };
    sessionOf = (contents) => contents.#own;
    destroyContents = (contents) => {
      contents.#destroyed = true;
      contents.emit('destroyed');
    };
  }
}

type Options = Electron.BrowserWindowConstructorOptions;

export class BrowserWindow extends strict('BrowserWindow') {
  readonly id = nextId++;
  readonly webContents: Electron.WebContents;
  readonly #contents: WebContents;
  readonly #icon: string;
  #bounds: Electron.Rectangle;
  #title: string;
  #visible = false;
  #minimized = false;
  #destroyed = false;
  #top: boolean;
  static #focused: BrowserWindow | undefined;

  constructor(options: Options = {}) {
    needsReady('Cannot create BrowserWindow before app is ready');
    super();
    const { width = 800, height = 600, x = 0, y = 0, title = app.name, show = true } = options;
    const { webPreferences = {}, alwaysOnTop = false, icon } = options;
    if (webPreferences.preload !== undefined) throw new Error('stand-in has no preload scripts');
    const { session, partition } = webPreferences;
    const own =
      session ?? (partition === undefined ? sessions.defaultSession : sessions.fromPartition(partition));
    if (!(own instanceof StandInSession)) throw new TypeError('stand-in: that session is not one');
    this.#bounds = { x, y, width, height };
    this.#title = title;
    this.#top = alwaysOnTop;
    this.#icon = typeof icon === 'string' ? loadImage(icon).source : '';
    this.#contents = new WebContents(this.id, own, webPreferences);
    this.webContents = asReal<Electron.WebContents>(this.#contents);
    living.add(this);
    toTest.tell('window.open', this.id, partitionOf(own), { width, height });
    fire(app, 'web-contents-created', {}, this.webContents);
    fire(app, 'browser-window-created', {}, this);
    this.#contents.once('stand-in-first', () => {
      if (!this.#destroyed) this.emit('ready-to-show');
    });
    if (show) this.show();
  }

  loadURL(url: string): Promise<void> {
    return this.#contents.loadURL(url);
  }

  show(): void {
    this.#show();
    focusWindow(this);
  }

  showInactive(): void {
    this.#show();
  }

  hide(): void {
    if (!this.#visible) return;
    this.#visible = false;
    if (this.isFocused()) focusWindow(undefined);
    this.emit('hide');
  }

  focus(): void {
    if (this.#visible) focusWindow(this);
  }

  blur(): void {
    if (this.isFocused()) focusWindow(undefined);
  }

  close(): void {
    if (this.#destroyed || fire(this, 'close')) return;
    this.destroy();
  }

  destroy(): void {
    if (this.#destroyed) return;
    if (this.isFocused()) focusWindow(undefined);
    this.#destroyed = true;
    this.#visible = false;
    toTest.tell('window.close', this.id);
    destroyContents(this.#contents);
    this.emit('closed');
    windowGone(this);
  }

  restore(): void {
    this.#minimized = false;
    this.#show();
  }

  minimize(): void {
    this.#minimized = true;
    this.blur();
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isVisible(): boolean {
    return this.#visible;
  }

  isFocused(): boolean {
    return BrowserWindow.#focused === this;
  }

  isMinimized(): boolean {
    return this.#minimized;
  }

  isMaximized(): boolean {
    return false;
  }

  getTitle(): string {
    return this.#title;
  }

  setTitle(title: string): void {
    this.#title = title;
  }

  getBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }

  getNormalBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    toTest.tell('window.size', this.id, this.#bounds);
  }

  getSize(): number[] {
    return [this.#bounds.width, this.#bounds.height];
  }

  setSize(width: number, height: number): void {
    this.setBounds({ width, height });
  }

  getPosition(): number[] {
    return [this.#bounds.x, this.#bounds.y];
  }

  setPosition(x: number, y: number): void {
    this.#bounds = { ...this.#bounds, x, y };
  }

  isAlwaysOnTop(): boolean {
    return this.#top;
  }

  setAlwaysOnTop(flag: boolean): void {
    this.#top = flag;
  }

  center(): void {}
  moveTop(): void {}
  removeMenu(): void {}
  setMenu(): void {}
  setMenuBarVisibility(): void {}
  setAutoHideMenuBar(): void {}
  setIcon(): void {}
  setBackgroundColor(): void {}
  setContentProtection(): void {}
  setSkipTaskbar(): void {}
  setVisibleOnAllWorkspaces(): void {}

  #show(): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed');
    if (this.#visible) return;
    this.#visible = true;
    this.emit('show');
  }

  static getAllWindows(): BrowserWindow[] {
    return [...living].filter((window) => window instanceof BrowserWindow);
  }

  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.#focused ?? null;
  }

  static fromId(id: number): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.id === id) ?? null;
  }

  static fromWebContents(contents: Electron.WebContents): BrowserWindow | null {
    return BrowserWindow.fromId(contents.id);
  }

  static {
    focusWindow = (window) => {
      const before = BrowserWindow.#focused;
      const after = focusAllowed ? window : undefined;
      if (before === after) return;
      BrowserWindow.#focused = after;
      if (before !== undefined) {
        before.emit('blur');
        fire(app, 'browser-window-blur', {}, before);
      }
      // The desktop answers later than the call returns.
      setImmediate(() => {
        if (after === undefined || BrowserWindow.#focused !== after) return;
        after.emit('focus');
        fire(app, 'browser-window-focus', {}, after);
      });
    };
    contentsOf = (window) => window.#contents;
    iconOf = (window) => window.#icon;
  }
}

/** Windows that have painted once. */
const painted = new WeakSet<BrowserWindow>();

/** True while one of our windows has the focus of the keyboard. */
export function hasFocus(): boolean {
  return BrowserWindow.getFocusedWindow() !== null;
}

function windowOf(id: number): BrowserWindow | null {
  return BrowserWindow.fromId(id);
}

function addressIn(window: BrowserWindow, url: string): string {
  return inScheme(sessionOf(contentsOf(window)), url);
}

toTest.on('window.loaded', (id: number, url: string, title: string) => {
  const window = windowOf(id);
  if (window === null) return;
  const first = !painted.has(window);
  painted.add(window);
  contentsEvents.loaded(contentsOf(window), addressIn(window, url), title, first);
});
toTest.on('window.gone', (id: number) => {
  const window = windowOf(id);
  if (window !== null) contentsEvents.gone(contentsOf(window));
});
/** Whether the page may go there; asked for each navigation of any frame to a foreign address. */
toTest.on('window.mayGo', (id: number, http: string, isMainFrame: boolean) => {
  const window = windowOf(id);
  if (window === null) return false;
  const contents = contentsOf(window);
  const url = addressIn(window, http);
  if (fire(contents, 'will-frame-navigate', { url, isMainFrame, isSameDocument: false })) return false;
  return !(isMainFrame && fire(contents, 'will-navigate', { url, isMainFrame, isSameDocument: false }, url));
});
toTest.on('window.mayOpen', (id: number, url: string) => {
  const window = windowOf(id);
  return window !== null && contentsEvents.mayOpen(contentsOf(window), addressIn(window, url));
});
/** Whether a download would start. */
toTest.on('window.mayDownload', (id: number, url: string) => {
  const window = windowOf(id);
  if (window === null) return false;
  const item = { getURL: () => url, cancel: () => undefined };
  return !fire(contentsOf(window).session, 'will-download', {}, item, window.webContents);
});
/** Whether the app would let a `<webview>` in. */
toTest.on('window.mayAttach', (id: number) => {
  const window = windowOf(id);
  return (
    window !== null &&
    !fire(contentsOf(window), 'will-attach-webview', {}, {}, { src: 'https://example.org' })
  );
});
toTest.on('window.userCloses', (id: number) => windowOf(id)?.close());
toTest.on('window.preferences', () =>
  BrowserWindow.getAllWindows().map((window) => contentsOf(window).getLastWebPreferences()),
);
/** Names of the files; empty for a window without one of its own. */
toTest.on('window.icons', () => BrowserWindow.getAllWindows().map(iconOf));
toTest.on('window.states', () =>
  BrowserWindow.getAllWindows().map((window) => ({
    id: window.id,
    title: window.getTitle(),
    url: window.webContents.getURL(),
    visible: window.isVisible(),
    focused: window.isFocused(),
    ...window.getBounds(),
  })),
);
toTest.on('focus', (allowed: boolean) => {
  focusAllowed = allowed;
  focusWindow(allowed ? BrowserWindow.getAllWindows().findLast((window) => window.isVisible()) : undefined);
});
