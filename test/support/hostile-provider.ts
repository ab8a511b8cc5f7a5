// An authorization server on bare node:http that does what it is told. Left alone it is an honest and strict one (codes
// work once and only with their verifier, refresh tokens rotate, a used one ends its whole family); a test scripts single
// answers over that. It records every request and knows every secret that it gave or got.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { newSigner, type Signer } from './id-tokens.ts';

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

/** One request at the token or revocation endpoint and what an honest server would answer. */
export interface Exchange {
  readonly request: Recorded;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Does what an honest server does (uses up the code or refresh token) and returns its answer without sending it. */
  honest(): { readonly status: number; readonly body: Fields };
}

export type Fields = Record<string, unknown>;
export type Script = (exchange: Exchange) => void | Promise<void>;
/** Changes the address that the browser is sent back to: parameters, or all of it. */
export type AuthorizeScript = (redirect: URL) => void;

export interface HostileOptions {
  /** Wall clock for ID tokens, milliseconds. */
  readonly now?: () => number;
  /** Whether a used refresh token ends its family (RFC 9700 section 4.14.2); else it still works. */
  readonly strict?: boolean;
}

interface Grant {
  readonly sub: string;
  readonly label: string;
  readonly scope: string;
  readonly nonce: string | null;
  readonly clientId: string;
  ended: boolean;
  refreshToken: string | undefined;
}

interface Code {
  readonly grant: Grant;
  readonly challenge: string | null;
  readonly redirectUri: string | null;
}

export class HostileProvider {
  readonly requests: Recorded[] = [];
  readonly secrets = new Set<string>();
  readonly signer: Signer = newSigner();
  /** Who is signed in at this server. */
  user = { sub: 'sub-1', email: 'user1@example.test' };
  /** Seconds tokens live; undefined leaves `expires_in` out. */
  expiresIn: unknown = 3_600;
  /** Whether refresh answers hold a new refresh token. */
  rotates = true;
  /** As at Google: one revocation ends every grant of that person. */
  revokesByPerson = false;
  /** Extra members of the discovery document; undefined removes one. */
  metadata: Fields = {};
  port = 0;
  readonly #options: HostileOptions;
  readonly #codes = new Map<string, Code>();
  readonly #grants = new Map<string, Grant>();
  readonly #tokenScripts: Script[] = [];
  readonly #revokeScripts: Script[] = [];
  readonly #authorizeScripts: AuthorizeScript[] = [];
  readonly #keyScripts: Script[] = [];
  readonly #pages = new Map<string, (request: Recorded) => Fields>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  private constructor(options: HostileOptions) {
    this.#options = options;
  }

  static async start(options: HostileOptions = {}): Promise<HostileProvider> {
    const provider = new HostileProvider(options);
    provider.#server.on('connection', (socket) => {
      provider.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => provider.#sockets.delete(socket));
    });
    await provider.open(0);
    return provider;
  }

  /** Listens again after close(). */
  async open(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Body of POST /v1/providers for a public client; `change` overrides. */
  entry(id: string, change: Fields = {}): Fields {
    const { issuer } = this;
    return {
      id,
      name: id,
      issuer,
      discovery: 'none',
      client_id: `client-of-${id}`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/revoke`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
      scopes: ['read', 'write'],
      ...change,
    };
  }

  /** The next requests of the token endpoint, one script each; then it is honest again. */
  onToken(...scripts: Script[]): void {
    this.#tokenScripts.push(...scripts);
  }

  onRevoke(...scripts: Script[]): void {
    this.#revokeScripts.push(...scripts);
  }

  onAuthorize(...scripts: AuthorizeScript[]): void {
    this.#authorizeScripts.push(...scripts);
  }

  onKeys(...scripts: Script[]): void {
    this.#keyScripts.push(...scripts);
  }

  /** What is at any other address. */
  onPage(path: string, page: (request: Recorded) => Fields): void {
    this.#pages.set(path, page);
  }

  at(path: string): Recorded[] {
    return this.requests.filter((request) => request.path === path);
  }

  get tokenRequests(): Recorded[] {
    return this.at('/token');
  }

  /** Requests with a refresh token. */
  get refreshes(): Recorded[] {
    return this.tokenRequests.filter(({ form }) => form.get('grant_type') === 'refresh_token');
  }

  /** The refresh tokens that came, in order. */
  get refreshTokensSeen(): string[] {
    return this.refreshes.map(({ form }) => form.get('refresh_token') ?? '');
  }

  get revoked(): string[] {
    return this.at('/revoke').map(({ form }) => form.get('token') ?? '');
  }

  /** A new random value that no file may hold. */
  secret(kind: string): string {
    const value = `${kind}-CANARY-${randomBytes(18).toString('base64url')}`;
    this.secrets.add(value);
    return value;
  }

  /** A refresh token that this server accepts, as another program would have got it. */
  grantElsewhere(clientId: string, scope = 'read write'): string {
    const { sub, email } = this.user;
    const grant = { sub, label: email, scope, nonce: null, clientId, ended: false, refreshToken: undefined };
    return this.#newRefreshToken(grant);
  }

  /** The newest refresh token of the grant that `token` once belonged to; undefined when the grant has ended. */
  successorOf(token: string): string | undefined {
    const grant = this.#grants.get(token);
    return grant === undefined || grant.ended ? undefined : grant.refreshToken;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', this.issuer);
    const form = new URLSearchParams(await text(incoming));
    const request = { method: incoming.method ?? '', path, query, headers: incoming.headers, form };
    this.requests.push(request);
    for (const name of ['code', 'code_verifier', 'refresh_token', 'client_secret', 'token']) {
      const value = form.get(name);
      if (value !== null) this.secrets.add(value);
    }
    const exchange = (honest: Exchange['honest']): Exchange => ({
      request,
      response,
      socket: incoming.socket,
      honest,
    });
    switch (path) {
      case '/authorize':
        return this.#authorize(request, response);
      case '/token':
        return (this.#tokenScripts.shift() ?? honestly())(exchange(() => this.#token(request)));
      case '/revoke':
        return (this.#revokeScripts.shift() ?? honestly())(exchange(() => this.#revoke(request)));
      case '/jwks':
        return (this.#keyScripts.shift() ?? honestly())(
          exchange(() => ({ status: 200, body: { ...this.signer.jwks } })),
        );
      case '/.well-known/openid-configuration':
        return sendJson(response, 200, this.#discovery());
      default: {
        const page = this.#pages.get(path);
        return page === undefined ? sendJson(response, 404, {}) : sendJson(response, 200, page(request));
      }
    }
  }

  #authorize({ query }: Recorded, response: ServerResponse): void {
    const state = query.get('state') ?? '';
    this.secrets.add(state);
    const { sub, email } = this.user;
    const grant: Grant = {
      sub,
      label: email,
      scope: query.get('scope') ?? '',
      nonce: query.get('nonce'),
      clientId: query.get('client_id') ?? '',
      ended: false,
      refreshToken: undefined,
    };
    const code = this.secret('code');
    this.#codes.set(code, {
      grant,
      challenge: query.get('code_challenge'),
      redirectUri: query.get('redirect_uri'),
    });
    const redirect = new URL(query.get('redirect_uri') ?? '');
    redirect.search = new URLSearchParams({ code, state, iss: this.issuer }).toString();
    this.#authorizeScripts.shift()?.(redirect);
    response.writeHead(302, { location: redirect.href, connection: 'close' }).end();
  }

  #token({ form }: Recorded): { status: number; body: Fields } {
    const refused = { status: 400, body: { error: 'invalid_grant' } };
    if (form.get('grant_type') === 'authorization_code') {
      const given = form.get('code') ?? '';
      const code = this.#codes.get(given);
      const verifier = form.get('code_verifier') ?? '';
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      if (
        code === undefined ||
        code.redirectUri !== form.get('redirect_uri') ||
        (code.challenge !== null && code.challenge !== challenge)
      )
        return refused;
      this.#codes.delete(given);
      return { status: 200, body: this.#tokens(code.grant, true) };
    }
    const sent = form.get('refresh_token') ?? '';
    const grant = this.#grants.get(sent);
    if (grant === undefined || grant.ended) return refused;
    if (grant.refreshToken !== sent && this.#options.strict !== false) {
      grant.ended = true;
      return refused;
    }
    return { status: 200, body: this.#tokens(grant, this.rotates) };
  }

  #tokens(grant: Grant, withRefresh: boolean): Fields {
    const openid = grant.scope.split(' ').includes('openid');
    const now = Math.floor((this.#options.now ?? Date.now)() / 1_000);
    const claims = {
      iss: this.issuer,
      aud: grant.clientId,
      sub: grant.sub,
      email: grant.label,
      iat: now,
      exp: now + 300,
      ...(grant.nonce === null ? {} : { nonce: grant.nonce }),
    };
    return {
      access_token: this.secret('access'),
      token_type: 'Bearer',
      ...(this.expiresIn === undefined ? {} : { expires_in: this.expiresIn }),
      ...(withRefresh ? { refresh_token: this.#newRefreshToken(grant) } : {}),
      ...(openid ? { id_token: this.signer.sign(claims) } : {}),
      scope: grant.scope,
    };
  }

  #newRefreshToken(grant: Grant): string {
    const token = this.secret('refresh');
    grant.refreshToken = token;
    this.#grants.set(token, grant);
    return token;
  }

  #revoke({ form }: Recorded): { status: number; body: Fields } {
    const grant = this.#grants.get(form.get('token') ?? '');
    for (const other of this.#grants.values()) {
      if (other === grant || (this.revokesByPerson && other.sub === grant?.sub)) other.ended = true;
    }
    return { status: 200, body: {} };
  }

  #discovery(): Fields {
    const { issuer } = this;
    const document: Fields = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      revocation_endpoint: `${issuer}/revoke`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
      ...this.metadata,
    };
    return document;
  }
}

function sendJson(response: ServerResponse, status: number, body: Fields): void {
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    .end(JSON.stringify(body));
}

/** The honest answer, with members changed; undefined leaves one out. */
export function honestly(change: Fields | ((body: Fields) => Fields) = {}): Script {
  return ({ honest, response }) => {
    const { status, body } = honest();
    sendJson(response, status, typeof change === 'function' ? change(body) : { ...body, ...change });
  };
}

/** The claims of the ID token in an honest answer, to be changed and signed again. */
export function claimsOf(body: Fields): Fields {
  const [, payload = ''] = String(body.id_token).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

/** An answer that says nothing of what an honest server would. The code or refresh token is not used up. */
export function answering(
  status: number,
  body: Fields | string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): Script {
  return ({ response }) => {
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    const type = isText ? 'text/html' : 'application/json';
    response
      .writeHead(status, { 'content-type': type, connection: 'close', ...headers })
      .end(isText ? body : JSON.stringify(body));
  };
}

/** Sends the browser's or client's next request elsewhere. */
export function redirecting(location: string, status = 302): Script {
  return answering(status, '', { location });
}

/** Does what it was asked (the token is used up) and cuts the line before a byte of the answer leaves. */
export const losingTheAnswer: Script = ({ honest, socket }) => {
  honest();
  socket.destroy();
};

/** Cuts the line without doing anything. */
export const hangingUp: Script = ({ socket }) => {
  socket.destroy();
};

/** Does what it was asked and cuts the line in the middle of the answer. */
export const breakingOff: Script = ({ honest, response, socket }) => {
  const text = JSON.stringify(honest().body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(text.length) });
  response.write(text.slice(0, text.length / 2), () => socket.destroy());
};

/** Waits before it does as `then` says. */
export function after(moment: Promise<unknown>, then: Script): Script {
  return async (exchange) => {
    await moment;
    await then(exchange);
  };
}
