// An authorization server whose every text is an attack: it denies each consent with markup, terminal codes and
// direction marks for a reason, and counts who asks it for what.
import { createServer } from 'node:http';

export interface RudeProvider {
  readonly origin: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function startRudeProvider(reason: string): Promise<RudeProvider> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    asked.push(url.pathname);
    const back = url.searchParams.get('redirect_uri');
    if (url.pathname !== '/authorize' || back === null) {
      response.writeHead(404).end();
      return;
    }
    const redirect = new URL(back);
    redirect.searchParams.set('error', 'access_denied');
    redirect.searchParams.set('error_description', reason);
    redirect.searchParams.set('state', url.searchParams.get('state') ?? '');
    response.writeHead(302, { location: redirect.href }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
