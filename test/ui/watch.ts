// Watches a browser for a whole spec: what its console says, where the window's pages ask, how far things jump on the
// screen, and at the end whether any secret of the run is left anywhere a page keeps things.
import { type BrowserContext, expect, type Page } from '@playwright/test';
import { type Hit, scanText } from '../support/canary-scan.ts';
import type { WindowHost } from '../support/window-host.ts';

/** Sums the layout shifts that no input of a person explains (Layout Instability API). */
const SHIFTS = `
  globalThis.shifts = { sum: 0, what: [] };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      shifts.sum += entry.value;
      for (const { node } of entry.sources) shifts.what.push(node?.className || node?.nodeName || '');
    }
  }).observe({ type: 'layout-shift', buffered: true });
`;

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
  caches: (await caches.keys()).length,
  databases: await indexedDB.databases(),
})`;

const SHIFT_MAX = 0.01;

export class Watch {
  readonly #host: WindowHost;
  readonly #pages: Page[] = [];
  readonly #console: string[] = [];
  readonly #asked: { readonly url: string; readonly body: string }[] = [];
  /** Answers of the window's pages, but for the one that a ticket buys. */
  readonly #answers: Promise<string>[] = [];
  readonly #allowed: RegExp[] = [];

  constructor(host: WindowHost) {
    this.#host = host;
  }

  async follow(context: BrowserContext): Promise<void> {
    await context.addInitScript(SHIFTS);
    context.on('console', (message) => this.#console.push(`${message.type()}: ${message.text()}`));
    context.on('weberror', (error) => this.#console.push(`error: ${error.error().message}`));
  }

  /** One of the pages that are the window: consent pages in other tabs are not. */
  window(page: Page): void {
    this.#pages.push(page);
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

  /** Nothing has jumped since the page was opened, or since this was last asked. */
  async expectCalm(page: Page, step: string): Promise<void> {
    const { sum, what } = await page.evaluate<{ sum: number; what: string[] }>(
      `(() => { const was = shifts; shifts = { sum: 0, what: [] }; return was; })()`,
    );
    expect(sum, `${step}: moved ${what.join(', ')}`).toBeLessThan(SHIFT_MAX);
  }

  /** Secrets in everything that this page keeps, and its history. */
  async secretsIn(page: Page, secrets: Iterable<string> = this.#host.secrets): Promise<Hit[]> {
    const kept = await page.evaluate<string>(`(async () => ${KEPT})()`);
    const session = await page.context().newCDPSession(page);
    const { entries } = await session.send('Page.getNavigationHistory');
    // What the person typed stays with the browser's entry whatever the page does: the link, whose code is used up.
    const history = entries.map(
      ({ url, title, userTypedURL }) => `${url} ${title} ${userTypedURL.replace(/#code=.*/, '')}`,
    );
    await session.detach();
    return [...scanText('page', kept, secrets), ...scanText('history', history.join('\n'), secrets)];
  }

  async end(): Promise<void> {
    const { origin, secrets } = this.#host;
    const elsewhere = this.#asked.filter(({ url }) => new URL(url).origin !== origin);
    expect(elsewhere, 'requests to other places').toEqual([]);
    const complaints = this.#console.filter(
      (line) => /^(error|warning):/.test(line) && !this.#allowed.some((pattern) => pattern.test(line)),
    );
    expect(complaints, 'complaints in the console').toEqual([]);
    const hits: Hit[] = [];
    for (const page of this.#pages) if (!page.isClosed()) hits.push(...(await this.secretsIn(page, secrets)));
    hits.push(...scanText('console', this.#console.join('\n'), secrets));
    hits.push(...scanText('addresses', this.#asked.map(({ url }) => url).join('\n'), secrets));
    const answers = await Promise.all(this.#answers);
    hits.push(...scanText('answers', answers.join('\n'), secrets));
    expect(hits, 'promise 65: secrets left in the browser').toEqual([]);
  }
}
