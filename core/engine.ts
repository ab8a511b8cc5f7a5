// The engine as hosts and doors see it: commands in, snapshot and events out. create-engine.ts makes one.
// It holds every rule; a host gives it ports and paths and listens. Nothing here knows HTTP, a window or a terminal.
import type { DoctorReport } from './doctor.ts';
import type { Change } from './exchange/plan.ts';
import type { ActivityQuery, ActivityView } from './model/activity.ts';
import type { Caller, CallerView, NewCaller } from './model/caller.ts';
import type { Connection, ConnectionState } from './model/connection.ts';
import type { ConsentView, OpenConsentView, Via } from './model/consent.ts';
import type { Deadline } from './model/deadline.ts';
import type { SequencedEvent, TokentrayEvent } from './model/event.ts';
import type { Provider } from './model/provider.ts';
import type { ExpirySource } from './model/token-set.ts';
import type { DiscoveredFields } from './providers/entry.ts';
import type { BackupReport } from './vault/backup.ts';
import type { CopyFacts } from './vault/copy-check.ts';
import type { Review } from './vault/review.ts';
import type { RepairReport } from './vault/salvage.ts';
import type { SlotCredential, SlotView } from './vault/slots.ts';

/** `unreadable`: there is a vault that is damaged or cannot be read now; nothing of it was changed. */
export type VaultState = 'setup' | 'locked' | 'open' | 'unreadable';

/** A provider as it may be shown. The secret itself has no way out. `redirect_uri` is what to register there. */
export interface ProviderView extends Provider {
  readonly client_secret: 'set' | 'unset';
  readonly redirect_uri: string;
  readonly connections: number;
  /** Sentences about settings that weaken security, for every surface to show. */
  readonly warnings: readonly string[];
}

/** Fields of a new provider: anything of `providerSchema`, `client_secret`, and `preset` or `issuer` to start from. */
export type ProviderInput = Readonly<Record<string, unknown>>;

export interface ProviderCheck {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface PresetView {
  readonly id: string;
  readonly name: string;
  readonly documentation_url: string;
  readonly registration_url: string;
  readonly verified_on: string;
  /** Asked for unless others are given. */
  readonly scopes: readonly string[];
  readonly redirect: Provider['redirect'];
  /** How the redirect address is to be registered, in a sentence or two. */
  readonly redirect_note: string;
}

/** A connection as it may be shown: with its live state, never its tokens. */
export interface ConnectionView
  extends Omit<
    Connection,
    'schema' | 'state' | 'warned' | 'imported_at' | 'after_review' | 'removing_since'
  > {
  /** `provider/account`. */
  readonly name: string;
  readonly state: ConnectionState;
  /** When the grant ends, as far as it is known; soonest first. */
  readonly deadlines: readonly Deadline[];
  readonly generation: number;
}

export interface HandOutOptions {
  /** Seconds the token must still live; a refresh is done first when it does not. */
  readonly minValid?: number;
  readonly scope?: readonly string[];
  /** Refresh first, whatever is left. Joins a refresh in flight and reuses a result younger than 5 s. */
  readonly force?: boolean;
  /** Seconds to wait for a consent that is open. */
  readonly wait?: number;
  /** Which door asked: for the audit. */
  readonly door: string;
  readonly signal?: AbortSignal;
}

export interface HandOut {
  readonly access_token: string;
  readonly token_type: string;
  /** Wall clock, milliseconds, or null when nobody knows. */
  readonly expires_at: number | null;
  /** Seconds left, rounded down, or null. */
  readonly expires_in: number | null;
  readonly expires_source: ExpirySource;
  readonly scope: string;
  readonly connection: string;
  readonly account: string;
}

export interface RestoreReport {
  readonly backup: Omit<CopyFacts, 'device'> & {
    /** Made on another machine or in another folder. */
    readonly elsewhere: boolean;
  };
  /** Stands for the file as it was looked at. */
  readonly confirm: string;
  readonly restored: boolean;
  /** Where the vault is that was here before. */
  readonly kept: string | null;
}

export interface ExportReport {
  readonly path: string;
  readonly secrets: boolean;
  readonly providers: number;
  readonly connections: number;
  /** Of these, those that go on elsewhere only with a new consent. */
  readonly without_grant: number;
  /** Ids of rows that do not open. */
  readonly left_out: readonly string[];
}

export interface ImportReport {
  readonly changes: readonly Change[];
  /** False: something in it is refused, so nothing can be imported. */
  readonly ready: boolean;
  /** Stands for the file and for `changes`. */
  readonly confirm: string;
  readonly imported: boolean;
}

export interface ConsentRequest {
  readonly provider: string;
  /** The account name to create or renew. */
  readonly account?: string;
  readonly scopes?: readonly string[];
  readonly via?: Via;
}

/**
 * `ref` is the command line's C: `provider/account`, an id `c_…`, or a provider alone when the caller sees exactly one
 * of its connections. What a caller may not see is `not_found`, exactly as if it did not exist (promise 117).
 */
export interface Engine {
  state(): VaultState;

  /** Calls `listener` for every event after now; first replays those after `after`. `gap`: some could not be replayed. */
  subscribe(
    listener: (event: SequencedEvent) => void,
    after?: number,
  ): { readonly gap: boolean; readonly unsubscribe: () => void };
  /** Tells readers of events what happened in the host. */
  announce(event: Extract<TokentrayEvent, { type: 'desktop' }>): void;
  /** True when this caller may read this event (own names only; admins read all). */
  mayRead(caller: Caller, event: TokentrayEvent): boolean;

  readonly vault: {
    slots(): readonly SlotView[];
    /** In state `setup` creates the vault with this slot; otherwise adds the slot to the open vault. */
    addSlot(credential: SlotCredential): Promise<SlotView>;
    removeSlot(id: string): Promise<void>;
    /** New data key, everything sealed again; needs the passphrase of every passphrase slot. */
    rotate(credentials: readonly SlotCredential[]): Promise<void>;
    lock(): Promise<void>;
    /** Without a credential: tries the slots that need nobody (keychain, key file). */
    unlock(credential?: SlotCredential): Promise<void>;
    /** Does nothing when the credential opens the open vault; throws as `unlock` does when not. */
    prove(credential: SlotCredential): Promise<void>;
    /** Why refresh tokens are kept back: the vault was copied, restored or put back. Only a person ends it. */
    review(): Review | undefined;
    /** The person says that this vault is used here and nowhere else. */
    useHere(): Promise<void>;
    /** Saves everything that opens into a new file and keeps the old one; then unlocks. Without a credential as `unlock`. */
    repair(credential?: SlotCredential): Promise<RepairReport>;
    /** Standing sentences about the vault: that it needs review, or cannot be written. */
    warnings(): readonly string[];
  };

  /** What a person does with files on the host's machine; every path is absolute. One at a time, else `busy`. */
  readonly files: {
    /** A verified copy of the vault, sealed as it is, while everything goes on. Locked or open. */
    backUp(path: string, options?: { overwrite?: boolean }): Promise<BackupReport>;
    /** Without `confirm` only looks. With the `confirm` of that look the backup takes the place of the vault, which is then locked. */
    restore(path: string, confirm?: string): Promise<RestoreReport>;
    /** With `passphrase`: client secrets and tokens as well, sealed under it. */
    export(path: string, options?: { passphrase?: string; overwrite?: boolean }): Promise<ExportReport>;
    /** Without `confirm` only says what it would do. */
    import(path: string, options?: { passphrase?: string; confirm?: string }): Promise<ImportReport>;
  };

  presets(query?: string): readonly PresetView[];

  readonly providers: {
    list(): readonly ProviderView[];
    show(id: string): ProviderView;
    add(input: ProviderInput): Promise<ProviderView>;
    /** A new token_endpoint clears the secret unless `client_secret` comes along (promise 61). null removes a field. */
    update(id: string, changes: ProviderInput): Promise<ProviderView>;
    /** `conflict` while it has connections. */
    remove(id: string): Promise<void>;
    check(id: string): Promise<ProviderCheck>;
    /** What an issuer says about itself; nothing is kept. Throws what discovery throws, or `invalid_field`. */
    discover(issuer: string): Promise<DiscoveredFields>;
    /** Stores a refresh token from elsewhere as a new connection, after a refresh has proved it. */
    import(id: string, input: { refresh_token: string; account?: string }): Promise<ConnectionView>;
  };

  readonly connections: {
    list(caller: Caller): readonly ConnectionView[];
    show(caller: Caller, ref: string): ConnectionView;
    /** `generation` given: refused as `conflict` when the connection changed since. */
    rename(caller: Caller, ref: string, account: string): Promise<ConnectionView>;
    refresh(caller: Caller, ref: string): Promise<ConnectionView>;
    /** Revokes at the provider (RFC 7009) and keeps the connection as `revoked`. */
    revoke(caller: Caller, ref: string): Promise<ConnectionView>;
    /** Revokes where possible and deletes. Not revoked: `revocation_failed` and nothing deleted, unless `force`. */
    remove(caller: Caller, ref: string, options?: { force?: boolean }): Promise<{ revoked: boolean }>;
  };

  readonly consents: {
    start(caller: Caller, request: ConsentRequest): Promise<ConsentView>;
    /** Those that are open, the oldest first. */
    list(): readonly OpenConsentView[];
    show(id: string): ConsentView;
    /** Resolves when the consent is no longer pending, or after `seconds`. */
    wait(id: string, seconds: number, signal?: AbortSignal): Promise<ConsentView>;
    /** Shows the page of an open consent in the browser once more. */
    reopen(id: string): Promise<ConsentView>;
    /** The redirected address as the person pasted it. */
    deliver(id: string, url: string): Promise<ConsentView>;
    cancel(id: string): ConsentView;
  };

  readonly tokens: {
    handOut(caller: Caller, ref: string, options: HandOutOptions): Promise<HandOut>;
  };

  readonly callers: {
    /** The caller a key belongs to; undefined for unknown, revoked and expired keys alike. Works while locked. */
    identify(key: string): Caller | undefined;
    /** False once the key behind an identified caller was removed or has expired. */
    isValid(caller: Caller): boolean;
    list(): readonly CallerView[];
    /** `key` is in this answer and never again (promise 123). */
    add(input: NewCaller): { readonly caller: CallerView; readonly key: string };
    remove(name: string): void;
  };

  readonly links: {
    /** A link of our scheme, from anybody: taken only as the answer that an open consent waits for. */
    arrive(url: URL): 'taken' | 'ignored';
  };

  /** Refreshes that nobody asked for. What somebody asks for is refreshed all the same. */
  readonly refreshes: {
    /** Until they are resumed or the host ends. */
    pause(): void;
    resume(): void;
    paused(): boolean;
  };

  /** What the machine tells: nothing begins by itself from `suspended` until the network is back after `resumed`. */
  readonly power: {
    suspended(): void;
    resumed(): void;
    networkReturned(): void;
  };

  /** Somebody is here: the time after which an unused vault is locked counts from now. */
  touch(): void;

  /** What happened, newest first: hand-outs and the rest. `next`: `after` of the next page. Throws `not_found`. */
  activity(
    caller: Caller,
    query: ActivityQuery,
  ): { readonly entries: readonly ActivityView[]; readonly next?: number };

  /** What is well and what is not, in sentences with their fix; of the host, or of one connection. */
  doctor(caller: Caller, ref?: string): Promise<DoctorReport>;

  /** Starts nothing new, ends open consents and waits for what is in flight, 10 s at most. */
  quiesce(): Promise<void>;

  /** Quiesces and closes the vault. Safe after quiesce(). */
  close(): Promise<void>;
}
