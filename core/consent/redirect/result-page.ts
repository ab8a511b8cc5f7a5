// The last page of a consent, in the user's browser. No script, no remote asset, nothing of the provider unescaped, and
// never a code or state: it is served at an address of its own.
import { createHash } from 'node:crypto';
import { printable } from '../../text.ts';

export interface ResultPage {
  readonly title: string;
  readonly text: string;
  readonly good: boolean;
}

// Room for a provider's own sentence inside ours.
const TEXT_CHARS = 400;

export function renderPage({ title, text, good }: ResultPage): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} - Tokentray</title><style>${STYLE}</style></head>
<body><main><p class="${good ? 'good' : 'bad'}">${good ? 'Connected' : 'Not connected'}</p><h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(printable(text, TEXT_CHARS))}</p></main></body></html>`;
}

const STYLE = `:root{color-scheme:light dark;--bg:#fbfbfa;--ink:#1c1d1f;--soft:#5c6066;--good:#2f6f5e;--bad:#c2413a}
@media(prefers-color-scheme:dark){:root{--bg:#17181a;--ink:#ececea;--soft:#a6abb2;--good:#6fc2a9;--bad:#ee7a72}}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:18vh auto 0;padding:0 24px}h1{font-size:22px;font-weight:600;margin:4px 0 8px}
p{margin:0;color:var(--soft);overflow-wrap:anywhere}.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}`;

/** Promise 18, for every answer of the listener. */
export const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  // `default-src 'none'` with the one style of this page allowed by its hash.
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'content-type': 'text/html; charset=utf-8',
  connection: 'close',
} as const;

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
