// Reads a JSON Web Token (RFC 7519, compact form of RFC 7515) without checking its signature. Pure: nothing is kept,
// nothing is sent, and no sentence about a mistake repeats what was pasted.

export type JsonObject = Readonly<Record<string, unknown>>;

/** `none`: the header says there is no signature. `missing`: it names one, but there is none. */
export type SignatureState = 'not-checked' | 'none' | 'missing';

export type JwtReading =
  | {
      readonly ok: true;
      readonly header: JsonObject;
      readonly claims: JsonObject;
      readonly signature: SignatureState;
    }
  /** `sentence`: which part is wrong, and what it should be. */
  | { readonly ok: false; readonly sentence: string };

/** A token that fits into a request is far shorter; longer text is a file dropped by mistake. */
export const LONGEST_TEXT = 200_000;

class Unreadable extends Error {}

/** Takes a bare token, one with line breaks, or a whole `Authorization` header line. Undefined for no text at all. */
export function readJwt(text: string): JwtReading | undefined {
  const token = bare(text);
  if (token === '') return undefined;
  try {
    return { ok: true, ...read(token) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, sentence: error.message };
    throw error;
  }
}

function read(token: string) {
  if (token.length > LONGEST_TEXT)
    throw new Unreadable('This is far longer than a token. Paste the token alone.');
  const parts = token.split('.');
  if (parts.length === 5)
    throw new Unreadable(
      'This token is encrypted (JWE, five parts). Only the one it is meant for can read it.',
    );
  const [first = '', second = '', third = ''] = parts;
  if (parts.length !== 3) throw new Unreadable(wrongCount(parts.length));
  const header = jsonObject('first part, the header,', first);
  const claims = jsonObject('second part, the claims,', second);
  if (third !== '') decode('third part, the signature,', third);
  return { header, claims, signature: signatureOf(header, third) };
}

function bare(text: string): string {
  return text
    .trim()
    .replace(/^(?:authorization\s*:\s*)?(?:bearer\s+)?/i, '')
    .replace(/\s+/g, '');
}

function wrongCount(count: number): string {
  const has = count === 1 ? 'This has no dot in it' : `This has ${count} parts`;
  const opaque =
    count === 1 ? ' Many access tokens are no JWT: only the one who issued them can read them.' : '';
  return `${has}; a JWT has three parts with a dot between them.${opaque}`;
}

function jsonObject(part: string, text: string): JsonObject {
  const bytes = decode(part, text);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Unreadable(`The ${part} is not JSON once it is decoded. It was cut, or is no part of a JWT.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Unreadable(`The ${part} is JSON, but not an object with names and values.`);
  return Object.fromEntries(Object.entries(value));
}

/** RFC 7515 section 2: base64url without padding. */
function decode(part: string, text: string): Uint8Array {
  if (text === '') throw new Unreadable(`The ${part} is empty.`);
  if (!/^[A-Za-z0-9_-]+$/.test(text))
    throw new Unreadable(
      `The ${part} is not base64url: it may hold only letters, digits, - and _. It may have been changed when it was copied.`,
    );
  if (text.length % 4 === 1)
    throw new Unreadable(`The ${part} is not base64url: a character at its end is missing or one too many.`);
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** RFC 7518 section 3.6; some libraries also took `None` and `NONE`, which is how tokens are forged. */
function signatureOf(header: JsonObject, signature: string): SignatureState {
  if (typeof header.alg !== 'string' || header.alg.toLowerCase() === 'none') return 'none';
  return signature === '' ? 'missing' : 'not-checked';
}
