// The test's end of the stand-in: starts the main file in a child, gives it Chromium pages for its windows, and asks the app
// what a page may do. Whatever a page asks of a foreign address is refused and remembered.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page, Route } from '@playwright/test';
import { type Formats, readClipboard, writeClipboard } from './clipboard-folder.ts';
import type { Settings } from './settings.ts';
import { Wire } from './wire.ts';

export interface LaunchOptions {
  readonly browser: Browser;
  /** Built main file. */
  readonly main: string;
  /** Folder whose package.json names it; that of the file when not given. */
  readonly appPath?: string;
  /** Environment of the process, whole. */
  readonly env: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  /** Folder that is the clipboard of the system; must exist. */
  readonly clipboard: string;
  readonly settings?: Partial<Pick<Settings, 'packaged' | 'links' | 'proxy' | 'second'>>;
}

export interface Ended {
  readonly code: number | null;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Of Electron's declarations, which the stand-in is typed against. */
export const DECLARED: string = createRequire(import.meta.url)('electron/package.json').version;
const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
// A host on a busy machine starts in two seconds.
const START_MS = 15_000;
const STOP_MS = 10_000;

interface Held {
  readonly id: number;
  readonly context: BrowserContext;
  page: Promise<Page>;
  size: { readonly width: number; readonly height: number };
  crashed: boolean;
}

export class StandIn {
  readonly maker = 'stand-in';
  readonly #options: LaunchOptions;
  readonly #child: ChildProcess;
  readonly #wire: Wire;
  readonly #contexts = new Map<string, Promise<BrowserContext>>();
  readonly #windows = new Map<number, Held>();
  readonly #ours = new Map<Page, Held>();
  #theme: 'light' | 'dark' = 'light';
  #output = '';
  #closing = false;
  /** Requests and navigations to foreign addresses that nothing had stopped before the network; must stay empty. */
  readonly foreign: string[] = [];
  readonly #refused: string[] = [];
  /** Console errors and warnings, and uncaught errors, of all pages. */
  readonly complaints: string[] = [];
  readonly ended: Promise<Ended>;

  private constructor(options: LaunchOptions) {
    this.#options = options;
    this.#child = startProcess(options);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#wire = new Wire(this.#child);
    this.ended = once(this.#child, 'exit').then(([code]) => {
      this.#wire.end('the main process has ended');
      return { code };
    });
    this.#answer();
  }

  /** After `ready` was fired. Rejects with what the process printed when it ends before. */
  static async launch(options: LaunchOptions): Promise<StandIn> {
    const app = new StandIn(options);
    const { promise: ready, resolve } = Promise.withResolvers<'ready'>();
    app.#wire.on('ready', () => resolve('ready'));
    const late = AbortSignal.timeout(START_MS);
    const timeout = once(late, 'abort').then(() => 'late' as const);
    const first = await Promise.race([ready, app.ended, timeout]);
    if (first === 'ready') return app;
    app.#child.kill('SIGKILL');
    const why = first === 'late' ? 'did not become ready' : `ended with ${first.code} before it was ready`;
    throw new Error(`The main process ${why}:\n${app.#output}`);
  }

  /** What the process printed. */
  output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask(op: string, ...args: unknown[]): Promise<unknown> {
    return this.#wire.ask(op, ...args);
  }

  /** Pages of the windows that live, in the order in which they were opened. */
  pages(): Page[] {
    return [...this.#ours.keys()].filter((page) => !page.isClosed());
  }

  /** The window whose page this is. */
  idOf(page: Page): number {
    const held = this.#ours.get(page);
    if (held === undefined) throw new Error('That page is no window of the app.');
    return held.id;
  }

  /** Navigations, windows and downloads that the app refused. */
  async refused(): Promise<readonly string[]> {
    return this.#refused;
  }

  async copied(): Promise<Formats> {
    return readClipboard(this.#options.clipboard);
  }

  async copy(text: string): Promise<void> {
    writeClipboard(this.#options.clipboard, { 'text/plain': Buffer.from(text).toString('base64') });
  }

  /** A second start of the same program; its message goes to this one as the single instance lock would send it. */
  async secondStart(args: readonly string[], env: NodeJS.ProcessEnv = this.#options.env): Promise<Ended> {
    const second = join(this.#options.clipboard, `second-${process.hrtime.bigint()}.json`);
    const { settings } = this.#options;
    const child = startProcess({ ...this.#options, env, args, settings: { ...settings, second } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    const [code, signal] = await once(child, 'exit');
    clearTimeout(timer);
    if (signal !== null) throw new Error(`The second start did not end:\n${output}`);
    const { argv, cwd, additionalData } = JSON.parse(readFileSync(second, 'utf8'));
    rmSync(second);
    await this.ask('second-instance', argv, cwd, additionalData);
    return { code };
  }

  /** Ends the process if it still runs, and closes its pages. */
  async close(): Promise<Ended> {
    this.#closing = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    const ended = await this.ended;
    clearTimeout(timer);
    for (const context of this.#contexts.values()) await (await context).close();
    return ended;
  }

  #answer(): void {
    const wire = this.#wire;
    wire.on('window.open', (id: number, partition: string, size: Held['size']) => {
      const context = this.#context(partition);
      const opening = context.then(async (made) => {
        const held: Held = { id, context: made, size, crashed: false, page: Promise.resolve({} as Page) };
        this.#windows.set(id, held);
        held.page = this.#newPage(held);
        await held.page;
        return held;
      });
      // Why it failed is told below, once; to whoever asks for it later it is closed.
      this.#opening.set(
        id,
        opening.catch(() => undefined),
      );
      return opening.then(
        () => undefined,
        (error: unknown) => {
          if (!this.#closing) throw error;
        },
      );
    });
    wire.on('window.load', async (id: number, url: string, granted: string[]) => {
      const held = await this.#opening.get(id);
      if (held === undefined) throw new Error('that window is closed');
      await held.context.grantPermissions(granted, { origin: new URL(url).origin });
      if (held.crashed) {
        await (await held.page).close();
        held.crashed = false;
        held.page = this.#newPage(held);
      }
      const page = await held.page;
      this.#home.add(new URL(url).host);
      await page.goto(url, { waitUntil: 'load' });
    });
    wire.on('window.close', async (id: number) => {
      const held = await this.#opening.get(id);
      this.#opening.delete(id);
      this.#windows.delete(id);
      if (held !== undefined) await (await held.page).close();
    });
    wire.on('window.size', async (id: number, { width, height }: Held['size']) => {
      const held = await this.#opening.get(id);
      await (await held?.page)?.setViewportSize({ width, height });
    });
    wire.on('session.clear', async (partition: string) => {
      await (await this.#contexts.get(partition))?.clearCookies();
    });
    wire.on('theme', async (theme: 'light' | 'dark') => {
      this.#theme = theme;
      for (const page of this.pages()) await page.emulateMedia({ colorScheme: theme });
    });
    wire.on('relaunch', () => undefined);
  }

  readonly #opening = new Map<number, Promise<Held | undefined>>();
  /** Hosts that are our own scheme in disguise. */
  readonly #home = new Set<string>();

  #context(partition: string): Promise<BrowserContext> {
    const known = this.#contexts.get(partition);
    if (known !== undefined) return known;
    const made = this.#newContext();
    this.#contexts.set(partition, made);
    return made;
  }

  async #newContext(): Promise<BrowserContext> {
    const context = await this.#options.browser.newContext({
      serviceWorkers: 'block',
      locale: 'en-US',
      colorScheme: this.#theme,
    });
    await context.route(
      (url) => !this.#home.has(url.host),
      (route) => this.#refuse(route),
    );
    context.on('page', (page) => this.#dismiss(page));
    return context;
  }

  async #newPage(held: Held): Promise<Page> {
    this.#making += 1;
    const page = await held.context.newPage();
    this.#making -= 1;
    this.#ours.set(page, held);
    await Promise.all([
      this.#watchPopups(page, held),
      page.setViewportSize({ width: held.size.width, height: held.size.height }),
      page.emulateMedia({ colorScheme: this.#theme }),
    ]);
    const tell = (op: string, ...args: unknown[]) => this.#wire.tell(op, held.id, ...args);
    page.on('load', () => {
      page.title().then(
        (title) => tell('window.loaded', page.url(), title),
        // The page went elsewhere, or away.
        () => undefined,
      );
    });
    page.on('crash', () => {
      held.crashed = true;
      this.#ours.delete(page);
      tell('window.gone');
    });
    page.on('download', async (download) => {
      await download.cancel();
      const may = await this.#wire.ask('window.mayDownload', held.id, download.url());
      (may ? this.foreign : this.#refused).push(`download ${download.url()}`);
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    return page;
  }

  #making = 0;
  /** Addresses of popups that were judged when they were asked for, and whose pages may still come. */
  readonly #judged: string[] = [];

  /** Judges popups of this page as they are asked for: those that lead nowhere never become pages. */
  async #watchPopups(page: Page, held: Held): Promise<void> {
    const session = await held.context.newCDPSession(page);
    await session.send('Page.enable');
    session.on('Page.windowOpen', ({ url }) => {
      this.#judged.push(url);
      // A popup that never becomes a page cannot be closed, and would keep the window in the background.
      this.#judge(held, url)
        .then(() => page.bringToFront())
        .catch(() => undefined);
    });
  }

  async #judge(held: Held, url: string): Promise<void> {
    const may = await this.#wire.ask('window.mayOpen', held.id, url);
    (may ? this.foreign : this.#refused).push(`window ${url}`);
  }

  /** A page that no window asked for is a popup; a middle click opens one that nobody has judged. */
  async #dismiss(page: Page): Promise<void> {
    if (this.#making > 0 && (await page.opener()) === null) return;
    if (this.#ours.has(page)) return;
    const url = page.url();
    const windows = [...this.#ours.values()].filter(({ context }) => context === page.context());
    const [held] = windows;
    const known = this.#judged.indexOf(url);
    if (known >= 0) this.#judged.splice(known, 1);
    else if (held !== undefined) await this.#judge(held, url);
    await page.close();
  }

  async #refuse(route: Route): Promise<void> {
    const request = route.request();
    const url = request.url();
    let page: Page | undefined;
    let isMainFrame = false;
    try {
      page = request.frame().page();
      isMainFrame = request.frame() === page.mainFrame();
    } catch {
      // The first request of a popup has no frame yet; the popup is judged when it is there, and only an answer gets it there.
      // Its icon is named, since Chromium asks for a usual one by a way that nobody is told of.
      return route.fulfill({ contentType: 'text/html', body: '<link rel="icon" href="data:,">' });
    }
    const held = this.#ours.get(page);
    if (held === undefined) return route.abort('aborted');
    const navigates = request.isNavigationRequest();
    const may = !navigates || (await this.#wire.ask('window.mayGo', held.id, url, isMainFrame));
    (may ? this.foreign : this.#refused).push(`${navigates ? 'navigation' : request.resourceType()} ${url}`);
    // Any other code would put an error page in the place of ours.
    await route.abort('aborted');
  }
}

function startProcess({
  main,
  appPath = dirname(main),
  env,
  args = [],
  clipboard,
  settings = {},
}: LaunchOptions): ChildProcess {
  const given: Settings = {
    main,
    args,
    version: VERSION,
    appPath,
    electron: DECLARED,
    clipboard,
    ...settings,
  };
  return fork(join(HERE, 'run.ts'), {
    execArgv: ['--import', join(HERE, 'hook.ts'), '--disable-warning=ExperimentalWarning'],
    env: { ...env, STAND_IN: JSON.stringify(given) },
    silent: true,
  });
}
