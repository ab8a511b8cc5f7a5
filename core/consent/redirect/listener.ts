// The loopback listener (RFC 8252 section 7.3): bound before the browser opens, to exactly the registered host, closed
// with its last consent. One listener per consent on a port of its own, or one shared on the fixed port.
// It judges only what a browser navigation looks like; what the redirect says is judged by its consent.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TokentrayError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { LoopbackRedirect } from '../../model/provider.ts';
import { stateOf } from '../../oauth/callback.ts';
import { PAGE_HEADERS, type ResultPage, renderPage } from './result-page.ts';

/** What a consent gives its listener. Paths are absolute, without query. */
export interface Route {
  /** `/callback/{provider}`. */
  readonly path: string;
  readonly ownsState: (state: string) => boolean;
  /** Judges the arrived address; the answer is where to send the browser, or why it was not taken. */
  readonly arrive: (
    url: URL,
  ) =>
    | { readonly kind: 'taken'; readonly donePath: string }
    | { readonly kind: 'refused'; readonly status: 400 | 410; readonly why: string };
  /** `/done/{random}`, once taken. */
  readonly donePath: () => string | undefined;
  /** The last page; waits for the exchange, `resultPageWaitMs` at most. */
  readonly result: () => Promise<ResultPage>;
  /** The last page has been sent. */
  readonly shown: () => void;
}

export interface Attached {
  /** The redirect URI with the port that is really bound. */
  readonly redirectUri: URL;
  readonly detach: () => void;
}

type Host = LoopbackRedirect['host'];

interface Listening {
  readonly servers: readonly Server[];
  readonly port: number;
  readonly routes: Set<Route>;
  open: boolean;
}

export class RedirectListeners {
  readonly #fixedPort: () => number;
  /** Listeners on the fixed port, by host. */
  readonly #shared = new Map<Host, Promise<Listening>>();

  constructor(fixedPort: () => number) {
    this.#fixedPort = fixedPort;
  }

  /** Binds (or joins) and resolves only when connections are accepted. Throws `redirect_port_taken`. */
  async attach(rule: LoopbackRedirect, route: Route): Promise<Attached> {
    const listening = rule.port === 'any' ? await bind(rule.host, 0) : await this.#share(rule.host);
    // The last consent on a shared port may have closed it while this one waited.
    if (!listening.open) return this.attach(rule, route);
    listening.routes.add(route);
    return {
      redirectUri: new URL(`http://${rule.host}:${listening.port}${route.path}`),
      detach: () => {
        if (!listening.routes.delete(route) || listening.routes.size > 0) return;
        listening.open = false;
        if (rule.port === 'fixed') this.#shared.delete(rule.host);
        for (const server of listening.servers) {
          server.close();
          // Answers under way end with `connection: close`; whoever only holds a socket open is cut off.
          server.closeIdleConnections();
          setTimeout(() => server.closeAllConnections(), 500).unref();
        }
      },
    };
  }

  #share(host: Host): Promise<Listening> {
    const known = this.#shared.get(host);
    if (known !== undefined) return known;
    const bound = bind(host, this.#fixedPort());
    this.#shared.set(host, bound);
    // No error: whoever asked for the listener is told; here it is only forgotten.
    bound.catch(() => this.#shared.delete(host));
    return bound;
  }
}

/** Addresses of a registered host. `localhost` may resolve to either family, so both must be ours (promise 4). */
const ADDRESSES: Record<Host, readonly string[]> = {
  '127.0.0.1': ['127.0.0.1'],
  '[::1]': ['::1'],
  localhost: ['127.0.0.1', '::1'],
};

// An ephemeral port that is free in one family may be taken in the other: a few tries find one free in both.
const PAIR_TRIES = 5;

async function bind(host: Host, port: number): Promise<Listening> {
  const addresses = ADDRESSES[host];
  for (let attempt = 1; ; attempt += 1) {
    const routes = new Set<Route>();
    const servers: Server[] = [];
    try {
      let bound = port;
      for (const address of addresses) {
        const server = await listen(
          address,
          bound,
          (request, response) => void answer(routes, host, bound, request, response),
        );
        if (server === undefined) continue;
        servers.push(server);
        bound = (server.address() as AddressInfo).port;
      }
      if (servers.length === 0)
        throw new TokentrayError('redirect_port_taken', `This machine has no address for ${host}.`);
      return { servers, port: bound, routes, open: true };
    } catch (error) {
      for (const server of servers) server.close();
      if (!isTaken(error) || (port === 0 && attempt < PAIR_TRIES)) {
        // No error: a free port of one family may be taken in the other; the next try takes another.
        if (isTaken(error)) continue;
        throw error;
      }
      throw new TokentrayError(
        'redirect_port_taken',
        `The redirect port ${port} of ${host} is taken by another program. Stop it, or change redirect_port in settings.json and at the provider.`,
        { field: 'redirect_port' },
      );
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** Undefined when the machine lacks the address family. */
function listen(
  address: string,
  port: number,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server | undefined> {
  const server = createServer(
    {
      headersTimeout: LIMITS.callbackHeaderMs,
      requestTimeout: LIMITS.callbackHeaderMs,
      maxHeaderSize: LIMITS.endpointHeaderBytes,
      connectionsCheckingInterval: 1_000,
    },
    handler,
  );
  server.maxConnections = LIMITS.endpointConnections;
  server.on('clientError', (_error, socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    // Stays for the life of the server: an accept that fails later must not end the process.
    server.on('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: address, port, exclusive: true, ipv6Only: true }, () => resolve(server));
  });
}

async function answer(
  routes: ReadonlySet<Route>,
  host: Host,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, text: string) =>
    send(response, status, { title: 'Nothing to see here', text, good: false });
  const { headers } = request;
  // A consent is a navigation by a person. Everything below is what a page, a previewer or a rebinding name would send.
  if (request.method !== 'GET') return refuse(405, 'This address only takes the redirect of a browser.');
  // Of two Host lines Node keeps the first; who reads the second one sees another place (RFC 9112 section 3.2).
  const hosts = request.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host');
  if (hosts.length !== 1 || headers.host !== `${host}:${port}`)
    return refuse(421, 'This address is not served here.');
  const target = request.url ?? '/';
  if (!target.startsWith('/') || target.length > LIMITS.redirectUrlBytes)
    return refuse(400, 'The address is not well formed.');
  if (isNot(headers['sec-fetch-mode'], 'navigate') || isNot(headers['sec-fetch-dest'], 'document')) {
    return refuse(403, 'Only a browser window may open this address.');
  }
  if (
    headers['sec-purpose'] !== undefined ||
    headers.purpose !== undefined ||
    headers['x-moz'] === 'prefetch'
  ) {
    response.writeHead(204, { 'cache-control': 'no-store', connection: 'close' }).end();
    return;
  }
  const { origin } = new URL(`http://${host}:${port}`);
  const url = URL.parse(target, origin);
  // A target that starts with two slashes names another host.
  if (url === null || url.origin !== origin) return refuse(400, 'The address is not well formed.');

  const done = [...routes].find((route) => route.donePath() === url.pathname);
  if (done !== undefined) {
    const page = await done.result();
    response.once('close', done.shown);
    return send(response, 200, page);
  }
  const here = [...routes].filter((route) => route.path === url.pathname);
  if (here.length === 0) return refuse(404, 'There is nothing at this address.');
  const state = stateOf(url.searchParams);
  const route = state === undefined ? undefined : here.find((candidate) => candidate.ownsState(state));
  if (route === undefined) return refuse(400, 'The address does not belong to a consent that is open.');
  const verdict = route.arrive(url);
  if (verdict.kind === 'refused') return refuse(verdict.status, verdict.why);
  // RFC 9700 section 4.3: the browser moves on, so that its history holds no live code.
  response.writeHead(303, { ...PAGE_HEADERS, location: verdict.donePath }).end();
}

function isNot(value: string | string[] | undefined, expected: string): boolean {
  return value !== undefined && value !== expected;
}

function send(response: ServerResponse, status: number, page: ResultPage): void {
  response.writeHead(status, PAGE_HEADERS).end(renderPage(page));
}
