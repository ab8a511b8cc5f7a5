// The one HTTP client of both hosts. Its answer is exact: `not_sent` only while nothing of the request can have left,
// `answered` only for a complete answer, `maybe_sent` for all in between. Redirects are answers and never followed; no
// cookie is kept; no connection is reused; nothing is logged here.

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { LIMITS } from '../core/limits.ts';
import type { HttpOutcome, HttpPort, HttpRequest, HttpResponse } from '../core/ports.ts';
import { openConnection } from './connect.ts';
import { faultOf, NetworkFailure } from './network-fault.ts';
import { isLoopback, proxyFor, proxyInAnswer } from './proxy-choice.ts';

type HttpLimits = Readonly<
  Record<'connectMs' | 'totalMs' | 'providerBodyBytes' | 'contentEncodings', number>
>;

const DECODERS: ReadonlyMap<string, () => NodeJS.ReadWriteStream> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

export interface HttpOptions {
  /** Where HTTPS_PROXY and NO_PROXY are read, on every request. */
  readonly env?: NodeJS.ProcessEnv;
  /** Asked on every request instead: what the system says, in the form of a PAC file's answer. */
  readonly proxyOf?: (url: URL) => Promise<string>;
  /** Tests shorten these. */
  readonly limits?: Partial<HttpLimits>;
}

/** The fetch adapter as core/ports.ts describes it. `send` never throws. */
export function createHttp(options: HttpOptions = {}): HttpPort {
  const env = options.env ?? process.env;
  const limits: HttpLimits = { ...LIMITS, ...options.limits };
  const { proxyOf } = options;
  const choose: ProxyChoice = (url, signal) =>
    proxyOf === undefined ? proxyFor(url, env) : askedProxy(url, proxyOf, signal);
  return { send: (request) => send(request, choose, limits) };
}

type ProxyChoice = (url: URL, signal: AbortSignal) => URL | null | Promise<URL | null>;

/** What cannot be asked is a fault of the proxy's, not a reason to go round it. */
async function askedProxy(
  url: URL,
  ask: (url: URL) => Promise<string>,
  signal: AbortSignal,
): Promise<URL | null> {
  if (isLoopback(url)) return null;
  const late = Promise.withResolvers<never>();
  const cancelled = () => late.reject(signal.reason);
  signal.addEventListener('abort', cancelled);
  try {
    return proxyInAnswer(url, await Promise.race([ask(url), late.promise]));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof NetworkFailure ? error : new NetworkFailure('proxy');
  } finally {
    signal.removeEventListener('abort', cancelled);
  }
}

async function send(request: HttpRequest, choose: ProxyChoice, limits: HttpLimits): Promise<HttpOutcome> {
  if (!isSafe(request.url)) return { kind: 'not_sent', fault: 'unsafe_url' };
  const stop = new AbortController();
  const cancelled = () => stop.abort(new NetworkFailure('aborted'));
  request.signal?.addEventListener('abort', cancelled);
  if (request.signal?.aborted) cancelled();
  const total = setTimeout(() => stop.abort(new NetworkFailure('timeout')), limits.totalMs);
  const connecting = setTimeout(() => stop.abort(new NetworkFailure('connect_timeout')), limits.connectMs);
  let socket: Socket | undefined;
  let sent = false;
  try {
    socket = await openConnection(request.url, await choose(request.url, stop.signal), stop.signal);
    clearTimeout(connecting);
    const call = prepare(request, socket, stop.signal);
    sent = true;
    return { kind: 'answered', response: await answer(call, request.body, limits) };
  } catch (error) {
    // Our own reason outranks the error that stopping caused.
    const fault = faultOf(stop.signal.aborted ? stop.signal.reason : error);
    return { kind: sent ? 'maybe_sent' : 'not_sent', fault };
  } finally {
    clearTimeout(connecting);
    clearTimeout(total);
    request.signal?.removeEventListener('abort', cancelled);
    socket?.destroy();
  }
}

// RFC 9700 section 2.6: https, but for the machine itself. Credentials in an address end up in logs and histories.
function isSafe(url: URL): boolean {
  if (url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

function prepare(request: HttpRequest, socket: Socket, signal: AbortSignal): ClientRequest {
  const length =
    request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
  return httpRequest({
    createConnection: () => socket,
    method: request.method,
    path: `${request.url.pathname}${request.url.search}`,
    headers: {
      // Some APIs refuse a request without a user agent.
      'user-agent': 'tokentray',
      ...request.headers,
      ...length,
      'accept-encoding': 'gzip, deflate, br',
      host: request.url.host,
      connection: 'close',
    },
    signal,
  });
}

async function answer(
  call: ClientRequest,
  body: string | undefined,
  limits: HttpLimits,
): Promise<HttpResponse> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve);
    call.on('error', reject);
    call.once('close', () => reject(new NetworkFailure('reset')));
    call.end(body);
  });
  const headers = headersOf(incoming);
  return { status: incoming.statusCode ?? 0, headers, body: await readBody(incoming, headers, limits) };
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

// Decodes and counts while reading, so that a bomb ends at the cap and not in memory.
async function readBody(
  incoming: IncomingMessage,
  headers: Headers,
  limits: HttpLimits,
): Promise<Uint8Array> {
  const encodings = (headers.get('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (encodings.length > limits.contentEncodings) throw new NetworkFailure('encoding');
  const chunks: Buffer[] = [];
  let size = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      chunks.push(chunk);
      done(size > limits.providerBodyBytes ? new NetworkFailure('too_large') : null);
    },
  });
  let received = 0;
  incoming.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  try {
    // RFC 9110 section 8.4: listed in the order applied, so undone from the end.
    await pipeline([incoming, ...encodings.toReversed().map(decoder), sink]);
  } catch (error) {
    // No body at all is not a broken one, whatever encoding was announced for it.
    if (received > 0 || faultOf(error) !== 'encoding' || !incoming.complete) throw error;
  }
  return Buffer.concat(chunks);
}

function decoder(encoding: string): NodeJS.ReadWriteStream {
  const create = DECODERS.get(encoding);
  if (create === undefined) throw new NetworkFailure('encoding');
  return create();
}
