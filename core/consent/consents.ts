// Consents: every attempt to get a grant, from the listener to the connection. Attempts live in memory only; a restart
// says "start again". Ten may run at once; none disturbs another.

import { nameOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Connection } from '../model/connection.ts';
import type { ConsentStatus, ConsentView, OpenConsentView, Via } from '../model/consent.ts';
import type { Provider } from '../model/provider.ts';
import { type Attempt, authorizationUrl, newAttempt } from '../oauth/authorization-request.ts';
import {
  type CallbackVerdict,
  judgeCallback,
  sameState,
  stateOf,
  type ValidatedCallback,
} from '../oauth/callback.ts';
import type { BrowserPort, LinksPort, RandomPort } from '../ports.ts';
import { completeConsent, type ExchangeWorld } from './exchange.ts';
import { judgeLink } from './redirect/link.ts';
import { LinkRedirects } from './redirect/link-redirects.ts';
import { type Attached, RedirectListeners, type Route } from './redirect/listener.ts';
import type { ResultPage } from './redirect/result-page.ts';

export interface ConsentWorld extends ExchangeWorld {
  readonly random: RandomPort;
  readonly browser: BrowserPort;
  readonly links: LinksPort;
  readonly redirectPort: () => number;
}

export interface ConsentStart {
  readonly provider: Provider;
  readonly account: string | undefined;
  readonly scopes: readonly string[];
  readonly via: Via | undefined;
}

interface Consent {
  readonly id: string;
  readonly start: ConsentStart;
  readonly attempt: Attempt;
  readonly expiresAt: number;
  readonly donePath: string;
  status: ConsentStatus;
  /** The state has been used: nothing else can arrive. */
  consumed: boolean;
  attached: Attached | undefined;
  url: URL | undefined;
  connection: Connection | undefined;
  failure: TokentrayError | undefined;
  cancelTimers: Array<() => void>;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** The pause in which the browser follows to the last page; promise 21 wants the port closed within a second. */
const LAST_PAGE_GRACE_MS = 800;

export class Consents {
  readonly #world: ConsentWorld;
  readonly #listeners: RedirectListeners;
  readonly #links: LinkRedirects;
  readonly #consents = new Map<string, Consent>();

  constructor(world: ConsentWorld) {
    this.#world = world;
    this.#listeners = new RedirectListeners(world.redirectPort);
    this.#links = new LinkRedirects(world);
  }

  /** Binds, then builds the address, then (via browser) opens it. Throws `busy`, `redirect_port_taken`, `links_not_ours`, `browser_unavailable`. */
  async start(start: ConsentStart): Promise<ConsentView> {
    const { clock, events, log, random } = this.#world;
    if (this.#pending().length >= LIMITS.consentsAtOnce) {
      throw new TokentrayError(
        'busy',
        `${LIMITS.consentsAtOnce} consents are open already. Finish or cancel one first.`,
        { retryAfter: 30 },
      );
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const consent: Consent = {
      id: `k_${this.#token()}`,
      start,
      attempt: newAttempt(random),
      expiresAt: clock.wall() + LIMITS.listenerLifeMs,
      donePath: `/done/${this.#token()}`,
      status: 'pending',
      consumed: false,
      attached: undefined,
      url: undefined,
      connection: undefined,
      failure: undefined,
      cancelTimers: [],
      ended,
      end,
    };
    this.#consents.set(consent.id, consent);
    try {
      consent.attached = await this.#attach(consent);
      const redirectUri = consent.attached.redirectUri.href;
      consent.url = await authorizationUrl(start.provider, consent.attempt, redirectUri, start.scopes);
      // The vault may have been locked, or the host stopped, since the port was asked for.
      if (consent.failure !== undefined) throw consent.failure;
    } catch (error) {
      consent.attached?.detach();
      this.#consents.delete(consent.id);
      throw error;
    }
    consent.cancelTimers.push(clock.timer(LIMITS.listenerLifeMs, () => this.#expire(consent)));
    events.emit({ type: 'consent', action: 'started', consent: consent.id, provider: start.provider.id });
    log.info('consent_started', {
      consent: consent.id,
      provider: start.provider.id,
      via: start.via ?? 'address',
    });
    if (start.via !== 'browser') return this.#view(consent);
    try {
      await this.#show(consent, consent.url);
    } catch (error) {
      // The answer may come before the browser says that it is open.
      if (consent.status === 'pending') this.#finish(consent, 'failed', { failure: failureOf(error) });
      throw error;
    }
    return this.#view(consent);
  }

  /** The page of an open consent once more. A browser that does not open ends nothing. Throws `conflict`, `browser_unavailable`. */
  async reopen(id: string): Promise<ConsentView> {
    const consent = this.#get(id);
    if (consent.status !== 'pending' || consent.consumed || consent.url === undefined) {
      throw new TokentrayError('conflict', 'This consent is no longer open. Start it again.');
    }
    await this.#show(consent, consent.url);
    return this.#view(consent);
  }

  async #show({ start: { provider, account } }: Consent, url: URL): Promise<void> {
    const renewed =
      account === undefined ? undefined : this.#world.connections.byName(`${provider.id}/${account}`);
    await this.#world.browser.open(url, renewed === undefined ? {} : { connection: renewed.id });
  }

  show(id: string): ConsentView {
    return this.#view(this.#get(id));
  }

  /** Those that are open, the oldest first. */
  list(): OpenConsentView[] {
    return this.#pending().map(({ id, start: { provider, account }, expiresAt }) => {
      const name = account === undefined ? undefined : `${provider.id}/${account}`;
      const renews = name !== undefined && this.#world.connections.byName(name) !== undefined;
      return {
        id,
        provider: provider.id,
        ...(account === undefined ? {} : { account }),
        ...(renews ? { connection: name } : {}),
        status: 'pending',
        expires_at: expiresAt,
      };
    });
  }

  async wait(id: string, seconds: number, signal?: AbortSignal): Promise<ConsentView> {
    const consent = this.#get(id);
    if (consent.status === 'pending' && seconds > 0) {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const cancel = this.#world.clock.timer(seconds * 1_000, resolve);
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
      await Promise.race([consent.ended, over]);
      cancel();
    }
    return this.#view(consent);
  }

  /** Where the answer will arrive. */
  #attach(consent: Consent): Promise<Attached> {
    const { provider, via } = consent.start;
    if ('scheme' in provider.redirect) return this.#links.attach(provider, via);
    return this.#listeners.attach(provider.redirect, this.#route(consent));
  }

  /** An address over our scheme: taken only as the answer that an open consent waits for, exactly as at its listener. */
  arrive(url: URL): 'taken' | 'ignored' {
    const form = judgeLink(url);
    if (form !== undefined) return this.#links.ignored(form);
    const state = stateOf(url.searchParams);
    const consent =
      state === undefined
        ? undefined
        : this.#pending().find(
            ({ attempt, attached, consumed }) =>
              !consumed && attached?.redirectUri.protocol === url.protocol && sameState(state, attempt.state),
          );
    if (consent === undefined) return this.#links.ignored('not_awaited');
    const verdict = this.#judge(consent, url);
    if (verdict.kind === 'refused') return this.#links.ignored('refused');
    this.#take(consent, verdict);
    return 'taken';
  }

  /** Promise 56: only the redirect address of this very consent, with its state. Waits for the exchange. */
  async deliver(id: string, text: string): Promise<ConsentView> {
    const consent = this.#get(id);
    const refuse = (why: string) =>
      new TokentrayError('callback_refused', `${why} Paste the whole address that the browser was sent to.`, {
        field: 'url',
      });
    if (consent.status !== 'pending' || consent.consumed) {
      throw new TokentrayError('conflict', 'This consent is no longer open. Start it again.');
    }
    const url = text.length > LIMITS.redirectUrlBytes ? null : URL.parse(text.trim());
    if (url === null || url.username !== '' || url.password !== '') throw refuse('That is not an address.');
    const redirect = consent.attached!.redirectUri;
    if (
      url.protocol !== redirect.protocol ||
      url.host !== redirect.host ||
      url.pathname !== redirect.pathname
    ) {
      throw refuse('The address is not the redirect address of this consent.');
    }
    const verdict = this.#judge(consent, url);
    if (verdict.kind === 'refused') throw refuse(verdict.why);
    this.#take(consent, verdict);
    await consent.ended;
    return this.#view(consent);
  }

  /** Throws `conflict` once the answer of the provider has arrived: it is being finished then. */
  cancel(id: string): ConsentView {
    const consent = this.#get(id);
    if (consent.status === 'pending' && consent.consumed) {
      throw new TokentrayError(
        'conflict',
        'The answer of the provider has arrived already, so the consent is being finished. Look at its result.',
      );
    }
    if (consent.status === 'pending')
      this.#finish(consent, 'cancelled', {
        failure: new TokentrayError('consent_cancelled', 'The consent was cancelled.'),
      });
    return this.#view(consent);
  }

  /** Ends all that is pending, because the vault locks or the host stops. Waits for exchanges under way. */
  async endAll(why: string): Promise<void> {
    const pending = this.#pending();
    for (const consent of pending) {
      if (!consent.consumed)
        this.#finish(consent, 'cancelled', { failure: new TokentrayError('consent_cancelled', why) });
    }
    await Promise.all(pending.map((consent) => consent.ended));
  }

  /** The open consent that could renew this connection, if there is one. */
  openFor(connection: Connection): ConsentView | undefined {
    const consent = this.#pending().find(
      ({ start }) =>
        start.provider.id === connection.provider &&
        (start.account === undefined || start.account === connection.account),
    );
    return consent === undefined ? undefined : this.#view(consent);
  }

  /** Id of the open consent of exactly this connection: what makes its state `consenting`. */
  ownedBy(connection: Connection): string | undefined {
    return this.#pending().find(
      ({ start }) => start.provider.id === connection.provider && start.account === connection.account,
    )?.id;
  }

  openOf(provider: string): boolean {
    return this.#pending().some(({ start }) => start.provider.id === provider);
  }

  #route(consent: Consent): Route {
    return {
      path: `/callback/${consent.start.provider.id}`,
      ownsState: (state) => sameState(state, consent.attempt.state),
      arrive: (url) => {
        if (consent.consumed)
          return { kind: 'refused', status: 410, why: 'This answer has been taken already.' };
        const verdict = this.#judge(consent, url);
        if (verdict.kind === 'refused') return { kind: 'refused', status: 400, why: verdict.why };
        this.#take(consent, verdict);
        return { kind: 'taken', donePath: consent.donePath };
      },
      donePath: () => (consent.consumed ? consent.donePath : undefined),
      result: () => this.#result(consent),
      shown: () => {
        if (consent.status !== 'pending') consent.attached?.detach();
      },
    };
  }

  #judge(consent: Consent, url: URL): CallbackVerdict {
    return judgeCallback(url, {
      provider: consent.start.provider,
      state: consent.attempt.state,
      redirectUri: consent.attached!.redirectUri,
    });
  }

  /** The state is used up here, before anything waits: a second delivery finds it gone (promise 10). */
  #take(consent: Consent, verdict: Exclude<CallbackVerdict, { kind: 'refused' }>): void {
    consent.consumed = true;
    if (verdict.kind === 'failed') {
      this.#finish(consent, 'failed', { failure: new TokentrayError(verdict.code, verdict.why) });
      return;
    }
    void this.#exchange(consent, verdict.parameters);
  }

  async #exchange(consent: Consent, parameters: ValidatedCallback): Promise<void> {
    const { start, attempt, attached } = consent;
    try {
      const connection = await completeConsent(
        this.#world,
        {
          provider: start.provider,
          scopes: start.scopes,
          account: start.account,
          redirectUri: attached!.redirectUri.href,
          codeVerifier: attempt.codeVerifier,
          nonce: attempt.nonce,
        },
        parameters,
      );
      this.#finish(consent, 'done', { connection });
    } catch (error) {
      if (!(error instanceof TokentrayError))
        this.#world.log.error('consent_unexpected', { consent: consent.id, error: errorName(error) });
      this.#finish(consent, 'failed', { failure: failureOf(error) });
    }
  }

  #expire(consent: Consent): void {
    if (consent.status !== 'pending' || consent.consumed) return;
    const minutes = LIMITS.listenerLifeMs / 60_000;
    const failure = new TokentrayError(
      'consent_expired',
      `The consent was not finished within ${minutes} minutes. Start it again.`,
    );
    this.#finish(consent, 'expired', { failure });
  }

  #finish(
    consent: Consent,
    status: Exclude<ConsentStatus, 'pending'>,
    end: { connection?: Connection; failure?: TokentrayError },
  ): void {
    const { clock, events, log } = this.#world;
    if (consent.status !== 'pending') return;
    consent.status = status;
    consent.connection = end.connection;
    consent.failure = end.failure;
    for (const cancel of consent.cancelTimers) cancel();
    // A browser on its way to the last page gets a moment; everybody else finds the port closed.
    const close = () => consent.attached?.detach();
    if (consent.consumed) consent.cancelTimers = [clock.timer(LAST_PAGE_GRACE_MS, close)];
    else close();
    consent.consumed = true;
    clock.timer(LIMITS.finishedConsentKeptMs, () => this.#consents.delete(consent.id));
    consent.end();
    events.emit({
      type: 'consent',
      action: status,
      consent: consent.id,
      provider: consent.start.provider.id,
      ...(end.connection === undefined ? {} : { connection: nameOf(end.connection) }),
      ...(end.failure === undefined ? {} : { code: end.failure.code }),
    });
    log.info('consent_ended', {
      consent: consent.id,
      provider: consent.start.provider.id,
      status,
      code: end.failure?.code,
    });
  }

  async #result(consent: Consent): Promise<ResultPage> {
    await this.wait(consent.id, LIMITS.resultPageWaitMs / 1_000);
    if (consent.status === 'done') {
      const text = 'The connection is stored and kept fresh. You can close this page.';
      return { title: `${nameOf(consent.connection!)} is connected`, text, good: true };
    }
    if (consent.status === 'pending') {
      return {
        title: 'Still working',
        text: 'The provider is slow to answer. Look in Tokentray for the result; you can close this page.',
        good: false,
      };
    }
    const title = `${consent.start.provider.name} is not connected`;
    return { title, text: consent.failure?.message ?? 'Start the consent again.', good: false };
  }

  #view(consent: Consent): ConsentView {
    return {
      id: consent.id,
      provider: consent.start.provider.id,
      ...(consent.start.account === undefined ? {} : { account: consent.start.account }),
      status: consent.status,
      expires_at: consent.expiresAt,
      ...(consent.status === 'pending' && consent.url !== undefined
        ? { authorization_url: consent.url.href }
        : {}),
      ...(consent.connection === undefined
        ? {}
        : { connection: nameOf(consent.connection), connection_id: consent.connection.id }),
      ...(consent.failure === undefined
        ? {}
        : { reason: consent.failure.message, code: consent.failure.code }),
    };
  }

  #pending(): Consent[] {
    return [...this.#consents.values()].filter((consent) => consent.status === 'pending');
  }

  #get(id: string): Consent {
    const consent = this.#consents.get(id);
    if (consent === undefined)
      throw new TokentrayError(
        'not_found',
        'There is no such consent. It may have ended before the host was started; start it again.',
      );
    return consent;
  }

  #token(): string {
    return Buffer.from(this.#world.random.bytes(16)).toString('base64url');
  }
}

function failureOf(error: unknown): TokentrayError {
  if (error instanceof TokentrayError) return error;
  return new TokentrayError(
    'unexpected',
    'Something unexpected happened while the consent was under way. Start it again.',
  );
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
