// What a log line may hold. The first net is that nobody passes a secret; this is the second: errors without their text,
// addresses without their values, names instead of headers, and known shapes of secrets struck out.

import { ERROR_CATALOGUE, TokentrayError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { LogFields } from '../core/ports.ts';
import { printable } from '../core/text.ts';

const REDACTED = '[redacted]';

/** Fields that are struck out whatever they hold. `code` is judged by value: it is also the name of our error codes. */
export const SECRET_FIELDS = [
  'access_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'device_code',
  'id_token',
  'key',
  'nonce',
  'passphrase',
  'password',
  'refresh_token',
  'secret',
  'session',
  'set-cookie',
  'state',
  'ticket',
  'token',
] as const;

const FIELD_CHARS = 1_000;
const FRAMES = 12;
// Codes of Node (EPIPE, ERR_…) and of oauth4webapi (OAUTH_…): constants, never text from outside.
const FOREIGN_CODE = /^(?:E[A-Z0-9]{2,20}|(?:ERR|OAUTH)_[A-Z0-9_]{1,60})$/;
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`]+/gi;
const SECRET_SHAPES = [
  /\b(?:Bearer|Basic|DPoP) +[\w.~+/=-]+/gi,
  /\btt_[\w-]{8,}/g,
  /\beyJ[\w-]{4,}(?:\.[\w-]*){0,4}/g,
  // Long, and mixed as only random text is; ids, digests and paths have no capitals among their digits.
  /(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{32,}/g,
];

/** An error as fields: its name, its code, where it happened; the sentence only when it is ours (promise 196). */
export function safeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const stack = frames(error);
  if (error instanceof TokentrayError) {
    return { error: 'TokentrayError', code: error.code, detail: error.message, stack };
  }
  const name = /^\w{1,60}$/.test(error.name) ? error.name : 'Error';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { error: name, ...(FOREIGN_CODE.test(code) ? { code } : {}), stack };
}

// The head of a stack repeats the message, which may hold lines that look like frames. A message that is not found there
// was changed since, and nothing after it can be told apart.
function frames(error: Error): string[] {
  const stack = error.stack ?? '';
  const start = stack.indexOf(error.message);
  if (start < 0) return [];
  return stack
    .slice(start + error.message.length)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, FRAMES);
}

/** Origin, path and the names of what followed: `https://a.test/cb?code&state#access_token` (promise 197). */
export function safeUrl(address: string): string {
  if (!URL.canParse(address)) return '[address]';
  const url = new URL(address);
  const names = (text: string) =>
    [...new URLSearchParams(text).keys()].map((name) => encodeURIComponent(name)).join('&');
  const query = url.search === '' ? '' : `?${names(url.search)}`;
  // A fragment without a "=" is a value, not a name.
  const fragment = url.hash === '' ? '' : `#${url.hash.includes('=') ? names(url.hash.slice(1)) : ''}`;
  return `${url.protocol}//${url.host}${url.pathname}${query}${fragment}`;
}

/** Text of a provider: inert, on one line, at most 200 characters (promise 198). */
export function providerText(text: string): string {
  return printable(text, LIMITS.providerTextChars);
}

/** Which headers there were; never what they said (promise 199). */
export function headerNames(headers: Headers | Readonly<Record<string, unknown>>): string[] {
  const names = headers instanceof Headers ? [...headers.keys()] : Object.keys(headers);
  return names.map((name) => printable(name.toLowerCase(), LIMITS.providerTextChars)).sort();
}

/** The second net over every string of a line. */
export function safeText(text: string): string {
  const withoutValues = text.replace(ADDRESS, safeUrl);
  const withoutSecrets = SECRET_SHAPES.reduce((left, shape) => left.replace(shape, REDACTED), withoutValues);
  return printable(withoutSecrets, FIELD_CHARS);
}

/** The censor for SECRET_FIELDS: everything goes, except a `code` that is the code of an error. */
export function censor(value: unknown, path: readonly string[]): unknown {
  const isErrorCode =
    path.at(-1) === 'code' &&
    typeof value === 'string' &&
    (Object.hasOwn(ERROR_CATALOGUE, value) || FOREIGN_CODE.test(value));
  return isErrorCode ? value : REDACTED;
}
