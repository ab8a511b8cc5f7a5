// `--set key=value` of providers: any field of a provider entry, by its name on the wire. Pure.
import { usage } from './problem.ts';

/** Names that would reach into JavaScript objects rather than into the entry (CVE-2019-10744 class). */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

export type Fields = Record<string, unknown>;

/**
 * Adds the settings to `fields`. A dotted key reaches into an object. A value that is JSON for a boolean, list or
 * object is that, and a whole number for a field of seconds; anything else is text; nothing at all is null, which removes the field. Authorization parameters
 * are always text, as they are in an address (max_age=0). Throws `usage`.
 */
export function applySettings(fields: Fields, settings: readonly string[]): Fields {
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at < 1) throw usage('--set takes key=value, such as --set pkce=off.');
    const path = setting.slice(0, at).split('.');
    if (path.some((part) => part.toLowerCase().includes('secret'))) {
      throw usage('Secrets are not taken from arguments. Use --client-secret-stdin in place of --set.');
    }
    if (path.some((part) => part === '' || FORBIDDEN.has(part))) {
      throw usage(
        `--set does not take the key ${path.join('.')}. Use the name of a field, such as redirect.port.`,
      );
    }
    const text = setting.slice(at + 1);
    const isParameter = path.length > 1 && path[0] === 'authorization_parameters';
    put(
      fields,
      path,
      isParameter && text !== '' ? text : parseValue(text, path.at(-1)!.endsWith('_seconds')),
    );
  }
  return fields;
}

function put(fields: Fields, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    fields[key] = value;
    return;
  }
  const below = fields[key];
  const inner: Fields = isFields(below) ? below : {};
  fields[key] = inner;
  put(inner, rest, value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `--set name=2024` is a name: only a field that counts something takes a number. */
function parseValue(text: string, counts: boolean): unknown {
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    // `"quoted"` and `null` stay text, so that a value never loses its quotes by surprise.
    return typeof value === 'string' || value === null || (typeof value === 'number' && !counts)
      ? text
      : value;
  } catch {
    // Not JSON: plain text.
    return text;
  }
}
