// Judges the raw head of a request, before anything else sees it and before any key is looked at.
// It must see the raw lines: Node keeps the first of two Host lines and takes absolute targets and HTTP/1.0 without Host.
// Every refusal is a constant: nothing of the request is repeated, and no answer tells more than another.
import type { Problem } from '../core/errors.ts';
import { refusal } from './problem.ts';
import { judgeBrowser } from './window-guard.ts';

/** The way a request came in by. It decides which Host names are ours and is written in the audit. */
export type Door = HttpDoor | 'window';

/** A door with a listener of its own. The other one is called by the tray's window, inside the process. */
export type HttpDoor = 'tcp' | 'socket' | 'window-http';

/** A request's head as Node's parser gives it. `rawHeaders` alternates names and values, every line of its own. */
export interface Head {
  readonly httpVersion: string;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
}

const MISDIRECTED = refusal(
  'misdirected',
  'The Host header and the request target must name this endpoint exactly. Use the address Tokentray shows.',
);
const ORIGIN = refusal(
  'denied',
  'Requests with an Origin header are refused: this endpoint is not for web pages. Leave the header out.',
);
const FETCH_SITE = refusal(
  'denied',
  'Requests that a web page started are refused. Leave the Sec-Fetch-Site header out.',
);
export const METHOD = refusal(
  'method_not_allowed',
  'OPTIONS, TRACE and CONNECT are not answered here. Use GET, POST, PATCH or DELETE.',
);
const VERSION = refusal('bad_request', 'Only HTTP/1.1 and HTTP/1.0 are understood. Use HTTP/1.1.');
const TWO_KEYS = refusal(
  'bad_request',
  'The request has more than one Authorization header. Send exactly one.',
);
export const KEY_IN_QUERY = refusal(
  'key_in_query',
  'The address seems to hold a key. Send it in the Authorization header, and replace it: addresses end up in logs.',
);

/** Parameters that can only mean a credential, whatever their value (RFC 6750 section 2.3 is not supported). */
const CREDENTIAL_PARAMETERS = new Set(['key', 'access_token', 'token', 'api_key', 'authorization']);
/** A key of ours anywhere in a decoded name or value, e.g. also behind `Bearer `. */
const KEY_LIKE = /\btt_/;

/**
 * Undefined when the request may go on; otherwise the refusal to send. `port` is the door's own (not looked at for the
 * socket). RFC 9112 section 3.2: exactly one Host line, and the authority of an absolute target must agree with it.
 */
export function judgeHead(head: Head, door: HttpDoor, port: number): Problem | undefined {
  const lines = head.rawHeaders;
  let host: string | undefined;
  let hosts = 0;
  let authorizations = 0;
  let origin = false;
  let foreignSite = false;
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i]!;
    // The length sorts out nearly every header before a string is made.
    if (name.length === 4) {
      if (name.toLowerCase() !== 'host') continue;
      hosts += 1;
      host = lines[i + 1];
    } else if (name.length === 6) {
      if (name.toLowerCase() === 'origin') origin = true;
    } else if (name.length === 13) {
      if (name.toLowerCase() === 'authorization') authorizations += 1;
    } else if (name.length === 14) {
      if (name.toLowerCase() === 'sec-fetch-site' && lines[i + 1] !== 'none') foreignSite = true;
    }
  }
  if (hosts !== 1 || host === undefined || !isOurs(host, door, port)) return MISDIRECTED;
  if (!targetAgrees(head.target, host)) return MISDIRECTED;
  const stranger = door === 'window-http' ? judgeBrowser(head, host) : judgeScript(origin, foreignSite);
  if (stranger !== undefined) return stranger;
  if (head.method === 'OPTIONS' || head.method === 'TRACE' || head.method === 'CONNECT') return METHOD;
  if (head.httpVersion !== '1.1' && head.httpVersion !== '1.0') return VERSION;
  if (authorizations > 1) return TWO_KEYS;
  const query = head.target.indexOf('?');
  if (query !== -1 && holdsKey(head.target.slice(query + 1))) return KEY_IN_QUERY;
  return undefined;
}

function judgeScript(origin: boolean, foreignSite: boolean): Problem | undefined {
  if (origin) return ORIGIN;
  return foreignSite ? FETCH_SITE : undefined;
}

/** Byte for byte: no other spelling of a loopback address, no other case, no trailing dot, no missing port. */
function isOurs(host: string, door: HttpDoor, port: number): boolean {
  if (door === 'socket') return host === 'localhost' || host === 'tokentray';
  return host === `127.0.0.1:${port}` || host === `localhost:${port}` || host === `[::1]:${port}`;
}

/** RFC 9112 section 3.2: a path, or an absolute http address whose authority is the Host; `*` and the bare Host name no other. */
function targetAgrees(target: string, host: string): boolean {
  if (target.charCodeAt(0) === 47 /* / */) return true;
  if (target === '*' || target === host) return true;
  if (target.slice(0, 7).toLowerCase() !== 'http://') return false;
  if (!target.startsWith(host, 7)) return false;
  const after = target[7 + host.length];
  return after === undefined || after === '/' || after === '?';
}

export function holdsKey(query: string): boolean {
  for (const [name, value] of new URLSearchParams(query)) {
    if (CREDENTIAL_PARAMETERS.has(name.toLowerCase()) || KEY_LIKE.test(name) || KEY_LIKE.test(value))
      return true;
  }
  return false;
}
