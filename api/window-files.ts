// The window's own files, from a manifest: what is not in it does not exist, and no path of a request ever meets a disk.
// Its headers let the page run its own scripts and styles, speak to this door, and nothing else.

export interface WindowFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** By path, such as `/index.html` or `/assets/main-1a2b3c.js`. */
export type WindowFiles = ReadonlyMap<string, WindowFile>;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const PAGE_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

/** Addresses inside the window; each shows the page, which then shows the view. */
const VIEWS =
  /^\/(?:|connections\/[\w@+.-]+|providers(?:\/[\w@+.-]+)?|calendar|activity|scripts|settings|decode|picker)$/;

const NOT_BUILT =
  'The window is not built. Run this in the folder of Tokentray, then load the page again: npm run build\n';

const NO_PAGE = 'There is no such page. Go to the start of this address.\n';

/** The answer for any path that is not data. */
export function fileResponse(files: WindowFiles | undefined, path: string): Response {
  const index = files?.get('/index.html');
  if (files === undefined || index === undefined) return text(503, NOT_BUILT);
  const file = VIEWS.test(path) ? index : files.get(path);
  if (file === undefined) return text(404, NO_PAGE);
  // The names of assets change with their content; everything else is asked for anew.
  const cache = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store';
  return new Response(file.bytes, {
    headers: { ...PAGE_HEADERS, 'Content-Type': file.type, 'Cache-Control': cache },
  });
}

function text(status: number, sentence: string): Response {
  const headers = {
    ...PAGE_HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
  };
  return new Response(sentence, { status, headers });
}
