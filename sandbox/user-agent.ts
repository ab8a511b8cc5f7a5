// A person with a browser, scripted: opens an authorization address, fills in the sandbox's forms, and follows every
// redirect to the last page. Must stay true: it sends what a browser's navigation sends, cookies included, and it
// never puts an address (they carry codes) into an error message.
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Where the redirect of this answer leads, when `stopBefore` held it back. */
  readonly stoppedBefore?: string;
}

interface UserAgentOptions {
  /** Asked before each redirect is followed; true ends the walk with the redirecting answer. */
  readonly stopBefore?: (url: URL) => boolean;
  readonly signal?: AbortSignal;
}

export interface UserAgent {
  /** Follows redirects from here. Rejects on a network fault, a 21st redirect, or an address that is not http. */
  open(url: string): Promise<Page>;
  /** Sends the page's form: its hidden fields and `fields`. Rejects when the page has no form. */
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page>;
}

interface Visit extends UserAgentOptions {
  readonly authorizationUrl: string;
  readonly username: string;
  readonly password: string;
  readonly decision: 'allow' | 'deny';
}

/** Longer than a callback page that waits for its token exchange, shorter than a person would wait. */
const REQUEST_TIMEOUT_MS = 30_000;
/** As in Chromium and Firefox (and the Fetch standard, 4.4). */
const MAX_REDIRECTS = 20;
/** A page is a few kilobytes; more is a mistake somewhere. */
const MAX_PAGE_BYTES = 1_000_000;

/**
 * Does what a person does with an authorization address: signs in, allows or denies, and waits for the last page.
 * Ends early, with the page it is on, where the server shows neither form (an error page, say). Rejects when the
 * user name and password are refused, and as UserAgent does.
 */
export async function consentAs(visit: Visit): Promise<{ finalUrl: string; status: number; body: string }> {
  const page = await walkConsent(createUserAgent(visit), visit);
  return { finalUrl: page.url, status: page.status, body: page.body };
}

/** The same with a browser of your own: its cookies stay from one consent to the next. */
export async function walkConsent(
  agent: UserAgent,
  visit: Omit<Visit, keyof UserAgentOptions>,
): Promise<Page> {
  let page = await agent.open(visit.authorizationUrl);
  if (hasField(page, 'password')) {
    page = await agent.submit(page, { username: visit.username, password: visit.password });
    if (hasField(page, 'password')) throw new Error('The sandbox refused this user name and password.');
  }
  return hasField(page, 'decision') ? agent.submit(page, { decision: visit.decision }) : page;
}

/** A browser with an empty cookie jar. */
export function createUserAgent(options: UserAgentOptions = {}): UserAgent {
  const jar = createJar();
  const walk = async (first: Hop): Promise<Page> => {
    let hop = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await send(hop, jar.header(hop.url), options.signal);
      jar.store(hop.url, answer.headers['set-cookie'] ?? []);
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.location : undefined;
      if (location === undefined) return answer;
      const target = new URL(location, hop.url);
      if (options.stopBefore?.(target)) return { ...answer, stoppedBefore: target.href };
      const keepsMethod = answer.status === 307 || answer.status === 308;
      const site = hop.site === 'none' ? 'none' : widest(hop.site, siteOf(hop.url, target));
      hop = { ...(keepsMethod ? hop : { method: 'GET' as const }), url: target, site };
    }
    throw new Error('The server redirected more than 20 times.');
  };
  return {
    open: (url) => walk({ method: 'GET', url: new URL(url), site: 'none' }),
    async submit(page, fields) {
      const form = readForm(page);
      const url = new URL(form.action, page.url);
      const body = new URLSearchParams({ ...form.hidden, ...fields }).toString();
      const from = new URL(page.url);
      return walk({ method: 'POST', url, site: siteOf(from, url), origin: from.origin, body });
    },
  };
}

type Site = 'none' | 'same-origin' | 'same-site' | 'cross-site';

interface Hop {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly site: Site;
  readonly origin?: string;
  readonly body?: string;
}

function siteOf(from: URL, to: URL): Site {
  if (from.origin === to.origin) return 'same-origin';
  return from.hostname === to.hostname ? 'same-site' : 'cross-site';
}

function widest(a: Site, b: Site): Site {
  const order: readonly Site[] = ['none', 'same-origin', 'same-site', 'cross-site'];
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}

/** Headers as Chromium sends them with a navigation the user started. */
function navigationHeaders(hop: Hop, cookie: string): Record<string, string> {
  return {
    Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'Accept-Language': 'en',
    'Sec-Fetch-Dest': 'document',
    'Sec-Fetch-Mode': 'navigate',
    'Sec-Fetch-Site': hop.site,
    'Sec-Fetch-User': '?1',
    'Upgrade-Insecure-Requests': '1',
    'User-Agent': 'Mozilla/5.0 (sandbox user agent)',
    ...(cookie === '' ? {} : { Cookie: cookie }),
    ...(hop.origin === undefined ? {} : { Origin: hop.origin }),
    ...(hop.body === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
  };
}

function send(hop: Hop, cookie: string, signal: AbortSignal | undefined): Promise<Page> {
  if (hop.url.protocol !== 'http:') {
    return Promise.reject(
      new Error(`The server redirected to ${hop.url.protocol}, which is not an http address.`),
    );
  }
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    const outgoing = request(hop.url, {
      method: hop.method,
      headers: navigationHeaders(hop, cookie),
      agent: false, // one connection per request: servers come and go between two hops
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (answer) => {
      const { statusCode = 0, headers } = answer;
      readBody(answer).then(
        (body) => resolve({ url: hop.url.href, status: statusCode, headers, body }),
        reject,
      );
    });
    outgoing.end(hop.body);
  });
}

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > MAX_PAGE_BYTES) throw new Error('The page is larger than 1 MB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly hostname: string;
  readonly expiresAt: number;
}

/** As much of RFC 6265 as loopback needs: host-only cookies, which do not know ports. */
function createJar() {
  const cookies = new Map<string, Cookie>();
  return {
    store(url: URL, lines: readonly string[]): void {
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
        const [name, value] = splitOnce(pair);
        const found = new Map(attributes.map(splitOnce).map(([key, text]) => [key.toLowerCase(), text]));
        const path = found.get('path') ?? '/';
        const maxAge = found.get('max-age');
        const expires = found.get('expires');
        const expiresAt =
          maxAge !== undefined
            ? Date.now() + Number(maxAge) * 1000
            : expires
              ? Date.parse(expires)
              : Infinity;
        cookies.set(`${url.hostname} ${path} ${name}`, {
          value: `${name}=${value}`,
          path,
          hostname: url.hostname,
          expiresAt,
        });
      }
    },
    header(url: URL): string {
      return [...cookies.values()]
        .filter((cookie) => cookie.hostname === url.hostname && cookie.expiresAt > Date.now())
        .filter(
          ({ path }) =>
            url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
        )
        .map((cookie) => cookie.value)
        .join('; ');
    },
  };
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function hasField(page: Page, name: string): boolean {
  return page.stoppedBefore === undefined && page.body.includes(` name="${name}"`);
}

function readForm(page: Page): { action: string; hidden: Record<string, string> } {
  const [, attributes, inner] = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(page.body) ?? [];
  if (attributes === undefined || inner === undefined) throw new Error('The page has no form to send.');
  const hidden: Record<string, string> = {};
  for (const [, input = ''] of inner.matchAll(/<input\b([^>]*)>/g)) {
    const name = attribute(input, 'name');
    if (name !== undefined && attribute(input, 'type') === 'hidden')
      hidden[name] = attribute(input, 'value') ?? '';
  }
  return { action: attribute(attributes, 'action') ?? page.url, hidden };
}

function attribute(tag: string, name: string): string | undefined {
  const [, text] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? [];
  return text?.replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)));
}
