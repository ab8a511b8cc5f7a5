// What `electron` exports in a main process, as far as the stand-in goes. An export that is missing fails when a module links.
export { app } from './app.ts';
export { ClipboardItem, clipboard } from './clipboard.ts';
export {
  dialog,
  globalShortcut,
  ipcMain,
  Notification,
  nativeTheme,
  net,
  powerMonitor,
  screen,
  shell,
} from './desktop.ts';
export { nativeImage } from './image.ts';
export { Menu, MenuItem, Tray } from './menu.ts';
export { protocol, session } from './session.ts';
export { utilityProcess } from './utility-process.ts';
export { BrowserWindow } from './window.ts';

import './ties.ts';
