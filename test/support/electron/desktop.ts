// What the app asks of the desktop: notifications, shortcuts, power, the browser, dialogs, screens, the theme. Nothing is
// shown: everything is kept for the test to read, and fired when the test says so.
import { needsReady } from './moment.ts';
import { fire, strict, strictObject } from './strict.ts';
import { toTest } from './to-test.ts';

export interface Note {
  readonly title: string;
  readonly body: string;
  readonly urgency: string;
  readonly open: boolean;
}

const notes: Notification[] = [];
/** What the desktop does with notifications: some have nobody who shows them, or somebody who fails. */
let notesAre: 'shown' | 'unsupported' | 'failing' = 'shown';
let noteOf: (notification: Notification) => Note;

export class Notification extends strict('Notification') {
  readonly #options: Electron.NotificationConstructorOptions;
  #open = false;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    needsReady('Cannot create Notification before app is ready');
    super();
    this.#options = options;
  }

  show(): void {
    if (notesAre === 'failing') {
      setImmediate(() => fire(this, 'failed', {}, 'nobody shows it'));
      return;
    }
    this.#open = true;
    notes.push(this);
    setImmediate(() => fire(this, 'show'));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    fire(this, 'close');
  }

  static isSupported(): boolean {
    return notesAre !== 'unsupported';
  }

  static {
    // Linux shows neither buttons nor a reply, so a spec sees none either.
    noteOf = (notification) => {
      const { title = '', body = '', urgency = 'normal' } = notification.#options;
      return { title, body, urgency, open: notification.#open };
    };
  }
}

toTest.on('notes', () => notes.map(noteOf));
toTest.on('notes.click', (place: number) => {
  const note = notes[place];
  if (note === undefined) throw new Error(`there is no notification ${place}`);
  fire(note, 'click');
  note.close();
});
toTest.on('notes.are', (are: typeof notesAre) => {
  notesAre = are;
});
toTest.on('notes.close', (place: number) => notes[place]?.close());

const MODIFIER =
  /^(?:command|cmd|control|ctrl|commandorcontrol|cmdorctrl|alt|option|altgr|shift|super|meta)$/i;
const KEY =
  /^(?:[a-z0-9]|f(?:[1-9]|1\d|2[0-4])|[-)!@#$%^&*(:;+=<,_>.?/~`{\][|\\}"']|plus|space|tab|capslock|numlock|scrolllock|backspace|delete|insert|return|enter|up|down|left|right|home|end|pageup|pagedown|escape|esc|printscreen|num(?:\d|dec|add|sub|mult|div)|volume(?:up|down|mute)|media(?:nexttrack|previoustrack|stop|playpause))$/i;

function normal(accelerator: string): string {
  const parts = accelerator.split('+');
  const valid =
    parts.length > 0 &&
    KEY.test(parts.at(-1) ?? '') &&
    parts.slice(0, -1).every((part) => MODIFIER.test(part));
  if (!valid)
    throw new TypeError(`Error processing argument at index 0, conversion failure from ${accelerator}`);
  const key = parts.pop() ?? '';
  const control = process.platform === 'darwin' ? 'command' : 'control';
  const modifiers = parts
    .map((part) => part.toLowerCase().replace(/^(?:commandorcontrol|cmdorctrl)$/, control))
    .map((part) =>
      part
        .replace(/^ctrl$/, 'control')
        .replace(/^cmd$/, 'command')
        .replace(/^meta$/, 'super'),
    );
  return [...modifiers.sort(), key.toLowerCase()].join('+');
}

const shortcuts = new Map<string, () => void>();
const takenByOthers = new Set<string>();

export const globalShortcut = strictObject('globalShortcut', {
  register(accelerator: string, callback: () => void): boolean {
    needsReady('globalShortcut cannot be used before the app is ready');
    const name = normal(accelerator);
    if (shortcuts.has(name) || takenByOthers.has(name)) return false;
    shortcuts.set(name, callback);
    return true;
  },
  isRegistered: (accelerator: string): boolean => shortcuts.has(normal(accelerator)),
  unregister(accelerator: string): void {
    needsReady('globalShortcut cannot be used before the app is ready');
    shortcuts.delete(normal(accelerator));
  },
  unregisterAll: (): void => shortcuts.clear(),
});

toTest.on('shortcut', (accelerator: string) => {
  const callback = shortcuts.get(normal(accelerator));
  if (callback === undefined) throw new Error(`nobody has registered ${accelerator}`);
  callback();
});
toTest.on('shortcut.names', () => [...shortcuts.keys()]);
toTest.on('shortcut.take', (accelerator: string) => void takenByOthers.add(normal(accelerator)));

class PowerMonitor extends strict('powerMonitor') {
  getSystemIdleTime(): number {
    return 0;
  }

  getSystemIdleState(): ReturnType<Electron.PowerMonitor['getSystemIdleState']> {
    return process.platform === 'linux' ? 'unknown' : 'active';
  }

  isOnBatteryPower(): boolean {
    return false;
  }
}

export const powerMonitor = new PowerMonitor();
/** Fired whatever the platform; Linux sends `lock-screen` and `unlock-screen` to nobody. */
toTest.on('power', (event: string) => powerMonitor.emit(event));

const opened: string[] = [];
let browserFails = false;

export const shell = strictObject('shell', {
  async openExternal(url: string): Promise<void> {
    opened.push(url);
    if (browserFails) throw new Error('Failed to open: The operation could not be completed');
  },
  async openPath(path: string): Promise<string> {
    opened.push(path);
    return '';
  },
  showItemInFolder: (path: string): void => void opened.push(path),
  beep: (): void => {},
});

toTest.on('opened', () => opened);
toTest.on('opened.fails', (fails: boolean) => {
  browserFails = fails;
});

const shownDialogs: object[] = [];
const dialogAnswers: object[] = [];

async function showDialog(kind: string, usual: object, given: unknown[]): Promise<object> {
  needsReady('dialog module can only be used after app is ready');
  shownDialogs.push({ kind, ...(given.at(-1) as object) });
  return dialogAnswers.shift() ?? usual;
}

export const dialog = strictObject('dialog', {
  // Usable before `ready`, as the real one.
  showErrorBox: (title: string, content: string): void =>
    void shownDialogs.push({ kind: 'error', title, content }),
  showMessageBox: (...given: unknown[]) =>
    showDialog('message', { response: 0, checkboxChecked: false }, given),
  showOpenDialog: (...given: unknown[]) => showDialog('open', { canceled: true, filePaths: [] }, given),
  showSaveDialog: (...given: unknown[]) => showDialog('save', { canceled: true, filePath: '' }, given),
});

toTest.on('dialogs', () => shownDialogs);
toTest.on('dialogs.answer', (answer: object) => void dialogAnswers.push(answer));

const AREA = { x: 0, y: 0, width: 1280, height: 800 };
const DISPLAY = {
  id: 1,
  bounds: AREA,
  workArea: AREA,
  workAreaSize: { width: 1280, height: 800 },
  scaleFactor: 1,
};

class Screen extends strict('screen') {
  getAllDisplays(): Electron.Display[] {
    return [this.getPrimaryDisplay()];
  }

  getPrimaryDisplay(): Electron.Display {
    needsReady("The 'screen' module can't be used before the app 'ready' event");
    return DISPLAY as Electron.Display;
  }

  getDisplayNearestPoint(): Electron.Display {
    return this.getPrimaryDisplay();
  }

  getDisplayMatching(): Electron.Display {
    return this.getPrimaryDisplay();
  }

  getCursorScreenPoint(): Electron.Point {
    needsReady("The 'screen' module can't be used before the app 'ready' event");
    return { x: 640, y: 400 };
  }
}

export const screen = new Screen();

type ThemeSource = Electron.NativeTheme['themeSource'];
let systemDark = false;
let themeSource: ThemeSource = 'system';

class NativeTheme extends strict('nativeTheme') {
  get themeSource(): ThemeSource {
    return themeSource;
  }

  set themeSource(source: ThemeSource) {
    if (!['system', 'light', 'dark'].includes(source)) throw new TypeError(`Invalid themeSource: ${source}`);
    themeSource = source;
    themeChanged();
  }

  get shouldUseDarkColors(): boolean {
    return themeSource === 'system' ? systemDark : themeSource === 'dark';
  }

  /** Of the bar, which no choice of ours changes. */
  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return systemDark;
  }
}

export const nativeTheme = new NativeTheme();

function themeChanged(): void {
  toTest.tell('theme', nativeTheme.shouldUseDarkColors ? 'dark' : 'light');
  setImmediate(() => nativeTheme.emit('updated'));
}

toTest.on('theme.system', (theme: 'light' | 'dark') => {
  systemDark = theme === 'dark';
  themeChanged();
});

let online = true;
/** How often the application asked. */
let looks = 0;

export const net = strictObject('net', {
  isOnline(): boolean {
    looks += 1;
    return online;
  },
  get online(): boolean {
    return online;
  },
});

toTest.on('networkLooks', () => looks);
toTest.on('online', (now: boolean) => {
  online = now;
});

class IpcMain extends strict('ipcMain') {}

/** Here for electron-store, which listens once; no page can send. */
export const ipcMain = new IpcMain();
