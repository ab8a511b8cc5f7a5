// The start of the tray, in the order that Electron needs: directory, lock, listeners, scheme, sandbox, and then `ready`.
// Must stay true: nothing here waits for `ready` at top level. It comes only when this module has been evaluated.
import { join } from 'node:path';
import { app } from 'electron';
import { prepareDirectory } from '../core/vault/file-safety.ts';
import { resolvePaths } from '../host/paths.ts';
import type { TrayApp } from './app.ts';
import { EarlyLog } from './early-log.ts';
import { hardenPages } from './hardening.ts';
import { LinkInbox } from './link-inbox.ts';
import { linkFrom, ownArguments, readHandover, readLink, toHandover } from './link-text.ts';
import { failToStart } from './start-failure.ts';
import { refusedSwitch, startRefused } from './start-refusal.ts';
import { registerUiScheme } from './ui-scheme.ts';

const log = new EarlyLog();
const arrived = linkFrom(ownArguments(process.argv, app.isPackaged ? undefined : app.getAppPath()));

try {
  begin();
} catch (error) {
  failToStart(error);
}

function begin(): void {
  const refused = app.isPackaged ? refusedSwitch((name) => app.commandLine.hasSwitch(name)) : undefined;
  if (refused !== undefined) throw startRefused(refused);
  const directory = takeDirectory();
  // The lock lies in the directory. Whoever comes second has handed over what it was started for, and ends.
  if (app.requestSingleInstanceLock(toHandover(arrived))) listen(directory);
  else app.exit(0);
}

function takeDirectory(): string {
  const { home } = resolvePaths(process.env);
  const directory = join(home, 'desktop');
  prepareDirectory(directory, log);
  app.setPath('userData', directory);
  return directory;
}

function listen(directory: string): void {
  const inbox = new LinkInbox(log, () => performance.now());
  // Loaded by the first instance only: whoever comes second, with a link perhaps, ends sooner without all of it.
  const tray = import('./app.ts').then(({ createApp }) => createApp({ directory, log, inbox }));
  // One that could not be loaded is said where it is started.
  const withTray = (use: (tray: TrayApp) => unknown): void =>
    void tray.then(use).catch((error: unknown) => {
      log.error('not_shown', { error: error instanceof Error ? error.name : 'unknown' });
    });
  inbox.take(arrived);
  app.on('open-url', (event, url) => {
    event.preventDefault();
    inbox.take(readLink(url));
  });
  app.on('second-instance', (_event, _argv, _directory, data) => {
    const handover = readHandover(data);
    if (handover === undefined) return log.warn('second_start_dropped');
    inbox.take(handover.reading);
    if (handover.show) withTray((it) => it.show());
  });
  app.on('activate', () => withTray((it) => it.show()));
  // Without a listener the program would end with its last window.
  app.on('window-all-closed', () => {});
  hardenPages({ log, follow: (address) => withTray((it) => it.follow(address)) });
  registerUiScheme();
  app.enableSandbox();
  app
    .whenReady()
    .then(async () => (await tray).start())
    .catch(failToStart);
}
