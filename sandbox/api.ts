// The sandbox's API: who the token's user is, and their contacts page by page. Must stay true: the token is taken
// from the Authorization header only (RFC 6750 2.1), and no contact is seen twice while pages are followed.
import type Provider from 'oidc-provider';
import type { Context, Middleware } from './pages.ts';
import type { Store, User } from './store.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

/** Serves GET `/profile` and GET `/contacts?limit&cursor`. Errors as RFC 6750 3.1, with a JSON body. */
export function api(provider: Provider, store: Store): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/profile' && ctx.path !== '/contacts') return next();
    ctx.set('Cache-Control', 'no-store');
    if (ctx.method !== 'GET') {
      ctx.set('Allow', 'GET');
      ctx.status = 405;
      return;
    }
    const bearer = readBearer(ctx);
    if (bearer === undefined) return;
    const token = await provider.AccessToken.find(bearer);
    // A revoked grant ends its access tokens, also one that was just being issued.
    const grant = token && (await provider.Grant.find(token.grantId));
    const user = grant && store.userById(Number(token.accountId));
    if (token === undefined || user === undefined) {
      return refuse(ctx, 401, 'invalid_token', 'The access token is unknown, expired or revoked.');
    }
    if (ctx.path === '/profile') {
      ctx.body = { id: user.id, username: user.username };
    } else if (token.scopes.has('contacts')) {
      sendContacts(ctx, store, user);
    } else {
      refuse(ctx, 403, 'insufficient_scope', 'The access token lacks the scope contacts.', 'contacts');
    }
  };
}

/** The token of the header; undefined when the request has been refused here. */
function readBearer(ctx: Context): string | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization')) ?? [];
  if (bearer === undefined) {
    // No error code when no (bearer) token came (RFC 6750 3.1). A token in the address does not count as one.
    ctx.status = 401;
    ctx.set('WWW-Authenticate', 'Bearer realm="sandbox"');
    ctx.body = { error_description: 'Send the access token in the Authorization header, as Bearer.' };
    return undefined;
  }
  if (ctx.query.access_token !== undefined) {
    refuse(ctx, 400, 'invalid_request', 'Send the access token once, in the Authorization header.');
    return undefined;
  }
  return bearer;
}

function sendContacts(ctx: Context, store: Store, user: User): void {
  const limit = readLimit(ctx.query.limit);
  const after = readCursor(ctx.query.cursor, user);
  if (limit === undefined) {
    refuse(ctx, 400, 'invalid_request', `limit must be one whole number from 1 to ${MAX_LIMIT}.`);
    return;
  }
  if (after === undefined) {
    refuse(ctx, 400, 'invalid_request', 'cursor must be the value of next from the page before.');
    return;
  }
  // One more than asked for tells whether there is a next page.
  const found = store.contacts(user.id, after, limit + 1);
  const contacts = found.slice(0, limit);
  const last = contacts.at(-1);
  const next = found.length > limit && last !== undefined ? { next: writeCursor(user, last.id) } : {};
  ctx.body = { contacts, ...next };
}

function readLimit(value: string | string[] | undefined): number | undefined {
  if (value === undefined) return DEFAULT_LIMIT;
  if (typeof value !== 'string' || !/^\d{1,3}$/.test(value)) return undefined;
  const limit = Number(value);
  return limit >= 1 && limit <= MAX_LIMIT ? limit : undefined;
}

// A cursor names the last id seen, not a position: a contact added in between moves nothing.
function writeCursor(user: User, lastId: number): string {
  return Buffer.from(`contacts:${user.id}:${lastId}`).toString('base64url');
}

function readCursor(value: string | string[] | undefined, user: User): number | undefined {
  if (value === undefined) return 0;
  if (typeof value !== 'string') return undefined;
  const [, id = ''] =
    /^contacts:\d+:(\d{1,15})$/.exec(Buffer.from(value, 'base64url').toString('latin1')) ?? [];
  // Writing it again refuses every other spelling, and the cursor of another user.
  return value === writeCursor(user, Number(id)) ? Number(id) : undefined;
}

function refuse(ctx: Context, status: number, error: string, description: string, scope?: string): void {
  const parameters = { realm: 'sandbox', error, error_description: description, ...(scope ? { scope } : {}) };
  const challenge = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
  ctx.status = status;
  ctx.set('WWW-Authenticate', `Bearer ${challenge.join(', ')}`);
  ctx.body = { error, error_description: description };
}
