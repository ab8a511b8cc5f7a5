// The life cycle: paths, the single instance, links, quitting. The order of calls is judged as Electron judges it, and in
// two places more strictly, where the real one would go wrong without a word.
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { becomeReady, isReady, needsTime } from './moment.ts';
import { settings } from './settings.ts';
import { fire, strict, strictObject } from './strict.ts';
import { toTest } from './to-test.ts';

const switches = new Map<string, string>();
const commandLine = strictObject('app.commandLine', {
  appendSwitch(name: string, value = ''): void {
    needsTime('app.commandLine.appendSwitch');
    switches.set(name, value);
  },
  appendArgument(): void {
    needsTime('app.commandLine.appendArgument');
  },
  hasSwitch: (name: string): boolean => switches.has(name),
  getSwitchValue: (name: string): string => switches.get(name) ?? '',
  removeSwitch: (name: string): void => void switches.delete(name),
});
for (const argument of settings.args) {
  if (argument === '--') break;
  const [, name, value = ''] = /^--([^=]+)(?:=(.*))?$/.exec(argument) ?? [];
  if (name !== undefined) switches.set(name, value);
}

interface Closable {
  close(): void;
  isDestroyed(): boolean;
}

/** How often somebody asked who takes links of a scheme. */
let linksAsked = 0;

/** Every window that lives, in the order in which they were made. */
export const living = new Set<Closable>();

let isQuitting: (app: App) => boolean;
let lastWindowGone: (app: App) => void;
let begin: (app: App) => void;

class App extends strict('app') {
  readonly commandLine = commandLine;
  readonly isPackaged = settings.packaged ?? false;
  name = 'Tokentray';
  /** As everywhere but on macOS. */
  readonly dock = undefined;
  readonly #paths = new Map<string, string>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #clients = new Set<string>();
  #lock: 'unasked' | 'ours' | 'theirs' = 'unasked';
  #quitting = false;

  isReady(): boolean {
    return isReady();
  }

  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  getName(): string {
    return this.name;
  }

  setName(name: string): void {
    this.name = name;
  }

  getVersion(): string {
    return settings.version;
  }

  getLocale(): string {
    return 'en-US';
  }

  getAppPath(): string {
    return settings.appPath;
  }

  getPath(name: Parameters<Electron.App['getPath']>[0]): string {
    const appData = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
    const usual: Partial<Record<typeof name, string>> = {
      home: homedir(),
      appData,
      userData: join(appData, this.name),
      sessionData: this.#paths.get('userData') ?? join(appData, this.name),
      temp: tmpdir(),
      exe: process.execPath,
      logs: join(this.#paths.get('userData') ?? join(appData, this.name), 'logs'),
    };
    const path = this.#paths.get(name) ?? usual[name];
    if (path === undefined) throw new Error(`Failed to get '${name}' path`);
    return path;
  }

  setPath(name: string, path: string): void {
    if (name === 'userData') {
      needsTime("app.setPath('userData')");
      // Electron would lock one folder and write to another.
      if (this.#lock !== 'unasked')
        throw new Error("stand-in: app.setPath('userData') came after the single instance lock");
      mkdirSync(path, { recursive: true });
    }
    this.#paths.set(name, path);
  }

  requestSingleInstanceLock(additionalData: Record<string, unknown> = {}): boolean {
    this.#lock = settings.second === undefined ? 'ours' : 'theirs';
    // A file, because this process may be gone before a message is sent.
    if (settings.second !== undefined) {
      const message = { argv: process.argv, cwd: process.cwd(), additionalData };
      writeFileSync(settings.second, JSON.stringify(message));
    }
    return this.#lock === 'ours';
  }

  hasSingleInstanceLock(): boolean {
    return this.#lock === 'ours';
  }

  releaseSingleInstanceLock(): void {
    this.#lock = 'unasked';
  }

  enableSandbox(): void {
    needsTime('app.enableSandbox()');
    switches.set('enable-sandbox', '');
  }

  disableHardwareAcceleration(): void {
    needsTime('app.disableHardwareAcceleration()');
  }

  setDesktopName(): void {
    needsTime('app.setDesktopName()');
  }

  setAppUserModelId(): void {}

  setAsDefaultProtocolClient(scheme: string): boolean {
    if (settings.links === 'none') return false;
    this.#clients.add(scheme);
    return true;
  }

  isDefaultProtocolClient(scheme: string): boolean {
    linksAsked += 1;
    return (settings.links ?? 'ours') === 'ours' && this.#clients.has(scheme);
  }

  removeAsDefaultProtocolClient(scheme: string): boolean {
    return process.platform !== 'linux' && this.#clients.delete(scheme);
  }

  getApplicationNameForProtocol(url: string): string {
    if (settings.links !== undefined) return settings.links === 'none' ? '' : settings.links;
    return this.#clients.has(new URL(url).protocol.slice(0, -1)) ? this.name : '';
  }

  async getApplicationInfoForProtocol(url: string): Promise<Electron.ApplicationInfoForProtocolReturnValue> {
    const name = this.getApplicationNameForProtocol(new URL(url).href);
    if (name === '') throw new Error('Unable to retrieve installation path to app');
    return { name, path: `/usr/share/applications/${name}.desktop`, icon: {} as Electron.NativeImage };
  }

  focus(): void {}

  quit(): void {
    // Never there and then: the rest of the caller still runs.
    setImmediate(() => this.#quit());
  }

  exit(code = 0): never {
    this.emit('quit', {}, code);
    process.exit(code);
  }

  relaunch(): void {
    toTest.tell('relaunch');
  }

  #quit(): void {
    if (this.#quitting || fire(this, 'before-quit')) return;
    this.#quitting = true;
    for (const window of [...living]) window.close();
    this.#quitting = living.size === 0;
    if (!this.#quitting) return;
    if (!fire(this, 'will-quit')) this.exit(0);
    this.#quitting = false;
  }

  static {
    isQuitting = (own) => own.#quitting;
    lastWindowGone = (own) => {
      if (own.listenerCount('window-all-closed') === 0) own.quit();
      else own.emit('window-all-closed');
    };
    begin = (own) => {
      becomeReady();
      own.emit('will-finish-launching');
      own.emit('ready', {}, {});
      own.#ready.resolve();
    };
  }
}

export const app = new App();

/** The main file has been evaluated. */
export function fireReady(): void {
  begin(app);
}

export function windowGone(window: Closable): void {
  living.delete(window);
  if (living.size === 0 && !isQuitting(app)) setImmediate(() => lastWindowGone(app));
}

toTest.on('links.asked', () => linksAsked);
toTest.on('open-url', (url: string) => fire(app, 'open-url', {}, url));
toTest.on('second-instance', (argv: string[], cwd: string, additionalData: unknown) => {
  // Chromium puts switches first and adds some of its own.
  const [program = '', ...rest] = argv;
  const end = rest.indexOf('--');
  const before = end < 0 ? rest : rest.slice(0, end);
  const isSwitch = (argument: string) => argument.startsWith('-');
  const extended = [
    program,
    ...before.filter(isSwitch),
    '--allow-file-access-from-files',
    '--original-process-start-time=13400000000000000',
    ...before.filter((argument) => !isSwitch(argument)),
    ...(end < 0 ? [] : rest.slice(end)),
  ];
  fire(app, 'second-instance', {}, extended, cwd, additionalData);
});
toTest.on('quit', () => app.quit());
toTest.on('activate', () => fire(app, 'activate', {}, living.size > 0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
