// Ties the stand-in to Electron's own declarations: a member that was renamed, removed or changed there, or that the
// stand-in made up, does not compile. Nothing here runs.
import type { EventEmitter } from 'node:events';
import type * as Own from './exports.ts';
import type { WebContents } from './window.ts';

type Fits<O, R> = O extends (...given: infer A) => infer X
  ? R extends (...given: infer B) => infer Y
    ? { call(...given: A): X } extends { call(...given: B): Y }
      ? true
      : false
    : false
  : O extends R
    ? true
    : false;

/** Names of the members that do not fit. `NameOnly`: they take or give another class of the stand-in, so only the name is tied. */
type Misfits<O, R, NameOnly extends keyof O & keyof R = never> = {
  [K in Exclude<keyof O, keyof EventEmitter | NameOnly>]: K extends keyof R
    ? Fits<O[K], R[K]> extends true
      ? never
      : K
    : K;
}[Exclude<keyof O, keyof EventEmitter | NameOnly>];

/** Fails with the name of the member. */
type None<T extends never> = T;

type Statics<T> = Omit<T, keyof typeof EventEmitter | 'prototype'>;

export type Ties = [
  // @ts-expect-error: a member that the real one does not have
  None<Misfits<{ isReady(): boolean; isRaedy(): boolean }, Electron.App>>,
  // @ts-expect-error: a member that takes something else
  None<Misfits<{ setName(name: number): void }, Electron.App>>,
  // @ts-expect-error: a member that gives something else
  None<Misfits<{ isReady(): string }, Electron.App>>,
  None<Misfits<{ isReady(): boolean }, Electron.App>>,
  None<Exclude<keyof typeof Own, keyof typeof Electron.CrossProcessExports>>,
  None<Misfits<typeof Own.app, Electron.App>>,
  None<Misfits<typeof Own.app.commandLine, Electron.CommandLine>>,
  None<Misfits<typeof Own.clipboard, Electron.Clipboard, 'write' | 'read'>>,
  None<Misfits<Own.ClipboardItem, Electron.ClipboardItem, 'getType'>>,
  None<Misfits<typeof Own.dialog, Electron.Dialog, 'showMessageBox' | 'showOpenDialog' | 'showSaveDialog'>>,
  None<Misfits<typeof Own.globalShortcut, Electron.GlobalShortcut>>,
  None<Misfits<typeof Own.ipcMain, Electron.IpcMain>>,
  None<Misfits<Own.Menu, Electron.Menu, 'items' | 'append' | 'insert' | 'getMenuItemById'>>,
  None<Misfits<Statics<typeof Own.Menu>, typeof Electron.Menu, keyof Statics<typeof Own.Menu>>>,
  None<Misfits<Own.MenuItem, Electron.MenuItem, 'type' | 'role' | 'submenu' | 'click'>>,
  None<Misfits<typeof Own.nativeImage, typeof Electron.NativeImage, keyof typeof Own.nativeImage>>,
  None<Misfits<typeof Own.nativeTheme, Electron.NativeTheme>>,
  None<Misfits<typeof Own.net, Electron.Net>>,
  None<Misfits<Own.Notification, Electron.Notification>>,
  None<Misfits<Statics<typeof Own.Notification>, typeof Electron.Notification>>,
  None<Misfits<typeof Own.powerMonitor, Electron.PowerMonitor>>,
  None<Misfits<typeof Own.protocol, Electron.Protocol>>,
  None<Misfits<typeof Own.screen, Electron.Screen>>,
  None<Misfits<typeof Own.session, typeof Electron.Session, 'fromPartition' | 'defaultSession'>>,
  None<Misfits<typeof Own.session.defaultSession, Electron.Session, 'protocol'>>,
  None<Misfits<typeof Own.session.defaultSession.protocol, Electron.Protocol>>,
  None<Misfits<typeof Own.shell, Electron.Shell>>,
  None<Misfits<Own.Tray, Electron.Tray, 'setImage' | 'setContextMenu'>>,
  None<Misfits<typeof Own.utilityProcess, typeof Electron.UtilityProcess, 'fork'>>,
  None<Misfits<ReturnType<typeof Own.utilityProcess.fork>, Electron.UtilityProcess>>,
  None<Misfits<Own.BrowserWindow, Electron.BrowserWindow>>,
  // That one exists, and is not declared.
  None<Misfits<Omit<WebContents, 'getLastWebPreferences'>, Electron.WebContents>>,
  None<
    Misfits<
      Statics<typeof Own.BrowserWindow>,
      typeof Electron.BrowserWindow,
      'fromId' | 'fromWebContents' | 'getAllWindows' | 'getFocusedWindow'
    >
  >,
];

/** `on` has dozens of overloads, so events are tied by subscribing to them on the real types. */
function subscribe(real: {
  app: Electron.App;
  window: Electron.BrowserWindow;
  contents: Electron.WebContents;
  session: Electron.Session;
  note: Electron.Notification;
  power: Electron.PowerMonitor;
  theme: Electron.NativeTheme;
  tray: Electron.Tray;
  utility: Electron.UtilityProcess;
}): void {
  const nothing = () => undefined;
  real.app
    .on('before-quit', (event) => event.preventDefault())
    .on('will-quit', (event) => event.preventDefault())
    .on('quit', (_event, code: number) => code)
    .on('ready', nothing)
    .on('will-finish-launching', nothing)
    .on('window-all-closed', nothing)
    .on('activate', (_event, visible: boolean) => visible)
    .on('open-url', (_event, url: string) => url)
    .on('second-instance', (_event, argv: string[], directory: string, data: unknown) => [
      argv,
      directory,
      data,
    ])
    .on('web-contents-created', (_event, contents) => contents.id)
    .on('browser-window-created', (_event, window) => window.id)
    .on('browser-window-focus', (_event, window) => window.id)
    .on('browser-window-blur', (_event, window) => window.id)
    .on('render-process-gone', (_event, contents, { reason, exitCode }) => [contents.id, reason, exitCode]);
  real.window
    .on('show', nothing)
    .on('hide', nothing)
    .on('focus', nothing)
    .on('blur', nothing)
    .on('close', (event) => event.preventDefault())
    .on('closed', nothing)
    .on('ready-to-show', nothing);
  real.contents
    .on('did-navigate', (_event, url: string, status: number) => [url, status])
    .on('page-title-updated', (_event, title: string) => title)
    .on('dom-ready', nothing)
    .on('did-finish-load', nothing)
    .on('did-fail-load', (_event, code: number, text: string, url: string, main: boolean) => [
      code,
      text,
      url,
      main,
    ])
    .on('render-process-gone', (_event, { reason, exitCode }) => [reason, exitCode])
    .on('will-frame-navigate', (details) => details.isMainFrame && details.url && details.preventDefault())
    .on('will-navigate', (details) => details.isMainFrame && details.url && details.preventDefault())
    .on('will-attach-webview', (event, preferences, parameters) => [event, preferences, parameters.src])
    .on('destroyed', nothing);
  real.session.on('will-download', (event, item, contents) => [
    event.preventDefault(),
    item.getURL(),
    contents.id,
  ]);
  real.note.on('show', nothing).on('click', nothing).on('close', nothing);
  real.power
    .on('suspend', nothing)
    .on('resume', nothing)
    .on('lock-screen', nothing)
    .on('unlock-screen', nothing);
  real.theme.on('updated', nothing);
  real.tray.on('click', nothing);
  real.utility
    .on('spawn', nothing)
    .on('message', (message: unknown) => message)
    .on('exit', (code: number) => code);
}

void subscribe;
