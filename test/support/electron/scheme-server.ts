// A custom scheme as loopback HTTP: Chromium cannot be taught a new standard scheme, so `tokentray-ui://app/x` is served as
// `http://app.tokentray-ui.localhost:PORT/x` (a secure context with an origin of its own). The handler sees no more than
// Electron would show it, and the page gets no more than Electron would let through.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

export type SchemeHandler = (request: Request) => Response | Promise<Response>;

/** Electron shows none of these to the handler of a scheme. */
const HIDDEN =
  /^(?:host|cookie|sec-.*|accept-encoding|referer|connection|upgrade-insecure-requests|priority|dnt)$/;

export class SchemeServer {
  readonly #scheme: string;
  readonly #handler: SchemeHandler;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      // Electron gives the page a network error, and this line.
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      response.destroy();
    });
  });
  readonly #listening = Promise.withResolvers<void>();

  constructor(scheme: string, handler: SchemeHandler) {
    this.#scheme = scheme;
    this.#handler = handler;
    this.#server.once('error', this.#listening.reject);
    this.#server.listen(0, '127.0.0.1', this.#listening.resolve);
  }

  /** `scheme://host/path` as an address for Chromium. */
  async toHttp(url: string): Promise<string> {
    await this.#listening.promise;
    const [, host = '', rest = ''] = /^[^:]+:\/\/([^/?#]*)(.*)$/.exec(url) ?? [];
    return `http://${host}.${this.#suffix()}${rest}`;
  }

  /** The address as Electron would give it; other addresses as they are. */
  toScheme(url: string): string {
    const { host, protocol } = URL.parse(url) ?? { host: '', protocol: '' };
    const suffix = `.${this.#suffix()}`;
    if (protocol !== 'http:' || !host.endsWith(suffix)) return url;
    return `${this.#scheme}://${host.slice(0, -suffix.length)}${url.slice('http://'.length + host.length)}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #suffix(): string {
    return `${this.#scheme}.localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = `http://${request.headers.host}${request.url}`;
    const url = this.toScheme(asked);
    // A page of another origin that found the port: nothing of the kind exists in Electron.
    if (url === asked) return void response.destroy();
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!HIDDEN.test(name)) headers.set(name, String(value));
    }
    const { origin } = request.headers;
    if (origin === 'null') headers.delete('origin');
    else if (origin !== undefined) headers.set('origin', this.toScheme(origin));
    const { method = 'GET' } = request;
    // Without upload data Electron makes a Request without a body, whatever its method.
    const { 'content-length': length = '0', 'transfer-encoding': chunked } = request.headers;
    const hasBody = length !== '0' || chunked !== undefined;
    const body = hasBody ? (Readable.toWeb(request) as ReadableStream) : null;
    const answer = await this.#handler(
      new Request(url, { method, headers, body, ...(body === null ? {} : { duplex: 'half' }) }),
    );
    await send(answer, response);
  }
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  // A repeated header keeps its last value, cookies do not work, and there is no cache.
  const headers = Object.fromEntries(answer.headers);
  delete headers['set-cookie'];
  headers['cache-control'] ??= 'no-store';
  response.writeHead(answer.status, headers);
  if (answer.body === null) return void response.end();
  response.flushHeaders();
  const reader = answer.body.getReader();
  response.once('close', () => void reader.cancel().catch(() => undefined));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!response.write(value)) await drained(response);
    if (response.destroyed) return;
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.once('drain', go).once('close', go);
  });
}
