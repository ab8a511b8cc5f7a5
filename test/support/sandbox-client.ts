// A plain OAuth client and a person, for tests against the sandbox: builds requests by hand so that each test can
// get one thing wrong. Everything goes through real HTTP.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, type SandboxClient, startSandbox } from '../../sandbox/server.ts';
import { createUserAgent, type UserAgent, walkConsent } from '../../sandbox/user-agent.ts';

type Fields = Readonly<Record<string, string>>;

/** Public and native; port 9 (discard) is never connected to, the walk stops before it. */
export const PUBLIC: SandboxClient = {
  client_id: 'tokentray-sandbox',
  redirect_uris: ['http://127.0.0.1:9/callback/sandbox'],
};
export const CONFIDENTIAL: SandboxClient = {
  client_id: 'web app',
  client_name: 'Web <App>',
  client_secret: 'CANARY s%+:&',
  redirect_uris: ['http://127.0.0.1:9/web/callback'],
};
export const OTHER: SandboxClient = {
  client_id: 'other',
  client_secret: 'other-secret',
  redirect_uris: ['http://127.0.0.1:9/web/callback'],
};

const VERIFIER = 'tokentray-test-verifier-of-at-least-43-characters';

/** What `after` of a test or a suite looks like. */
interface Cleanup {
  after(fn: () => unknown): void;
}

/** A path for data that is gone when the test ends; nothing is there yet. */
export async function freshDir(t: Cleanup): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'sandbox-'));
  t.after(() => rm(parent, { recursive: true, force: true }));
  return join(parent, 'data');
}

export async function freshSandbox(
  t: Cleanup,
  options: Partial<Parameters<typeof startSandbox>[0]> = {},
): Promise<Sandbox & { dataDir: string }> {
  const dataDir = options.dataDir ?? (await freshDir(t));
  const sandbox = await startSandbox({ port: 0, clients: [CONFIDENTIAL, OTHER], ...options, dataDir });
  t.after(() => sandbox.close());
  return { ...sandbox, dataDir };
}

/** `change` overrides or adds parameters; an empty value leaves one out. */
export function authorizeUrl(issuer: string, client: SandboxClient, change: Fields = {}): string {
  const query = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri(client),
    state: 'S',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    ...change,
  };
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return `${issuer}/authorize?${new URLSearchParams(given)}`;
}

export function redirectUri(client: SandboxClient): string {
  return client.redirect_uris[0] ?? '';
}

/** A browser that stops where it would leave the sandbox. */
export function browserOf(issuer: string): UserAgent {
  return createUserAgent({ stopBefore: (url) => url.origin !== issuer });
}

interface Consent {
  readonly issuer: string;
  readonly client?: SandboxClient;
  readonly username?: string;
  readonly agent?: UserAgent;
  readonly change?: Fields;
}

/** Signs in and allows; the parameters that arrive at the redirect URI. */
export async function consentFor(consent: Consent): Promise<URLSearchParams> {
  const { issuer, client = PUBLIC, username = 'user1', agent = browserOf(issuer), change } = consent;
  const authorizationUrl = authorizeUrl(issuer, client, change);
  const page = await walkConsent(agent, {
    authorizationUrl,
    username,
    password: 'password',
    decision: 'allow',
  });
  return new URL(page.stoppedBefore ?? 'about:blank').searchParams;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

// One connection per request: a kept one may belong to a server that has been restarted on the same port.
const CLOSE: Fields = { Connection: 'close' };

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

export async function post(url: string, fields: Fields, headers: Fields = {}): Promise<Answer> {
  return answerOf(
    await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { ...CLOSE, ...headers },
    }),
  );
}

/** The header of RFC 6749 2.3.1: both parts form-encoded before they are joined. */
export function basic(client: SandboxClient, secret = client.client_secret ?? ''): Fields {
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+');
  return {
    Authorization: `Basic ${Buffer.from(`${encode(client.client_id)}:${encode(secret)}`).toString('base64')}`,
  };
}

/** Client id, and the secret if it has one, in the body. */
export function inBody(client: SandboxClient): Fields {
  const { client_id, client_secret } = client;
  return client_secret === undefined ? { client_id } : { client_id, client_secret };
}

/** The body of a code exchange without any client authentication. */
export function exchange(code: string, client: SandboxClient = PUBLIC): Fields {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri(client),
    code_verifier: VERIFIER,
  };
}

interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly body: Record<string, unknown>;
}

/** A whole consent and its code exchange. */
export async function tokensFor(consent: Consent): Promise<Tokens> {
  const client = consent.client ?? PUBLIC;
  const code = (await consentFor(consent)).get('code') ?? '';
  const { body } = await post(`${consent.issuer}/token`, { ...exchange(code, client), ...inBody(client) });
  return toTokens(body);
}

export async function refresh(
  issuer: string,
  token: string,
  client: SandboxClient = PUBLIC,
): Promise<Answer> {
  return post(`${issuer}/token`, { grant_type: 'refresh_token', refresh_token: token, ...inBody(client) });
}

export function toTokens(body: Record<string, unknown>): Tokens {
  return { access: String(body.access_token), refresh: String(body.refresh_token), body };
}

/** GET with a bearer token; `undefined` sends no Authorization header. */
export async function get(url: string, token?: string): Promise<Answer> {
  return answerOf(
    await fetch(url, { headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } }),
  );
}
