// HTTP to the running host. Every request has a time-out and can be cancelled; every failure is a problem document.
// node:http by way of getBuiltinModule: a plain import also loads undici for its WebSocket export, 35 ms per command.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { findHost, type HostAddress, noHost } from './find-host.ts';
import { CommandError, failure, type ProblemDocument } from './problem.ts';

const http = process.getBuiltinModule('node:http');

/**
 * Longer than what the host itself waits for a refresh with its retry, and a lock for one in flight (75 s): then the host's
 * answer explains what happened, and nobody stops a host in the middle of a refresh.
 */
const ANSWER_MS = 90_000;
/** No answer of the host comes near this; a stranger's might. */
const ANSWER_BYTES = 16 * 1_024 * 1_024;

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  /** Seconds the host was asked to wait, added to the time-out. */
  readonly waitSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface HostClient {
  /** `T` is the answer's type in api/wire.ts; the host has validated it. Throws CommandError. */
  call<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
  /** An open stream; the time-out covers only the wait for its first bytes. */
  stream(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage>;
}

/** A path of the endpoint; every part is percent-encoded. */
export function route(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join('/')}`;
}

/** The path of C in routes that take provider and account as two parts. */
export function connectionPath(verb: string, ref: string): string {
  const [provider, ...account] = ref.split('/');
  return account.length === 0 ? route(verb, ref) : route(verb, provider!, account.join('/'));
}

/** Finds the host anew for every request: it may have been restarted in between. */
export function createClient(find: () => HostAddress = findHost, answerMs: number = ANSWER_MS): HostClient {
  return {
    async call<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
      const timeoutMs = answerMs + (options.waitSeconds ?? 0) * 1_000;
      const request = open(find(), method, path + search(options.query), {}, options.signal);
      return within(request, timeoutMs, async () => {
        const response = await answer(request, options.body);
        const text = await readAll(response);
        return parse(response, text) as T;
      });
    },
    async stream(path, headers, signal) {
      const request = open(find(), 'GET', path, headers, signal);
      return within(request, answerMs, async () => {
        const response = await answer(request, undefined);
        if (response.statusCode === 200) return response;
        throw refusal(response, await readAll(response));
      });
    },
  };
}

function search(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of typeof value === 'object' ? value : [value]) parameters.append(name, String(one));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function open(
  host: HostAddress,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): ClientRequest {
  return http.request({
    ...(host.socket === undefined
      ? { host: host.url!.hostname.replace(/^\[|\]$/g, ''), port: host.url!.port }
      : { socketPath: host.socket }),
    method,
    path,
    headers: {
      host: host.socket === undefined ? host.url!.host : 'localhost',
      accept: 'application/json',
      ...headers,
      authorization: `Bearer ${host.key}`,
    },
    // One request per connection: a kept one would hold the process open.
    agent: false,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function within<T>(request: ClientRequest, ms: number, work: () => Promise<T>): Promise<T> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    request.destroy();
  }, ms);
  try {
    return await work();
  } catch (error) {
    if (!late) throw error;
    const seconds = Math.round(ms / 1_000);
    throw failure(
      'timeout',
      `The host did not answer within ${seconds} s. Run the command again, or restart the host.`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function answer(request: ClientRequest, body: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (error) => reject(networkFailure(error)));
    if (body === undefined) {
      request.end();
      return;
    }
    const text = JSON.stringify(body);
    request.setHeader('content-type', 'application/json');
    request.setHeader('content-length', Buffer.byteLength(text));
    request.end(text);
  });
}

function networkFailure(error: Error): Error {
  if (error instanceof CommandError || error.name === 'AbortError') return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return noHost();
  if (code === 'EACCES' || code === 'EPERM') {
    return failure(
      'unsafe_path',
      'The socket of the host could not be opened: the system refused access to it.',
    );
  }
  return failure('no_host', 'The host went away before it answered. Start it again with `tokentray serve`.');
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      size += chunk.length;
      if (size > ANSWER_BYTES)
        throw failure('unexpected', 'The answer of the host is too large to be one of ours.');
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkFailure(error instanceof Error ? error : new Error('aborted'));
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(response: IncomingMessage, text: string): unknown {
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw refusal(response, text);
  const document = fromJson(text);
  if (document === undefined) throw strange(status);
  return document;
}

function refusal(response: IncomingMessage, text: string): Error {
  const document = fromJson(text);
  return isProblem(document) ? new CommandError(document) : strange(response.statusCode ?? 0);
}

function strange(status: number): Error {
  return failure(
    'unexpected',
    `The host answered ${status} in a way this command does not understand. Check that both are of the same version.`,
  );
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller reports it by its status.
    return undefined;
  }
}

function isProblem(document: unknown): document is ProblemDocument {
  if (typeof document !== 'object' || document === null) return false;
  const { code, detail, status } = document as Record<string, unknown>;
  return typeof code === 'string' && typeof detail === 'string' && typeof status === 'number';
}
