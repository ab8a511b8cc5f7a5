// Every page of the sandbox and the one style sheet. Must stay true: no scripts, nothing from elsewhere, every
// inserted value escaped, and each page says that this is a practice server.
import type Provider from 'oidc-provider';

/** Koa's types, as oidc-provider hands them on. */
export type Middleware = Parameters<Provider['use']>[0];
export type Context = Parameters<Middleware>[0];

interface PageContent {
  readonly title: string;
  readonly main: string;
  /** Where a form of this page may lead besides this server: browsers apply form-action to redirects too. */
  readonly redirectUri?: string;
}

type Sink = Pick<Context, 'set' | 'status' | 'type' | 'body'>;

/** Answers with a page under a policy that allows our style sheet and nothing else. Default status 200. */
export function sendPage(ctx: Sink, page: PageContent, status = 200): void {
  const formAction = page.redirectUri === undefined ? "'self'" : `'self' ${formTarget(page.redirectUri)}`;
  ctx.status = status;
  ctx.type = 'html';
  ctx.set('Content-Security-Policy', `${BASE_POLICY}; form-action ${formAction}`);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = layout(page);
}

/** A page that says what happened; `reason` is plain text. */
export function sendErrorPage(ctx: Sink, status: number, reason: string): void {
  const main = `<p>${escapeHtml(sentence(reason))}</p><p>Go back to the program you came from and start again.</p>`;
  sendPage(ctx, { title: 'This request cannot go on', main }, status);
}

export interface FormPage {
  /** Path the form is sent to. */
  readonly action: string;
  /** Anti-forgery value. */
  readonly token: string;
  readonly redirectUri: string;
}

export function loginPage(form: FormPage, username: string, problem?: string): PageContent {
  return {
    title: 'Sign in',
    redirectUri: form.redirectUri,
    main: `${problem === undefined ? '' : `<p class="problem" role="alert">${escapeHtml(problem)}</p>`}
<form method="post" action="${escapeHtml(form.action)}">
<input type="hidden" name="xsrf" value="${escapeHtml(form.token)}">
<label for="username">User name</label>
<input id="username" name="username" value="${escapeHtml(username)}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<div class="buttons"><button class="main">Sign in</button></div>
</form>
<p class="quiet">Practice users: user1, user2, user3, user4. Their password is <code>password</code>.</p>`,
  };
}

interface ConsentPage extends FormPage {
  readonly clientName: string;
  readonly username: string;
  readonly scopes: readonly string[];
}

/** What a scope allows, said to the user who is asked. */
const SCOPE_WORDS: Readonly<Record<string, string>> = {
  openid: 'know which user you are',
  profile: 'see your user name',
  contacts: 'read your contacts',
  offline_access: 'keep this access while you are away',
};

export function consentPage(consent: ConsentPage): PageContent {
  const items = consent.scopes
    .map((scope) => `<li>${escapeHtml(SCOPE_WORDS[scope] ?? scope)}</li>`)
    .join('\n');
  return {
    title: `Allow ${consent.clientName}?`,
    redirectUri: consent.redirectUri,
    main: `<p><strong>${escapeHtml(consent.clientName)}</strong> wants to:</p>
<ul>
${items}
</ul>
<p>The answer goes to <code>${escapeHtml(new URL(consent.redirectUri).host)}</code>.</p>
<form method="post" action="${escapeHtml(consent.action)}">
<input type="hidden" name="xsrf" value="${escapeHtml(consent.token)}">
<div class="buttons"><button class="main" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></div>
</form>
<p class="quiet">Signed in as ${escapeHtml(consent.username)}. <a href="${escapeHtml(consent.action)}/switch">Not you?</a></p>`,
  };
}

/** `form` is oidc-provider's own: an empty form named op.logoutForm with its anti-forgery value. */
export function signOutPage(form: string): PageContent {
  return {
    title: 'Sign out?',
    main: `<p>Signing out also ends the access of every program you allowed.</p>
${form}
<div class="buttons"><button class="main" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button form="op.logoutForm">Stay signed in</button></div>`,
  };
}

export function signedOutPage(): PageContent {
  return { title: 'Signed out', main: '<p>You are not signed in here.</p>' };
}

/** `endpoints`: name and address, in the order shown. */
export function homePage(endpoints: readonly (readonly [string, string])[]): PageContent {
  const rows = endpoints.map(
    ([name, url]) => `<dt>${escapeHtml(name)}</dt><dd><code>${escapeHtml(url)}</code></dd>`,
  );
  return {
    title: 'Sandbox',
    main: `<p>An authorization server to practise with, and a contacts API behind it. It answers to this machine only.</p>
<dl>
${rows.join('\n')}
</dl>`,
  };
}

const BASE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

function layout({ title, main }: PageContent): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<p class="notice">Practice server, test data only</p>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`;
}

function formTarget(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  // CSP has no syntax for an IPv6 host, nor for what follows a private scheme.
  return protocol.startsWith('http') && !host.startsWith('[') ? `${protocol}//${host}` : protocol;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?]$/.test(start) ? start : `${start}.`;
}

export const STYLE_SHEET = `:root {
  color-scheme: light dark;
  --bg: #fbfbfa; --ink: #1c1d1f; --quiet: #5d6066; --line: #dcdcd8; --field: #fff;
  --accent: #2f6f5e; --on-accent: #fff; --problem: #a1261b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #191a1b; --ink: #e9e9e7; --quiet: #a3a6ab; --line: #3a3c3f; --field: #222425;
    --accent: #7fc2ae; --on-accent: #14211d; --problem: #f0978c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 14px/1.5 system-ui, sans-serif; }
main { max-width: 25rem; margin: 0 auto; padding: 2rem 1rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.25rem; font-weight: 600; }
ul { margin: 0 0 1rem; padding-left: 1.25rem; }
dt { margin-top: .5rem; color: var(--quiet); font-size: 13px; }
dd { margin: 0; }
code { font: 13px ui-monospace, monospace; }
label { display: block; margin: .75rem 0 .25rem; font-size: 13px; color: var(--quiet); }
input:not([type=hidden]) {
  width: 100%; padding: .5rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--field); color: inherit; font: inherit;
}
button {
  padding: .5rem 1rem; border: 1px solid var(--line); border-radius: 6px;
  background: transparent; color: inherit; font: inherit; cursor: pointer;
}
button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.buttons { display: flex; gap: .5rem; margin-top: 1rem; }
.notice { margin: 0 0 1.5rem; padding-bottom: .5rem; border-bottom: 1px solid var(--line); color: var(--quiet); font-size: 13px; }
.quiet { color: var(--quiet); font-size: 13px; }
.problem { color: var(--problem); }
`;
