// The host's real network adapter with an ear on it: what went out, when, and every secret that passed.
import type { HttpPort, HttpRequest } from '../../core/ports.ts';
import { createHttp, type HttpOptions } from '../../host/fetch.ts';

/** What happened, in order: `send /token`, `answered /token`, `not_sent /token`, … */
export type Trace = string[];

export interface RecordingHttp extends HttpPort {
  readonly requests: readonly HttpRequest[];
}

const SECRET_PARAMETERS = ['code', 'code_verifier', 'refresh_token', 'client_secret', 'token'];
const SECRET_FIELDS = ['access_token', 'refresh_token', 'id_token'];

/** Adds to `secrets` and `trace`; `limits` as in createHttp. */
export function recordingHttp(
  secrets: Set<string>,
  trace: Trace,
  limits: HttpOptions['limits'] = {},
): RecordingHttp {
  const http = createHttp({ env: {}, limits });
  const requests: HttpRequest[] = [];
  return {
    requests,
    async send(request) {
      requests.push(request);
      const path = request.url.pathname;
      trace.push(`send ${path}`);
      const sent = new URLSearchParams(request.body ?? '');
      for (const name of SECRET_PARAMETERS) keep(secrets, sent.get(name));
      keep(secrets, request.headers.authorization?.split(' ')[1]);
      const outcome = await http.send(request);
      trace.push(`${outcome.kind} ${path}`);
      if (outcome.kind === 'answered') {
        const fields = fieldsOf(outcome.response.body);
        for (const name of SECRET_FIELDS) keep(secrets, fields.get(name));
      }
      return outcome;
    },
  };
}

function keep(secrets: Set<string>, value: unknown): void {
  if (typeof value === 'string' && value !== '') secrets.add(value);
}

function fieldsOf(body: Uint8Array): Map<string, unknown> {
  try {
    const document: unknown = JSON.parse(Buffer.from(body).toString());
    return new Map(typeof document === 'object' && document !== null ? Object.entries(document) : []);
  } catch {
    // A page or half an answer: nothing in it is a token.
    return new Map();
  }
}
