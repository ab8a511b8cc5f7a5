// A link that lets its holder into the window, for whoever has an admin key: works once, for a minute. The code is in the
// fragment, which a browser sends to nobody.
import { z } from 'zod';
import type { Sessions } from '../core/access/sessions.ts';
import { TokentrayError } from '../core/errors.ts';
import { JSON_HEADERS } from './problem.ts';
import { route } from './route.ts';
import type { WindowLinkJson } from './wire.ts';

/** A fresh link. `url`: of the window. */
export function windowLink(url: string, sessions: Sessions): URL {
  return new URL(`#code=${sessions.newCode()}`, url);
}

export const windowCodeRoutes = {
  'POST /v1/window/code': route('POST /v1/window/code', {
    summary:
      'A link to the window that works once, for a minute; with open, shown in the browser of this machine. A tray shows its window',
    body: () => z.strictObject({ open: z.boolean().optional() }),
    bodyOptional: true,
    answer: 'WindowLink',
    status: 201,
    handle: async ({ host, sessions, body }) => {
      if (host.desktop !== undefined) {
        host.desktop.show();
        const shown: WindowLinkJson = { url: null, opened: true };
        return new Response(JSON.stringify(shown), { headers: JSON_HEADERS });
      }
      const link = windowLink(host.window.url(), sessions);
      return { url: link.href, opened: body.open === true && (await opens(link, host.window.open)) };
    },
  }),
};

/** False where there is no browser: the link is for another one then. */
async function opens(link: URL, open: (url: URL) => Promise<void>): Promise<boolean> {
  try {
    await open(link);
    return true;
  } catch (error) {
    if (error instanceof TokentrayError && error.code === 'browser_unavailable') return false;
    throw error;
  }
}
