// Judges what a browser sends to the window's door. The door is for our own page alone: what another page, tab or frame
// starts is refused by headers that no page can forge, and there is no cookie that a browser would add by itself.
import type { Problem } from '../core/errors.ts';
import type { Head } from './guard.ts';
import { refusal } from './problem.ts';

/** Carries the session. A header of our own cannot be sent by another origin's form, image or link. */
export const SESSION_HEADER = 'x-tokentray-session';
/** Sent by the window with what no person asked for, such as reading anew after an event: idleness goes on. */
export const UNATTENDED_HEADER = 'x-tokentray-unattended';

const ORIGIN = refusal(
  'denied',
  'Requests that change something must come from the window itself, with its Origin.',
);
const SITE = refusal('denied', 'Requests that another page started are refused. Open the address by itself.');
const TYPE = refusal('denied', 'A body must be JSON. Send it with Content-Type: application/json.');
const NO_SESSION = refusal(
  'denied',
  'The session of the window is missing. Get a new link with: tokentray open',
);

const JSON_TYPE = /^application\/json(?:\s*;|$)/i;
const LOGIN = '/window/session';

/** Undefined when the request may go on. `host`: the Host that was found to be ours. Promises 112, 167. */
export function judgeBrowser(head: Head, host: string): Problem | undefined {
  const header = headerReader(head.rawHeaders);
  const origin = header('origin');
  if (origin !== undefined && origin !== `http://${host}`) return ORIGIN;
  const site = header('sec-fetch-site');
  if (head.method === 'GET' || head.method === 'HEAD') {
    if (site === 'same-origin') return undefined;
    if (!isPage(pathOf(head.target, host))) return SITE;
    if (site === undefined || site === 'none') return undefined;
    // A link in a terminal or on a page of notes: the page opens on its own, in no frame, and holds nothing by itself.
    const opened = header('sec-fetch-mode') === 'navigate' && header('sec-fetch-dest') === 'document';
    return opened ? undefined : SITE;
  }
  if (origin === undefined) return ORIGIN;
  if (site !== undefined && site !== 'same-origin') return SITE;
  const type = header('content-type');
  const announced = header('transfer-encoding') !== undefined || (header('content-length') ?? '0') !== '0';
  if (type === undefined ? announced : !JSON_TYPE.test(type)) return TYPE;
  const login = head.method === 'POST' && pathOf(head.target, host) === LOGIN;
  if (!login && header(SESSION_HEADER) === undefined) return NO_SESSION;
  return undefined;
}

/** True for what is not data: the page, its assets and its own addresses. An encoded path is not worth decoding. */
export function isPage(path: string): boolean {
  return !/^\/(?:v1|window)(?:\/|$)|%/.test(path);
}

/** The path as the handler will see it: without `.` and `..`. `%` for what cannot be read. */
function pathOf(target: string, host: string): string {
  const url = target.startsWith('/') ? `http://${host}${target}` : target;
  return URL.canParse(url) ? new URL(url).pathname : '%';
}

/** The value of a header; two lines of one name give a value that nothing equals. */
function headerReader(lines: readonly string[]): (name: string) => string | undefined {
  const found = new Map<string, string>();
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i]!.toLowerCase();
    const before = found.get(name);
    found.set(name, before === undefined ? lines[i + 1]! : `${before}, ${lines[i + 1]}`);
  }
  return (name) => found.get(name);
}
