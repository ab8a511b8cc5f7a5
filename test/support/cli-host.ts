// A scripted host for tests of the command line: the real files, socket and port of a host, and fixed answers.
// It keeps what it was asked, and answers by the real table of routes and the real catalogue of errors.

import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RIGHTS } from '../../api/rights.ts';
import { type ErrorCode, type ErrorDetails, TokentrayError, toProblem } from '../../core/errors.ts';
import * as answers from './cli-answers.ts';
import { DEADLINE_MS } from './cli-process.ts';

export const OWNER_KEY = 'tt_owner-key-of-this-host';

export type VaultState = 'setup' | 'locked' | 'open';

export interface CliHost {
  readonly home: string;
  readonly socket: string;
  readonly url: string;
  /** `METHOD path body`, in the order they came. */
  readonly requests: string[];
  /** Keys the requests came with. */
  readonly keys: (string | undefined)[];
  /** Open event streams, newest last. */
  readonly streams: { readonly lastEventId: string | undefined; readonly response: ServerResponse }[];
  /** Resolves at the next request. */
  asked(): Promise<void>;
  stop(): Promise<void>;
}

export interface CliHostOptions {
  readonly state?: VaultState;
  /** `tcp`: endpoint.json names no socket. */
  readonly doors?: 'both' | 'tcp';
}

/** A new home for a host or for none, private as a host makes it. */
export function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'tt-cli-'));
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

export async function startCliHost(options: CliHostOptions = {}): Promise<CliHost> {
  const home = newHome();
  const socket = join(home, 'run', 't.sock');
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  const requests: string[] = [];
  const keys: CliHost['keys'] = [];
  const streams: { lastEventId: string | undefined; response: ServerResponse }[] = [];
  const waiting = new Set<() => void>();
  const state = { vault: options.state ?? 'open' };

  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    requests.push([request.method, request.url, text].filter((part) => part !== '').join(' '));
    const key = request.headers.authorization?.replace('Bearer ', '');
    keys.push(key);
    for (const tell of [...waiting]) tell();
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': ok\n\n');
      streams.push({ lastEventId: String(request.headers['last-event-id'] ?? ''), response });
      return;
    }
    const asked: Asked = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      body: text === '' ? {} : JSON.parse(text),
    };
    const answer = judge(asked, key, state);
    // `undefined`: this one is never answered.
    if (answer === undefined) return;
    const [status, body] = answer;
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

  const servers: Server[] = [];
  const listen = async (at: { path: string } | { port: number; host: string }): Promise<Server> => {
    const server = createServer((request, response) => void listener(request, response));
    servers.push(server);
    server.listen(at);
    await once(server, 'listening');
    return server;
  };
  await listen({ path: socket });
  chmodSync(socket, 0o600);
  const address = (await listen({ port: 0, host: '127.0.0.1' })).address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  const endpoint = { url, socket: options.doors === 'tcp' ? null : socket, window: null, pid: process.pid };
  writeFileSync(join(home, 'endpoint.json'), JSON.stringify(endpoint), { mode: 0o600 });
  writeFileSync(join(home, 'owner.key'), `${OWNER_KEY}\n`, { mode: 0o600 });

  return {
    home,
    socket,
    url,
    requests,
    keys,
    streams,
    asked: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the command asked for nothing more')), DEADLINE_MS);
        const tell = () => {
          clearTimeout(timer);
          waiting.delete(tell);
          resolve();
        };
        waiting.add(tell);
      }),
    async stop() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
}

type Answer = readonly [status: number, body: unknown] | undefined;

function refuse(code: ErrorCode, sentence: string, details: ErrorDetails = {}): Answer {
  const problem = toProblem(new TokentrayError(code, sentence, details));
  return [problem.status, problem];
}

/** Key, then the state of the vault by the real table, then the script. */
function judge(asked: Asked, key: string | undefined, state: { vault: VaultState }): Answer {
  if (key === 'tt_key-of-a-script') return refuse('denied', 'This needs a key with the right admin.');
  if (key !== OWNER_KEY)
    return refuse('unauthorized', 'The key is not valid. Make one with `tokentray keys add`.');
  const access = Object.entries(RIGHTS).find(([name]) => matches(name, asked))?.[1];
  if (access === undefined) return refuse('not_found', 'There is no such address.');
  if (!access.states.some((one) => one === state.vault)) {
    if (state.vault === 'locked') {
      const action = { method: 'POST', url: '/v1/unlock', command: 'tokentray unlock' };
      return refuse('locked', 'The vault is locked. Unlock it first.', { action });
    }
    if (state.vault === 'open') return refuse('conflict', 'The vault is already set up.');
    const action = { method: 'POST', url: '/v1/vault/slots', command: 'tokentray vault slots add' };
    return refuse('setup', 'The vault has no key yet. Choose where it is kept.', { action });
  }
  return script(asked, state);
}

function matches(name: string, asked: Asked): boolean {
  const [method, template = ''] = name.split(' ');
  const pattern = template
    .replaceAll('.', '\\.')
    .replaceAll('{ref}', '[^?]+')
    .replaceAll(/\{\w+\}/g, '[^/]+');
  return method === asked.method && new RegExp(`^${pattern}$`).test(asked.path);
}

const SANDBOX_CONNECTIONS = new Set(['sandbox/user1', 'sandbox', 'c_AAAAAAAAAAAAAAAAAAAAAA']);

function script(asked: Asked, state: { vault: VaultState }): Answer {
  const [, , area = '', first = '', second = ''] = asked.path.split('/');
  const name = second === '' ? first : `${first}/${second}`;
  const { method, body } = asked;
  switch (area) {
    case 'status':
      return statusAnswer(state.vault);
    case 'token':
      return tokenAnswer(name, asked.query);
    case 'refresh':
    case 'revoke':
    case 'connections':
      return method === 'POST' && area === 'connections'
        ? startConsent(body)
        : connectionAnswer(area, method, name, asked);
    case 'consents':
      return consentAnswer(method, first, body);
    case 'providers':
      return providerAnswer(method, first, second, body);
    case 'presets':
      return [200, { presets: [answers.preset()] }];
    case 'keys':
      return keyAnswer(method, first, body);
    case 'lock':
      state.vault = 'locked';
      return [200, { state: 'locked' }];
    case 'unlock':
      if ('passphrase' in body && body.passphrase !== 'correct horse') {
        return refuse('wrong_passphrase', 'The passphrase does not open the vault. Try again.', {
          retryAfter: 2,
        });
      }
      state.vault = 'open';
      return [200, { state: 'open' }];
    case 'vault':
      return vaultAnswer(asked);
    case 'doctor':
      return first === 'sandbox' ? [200, HEALTHY] : [200, UNHEALTHY];
    case 'window':
      return [201, { url: WINDOW_LINK, opened: body.open === true && state.vault === 'open' }];
    case 'sandbox':
      return [200, answers.sandbox(first !== 'stop')];
    default:
      return refuse('not_found', 'There is no such address.');
  }
}

const WINDOW_LINK = 'http://127.0.0.1:9598/#code=the-code-of-this-link';

const HEALTHY = { ok: true, checks: [{ name: 'token', ok: true, detail: 'Fresh for 41 minutes.' }] };
const UNHEALTHY = {
  ok: false,
  checks: [
    { name: 'vault', ok: true, detail: 'Open.' },
    { name: 'clock', ok: false, detail: 'The clock is 10 minutes off. Set it by the network.' },
  ],
};

function statusAnswer(vault: VaultState): Answer {
  const open = vault === 'open' ? { connections: { active: 3, needs_consent: 1 }, providers: 2 } : {};
  return [
    200,
    {
      state: vault,
      version: '0.1.0',
      pid: process.pid,
      started_at: new Date(Date.now() - 2_490_000).toISOString(),
      url: 'http://127.0.0.1:9595',
      socket: '/run/t.sock',
      warnings: vault === 'open' ? ['The default port was taken.'] : [],
      ...open,
    },
  ];
}

function tokenAnswer(name: string, query: URLSearchParams): Answer {
  if (name === 'slow/me') return undefined;
  if (name === 'strange/me') return [200, '<html>'];
  if (name === 'google/me') {
    const action = { command: 'tokentray connect google --account me' };
    return refuse('consent_needed', 'google/me needs your consent again.', { action });
  }
  if (name === 'google')
    return refuse('ambiguous', 'google has 2 connections: google/me, google/work. Name one.');
  if (name === 'offline/me')
    return refuse('offline', 'The provider could not be reached.', { retryAfter: 30 });
  if (name === 'refused/me') return refuse('refresh_failed', 'The token could not be refreshed.');
  if (name === 'broken/me') return refuse('storage', 'The vault could not be read.');
  if (!SANDBOX_CONNECTIONS.has(name)) return refuse('not_found', 'There is no connection by that name.');
  if (Number(query.get('min_valid')) > 3_600) {
    return refuse('min_valid_impossible', 'Tokens of this provider live 3600 seconds.', {
      field: 'min_valid',
    });
  }
  return [200, answers.token()];
}

function connectionAnswer(area: string, method: string, name: string, { query, body }: Asked): Answer {
  if (name === '') return [200, { connections: [answers.connection(), answers.hostileConnection()] }];
  if (name === 'google/me' && method === 'DELETE' && query.get('force') === null) {
    return refuse(
      'revocation_failed',
      'The provider could not be told. Nothing was removed; --force removes it anyway.',
    );
  }
  if (name === 'google/me' && method === 'GET') return [200, answers.hostileConnection()];
  if (!SANDBOX_CONNECTIONS.has(name) && name !== 'google/me') {
    return refuse('not_found', 'There is no connection by that name.');
  }
  if (area === 'revoke') return [200, answers.connection({ status: 'revoked', issued_at: null })];
  if (method === 'DELETE') return [200, { removed: true, revoked: name !== 'google/me' }];
  if (method === 'PATCH') return [200, answers.connection({ name: `sandbox/${String(body.account)}` })];
  return [200, answers.connection()];
}

/** The provider names the consent, and the consent's id says how it ends. */
function startConsent({ provider, via }: Record<string, unknown>): Answer {
  if (provider === 'nobody') return refuse('not_found', 'There is no provider by that name.');
  if (provider === 'nobrowser' && via === 'browser')
    return refuse('browser_unavailable', 'No browser was found.');
  return [
    202,
    { consent: answers.consent({ id: `consent-${String(provider)}`, provider: String(provider) }) },
  ];
}

function consentAnswer(method: string, id: string, body: Record<string, unknown>): Answer {
  if (method === 'DELETE')
    return [200, answers.consent({ id, status: 'cancelled', code: 'consent_cancelled' })];
  if (method === 'POST') {
    return String(body.url).startsWith('http://127.0.0.1/callback')
      ? [200, answers.doneConsent()]
      : refuse('callback_refused', 'This address does not belong to the consent. Copy all of it.', {
          field: 'url',
        });
  }
  if (id === 'consent-pending') return [200, answers.consent({ id })];
  if (id === 'consent-hanging') return undefined;
  if (id === 'consent-expired') {
    return [200, answers.consent({ id, status: 'expired', code: 'consent_expired', reason: 'Nobody came.' })];
  }
  if (id === 'consent-refusing') {
    const reason = 'You signed in as user2, not user1.';
    return [200, answers.consent({ id, status: 'failed', code: 'wrong_account', reason })];
  }
  return [200, answers.doneConsent()];
}

function providerAnswer(method: string, id: string, verb: string, body: Record<string, unknown>): Answer {
  if (id === '') {
    if (method === 'GET') return [200, { providers: [answers.provider()] }];
    if (body.id === 'sandbox')
      return refuse('already_exists', 'There is a provider sandbox already.', { field: 'id' });
    return [201, answers.provider({ id: String(body.id) })];
  }
  if (id !== 'sandbox') return refuse('not_found', 'There is no provider by that name.');
  if (verb === 'import' && body.account === 'slow') return undefined;
  if (verb === 'check') return [200, UNHEALTHY];
  if (verb === 'import') return [201, answers.connection()];
  if (method === 'DELETE') return [200, { removed: true }];
  if (method === 'PATCH' && body.pkce === 'off') {
    return [200, answers.provider({ pkce: 'off', warnings: ['Without PKCE a stolen code can be used.'] })];
  }
  return [200, answers.provider()];
}

function keyAnswer(method: string, name: string, body: Record<string, unknown>): Answer {
  if (method === 'GET') return [200, { keys: [answers.key()] }];
  if (method === 'POST') return [201, { ...answers.key(), name: body.name, key: answers.NEW_KEY }];
  return name === 'backup' ? [200, { removed: true }] : refuse('not_found', 'There is no key by that name.');
}

function vaultAnswer({ method, path, body }: Asked): Answer {
  const slots = [
    answers.slot(),
    answers.slot({ id: 's_Kl3mNo6pQr9', kind: 'file', in_use: false, path: '/media/key' }),
  ];
  if (path.endsWith('/rotate') || method === 'GET') return [200, { slots }];
  if (method === 'DELETE') return [200, { removed: true }];
  const kind = body.kind === 'keychain' || body.kind === 'file' ? body.kind : 'passphrase';
  return [201, answers.slot({ kind })];
}
