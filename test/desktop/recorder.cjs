// Preloaded in front of the main file in a real Electron: keeps what has no getter, and answers the questions of the specs.
// It changes methods of prototypes and shared objects, never exports: importers keep what they bound.
const {
  app,
  dialog,
  globalShortcut,
  nativeImage,
  Notification,
  shell,
  Tray,
  webContents,
} = require('electron');
const { basename } = require('node:path');

const kept = {
  icon: '',
  tooltip: '',
  tray: null,
  menu: null,
  changes: 0,
  notes: [],
  opened: [],
  refused: [],
  shortcuts: new Map(),
};
const sources = new WeakMap();

/** Calls `note` with the arguments, then what was there. */
function before(object, name, note) {
  const own = object[name];
  object[name] = function noted(...given) {
    note.apply(this, given);
    return own.apply(this, given);
  };
}

const createFromPath = nativeImage.createFromPath;
nativeImage.createFromPath = (path) => {
  const image = createFromPath.call(nativeImage, path);
  sources.set(image, basename(path));
  // A tray is made with its first icon, which no method is called for.
  if (kept.menu === null) keepIcon(image);
  return image;
};
const keepIcon = (image) => {
  kept.icon = typeof image === 'string' ? basename(image) : (sources.get(image) ?? 'data:');
};
before(Tray.prototype, 'setImage', keepIcon);
before(Tray.prototype, 'setToolTip', (text) => {
  kept.tooltip = text;
});
before(Tray.prototype, 'setContextMenu', function noted(menu) {
  kept.tray = this;
  kept.menu = menu;
  kept.changes += 1;
});
// None is shown by a test: not every system has somebody who would, and the person at this one asked for none.
Notification.isSupported = () => true;
Notification.prototype.show = function noted() {
  kept.notes.push({ notification: this, open: true });
};
Notification.prototype.close = function noted() {
  const note = kept.notes.find(({ notification, open }) => open && notification === this);
  if (note === undefined) return;
  note.open = false;
  this.emit('close', {});
};
// A box with an error would wait for somebody who closes it.
dialog.showErrorBox = (title, content) => process.stderr.write(`${title}: ${content}\n`);
// No browser is opened by a test.
shell.openExternal = async (url) => void kept.opened.push(url);
before(globalShortcut, 'register', (accelerator, callback) => kept.shortcuts.set(accelerator, callback));
before(globalShortcut, 'unregister', (accelerator) => kept.shortcuts.delete(accelerator));

app.on('web-contents-created', (_event, contents) => {
  // Registered before the app's own listeners, so looked at after them.
  contents.on('will-frame-navigate', (details) =>
    setImmediate(() => details.defaultPrevented && kept.refused.push(`navigation ${details.url}`)),
  );
  const own = contents.setWindowOpenHandler.bind(contents);
  contents.setWindowOpenHandler = (handler) =>
    own((details) => {
      const answer = handler(details);
      if (answer.action === 'deny') kept.refused.push(`window ${details.url}`);
      return answer;
    });
});

const shown = (menu) => (menu?.items ?? []).filter(({ visible }) => visible);
const rows = (menu) =>
  shown(menu).map(({ label, type, enabled, checked, sublabel, submenu }) => ({
    label,
    type,
    enabled,
    ...(type === 'checkbox' || type === 'radio' ? { checked } : {}),
    ...(sublabel ? { sublabel } : {}),
    ...(submenu ? { submenu: rows(submenu) } : {}),
  }));

const answers = {
  'tray.rows': () => rows(kept.menu),
  'tray.icon': () => kept.icon,
  'tray.tooltip': () => kept.tooltip,
  'tray.changes': () => kept.changes,
  'tray.click': () => void kept.tray.emit('click', {}),
  'tray.press'(_electron, places) {
    let menu = kept.menu;
    for (const [level, place] of places.entries()) {
      const item = shown(menu)[place];
      if (!item?.enabled) throw new Error('there is no such row, or it is disabled');
      if (level === places.length - 1) item.click(undefined, undefined, undefined);
      menu = item.submenu;
    }
  },
  notes: () =>
    kept.notes.map(({ notification: { title, body, urgency }, open }) => ({
      title,
      body,
      urgency: urgency ?? 'normal',
      open,
    })),
  'notes.click'(_electron, place) {
    const { notification } = kept.notes[place];
    notification.emit('click', {});
    notification.close();
  },
  opened: () => kept.opened,
  refused: () => kept.refused,
  power: ({ powerMonitor }, event) => void powerMonitor.emit(event),
  shortcut: (_electron, accelerator) => kept.shortcuts.get(accelerator)(),
  'shortcut.names': () => [...kept.shortcuts.keys()],
  'open-url': ({ app: own }, url) => void own.emit('open-url', { preventDefault() {} }, url),
  quit: ({ app: own }) => void setImmediate(() => own.quit()),
  'window.userCloses': ({ BrowserWindow }, id) => BrowserWindow.fromId(id)?.close(),
  'window.states': ({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => ({
      id: window.id,
      title: window.getTitle(),
      url: window.webContents.getURL(),
      visible: window.isVisible(),
      focused: window.isFocused(),
      ...window.getBounds(),
    })),
  'window.preferences': () => webContents.getAllWebContents().map((one) => one.getLastWebPreferences()),
  async 'clipboard.formats'({ clipboard }) {
    const formats = {};
    for (const item of await clipboard.read()) {
      for (const type of item.types) {
        const blob = await item.getType(type);
        formats[type] = Buffer.from(await blob.arrayBuffer()).toString('base64');
      }
    }
    return formats;
  },
  'clipboard.put': ({ clipboard }, text) => clipboard.writeText(text),
};

globalThis.desktopRecorder = async (electron, op, given) => {
  if (answers[op] === undefined) throw new Error(`With a real Electron nobody answers to ${op}.`);
  return answers[op](electron, ...given);
};
