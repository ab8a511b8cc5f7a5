// A provider's side of the HTTP port: answers from a script and keeps every request.
import type { HttpOutcome, HttpPort, HttpRequest, HttpResponse, NetworkFault } from '../../core/ports.ts';

type Script = (request: HttpRequest) => HttpOutcome | Promise<HttpOutcome>;

export class FakeHttp implements HttpPort {
  readonly requests: HttpRequest[] = [];
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  async send(request: HttpRequest): Promise<HttpOutcome> {
    this.requests.push(request);
    return this.#script(request);
  }

  /** Addresses asked for so far. */
  get asked(): string[] {
    return this.requests.map(({ url }) => url.href);
  }
}

/** A port that must not be used. */
export function noHttp(): FakeHttp {
  return new FakeHttp((request) => {
    throw new Error(`Nothing may be sent here, but ${request.method} ${request.url.pathname} was.`);
  });
}

/** An object becomes JSON; a text or bytes stay as they are. */
export function responseOf(
  status: number,
  body: object | string | Uint8Array = '',
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const bytes =
    body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  return { status, headers: new Headers({ 'content-type': 'application/json', ...headers }), body: bytes };
}

export function answered(...answer: Parameters<typeof responseOf>) {
  return { kind: 'answered', response: responseOf(...answer) } as const;
}

export function notSent(fault: NetworkFault = 'refused') {
  return { kind: 'not_sent', fault } as const;
}

export function maybeSent(fault: NetworkFault = 'reset') {
  return { kind: 'maybe_sent', fault } as const;
}
