// Reads what a caller sent: a JSON body of at most 64 KiB, and the query as a plain object. Parsing against a schema
// comes after; nothing here trusts a length that was only announced.
import { TokentrayError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { badRequest } from './problem.ts';

/** RFC 8259 section 8.1: JSON is UTF-8; a charset parameter changes nothing. */
const JSON_TYPE = /^application\/json(?:\s*;|$)/i;

/** The parsed body, or undefined when there is none. Throws `too_large` or `bad_request`. */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request);
  if (text === '') return undefined;
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? '')) {
    throw badRequest('The body must be JSON. Send it with Content-Type: application/json.');
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the body, which may hold a secret.
    throw badRequest('The body is not valid JSON. Check quotes, commas and brackets.');
  }
}

async function readText(request: Request): Promise<string> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > LIMITS.endpointBodyBytes) throw tooLarge();
  try {
    // An announced length is enforced by Node's parser, so the short way is safe at its doors.
    if (announced !== null) return checked(await request.text());
    return request.body === null ? '' : await collect(request.body);
  } catch (error) {
    if (error instanceof TokentrayError) throw error;
    throw badRequest('The body did not arrive completely. Send the request again.');
  }
}

function checked(text: string): string {
  if (Buffer.byteLength(text) > LIMITS.endpointBodyBytes) throw tooLarge();
  return text;
}

async function collect(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by an error cancels the stream.
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > LIMITS.endpointBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function tooLarge(): TokentrayError {
  return new TokentrayError(
    'too_large',
    `The body is larger than ${LIMITS.endpointBodyBytes / 1_024} KiB. Send a smaller one.`,
  );
}

/** Decoded parameters of a URL: a string each, or a list where a name is repeated. Undefined without a query. */
export function queryOf(url: string): Record<string, string | string[]> | undefined {
  const start = url.indexOf('?');
  if (start === -1 || start === url.length - 1) return undefined;
  const found = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const before = found.get(name);
    found.set(name, before === undefined ? value : [before, value].flat());
  }
  // fromEntries defines every name as its own property, `__proto__` too.
  return Object.fromEntries(found);
}
