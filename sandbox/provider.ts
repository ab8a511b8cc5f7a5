// oidc-provider set up as a plain authorization server for practice: what it offers, to whom, and for how long.
// Must stay true: consent is asked every time, refresh tokens rotate, and oidc-provider prints nothing (each of its
// defaults that warns is replaced here).
import Provider, { type ClientMetadata, type Configuration, interactionPolicy } from 'oidc-provider';
import { createAdapterFactory, revokeAccount } from './issued.ts';
import { sendErrorPage, sendPage, signedOutPage, signOutPage } from './pages.ts';
import type { Store } from './store.ts';

/** A client the sandbox knows. Public when it has no secret, confidential (Basic or body) when it has one. */
export interface SandboxClient {
  readonly client_id: string;
  readonly client_name?: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
  /** `native`: any loopback port is fine (RFC 8252 7.3). Default: `native` for public clients, `web` for others. */
  readonly application_type?: 'native' | 'web';
  /** Test switch: whoever signs in has allowed. Without it the consent page is never skipped. */
  readonly auto_approve?: boolean;
}

export const DEFAULT_CLIENT: SandboxClient = {
  client_id: 'tokentray-sandbox',
  client_name: 'Tokentray',
  redirect_uris: [
    'http://127.0.0.1/callback/sandbox',
    'http://[::1]/callback/sandbox',
    'http://localhost/callback/sandbox',
  ],
};

/** What a request without `scope` gets (RFC 6749 3.3). */
export const DEFAULT_SCOPE = 'openid profile contacts offline_access';

const SESSION_SECONDS = 14 * 24 * 3600;
/** The consent itself outlives any one refresh token, so that a practice connection does not die on a fixed day. */
const GRANT_SECONDS = 365 * 24 * 3600;

interface ProviderOptions {
  readonly issuer: string;
  readonly store: Store;
  readonly clients: readonly SandboxClient[];
  readonly accessTokenSeconds: number;
  readonly refreshTokenSeconds: number;
}

/** Throws oidc-provider's error when a client of `clients` is not well-formed. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, store } = options;
  const provider = new Provider(issuer, configuration(options));
  provider.on('end_session.success', (ctx) => {
    const accountId = ctx.oidc.params?.logout ? ctx.oidc.session?.accountId : undefined;
    if (accountId !== undefined) revokeAccount(store.db, accountId);
  });
  // Unexpected faults end up with Koa's other ones: on stderr.
  provider.on('server_error', (ctx, error) => provider.emit('error', error, ctx));
  return provider;
}

function configuration({ store, clients, ...options }: ProviderOptions): Configuration {
  return {
    adapter: createAdapterFactory(store.db),
    clients: clients.map(toMetadata),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    jwks: { keys: [store.keys.signing] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    cookies: {
      keys: [store.keys.cookies],
      // Not oidc-provider's own names: a browser sends cookies to every port of 127.0.0.1.
      names: { session: 'sandbox_session', interaction: 'sandbox_interaction', resume: 'sandbox_resume' },
    },
    routes: { authorization: '/authorize', token: '/token', revocation: '/revoke', end_session: '/logout' },
    responseTypes: ['code'],
    scopes: DEFAULT_SCOPE.split(' '),
    claims: { openid: ['sub'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => {
      const user = store.userById(Number(sub));
      if (user === undefined) return undefined;
      return { accountId: sub, claims: () => ({ sub, preferred_username: user.username }) };
    },
    interactions: { policy: interactionPolicy.base(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    // Each consent is a grant of its own: revoking one connection leaves the user's others alone.
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
    },
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    clientBasedCORS: () => false,
    // Times end when they say: no grace on top.
    clockTolerance: 0,
    allowOmittingSingleRegisteredRedirectUri: false,
    ttl: {
      AccessToken: options.accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: Math.max(GRANT_SECONDS, options.refreshTokenSeconds),
      IdToken: options.accessTokenSeconds,
      Interaction: 3600,
      RefreshToken: options.refreshTokenSeconds,
      Session: SESSION_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      userinfo: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => sendPage(ctx, signOutPage(form)),
        postLogoutSuccessSource: (ctx) => sendPage(ctx, signedOutPage()),
      },
    },
    renderError: (ctx, out) => sendErrorPage(ctx, ctx.status, out.error_description ?? out.error),
  };
}

function toMetadata(client: SandboxClient): ClientMetadata {
  const isPublic = client.client_secret === undefined;
  return {
    client_id: client.client_id,
    client_name: client.client_name ?? client.client_id,
    client_secret: client.client_secret,
    redirect_uris: client.redirect_uris,
    application_type: client.application_type ?? (isPublic ? 'native' : 'web'),
    token_endpoint_auth_method: isPublic ? 'none' : 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    response_modes: ['query'],
  };
}
