// Watches a browser for a whole spec: what its console says, where the window's pages ask, how far things jump on the
// screen, and at the end whether any secret of the run is left anywhere a page keeps things.
import { type BrowserContext, expect, type Page } from '@playwright/test';
import { type Hit, scanText } from '../support/canary-scan.ts';
import type { WindowHost } from '../support/window-host.ts';

interface Shift {
  readonly value: number;
  readonly what: string;
}

/** Tells of every layout shift that no input of a person explains (Layout Instability API). */
const SHIFTS = `{
  const read = (entries) => entries.filter(({ hadRecentInput }) => !hadRecentInput).map(({ value, sources }) => ({
    value, what: sources.map(({ node }) => node?.className || node?.nodeName || '').join(', ') }));
  const observer = new PerformanceObserver((list) => { for (const shift of read(list.getEntries())) tellShift(shift); });
  observer.observe({ type: 'layout-shift', buffered: true });
  globalThis.lastShifts = () => read(observer.takeRecords());
}`;

/** Everything in which a page keeps text; the session's own secret is where it must be and is left out. */
const KEPT = `JSON.stringify({
  html: document.documentElement.outerHTML,
  values: [...document.querySelectorAll('input, textarea, select')].map(({ value }) => value),
  title: document.title,
  address: location.href,
  state: history.state,
  cookies: document.cookie,
  session: Object.entries(sessionStorage).filter(([name]) => name !== 'tokentray.session'),
  local: Object.entries(localStorage),
})`;

/** What a page could keep beside that, and the window does not. */
const STORES = `(async () => [...await caches.keys(), ...(await indexedDB.databases()).map(({ name }) => name),
  ...(await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope)])()`;

const SHIFT_MAX = 0.01;

/** What a person types goes there, and the code of their link. */
const TAKES_SECRETS = /^\/(?:window\/(?:session|proof)|v1\/(?:unlock|vault\/|providers))/;

export class Watch {
  readonly #host: WindowHost;
  /** The pages that are the window, and what moved in them since somebody asked. */
  readonly #pages = new Map<Page, Shift[]>();
  readonly #console: string[] = [];
  readonly #asked: { readonly url: string; readonly body: string }[] = [];
  /** Answers of the window's pages, but for the one that a ticket buys. */
  readonly #answers: Promise<string>[] = [];
  readonly #allowed: RegExp[] = [];

  constructor(host: WindowHost) {
    this.#host = host;
  }

  async follow(context: BrowserContext): Promise<void> {
    // Told at once, so that what moved before the page went elsewhere counts as well.
    await context.exposeBinding('tellShift', ({ page }, shift: Shift) => this.#pages.get(page)?.push(shift));
    await context.addInitScript(SHIFTS);
    context.on('console', (message) => this.#console.push(`${message.type()}: ${message.text()}`));
    context.on('weberror', (error) => this.#console.push(`error: ${error.error().message}`));
  }

  /** One of the pages that are the window: consent pages in other tabs are not. */
  window(page: Page): void {
    this.#pages.set(page, []);
    page.on('request', (request) => {
      this.#asked.push({ url: request.url(), body: request.postData() ?? '' });
    });
    page.on('requestfinished', (request) => {
      const { pathname } = new URL(request.url());
      // A stream ends with its page; a ticket buys a token.
      if (pathname === '/v1/events' || /^\/window\/copy\/./.test(pathname)) return;
      this.#answers.push(
        request
          .response()
          .then((response) => response?.text() ?? '')
          // The browser forgets an answer when its page goes elsewhere, and so cannot leak it.
          .catch(() => ''),
      );
    });
  }

  /** A complaint of the browser that belongs to this spec, such as that of a request refused on purpose. */
  allow(...complaints: RegExp[]): void {
    this.#allowed.push(...complaints);
  }

  /** Nothing has jumped since the page was opened, or since this was last asked. The end of every spec asks again. */
  async expectCalm(page: Page, step: string): Promise<void> {
    const last = await page.evaluate<Shift[]>('lastShifts()');
    const shifts = [...(this.#pages.get(page) ?? []), ...last];
    this.#pages.set(page, []);
    const sum = shifts.reduce((all, { value }) => all + value, 0);
    expect(sum, `${step}: moved ${shifts.map(({ what }) => what).join('; ')}`).toBeLessThan(SHIFT_MAX);
  }

  /** Secrets in everything that this page keeps, and its history. */
  async secretsIn(page: Page, secrets: Iterable<string> = this.#host.secrets): Promise<Hit[]> {
    const kept = await page.evaluate<string>(`(async () => ${KEPT})()`);
    // The session's own secret is in its one place and in no other.
    const own = await page.evaluate<string | null>(`sessionStorage.getItem('tokentray.session')`);
    const wanted = own === null ? [...secrets] : [...secrets, own];
    const session = await page.context().newCDPSession(page);
    const { entries } = await session.send('Page.getNavigationHistory');
    // What the person typed stays with the browser's entry whatever the page does: the link, whose code is used up.
    const history = entries.map(
      ({ url, title, userTypedURL }) => `${url} ${title} ${userTypedURL.replace(/#code=.*/, '')}`,
    );
    await session.detach();
    return [...scanText('page', kept, wanted), ...scanText('history', history.join('\n'), wanted)];
  }

  /** Secrets in everything that is left of the window's pages, what they said, asked and were answered. */
  async allSecrets(secrets: Iterable<string> = this.#host.secrets): Promise<Hit[]> {
    const hits: Hit[] = [];
    for (const page of this.#pages.keys())
      if (!page.isClosed()) hits.push(...(await this.secretsIn(page, secrets)));
    const answers = await Promise.all(this.#answers);
    const texts = {
      console: this.#console,
      addresses: this.#asked.map(({ url }) => url),
      bodies: this.#asked
        .filter(({ url }) => !TAKES_SECRETS.test(new URL(url).pathname))
        .map(({ body }) => body),
      answers,
    };
    for (const [where, lines] of Object.entries(texts))
      hits.push(...scanText(where, lines.join('\n'), secrets));
    return hits;
  }

  async end(): Promise<void> {
    const { origin } = this.#host;
    const elsewhere = this.#asked.filter(({ url }) => new URL(url).origin !== origin);
    expect(elsewhere, 'requests to other places').toEqual([]);
    const complaints = this.#console.filter(
      (line) => /^(error|warning):/.test(line) && !this.#allowed.some((pattern) => pattern.test(line)),
    );
    expect(complaints, 'complaints in the console').toEqual([]);
    for (const page of this.#pages.keys()) {
      if (page.isClosed()) continue;
      await this.expectCalm(page, 'until the end');
      expect(await page.evaluate(STORES), 'stores that nobody looks into').toEqual([]);
    }
    expect(await this.allSecrets(), 'promise 65: secrets left in the browser').toEqual([]);
  }
}
