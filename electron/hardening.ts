// What no page may do, whatever page it is: one hook for every web contents, one set of refusals for every session.
// Must stay true: nothing here opens a way; everything refused is counted and logged without its address's query.
import { app, Menu, type Session, type WebContents } from 'electron';
import type { LogPort } from '../core/ports.ts';
import { isUiAddress } from './ui-scheme.ts';

/** What Chromium calls writing plain text to the clipboard after a click. */
const OWN_COPY = 'clipboard-sanitized-write';

export interface HardeningOptions {
  readonly log: LogPort;
  /** A link of our page that leads out of it; the one opener decides. */
  readonly follow: (address: string) => void;
}

/** Before `ready`: from here on every page that is ever made is held. */
export function hardenPages({ log, follow }: HardeningOptions): void {
  let refused = 0;
  const refuse = (what: string, address = ''): void => {
    refused += 1;
    log.warn('window_refused', { what, protocol: URL.parse(address)?.protocol ?? '', count: refused });
  };
  const stay = (event: { readonly url: string; preventDefault(): void }, what: string): void => {
    if (isUiAddress(event.url)) return;
    event.preventDefault();
    refuse(what, event.url);
  };
  app.on('web-contents-created', (_event, contents: WebContents) => {
    contents.on('will-frame-navigate', (event) => stay(event, 'navigation'));
    contents.on('will-navigate', (event) => stay(event, 'navigation'));
    contents.on('will-redirect', (event) => stay(event, 'redirect'));
    contents.on('will-attach-webview', (event) => {
      event.preventDefault();
      refuse('webview');
    });
    contents.on('select-bluetooth-device', (event, _devices, callback) => {
      event.preventDefault();
      callback('');
    });
    contents.setWindowOpenHandler(({ url }) => {
      if (isUiAddress(contents.getURL()) && URL.parse(url)?.protocol === 'https:') follow(url);
      else refuse('window', url);
      return { action: 'deny' };
    });
  });
  // Electron would otherwise answer with the first certificate it finds, also for requests of the main process.
  app.on('select-client-certificate', (event, _contents, _url, _list, callback) => {
    event.preventDefault();
    callback();
  });
}

/**
 * Every permission, device and download refused, for each session before it has a page. With one exception: our own page
 * may put text in the clipboard when a person presses "Copy" beside it. It can never read it.
 */
export function hardenSession(target: Session): void {
  target.setPermissionRequestHandler((_contents, permission, callback, { isMainFrame, requestingUrl }) =>
    callback(permission === OWN_COPY && isMainFrame && isUiAddress(requestingUrl)),
  );
  target.setPermissionCheckHandler(
    (_contents, permission, _origin, { isMainFrame, requestingUrl }) =>
      permission === OWN_COPY && isMainFrame && isUiAddress(requestingUrl ?? ''),
  );
  target.setDevicePermissionHandler(() => false);
  target.setDisplayMediaRequestHandler((_request, callback) => callback(null));
  target.setBluetoothPairingHandler((_details, callback) => callback({ confirmed: false }));
  target.setUSBProtectedClassesHandler(({ protectedClasses }) => protectedClasses);
  target.on('select-hid-device', (event, _details, callback) => {
    event.preventDefault();
    callback();
  });
  target.on('select-serial-port', (event, _ports, _contents, callback) => {
    event.preventDefault();
    callback('');
  });
  target.on('select-usb-device', (event, _details, callback) => {
    event.preventDefault();
    callback();
  });
  target.on('will-download', (event) => event.preventDefault());
}

/** No menu with reload, zoom and developer tools. macOS takes the keys for copy and paste from a menu, so it keeps that one. */
export function removeDefaultMenu(platform: NodeJS.Platform = process.platform): void {
  Menu.setApplicationMenu(
    platform === 'darwin' ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }]) : null,
  );
}
