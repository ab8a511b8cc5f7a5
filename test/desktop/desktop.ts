// The one interface that specs of the desktop know, over two makers: the stand-in, and Electron with a recorder. A maker
// answers the same questions by the same names; what only one of them can do says so.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { Note } from '../support/electron/desktop.ts';
import type { Row } from '../support/electron/menu.ts';

export type { Note, Row };

/** What a maker gives; the names of the questions are those of the stand-in's wire. */
export interface Running {
  readonly maker: 'stand-in' | 'electron';
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null }>;
  ask(op: string, ...args: unknown[]): Promise<unknown>;
  pages(): Page[];
  idOf(page: Page): number | Promise<number>;
  secondStart(args: readonly string[]): Promise<{ readonly code: number | null }>;
  close(): Promise<{ readonly code: number | null }>;
  output(): string;
  /** Base64 by MIME type, as another program finds it; also after the end. */
  copied(): Promise<Readonly<Record<string, string>>>;
  /** What another program copies. */
  copy(text: string): Promise<void>;
  /** See the stand-in. */
  readonly foreign: readonly string[];
  refused(): Promise<readonly string[]>;
  readonly complaints: readonly string[];
}

export interface WindowState {
  readonly id: number;
  readonly title: string;
  /** In the app's own scheme. */
  readonly url: string;
  readonly visible: boolean;
  readonly focused: boolean;
  readonly width: number;
  readonly height: number;
}

export interface Folders {
  /** Holds the others. */
  readonly root: string;
  /** `TOKENTRAY_HOME`. */
  readonly home: string;
  /** Of the file with the vault's key. */
  readonly key: string;
  /** First in PATH: programs put here are found before those of the machine. */
  readonly bin: string;
  /** The clipboard of the system, when the stand-in runs: what is in the file `copied` is its text. */
  readonly clipboard: string;
}

export interface Places {
  readonly folders: Folders;
  readonly env: NodeJS.ProcessEnv;
  /** Secrets that were put into the vault before the start. */
  readonly secrets: ReadonlySet<string>;
}

const CALL_MS = 30_000;

export class Desktop {
  readonly #running: Running;
  readonly #places: Places;

  constructor(running: Running, places: Places) {
    this.#running = running;
    this.#places = places;
  }

  get maker(): Running['maker'] {
    return this.#running.maker;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** `TOKENTRAY_HOME`. */
  get home(): string {
    return this.#places.folders.home;
  }

  get folders(): Folders {
    return this.#places.folders;
  }

  /** Environment of the app. */
  get env(): NodeJS.ProcessEnv {
    return this.#places.env;
  }

  /** Tokens and the owner's key: what must not be found where it does not belong. */
  secrets(): Set<string> {
    return new Set([...this.#places.secrets, this.ownerKey()]);
  }

  /** What the main process printed. */
  output(): string {
    return this.#running.output();
  }

  /** Pages of the windows that live. */
  windows(): Page[] {
    return this.#running.pages();
  }

  /** The window, opened as a second start opens it when there is none, once the view shows its heading; `path`: goes there. */
  async window(path?: string): Promise<Page> {
    if (this.windows().length === 0) await this.secondStart([]);
    await expect.poll(() => this.windows().length, { message: 'a window' }).toBeGreaterThan(0);
    const page = this.windows()[0]!;
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    if (path !== undefined && (await this.path(page)) !== path) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
    }
    return page;
  }

  /** Where the page is inside the app, from the slash on. Specs name no scheme, host or port. */
  async path(page: Page): Promise<string> {
    return page.evaluate<string>('location.pathname + location.search + location.hash');
  }

  async states(): Promise<WindowState[]> {
    return (await this.#running.ask('window.states')) as WindowState[];
  }

  /** As a person closes a window. */
  async closeWindow(page: Page): Promise<void> {
    await this.#running.ask('window.userCloses', await this.#running.idOf(page));
    await expect.poll(() => page.isClosed(), { message: 'the window closes' }).toBe(true);
  }

  readonly tray = {
    /** The visible rows of the menu. */
    rows: async (): Promise<readonly Row[]> => (await this.#running.ask('tray.rows')) as Row[],
    /** Chooses a row by its label, or by what it matches, level by level; waits until it is there. */
    press: async (...labels: (string | RegExp)[]): Promise<void> => {
      let places: number[] | undefined;
      const find = async () => {
        places = placesOf(await this.tray.rows(), labels);
        return places;
      };
      await expect.poll(find, { message: `a row ${labels.join(' > ')} in the tray` }).toBeDefined();
      await this.#running.ask('tray.press', places);
    },
    /** A click on the icon itself, where the desktop has something else for its menu. */
    click: async (): Promise<void> => void (await this.#running.ask('tray.click')),
    /** Name of the file that the icon was made of. */
    icon: async (): Promise<string> => (await this.#running.ask('tray.icon')) as string,
    tooltip: async (): Promise<string> => (await this.#running.ask('tray.tooltip')) as string,
    /** How often the whole menu was replaced. */
    changes: async (): Promise<number> => (await this.#running.ask('tray.changes')) as number,
  };

  /** The clipboard as another program finds it. */
  readonly clipboard = {
    /** Text as it is, other formats byte by byte as characters. */
    formats: async (): Promise<Record<string, string>> => {
      const entries = Object.entries(await this.#running.copied()).map(([type, base64]) => {
        const bytes = Buffer.from(base64, 'base64');
        return [type, bytes.toString(type.startsWith('text/') ? 'utf8' : 'latin1')];
      });
      return Object.fromEntries(entries);
    },
    text: async (): Promise<string> => (await this.clipboard.formats())['text/plain'] ?? '',
    put: (text: string): Promise<void> => this.#running.copy(text),
  };

  async notes(): Promise<readonly Note[]> {
    return (await this.#running.ask('notes')) as Note[];
  }

  async clickNote(place: number): Promise<void> {
    await this.#running.ask('notes.click', place);
  }

  /** Addresses given to the browser of the system. */
  async opened(): Promise<readonly string[]> {
    return (await this.#running.ask('opened')) as string[];
  }

  /** A link of our scheme, opened as this platform does it. */
  async link(url: string): Promise<void> {
    if (process.platform === 'darwin') await this.#running.ask('open-url', url);
    else await this.secondStart(['--', url]);
  }

  async secondStart(args: readonly string[]): Promise<{ readonly code: number | null }> {
    return this.#running.secondStart(args);
  }

  /** Fired on every platform, though Linux has no `lock-screen` and `unlock-screen` of its own. */
  async power(event: 'suspend' | 'resume' | 'lock-screen' | 'unlock-screen'): Promise<void> {
    await this.#running.ask('power', event);
  }

  /** Presses it; fails when nobody has registered it. */
  async shortcut(accelerator: string): Promise<void> {
    await this.#running.ask('shortcut', accelerator);
  }

  async shortcuts(): Promise<readonly string[]> {
    return (await this.#running.ask('shortcut.names')) as string[];
  }

  /** Another program owns that shortcut. */
  async takeShortcut(accelerator: string): Promise<void> {
    await this.#running.ask('shortcut.take', accelerator);
  }

  /** False: the desktop takes the focus from all windows and gives it to none; true: it gives it to the last one shown. */
  async focus(allowed: boolean): Promise<void> {
    await this.#running.ask('focus', allowed);
  }

  /** Theme of the system, bar and windows. */
  async theme(theme: 'light' | 'dark'): Promise<void> {
    await this.#running.ask('theme.system', theme);
  }

  /** How often the application has asked whether there is a network. */
  async networkLooks(): Promise<number> {
    return Number(await this.#running.ask('networkLooks'));
  }

  async online(online: boolean): Promise<void> {
    await this.#running.ask('online', online);
  }

  /** A PAC answer for every address. */
  async proxy(answer: string): Promise<void> {
    await this.#running.ask('proxy', answer);
  }

  async dialogs(): Promise<readonly Record<string, unknown>[]> {
    return (await this.#running.ask('dialogs')) as Record<string, unknown>[];
  }

  /** Any question of the stand-in's wire; for specs of the stand-in itself. */
  async ask(op: string, ...args: unknown[]): Promise<unknown> {
    return this.#running.ask(op, ...args);
  }

  /** Kills the process of that page. */
  async crash(page: Page): Promise<void> {
    const session = await page.context().newCDPSession(page);
    const gone = page.waitForEvent('crash');
    // It never answers: the process that would is gone.
    session.send('Page.crash').catch(() => undefined);
    await gone;
  }

  /** What pages asked of foreign addresses without being stopped before the network. */
  get foreign(): readonly string[] {
    return this.#running.foreign;
  }

  /** Navigations, windows and downloads that the app refused. */
  refused(): Promise<readonly string[]> {
    return this.#running.refused();
  }

  /** Errors and warnings in the consoles of the pages. */
  get complaints(): readonly string[] {
    return this.#running.complaints;
  }

  /** What the app says about this desktop, asked by its window. */
  async facts(): Promise<Record<string, unknown>> {
    const page = await this.window();
    const { facts } = await page.evaluate<{ facts: Record<string, unknown> }>(
      `fetch('/window/desktop').then((answer) => answer.json())`,
    );
    return facts;
  }

  /** What the fake dbus-send of the harness was asked so far. */
  busCalls(): string {
    const file = join(this.folders.root, 'bus-calls');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Address of the endpoint, once there is one. */
  async url(): Promise<string> {
    const file = join(this.home, 'endpoint.json');
    const read = () => {
      try {
        return (JSON.parse(readFileSync(file, 'utf8')) as { url: string | null }).url ?? undefined;
      } catch {
        return undefined;
      }
    };
    await expect.poll(read, { message: 'the endpoint' }).toBeDefined();
    return read() ?? '';
  }

  ownerKey(): string {
    return readFileSync(join(this.home, 'owner.key'), 'utf8').trim();
  }

  /** Asks the endpoint as the owner; fails on anything but an answer of 2xx. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch((await this.url()) + path, {
      method,
      headers: { authorization: `Bearer ${this.ownerKey()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** As a person quits it. */
  async quit(): Promise<{ readonly code: number | null }> {
    await this.#running.ask('quit').catch(() => undefined);
    return this.#running.ended;
  }

  get ended(): Promise<{ readonly code: number | null }> {
    return this.#running.ended;
  }
}

/** Where the row stands among the visible ones, level by level; undefined as long as it is not there. */
function placesOf(rows: readonly Row[], labels: readonly (string | RegExp)[]): number[] | undefined {
  const [label, ...deeper] = labels;
  if (label === undefined) return [];
  const place = rows.findIndex((row) =>
    typeof label === 'string' ? row.label === label : label.test(row.label),
  );
  const row = rows[place];
  if (row === undefined) return undefined;
  const rest = placesOf(row.submenu ?? [], deeper);
  return rest === undefined ? undefined : [place, ...rest];
}
