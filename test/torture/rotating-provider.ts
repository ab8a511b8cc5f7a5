// oidc-provider in a process of its own, as strict as it comes: refresh tokens rotate, and a used one that comes again
// ends its grant. It outlives the hosts and writes down every token it gave and took. Its answers take a random moment,
// before and after the token is used up. `node rotating-provider.ts FOLDER LOG`; prints its issuer.
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createProvider, DEFAULT_CLIENT, DEFAULT_SCOPE } from '../../sandbox/provider.ts';
import { openStore } from '../../sandbox/store.ts';

/** A line of its log, in the order in which things happened. `at`: wall clock in milliseconds. */
export type ProviderLine =
  | { readonly at: number; readonly what: 'issued' | 'used'; readonly token: string; readonly grant: string }
  | { readonly at: number; readonly what: 'ended'; readonly grant: string }
  /** `since`: when the request came. */
  | {
      readonly at: number;
      readonly what: 'answered';
      readonly token: string;
      readonly since: number;
      readonly status: number;
    };

/** Most of a refresh passes before the provider decides; what passes after it is the way back. */
const BEFORE_MS = 12;
const AFTER_MS = 3;

const [folder = '', logFile = ''] = process.argv.slice(2);
const log = openSync(logFile, 'a', 0o600);
const note = (line: object) => writeSync(log, `${JSON.stringify({ at: Date.now(), ...line })}\n`);

const server = createServer();
server.listen(0, '127.0.0.1', async () => {
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createProvider({
    issuer,
    store: await openStore(folder),
    clients: [DEFAULT_CLIENT],
    accessTokenSeconds: 3_600,
    refreshTokenSeconds: 3_600,
  });
  provider.on('refresh_token.saved', ({ jti, grantId }) =>
    note({ what: 'issued', token: jti, grant: grantId }),
  );
  provider.on('refresh_token.consumed', ({ jti, grantId }) =>
    note({ what: 'used', token: jti, grant: grantId }),
  );
  provider.on('grant.revoked', (_ctx, grant) => note({ what: 'ended', grant }));
  provider.use(async (ctx, next) => {
    if (ctx.path === '/mint') {
      ctx.body = { refresh_token: await mint(String(ctx.query.user)) };
      return;
    }
    if (ctx.path !== '/token') return next();
    const since = Date.now();
    await pause(Math.random() * BEFORE_MS);
    // Its host died before the request was read.
    if (ctx.req.destroyed) return;
    await next();
    const token = String(ctx.oidc?.params?.refresh_token ?? '');
    await pause(Math.random() * AFTER_MS);
    note({ what: 'answered', token, since, status: ctx.status });
  });
  server.on('request', provider.callback());
  process.stdout.write(`${issuer}\n`);

  /** A grant as if a person had consented. */
  async function mint(accountId: string): Promise<string> {
    const client = await provider.Client.find(DEFAULT_CLIENT.client_id);
    if (client === undefined) throw new Error('the client is missing');
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope(DEFAULT_SCOPE);
    const grantId = await grant.save();
    const token = new provider.RefreshToken({
      accountId,
      client,
      grantId,
      gty: 'authorization_code',
      scope: DEFAULT_SCOPE,
      rotations: 0,
      iiat: Math.floor(Date.now() / 1_000),
    } as never);
    return token.save();
  }
});
process.stdin.resume().once('end', () => process.exit(0));
