// The sandbox as one running server: the store, the authorization server, its pages and its API behind one loopback
// port. Must stay true: it listens on 127.0.0.1 only, and what it remembers about requests holds no secret.
import { createServer, type Server } from 'node:http';
import type Provider from 'oidc-provider';
import { api } from './api.ts';
import { interactions } from './interaction.ts';
import { homePage, type Middleware, STYLE_SHEET, sendPage, signedOutPage } from './pages.ts';
import { createProvider, DEFAULT_CLIENT, DEFAULT_SCOPE, type SandboxClient } from './provider.ts';
import { openStore, type Store } from './store.ts';

export type { SandboxClient } from './provider.ts';

interface SandboxOptions {
  /** Made if missing; becomes 0700. */
  readonly dataDir: string;
  /** 0 = any free port. The issuer holds the port, so keep it to keep connections. */
  readonly port: number;
  /** Known besides the default client `tokentray-sandbox`. */
  readonly clients?: readonly SandboxClient[];
  /** Life of an access token in seconds, default 3600. */
  readonly accessTokenSeconds?: number;
  /** Life of a refresh token in seconds, counted anew at each rotation, default 14 days. */
  readonly refreshTokenSeconds?: number;
}

interface SeenRequest {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  readonly method: string;
  /** Without query; the random part of a consent's address is left out. */
  readonly path: string;
  /** For POST /token: the grant type when it is one we know. */
  readonly grantType?: string;
  readonly status: number;
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly issuer: string;
  readonly port: number;
  /** The last 1000 requests, oldest first. */
  requests(): readonly SeenRequest[];
  /** Users and contacts back to the default rows, everything issued gone, keys kept. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Enough for any test to look back on, small enough to forget about. */
const REMEMBERED_REQUESTS = 1000;
/** A request still running after this is cut off when the server closes. */
const CLOSE_GRACE_MS = 1000;
/** Headers and body of a request; it comes from this machine. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Starts the sandbox. Rejects with `code: 'port_taken'` and a sentence when another program holds the port. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const store = await openStore(options.dataDir);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS });
  try {
    const port = await listen(server, options.port);
    const issuer = `http://127.0.0.1:${port}`;
    const clients = [DEFAULT_CLIENT, ...(options.clients ?? [])];
    const provider = createProvider({
      issuer,
      store,
      clients,
      accessTokenSeconds: options.accessTokenSeconds ?? 3600,
      refreshTokenSeconds: options.refreshTokenSeconds ?? 14 * 24 * 3600,
    });
    // oidc-provider looks at a client's metadata when it is first used: better now than during a consent.
    await Promise.all(clients.map((client) => provider.Client.find(client.client_id)));
    const seen: SeenRequest[] = [];
    provider.use(remember(seen));
    provider.use(home(provider));
    provider.use(interactions(provider, store, clients));
    provider.use(api(provider, store));
    provider.use(authorizeDefaults);
    server.on('request', provider.callback());
    return {
      issuer,
      port,
      requests: () => [...seen],
      reset: () => store.reset(),
      close: () => close(server, store),
    };
  } catch (error) {
    await close(server, store);
    throw error;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      const sentence = `Port ${port} is in use by another program: stop that program or choose another port.`;
      reject(Object.assign(new Error(sentence), { code: 'port_taken' }));
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function close(server: Server, store: Store): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve()); // an error here means it was not listening
    server.closeIdleConnections();
  });
  clearTimeout(cutOff);
  store.close();
}

function remember(seen: SeenRequest[]): Middleware {
  return async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    const at = Date.now();
    const path = ctx.path.replace(/^(\/(?:interaction|authorize)\/)[^/]+/, '$1…');
    const { method } = ctx;
    let status = 500;
    try {
      await next();
      status = ctx.status;
    } catch (error) {
      if (error instanceof Error && 'status' in error) status = Number(error.status);
      throw error;
    } finally {
      const grantType = path === '/token' ? knownGrantType(ctx.oidc?.params?.grant_type) : undefined;
      seen.push({ at, method, path, ...(grantType ? { grantType } : {}), status });
      if (seen.length > REMEMBERED_REQUESTS) seen.shift();
    }
  };
}

function knownGrantType(value: unknown): string | undefined {
  return value === 'authorization_code' || value === 'refresh_token' ? value : undefined;
}

function home(provider: Provider): Middleware {
  const endpoints: [string, string][] = [
    ['issuer', provider.issuer],
    ['authorization_endpoint', provider.urlFor('authorization')],
    ['token_endpoint', provider.urlFor('token')],
    ['revocation_endpoint', provider.urlFor('revocation')],
    ['jwks_uri', provider.urlFor('jwks')],
    ['end_session_endpoint', provider.urlFor('end_session')],
    ['profile_endpoint', `${provider.issuer}/profile`],
    ['contacts_endpoint', `${provider.issuer}/contacts`],
  ];
  return async (ctx, next) => {
    if (ctx.method !== 'GET') return next();
    if (ctx.path === '/') return sendPage(ctx, homePage(endpoints));
    if (ctx.path === '/style.css') {
      ctx.type = 'css';
      ctx.body = STYLE_SHEET;
      return;
    }
    if (ctx.path === '/logout') {
      // oidc-provider would answer with a form that a script sends off: nobody to sign out needs no question.
      const { accountId } = await provider.Session.get(ctx);
      return accountId === undefined ? sendPage(ctx, signedOutPage()) : next();
    }
    await next();
    if (ctx.path.startsWith('/.well-known/') && ctx.status === 200) {
      const own = { response_modes_supported: ['query'], ...Object.fromEntries(endpoints) };
      ctx.body = { ...(typeof ctx.body === 'object' ? ctx.body : {}), ...own };
    }
  };
}

/** Fills in what a short request leaves out, so that oidc-provider does not drop parts of it without a word. */
const authorizeDefaults: Middleware = (ctx, next) => {
  if (ctx.method !== 'GET' || ctx.path !== '/authorize') return next();
  const { scope, prompt } = ctx.query;
  // Our consent page is always shown; without saying so oidc-provider would take offline_access out of the scope
  // (OpenID Connect Core 11). `prompt=none` stays: it must be answered with an error, not with a page.
  const asks = typeof prompt === 'string' ? prompt.split(' ').filter(Boolean) : [];
  const consents = Array.isArray(prompt) || asks.includes('none') || asks.includes('consent');
  ctx.query = {
    ...ctx.query,
    ...(scope ? {} : { scope: DEFAULT_SCOPE }),
    ...(consents ? {} : { prompt: [...asks, 'consent'].join(' ') }),
  };
  return next();
};
