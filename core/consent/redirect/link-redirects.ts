// Redirects over our scheme: whether links come here, asked before a browser opens, and what is written about those that
// nobody waits for.
import { TokentrayError } from '../../errors.ts';
import type { Via } from '../../model/consent.ts';
import type { Provider } from '../../model/provider.ts';
import type { Clock, LinksOwner, LinksPort, LogPort } from '../../ports.ts';
import { printable } from '../../text.ts';
import { linkRedirect } from './link.ts';
import type { Attached } from './listener.ts';

interface LinksWorld {
  readonly clock: Clock;
  readonly log: LogPort;
  readonly links: LinksPort;
}

/** No page fills a disk with links that it opens (promise 32). */
const LOG_MS = 1_000;

export class LinkRedirects {
  readonly #world: LinksWorld;
  /** Since the last line of the log. */
  #ignored = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(world: LinksWorld) {
    this.#world = world;
  }

  /**
   * RFC 8252 section 8.1 and promise 26: to another program no code is sent. A pasted answer needs nobody to be called.
   * Throws `links_not_ours`.
   */
  async attach(provider: Provider, via: Via | undefined): Promise<Attached> {
    const owner = via === 'paste' ? undefined : await this.#world.links.owner();
    if (owner !== undefined && owner.kind !== 'ours') {
      throw new TokentrayError('links_not_ours', sentenceOf(provider, owner));
    }
    return { redirectUri: linkRedirect(provider.id), detach: () => undefined };
  }

  /** One line, and of a flood one for each second. */
  ignored(why: string): 'ignored' {
    const { clock, log } = this.#world;
    const now = clock.monotonic();
    this.#ignored += 1;
    if (now - this.#loggedAt >= LOG_MS) {
      log.warn('link_ignored', { why, links: this.#ignored });
      this.#ignored = 0;
      this.#loggedAt = now;
    }
    return 'ignored';
  }
}

function sentenceOf(provider: Provider, owner: Exclude<LinksOwner, { kind: 'ours' }>): string {
  const who =
    owner.kind === 'none'
      ? 'No program of this machine takes tokentray:// links for Tokentray'
      : `${printable(owner.name, 80)} takes tokentray:// links on this machine`;
  return `${who}, so the answer of ${provider.name} would not come here and no browser was opened. Start the tray and look in its settings, use --via paste, or give the provider a loopback redirect.`;
}
