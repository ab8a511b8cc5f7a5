// Reads the text of tokentray:// links: from an argument list, from another start of ours, from the system. Pure.
// Only here the text is still as it came (parsing an address mends it), so what mending would hide is dropped here; what the
// address says is judged by the engine, like any other redirect (promises 27, 33, 34).
import { relative, resolve } from 'node:path';
import { z } from 'zod';
import { LINK_SCHEME } from '../core/consent/redirect/link.ts';
import { LIMITS } from '../core/limits.ts';

/** Why a link was dropped; fit for a log, for it holds nothing of the link. */
export type Dropped = 'options' | 'arguments' | 'long' | 'characters' | 'encoding' | 'address';

export type LinkReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'link'; readonly url: URL }
  | { readonly kind: 'dropped'; readonly why: Dropped };

const NONE: LinkReading = { kind: 'none' };

// RFC 3986 section 2: what an address may be written with. Spaces, quotes and control characters are not among it.
const ADDRESS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;
const BROKEN_PERCENT = /%(?![0-9A-Fa-f]{2})/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Reads the text of a link as the system handed it over. */
export function readLink(text: string): LinkReading {
  if (text.length > LIMITS.redirectUrlBytes) return dropped('long');
  if (!ADDRESS.test(text)) return dropped('characters');
  if (BROKEN_PERCENT.test(text)) return dropped('encoding');
  const decoded = decode(text);
  if (decoded === undefined) return dropped('encoding');
  if (CONTROL.test(decoded)) return dropped('characters');
  const url = URL.parse(text);
  return url === null ? dropped('address') : { kind: 'link', url };
}

/** Undefined when it is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * The link among a process's own arguments: the one that stands alone after `--`, with nothing before it. `args` are those
 * after the program (and, in a checkout, after the folder that it was started with).
 */
export function linkFrom(args: readonly string[]): LinkReading {
  const end = args.indexOf('--');
  if (end === -1) {
    // A link that an old registration hands over without `--` could have been an option as well.
    return args.some((arg) => arg.toLowerCase().startsWith(`${LINK_SCHEME}:`)) ? dropped('arguments') : NONE;
  }
  const after = args.slice(end + 1);
  if (after.length === 0) return NONE;
  if (args.slice(0, end).some((arg) => !OF_A_LAUNCHER.has(arg))) return dropped('options');
  const [text] = after;
  return text === undefined || after.length > 1 ? dropped('arguments') : readLink(text);
}

// The AppImage launcher adds this by itself where the system forbids the sandbox; it is reported elsewhere.
const OF_A_LAUNCHER = new Set(['--no-sandbox']);

/**
 * What stands after the program. In a checkout Electron is started with switches of its own and then the folder of the
 * application, or a file in it: everything up to there is the launcher's. `applicationPath`: undefined in packages.
 */
export function ownArguments(argv: readonly string[], applicationPath: string | undefined): string[] {
  if (applicationPath === undefined) return argv.slice(1);
  const end = argv.indexOf('--');
  const launcher = end === -1 ? argv : argv.slice(0, end);
  const inside = (arg: string) => !relative(applicationPath, resolve(arg)).startsWith('..');
  // The program itself may lie in the folder too.
  return argv.slice(
    Math.max(
      launcher.findLastIndex((arg, at) => at > 0 && !arg.startsWith('-') && inside(arg)),
      0,
    ) + 1,
  );
}

/** What a later start hands to the first one. Another version's is not understood, and dropped. */
const handover = z.strictObject({
  tokentray: z.literal(1),
  /** It was started for nothing else: the window is wanted. */
  show: z.boolean(),
  // Read again on arrival, since any program of this user can send it.
  link: z.string().max(LIMITS.redirectUrlBytes).nullable(),
});

export function toHandover(reading: LinkReading): z.infer<typeof handover> {
  return {
    tokentray: 1,
    show: reading.kind === 'none',
    link: reading.kind === 'link' ? reading.url.href : null,
  };
}

/** Undefined for anything else than what toHandover makes (promise 34). */
export function readHandover(
  data: unknown,
): { readonly reading: LinkReading; readonly show: boolean } | undefined {
  const parsed = handover.safeParse(data);
  if (!parsed.success) return undefined;
  const { link, show } = parsed.data;
  return { reading: link === null ? NONE : readLink(link), show };
}

function dropped(why: Dropped): LinkReading {
  return { kind: 'dropped', why };
}
