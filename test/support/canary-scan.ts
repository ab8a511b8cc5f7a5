// Looks for secrets where none may be: every file of a folder, byte by byte, in every form a program leaves them in by
// accident (promise 65). Files are read from a copy that another process made, so that a running vault keeps its locks.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Hit {
  /** File, or the name the text was given. Never the secret itself: this ends up in reports. */
  readonly where: string;
  readonly form: string;
  readonly offset: number;
}

/** Shorter values would be found by chance. */
const MIN_CHARS = 12;

/** `except`: folders and files that are not looked at, as absolute paths. */
export function scanForCanaries(
  directories: readonly string[],
  secrets: Iterable<string>,
  except: readonly string[] = [],
): Hit[] {
  const needles = needlesOf(secrets);
  return directories.flatMap((directory) => {
    const copy = mkdtempSync(join(dirname(directory), 'tt-copy-'));
    try {
      execFileSync('cp', ['-RP', `${directory}/.`, copy]);
      const skipped = except.map((path) => join(copy, relative(directory, path)));
      return filesIn(copy, skipped).flatMap((file) =>
        find(readFileSync(file), needles, join(directory, relative(copy, file))),
      );
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
}

export function scanText(where: string, text: string, secrets: Iterable<string>): Hit[] {
  return find(Buffer.from(text), needlesOf(secrets), where);
}

interface Needle {
  readonly form: string;
  readonly bytes: Buffer;
}

function needlesOf(secrets: Iterable<string>): Needle[] {
  return [...new Set(secrets)].filter((secret) => secret.length >= MIN_CHARS).flatMap(formsOf);
}

function formsOf(secret: string): Needle[] {
  const bytes = Buffer.from(secret);
  const utf16 = Buffer.from(secret, 'utf16le');
  const hex = bytes.toString('hex');
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const escaped = [...secret]
    .map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
  const forms: Record<string, string | Buffer> = {
    plain: secret,
    reversed: [...secret].reverse().join(''),
    hex,
    'hex in capitals': hex.toUpperCase(),
    'percent-encoded': encodeURIComponent(secret),
    'in a form': new URLSearchParams([['', secret]]).toString().slice(1),
    'percent-encoded to the last letter': percent,
    'percent-encoded to the last letter, in capitals': percent.toUpperCase(),
    'UTF-16LE': utf16,
    'UTF-16BE': Buffer.from(utf16).swap16(),
    'JSON with escapes': JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
    'JSON of escapes only': escaped,
    ...base64Forms(bytes, 'base64'),
    ...base64Forms(bytes, 'base64url'),
  };
  const seen = new Set<string>();
  return Object.entries(forms).flatMap(([form, value]) => {
    const needle = Buffer.isBuffer(value) ? value : Buffer.from(value);
    // Many forms of a secret without special characters are the same bytes.
    if (seen.has(needle.toString('hex'))) return [];
    seen.add(needle.toString('hex'));
    return [{ form, bytes: needle }];
  });
}

/** The letters that depend on the secret alone, for each of the three places where it can start inside a longer text. */
function base64Forms(bytes: Buffer, encoding: 'base64' | 'base64url'): Record<string, string> {
  return Object.fromEntries(
    [0, 1, 2].map((before) => {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes])
        .toString(encoding)
        .replaceAll('=', '');
      const whole = Math.floor(((before + bytes.length) * 8) / 6);
      return [`${encoding}, ${before} bytes in`, encoded.slice(Math.ceil((before * 8) / 6), whole)];
    }),
  );
}

function find(haystack: Buffer, needles: readonly Needle[], where: string): Hit[] {
  return needles.flatMap(({ form, bytes }) => {
    const offset = haystack.indexOf(bytes);
    return offset < 0 ? [] : [{ where, form, offset }];
  });
}

function filesIn(directory: string, skipped: readonly string[]): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (skipped.includes(path)) return [];
    if (entry.isDirectory()) return filesIn(path, skipped);
    return entry.isFile() ? [path] : [];
  });
}
