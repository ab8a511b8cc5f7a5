// An HTTP server that answers abuse by itself: too many connections, headers too long, requests too slow or malformed.
// Those answers are constant text, written before any handler runs; requests that pass are the handler's.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { TokentrayError, toProblem } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

export type ServerLimits = Readonly<
  Record<'endpointHeaderBytes' | 'endpointHeaderMs' | 'endpointBodyMs' | 'endpointConnections', number>
>;

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface LimitedServer {
  readonly server: Server;
  /** Takes no more connections, ends idle ones at once, lets answers in flight finish for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

// Long enough for the next call of a script, short enough to give the slot back.
const KEEP_ALIVE_MS = 5_000;
// How long a refused client may take to read why before its connection is cut.
const REFUSAL_MS = 1_000;
// Node looks for slow requests at this share of the shortest time-out; its own default is every 30 s.
const CHECKS_PER_TIMEOUT = 5;

const REFUSALS = {
  malformed: refusal(new TokentrayError('bad_request', 'The request is not valid HTTP/1.1.')),
  slow: refusal(
    new TokentrayError('timeout', 'The request did not arrive in time. Send it again in one go.'),
  ),
  // RFC 6585 section 5 has a status of its own for headers.
  headers: refusal(new TokentrayError('too_large', 'The headers are longer than 16 KiB. Send fewer.'), 431),
  extensions: refusal(new TokentrayError('too_large', 'The chunk extensions are too long. Send none.')),
  full: refusal(
    new TokentrayError('busy', 'Too many connections are open. Try again in a moment.', { retryAfter: 1 }),
  ),
} as const;

const BY_CODE: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', REFUSALS.headers],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', REFUSALS.extensions],
  ['ERR_HTTP_REQUEST_TIMEOUT', REFUSALS.slow],
]);

export function createLimitedServer(handler: RequestHandler, limits: ServerLimits = LIMITS): LimitedServer {
  const served = new Set<Socket>();
  const turnedAway = new Set<Socket>();
  const answering = new Map<Socket, ServerResponse>();
  let closing = false;

  const server = createServer({
    maxHeaderSize: limits.endpointHeaderBytes,
    headersTimeout: limits.endpointHeaderMs,
    // Counts from the first byte of the request, so no body can take longer than its limit.
    requestTimeout: limits.endpointBodyMs,
    connectionsCheckingInterval:
      Math.min(limits.endpointHeaderMs, limits.endpointBodyMs) / CHECKS_PER_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The guard judges Host, and answers in our own form.
    requireHostHeader: false,
    insecureHTTPParser: false,
  });
  // Beyond a count Node drops headers silently, among them those the guard looks for; the byte limit is enough.
  server.maxHeadersCount = 0;

  server.on('request', (request, response) => {
    const { socket } = request;
    answering.set(socket, response);
    response.on('close', () => {
      if (answering.get(socket) === response) answering.delete(socket);
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
    if (closing) response.setHeader('connection', 'close');
    handler(request, response);
  });

  // Node's own listener gets only the connections that fit: a refused one never reaches the parser.
  const [serve] = server.listeners('connection');
  if (serve === undefined)
    throw new TokentrayError('unexpected', 'The HTTP server has no connection listener.');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (served.size < limits.endpointConnections) {
      track(served, socket);
      serve.call(server, socket);
      return;
    }
    // As many again may read why they are refused; beyond that there is no answer, only an end.
    if (turnedAway.size >= limits.endpointConnections) {
      socket.destroy();
      return;
    }
    track(turnedAway, socket);
    socket.on('error', () => socket.destroy());
    socket.resume();
    refuse(socket, REFUSALS.full);
  });

  const refused = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (refused.has(socket)) return;
    refused.add(socket);
    // In the middle of an answer another one would read as part of it.
    if (!socket.writable || answering.get(socket)?.headersSent || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    refuse(socket, BY_CODE.get(error.code ?? '') ?? REFUSALS.malformed);
  });

  return {
    server,
    async close(graceMs) {
      closing = true;
      for (const response of answering.values()) {
        if (!response.headersSent) response.setHeader('connection', 'close');
      }
      await new Promise<void>((resolve) => {
        const cut = setTimeout(() => {
          for (const socket of [...served, ...turnedAway]) socket.destroy();
        }, graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
      });
    },
  };
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

function refuse(socket: Socket, text: string): void {
  socket.end(text);
  const cut = setTimeout(() => socket.destroy(), REFUSAL_MS);
  socket.once('close', () => clearTimeout(cut));
}

function refusal(error: TokentrayError, status = error.status): string {
  const body = JSON.stringify({ ...toProblem(error), status });
  const { retryAfter } = error.details;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
