// What the engine asks of its host. Everything outside the process (time, network, browser, keychain, log) comes
// through here, so that tests pass small real fakes and both hosts run the same engine.

/** Two clocks: wall time can jump, monotonic time can stop during sleep. Decisions use both. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  wall(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; the returned function cancels. Never keeps the process alive by itself. */
  timer(ms: number, fn: () => void): () => void;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** https, or http to exactly 127.0.0.1, [::1] or localhost. */
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded and complete; at most `LIMITS.providerBodyBytes`. */
  readonly body: Uint8Array;
}

/** A short stable word for what went wrong on the way: fit for logs and messages. */
export type NetworkFault =
  | 'dns'
  | 'refused'
  | 'connect_timeout'
  | 'tls'
  | 'proxy'
  | 'reset'
  | 'timeout'
  | 'too_large'
  | 'encoding'
  | 'aborted'
  | 'unsafe_url'
  | 'other';

/** Rotation must know whether a request may have reached the provider. Redirects are answers: never followed. */
export type HttpOutcome =
  | { readonly kind: 'answered'; readonly response: HttpResponse }
  | { readonly kind: 'not_sent'; readonly fault: NetworkFault }
  | { readonly kind: 'maybe_sent'; readonly fault: NetworkFault };

export interface HttpPort {
  /** Never throws; see HttpOutcome. Limits: `connectMs`, `totalMs`, `providerBodyBytes`, `contentEncodings`. */
  send(request: HttpRequest): Promise<HttpOutcome>;
}

export interface BrowserPort {
  /**
   * Opens an address in the user's browser. `connection`: the id of the one that a consent is to renew, for a host where
   * people choose a browser for each. Throws `unsafe_url` or `browser_unavailable`.
   */
  open(url: URL, about?: { readonly connection?: string }): Promise<void>;
}

/** Who is called when a `tokentray://` link is opened on this machine. */
export type LinksOwner =
  | { readonly kind: 'ours' }
  | { readonly kind: 'other'; readonly name: string }
  | { readonly kind: 'none' };

export interface LinksPort {
  owner(): Promise<LinksOwner>;
}

/** Five different answers, never folded into one: only `absent` may lead to a new item, and only without a vault. */
export type KeychainAnswer =
  | { readonly kind: 'ok'; readonly secret: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'locked' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'unreachable' };

export type KeychainWrite = { readonly kind: 'ok' } | Exclude<KeychainAnswer, { kind: 'ok' | 'absent' }>;

/** The operating system's keychain, one item per vault id. */
export interface KeychainPort {
  /** Name for people, e.g. "Secret Service". */
  readonly name: string;
  read(vaultId: string): Promise<KeychainAnswer>;
  /** Writes and reads back; `ok` only when the same bytes came back (promise 75). */
  write(vaultId: string, secret: Uint8Array): Promise<KeychainWrite>;
  remove(vaultId: string): Promise<KeychainWrite>;
  /**
   * The question that outlived its time-out, if one is still open: true when it is answered with ok in the end. Whoever
   * asks again then gets an answer without another dialog.
   */
  late?(): Promise<boolean> | undefined;
}

export interface NetworkPort {
  /** A hint only: false means that sending is pointless now. */
  online(): boolean;
}

/** Fields are names, codes, counts and ids. Never a token, secret, query value or provider body. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly string[]>
>;

export interface LogPort {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface RandomPort {
  bytes(count: number): Uint8Array;
}

export interface Ports {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly browser: BrowserPort;
  readonly links: LinksPort;
  readonly keychain: KeychainPort;
  readonly network: NetworkPort;
  readonly log: LogPort;
  readonly random: RandomPort;
}
