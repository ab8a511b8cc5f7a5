// The tray put together: the one host of both kinds with the powers of a desktop around it. Wiring only; what may happen is
// decided by the engine, how it looks and when it is said by the parts.
import { join } from 'node:path';
import { app, net, powerMonitor, session } from 'electron';
import { TokentrayError } from '../core/errors.ts';
import { endpointPortOf } from '../host/endpoint-port.ts';
import { type DesktopSeat, type Host, startHost } from '../host/start.ts';
import { createBrowserChoice } from './browser-choice.ts';
import { trayHost } from './bus.ts';
import { createClipboard } from './clipboard.ts';
import { forbidCoreDumps } from './core-limit.ts';
import { createDesktop } from './desktop.ts';
import { createDockFollower } from './dock.ts';
import type { EarlyLog } from './early-log.ts';
import { createEnding, type Ending } from './ending.ts';
import { hardenSession, removeDefaultMenu } from './hardening.ts';
import type { LinkInbox } from './link-inbox.ts';
import { keepLinks, linkOwner } from './links.ts';
import { createNotifications } from './notifications.ts';
import { createPower } from './power.ts';
import { openPreferences } from './preferences.ts';
import { systemProxyOf } from './proxy.ts';
import { launchUtility } from './sandbox.ts';
import { createShortcut } from './shortcut.ts';
import { createTray } from './tray.ts';
import { createTrayActions } from './tray-actions.ts';
import { createTrayIcons } from './tray-icon.ts';
import { serveUi, uiSession } from './ui-scheme.ts';
import { createUpdates } from './updates.ts';
import { createUiWindow } from './window.ts';

export interface AppOptions {
  /** The application's own directory: preferences and what Chromium keeps. */
  readonly directory: string;
  readonly log: EarlyLog;
  readonly inbox: LinkInbox;
}

export interface TrayApp {
  /** Shows the window, or will as soon as there is one. */
  show(path?: string): void;
  /** Opens an address that a page of ours links to, by the one opener. */
  follow(address: string): void;
  /** After `ready`. Throws what starting a host throws. */
  start(): Promise<void>;
}

// dist/electron/main.js: beside its folder lie the other bundles.
const DIST = join(import.meta.dirname, '..');
/** Rendered icons of the tray, copied there by the build. */
const ICONS = join(import.meta.dirname, 'icons');
/** At login we may be earlier than the panel. */
const PANEL_MS = 5_000;
const NO_CORE_LIMIT =
  'Core dumps could not be switched off (prlimit of util-linux is missing). A crash could write keys to disk where the system keeps dumps.';

export function createApp({ directory, log, inbox }: AppOptions): TrayApp {
  const { env } = process;
  let wanted: { readonly path: string | undefined } | undefined;
  let show = (path?: string): void => {
    wanted = { path };
  };
  let follow = (_address: string): void => {};
  let ending: Ending | undefined;

  const start = async (): Promise<void> => {
    removeDefaultMenu();
    if (process.platform === 'win32') app.setAppUserModelId('dev.tokentray.Tokentray');
    hardenSession(session.defaultSession);
    const ui = uiSession();
    hardenSession(ui);
    const started = Promise.withResolvers<Host>();
    // Its rejection is start()'s own.
    started.promise.catch(() => {});
    serveUi(ui, async (request) => (await started.promise).window(request));

    const preferences = openPreferences(directory, log);
    const first = preferences.takeFirstStart();
    const browser = createBrowserChoice(() => preferences.read().browsers, env);
    let windowClosed = (): void => {};
    const followDock = createDockFollower(app.dock);
    const main = createUiWindow({
      kind: 'main',
      log,
      changed() {
        const open = main.isOpen();
        if (!open) windowClosed();
        followDock(open);
      },
      bounds: { read: () => preferences.bounds(), keep: (bounds) => preferences.keepBounds(bounds) },
    });
    const picker = createUiWindow({ kind: 'picker', log });
    follow = (address) => {
      browser.open(new URL(address)).catch((error: unknown) => {
        log.warn('link_not_opened', { code: error instanceof TokentrayError ? error.code : 'unexpected' });
      });
    };

    const seated = Promise.withResolvers<ReturnType<typeof furnish>>();
    const furnish = (seat: DesktopSeat) => {
      log.handOver(seat.log);
      const { engine } = seat;
      const clipboard = createClipboard({
        engine,
        seconds: () => preferences.read().clipboard_seconds,
        log,
        main,
        picker,
        env,
      });
      const shortcut = createShortcut(log, () => picker.show());
      const power = createPower({
        engine,
        log,
        say: (title, body) => notifications.say(title, body, () => desktop.say(`${title}. ${body}`)),
        env,
        changed: seat.changed,
      });
      const { isPackaged: packaged } = app;
      const updates = createUpdates({
        packaged,
        resources: process.resourcesPath,
        platform: process.platform,
        log,
        changed: seat.changed,
      });
      const desktop = createDesktop({
        ...{ preferences, browser, clipboard, shortcut, power, updates, main, picker, env, log },
        changed: seat.changed,
      });
      const notifications = createNotifications({
        engine,
        preferences: () => preferences.read(),
        run: (action) => run(action),
        path: join(directory, 'notices.json'),
        log,
      });
      const run = createTrayActions({
        engine,
        copy: (connection, format) => clipboard.copy(connection, format),
        show: (path) => main.show(path),
        say: (title, body) =>
          notifications.say(title, body, () => {
            // What a person sees then is the picker, and showing another window would close it.
            if (picker.isOpen()) return;
            desktop.say(`${title}. ${body}`);
            main.show();
          }),
        quit: () => app.quit(),
        log,
      });
      const tray = createTray({ engine, icons: createTrayIcons(ICONS), run, log });
      windowClosed = () => desktop.windowClosed();
      // Whoever comes back to the window may have been to the settings of the system.
      main.onFocus(() => void desktop.lookAtLinks());
      const dispose = async (): Promise<void> => {
        const cleared = clipboard.end();
        // What a person sees goes at once; what needs a moment may take it.
        main.close();
        picker.close();
        tray.dispose();
        notifications.dispose();
        shortcut.dispose();
        power.dispose();
        updates.stop();
        await cleared;
      };
      return { desktop, notifications, dispose };
    };

    const host = await startHost({
      env,
      port: endpointPortOf(env),
      sandbox: env.TOKENTRAY_SANDBOX === '1',
      sandboxScript: join(DIST, 'sandbox.js'),
      windowDirectory: join(DIST, 'renderer'),
      version: app.getVersion(),
      window: 'none',
      launchSandbox: launchUtility,
      proxyOf: systemProxyOf,
      ports: { browser, network: { online: () => net.isOnline() }, links: { owner: linkOwner } },
      desktop(seat) {
        const furniture = furnish(seat);
        seated.resolve(furniture);
        return furniture.desktop.controls;
      },
    });
    started.resolve(host);
    const { desktop, notifications, dispose } = await seated.promise;
    ending = createEnding({ app, close: () => dispose().finally(() => host.close()), log });
    // Windows tells its windows only; what is lost there is what a crash would lose: nothing.
    if (process.platform !== 'win32') endWithSystem();

    show = (path) => {
      if (!ending?.begun()) main.show(path);
    };
    if (wanted !== undefined) show(wanted.path);
    else if (
      first ||
      ['setup', 'unreadable'].includes(host.engine.state()) ||
      !preferences.read().start_hidden
    )
      show();
    inbox.open({
      arrive: (url) => host.engine.links.arrive(url),
      onTaken: () => show(),
      locked: () => host.engine.state() !== 'open',
      onStray(locked) {
        const title = 'A sign-in came back that nobody waits for';
        const body = `${locked ? 'Unlock Tokentray, then start' : 'Start'} the consent again if you still want it.`;
        // Whatever a link does, it brings no window up.
        notifications.say(title, body, () => desktop.say(`${title}. ${body}`));
      },
    });
    void keepLinks(log, env).then((links) => desktop.tell({ links }));
    void forbidCoreDumps().then((done) => done || desktop.tell({ warning: NO_CORE_LIMIT }));
    const tray = await trayHost({ env, waitMs: PANEL_MS });
    desktop.tell({ tray });
    // The tray is never the only way in.
    if (tray !== 'shown' && !main.isOpen()) show();
  };
  return { show: (path) => show(path), follow: (address) => follow(address), start };
}

/** The system goes down, and waits a moment when it is asked to; a quit that is held back without this stops it (macOS). */
function endWithSystem(): void {
  const listener = (event?: { preventDefault(): void }): void => {
    event?.preventDefault();
    app.quit();
  };
  powerMonitor.on('shutdown', listener);
}
