// Judges a request of the tray's own window, which comes by our scheme and not over a listener: there is no Host, no
// Sec-Fetch header and no session. What a page of another origin, a form or an image could send is refused here; that
// nothing else lives in the window's session is the tray's part.
import type { Problem } from '../core/errors.ts';
import { holdsKey, KEY_IN_QUERY, METHOD } from './guard.ts';
import { refusal } from './problem.ts';

const PREFIX = 'tokentray-ui://app';
const WINDOW_HEADER = 'x-tokentray-window';
const JSON_TYPE = /^application\/json(?:\s*;|$)/i;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']);

const PLACE = refusal(
  'misdirected',
  'This door serves the window of the tray, at tokentray-ui://app/ alone.',
);
const ORIGIN = refusal('denied', 'Requests of another page are refused: this door is for the window alone.');
const HEADER = refusal(
  'denied',
  'Requests that change something must come from the window itself, with X-Tokentray-Window.',
);
const TYPE = refusal('denied', 'A body must be JSON. Send it with Content-Type: application/json.');

/** Undefined when the request may go on. In the main process our scheme is opaque to URL, so this compares text. */
export function judgeScheme({ url, method, headers, body }: Request): Problem | undefined {
  const after = url.startsWith(PREFIX) ? url.charAt(PREFIX.length) : 'x';
  if (after !== '' && after !== '/' && after !== '?' && after !== '#') return PLACE;
  const origin = headers.get('origin');
  if (origin !== null && origin !== PREFIX) return ORIGIN;
  if (!METHODS.has(method)) return METHOD;
  const query = url.indexOf('?');
  if (query !== -1 && holdsKey(url.slice(query + 1))) return KEY_IN_QUERY;
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (headers.get(WINDOW_HEADER) !== '1') return HEADER;
  const type = headers.get('content-type');
  return (type === null ? body !== null : !JSON_TYPE.test(type)) ? TYPE : undefined;
}
