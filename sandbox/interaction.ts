// The two questions of a consent: who are you, and do you allow this. Must stay true: a decision counts only with
// the anti-forgery value of its own form, and one browser may have several consents open at once.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type Provider from 'oidc-provider';
import { errors, type Interaction } from 'oidc-provider';
import {
  type Context,
  consentPage,
  type FormPage,
  loginPage,
  type Middleware,
  sendErrorPage,
  sendPage,
} from './pages.ts';
import { DEFAULT_SCOPE, type SandboxClient } from './provider.ts';
import type { Store } from './store.ts';

/** A login form with both fields filled to the brim fits four times over. */
const MAX_FORM_BYTES = 8192;
const KNOWN_SCOPES = new Set(DEFAULT_SCOPE.split(' '));
const WRONG_PASSWORD = 'This user name and password do not belong together. Check both and try again.';
const STALE_FORM = 'This form is out of date';

/** Serves `/interaction/{uid}` (GET the form, POST the answer) and `/interaction/{uid}/switch` (be somebody else). */
export function interactions(
  provider: Provider,
  store: Store,
  clients: readonly SandboxClient[],
): Middleware {
  const autoApproved = new Set(
    clients.filter((client) => client.auto_approve).map((client) => client.client_id),
  );

  return async (ctx, next) => {
    const match = /^\/interaction\/([\w-]+)(\/switch)?$/.exec(ctx.path);
    if (match === null) return next();
    try {
      const interaction = await provider.interactionDetails(ctx.req, ctx.res);
      if (interaction.uid !== match[1]) return sendErrorPage(ctx, 400, STALE_FORM);
      if (ctx.method === 'GET' && match[2] !== undefined) return await switchUser(ctx, interaction);
      if (ctx.method === 'GET') return await show(ctx, interaction);
      if (ctx.method === 'POST' && match[2] === undefined) return await answer(ctx, interaction);
      ctx.status = 405;
    } catch (error) {
      // Ended, expired, or the browser has meanwhile signed in as somebody else.
      if (!(error instanceof errors.SessionNotFound)) throw error;
      sendErrorPage(ctx, 400, 'This sign-in has ended or expired');
    }
  };

  async function show(ctx: Context, interaction: Interaction): Promise<void> {
    const form = formOf(interaction);
    if (interaction.prompt.name === 'login') {
      const hint = interaction.params.login_hint;
      return sendPage(ctx, loginPage(form, typeof hint === 'string' ? hint : ''));
    }
    const clientId = String(interaction.params.client_id);
    if (autoApproved.has(clientId)) return allow(ctx, interaction);
    const client = await provider.Client.find(clientId);
    const username = store.userById(Number(interaction.session?.accountId))?.username ?? '';
    const scopes = scopesOf(interaction);
    sendPage(ctx, consentPage({ ...form, clientName: client?.clientName ?? clientId, username, scopes }));
  }

  async function answer(ctx: Context, interaction: Interaction): Promise<void> {
    const fields = await readForm(ctx);
    if (!isFormToken(interaction, fields.get('xsrf') ?? '')) return sendErrorPage(ctx, 403, STALE_FORM);
    if (interaction.prompt.name === 'login') {
      return logIn(ctx, interaction, fields.get('username') ?? '', fields.get('password') ?? '');
    }
    if (fields.get('decision') === 'allow') return allow(ctx, interaction);
    const denied = { error: 'access_denied', error_description: 'The user did not allow this.' };
    return finish(ctx, denied);
  }

  async function logIn(
    ctx: Context,
    interaction: Interaction,
    username: string,
    password: string,
  ): Promise<void> {
    const user = await store.signIn(username, password);
    if (user === undefined) return sendPage(ctx, loginPage(formOf(interaction), username, WRONG_PASSWORD));
    const accountId = String(user.id);
    const session = await provider.Session.get(ctx);
    if (session.accountId !== undefined && session.accountId !== accountId) await forget(ctx, interaction);
    return finish(ctx, { login: { accountId } });
  }

  async function allow(ctx: Context, interaction: Interaction): Promise<void> {
    const accountId = interaction.session?.accountId;
    const grant = new provider.Grant({ accountId, clientId: String(interaction.params.client_id) });
    grant.addOIDCScope(scopesOf(interaction));
    return finish(ctx, { consent: { grantId: await grant.save() } });
  }

  async function switchUser(ctx: Context, interaction: Interaction): Promise<void> {
    interaction.prompt = { name: 'login', reasons: ['switch'], details: {} };
    await forget(ctx, interaction);
    ctx.status = 303;
    ctx.redirect(`/interaction/${interaction.uid}`);
  }

  /** Drops the browser's session. What the user allowed before stays allowed. */
  async function forget(ctx: Context, interaction: Interaction): Promise<void> {
    const session = await provider.Session.get(ctx);
    interaction.session = undefined;
    await interaction.persist();
    await session.destroy();
  }

  async function finish(ctx: Context, result: Parameters<Provider['interactionResult']>[2]): Promise<void> {
    const returnTo = await provider.interactionResult(ctx.req, ctx.res, result);
    ctx.status = 303;
    ctx.redirect(returnTo);
  }

  function formOf(interaction: Interaction): FormPage {
    const redirectUri = String(interaction.params.redirect_uri);
    return { action: `/interaction/${interaction.uid}`, token: formToken(interaction), redirectUri };
  }

  function formToken({ uid, prompt }: Interaction): string {
    return createHmac('sha256', store.keys.forms).update(`${prompt.name}:${uid}`).digest('base64url');
  }

  function isFormToken(interaction: Interaction, given: string): boolean {
    const wanted = Buffer.from(formToken(interaction));
    const actual = Buffer.from(given);
    return wanted.length === actual.length && timingSafeEqual(wanted, actual);
  }
}

function scopesOf(interaction: Interaction): string[] {
  const { scope } = interaction.params;
  return typeof scope === 'string' ? scope.split(' ').filter((name) => KNOWN_SCOPES.has(name)) : [];
}

async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded'))
    ctx.throw(415, 'Send the form as application/x-www-form-urlencoded.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) ctx.throw(413, 'This form is too large.');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
