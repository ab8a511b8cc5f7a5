// Joins oauth4webapi to the HTTP port. The library builds and judges; every byte goes out through `HttpPort`, with its
// limits, and what is lost on the way keeps its meaning (`not_sent` or `maybe_sent`).
// The library's errors carry bodies and parameters in `cause`: none of them leaves this room.
import * as oauth from 'oauth4webapi';
import type { HttpPort, HttpResponse, NetworkFault } from '../ports.ts';

/** No complete answer came. `sent`: the request may have reached the provider. */
export class TransportFailure extends Error {
  readonly sent: boolean;
  readonly fault: NetworkFault;

  constructor(sent: boolean, fault: NetworkFault) {
    super(`no answer (${fault})`);
    this.name = 'TransportFailure';
    this.sent = sent;
    this.fault = fault;
  }
}

/** Options for oauth4webapi's requests. Plain http is settled by `endpointUrl`: it is only ever a loopback name. */
export function requestOptions(http: HttpPort, signal?: AbortSignal) {
  return {
    [oauth.customFetch]: async (
      url: string,
      init: { method: string; headers: Record<string, string>; body?: unknown },
    ): Promise<Response> => {
      const body = init.body === undefined || init.body === null ? undefined : String(init.body);
      const outcome = await http.send({
        method: init.method === 'POST' ? 'POST' : 'GET',
        url: new URL(url),
        headers: init.headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      if (outcome.kind === 'answered') return toResponse(outcome.response);
      throw new TransportFailure(outcome.kind === 'maybe_sent', outcome.fault);
    },
    [oauth.allowInsecureRequests]: true,
  };
}

// Statuses that the Response class refuses a body for, or refuses altogether, stand in as 502: none of them is a
// meaningful answer of a token endpoint.
const BODYLESS = new Set([204, 205, 304]);

function toResponse(response: HttpResponse): Response {
  if (BODYLESS.has(response.status))
    return new Response(null, { status: response.status, headers: response.headers });
  const status = response.status < 200 || response.status > 599 ? 502 : response.status;
  return new Response(response.body as Uint8Array<ArrayBuffer>, { status, headers: response.headers });
}
