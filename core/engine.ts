// The engine: commands in, snapshot and events out. The only way in for hosts and doors.
// It holds every rule; a host gives it ports and paths and listens. Nothing here knows HTTP, a window or a terminal.
import { z } from 'zod';
import { Audit } from './access/audit.ts';
import { Callers } from './access/callers.ts';
import { HandOuts } from './access/hand-out.ts';
import { mayReadEvent } from './access/rules.ts';
import { connectionCommands, findConnection, viewConnection } from './connection-commands.ts';
import { Connections, nameOf } from './connections.ts';
import { Consents } from './consent/consents.ts';
import { type DoctorReport, examine } from './doctor.ts';
import { TokentrayError } from './errors.ts';
import { EventLog } from './event-log.ts';
import { InFlight } from './in-flight.ts';
import { LIMITS } from './limits.ts';
import { type ActivityQuery, type ActivityView, activityRow, activityView } from './model/activity.ts';
import type { Caller, CallerView, NewCaller } from './model/caller.ts';
import type { Connection, ConnectionState } from './model/connection.ts';
import type { ConsentView, Via } from './model/consent.ts';
import type { SequencedEvent, TokentrayEvent } from './model/event.ts';
import { parseInput } from './model/field.ts';
import { name } from './model/name.ts';
import { type Provider, scope, scopesToAsk } from './model/provider.ts';
import type { ExpirySource } from './model/token-set.ts';
import type { Ports } from './ports.ts';
import { providerCommands } from './providers/commands.ts';
import { findPresets } from './providers/presets/catalogue.ts';
import { Registry } from './providers/registry.ts';
import { Background } from './refresh/background.ts';
import { Refresher } from './refresh/refresher.ts';
import type { StepHook } from './refresh/rotation.ts';
import { vaultLocked } from './vault/locked.ts';
import { VaultSession } from './vault/session.ts';
import type { SlotCredential, SlotView } from './vault/slots.ts';

export type VaultState = 'setup' | 'locked' | 'open';

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
}

/** A connection as it may be shown: with its live state, never its tokens. */
export interface ConnectionView extends Omit<Connection, 'schema' | 'state'> {
  /** `provider/account`. */
  readonly name: string;
  readonly state: ConnectionState;
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
    show(id: string): ConsentView;
    /** Resolves when the consent is no longer pending, or after `seconds`. */
    wait(id: string, seconds: number, signal?: AbortSignal): Promise<ConsentView>;
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

export interface EngineOptions {
  readonly ports: Ports;
  /** Where `vault.db` is, or shall be. */
  readonly vaultPath: string;
  /** The key of the command line; its digest is kept, and it is admin. */
  readonly ownerKey: string;
  /** The fixed redirect port, read at each consent. */
  readonly redirectPort: () => number;
  /** Kill points of the rotation, for fault tests. */
  readonly onStep?: StepHook;
}

const consentRequest = z.strictObject({
  provider: z.string(),
  account: name.optional(),
  scopes: z.array(scope).max(100).optional(),
  via: z.enum(['browser', 'paste']).optional(),
});

/** Makes the engine over an existing vault (locked) or none (`setup`). Throws what opening the file throws. */
export function createEngine(options: EngineOptions): Engine {
  const { ports, redirectPort } = options;
  const { clock, log, random } = ports;
  const events = new EventLog(clock, log);
  const connections = new Connections(log, random);
  const registry = new Registry(log);
  const callers = new Callers(clock, random, options.ownerKey, log);
  const shared = { ...ports, events, connections, registry, redirectPort };
  const refresher = new Refresher({
    ...shared,
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  });
  const background = new Background({ ...shared, refresher });
  const consents = new Consents(shared);
  const world = { ...shared, refresher, consents };
  const work = new InFlight();
  let audit: Audit | undefined;
  let markKey: Uint8Array | undefined;
  let quiet: Promise<void> | undefined;

  const session = new VaultSession(
    { path: options.vaultPath, random, clock, keychain: ports.keychain, log },
    {
      onFile(vault) {
        callers.load(vault.database());
        audit = new Audit(options.vaultPath, log);
      },
      onOpen(vault) {
        registry.load(vault);
        connections.load(vault);
        markKey = vault.subkey('audit mark');
        refresher.resume();
        background.start();
        events.emit({ type: 'vault', state: 'open' });
      },
      async beforeLock() {
        await settle(
          'The vault was locked. Unlock it and start the consent again.',
          vaultLocked(),
          LIMITS.lockMs,
        );
        if (!refresher.holdsAnswer()) return;
        refresher.resume();
        background.start();
        throw new TokentrayError(
          'storage',
          'A new refresh token could not be stored yet, and a lock would lose it. Make room on the disk, then lock again.',
        );
      },
      onLocked() {
        markKey?.fill(0);
        markKey = undefined;
        connections.clear();
        registry.clear();
        refresher.forget();
        events.emit({ type: 'vault', state: 'locked' });
      },
    },
  );
  const open = () => session.open();
  const idOf = (connection: string) => connections.byName(connection)?.id;
  events.subscribe(({ at, event }) => {
    const row = activityRow(event, idOf);
    if (row !== undefined) audit?.record({ at, ...row });
  });
  const handOuts = new HandOuts({ ...world, callers, audit: () => audit!, markKey: () => markKey! });
  const providers = providerCommands(world);
  const found = (caller: Caller, ref: string) => findConnection(connections, caller, ref);

  /** Every command on sealed things first asks whether the vault is open, so that a locked one tells no names. */
  const whenOpen: WrapSync = (command) => {
    return (...args) => {
      open();
      return command(...args);
    };
  };
  const onceOpen: Wrap = (command) => {
    return async (...args) => {
      open();
      return command(...args);
    };
  };
  /** The same for commands that change something: a lock or stop waits for them. */
  const toTheEnd: Wrap = (command) => onceOpen((...args) => work.run(() => command(...args)));

  return {
    state: () => session.state(),
    subscribe: (listener, after) => events.subscribe(listener, after),
    mayRead: mayReadEvent,

    vault: {
      slots: () => session.slots(),
      addSlot: (credential) => session.addSlot(credential),
      removeSlot: async (id) => open().removeSlot(id),
      rotate: async (credentials) => open().rotate(credentials),
      lock: () => session.lock(),
      unlock: (credential) => session.unlock(credential),
    },

    presets: (query) => findPresets(query),

    providers: {
      list: whenOpen(providers.list),
      show: whenOpen(providers.show),
      add: toTheEnd(providers.add),
      update: toTheEnd(providers.update),
      remove: toTheEnd(providers.remove),
      check: onceOpen(providers.check),
      import: toTheEnd(async (id: string, input: { refresh_token: string; account?: string }) =>
        viewConnection(world, await providers.import(id, input)),
      ),
    },

    connections: mapCommands(connectionCommands(world), whenOpen, toTheEnd),

    consents: {
      start: toTheEnd(async (_caller: Caller, request: ConsentRequest) => {
        const { provider: id, account, scopes, via } = parseInput(consentRequest, request, 'Consent');
        const provider = registry.get(id);
        return consents.start({ provider, account, scopes: scopesToAsk(provider, scopes), via });
      }),
      show: (id) => consents.show(id),
      wait: (id, seconds, signal) => consents.wait(id, seconds, signal),
      deliver: onceOpen((id: string, url: string) => consents.deliver(id, url)),
      cancel: (id) => consents.cancel(id),
    },

    tokens: {
      handOut: onceOpen((caller: Caller, ref: string, request: HandOutOptions) =>
        handOuts.give(caller, found(caller, ref), request),
      ),
    },

    callers: {
      identify: (key) => callers.identify(key),
      isValid: (caller) => callers.isValid(caller),
      list: whenOpen(() =>
        callers.list().map((caller) => ({ ...caller, connections: caller.connections.map(named) })),
      ),
      add: whenOpen((input: NewCaller) => {
        const made = callers.add({ ...input, connections: input.connections.map(settled) });
        events.emit({ type: 'key', action: 'added', name: input.name });
        return { ...made, caller: { ...made.caller, connections: made.caller.connections.map(named) } };
      }),
      remove: whenOpen((callerName: string) => {
        callers.remove(callerName);
        events.emit({ type: 'key', action: 'removed', name: callerName });
      }),
    },

    activity: whenOpen((caller: Caller, query: ActivityQuery) => {
      const id = query.connection === undefined ? undefined : found(caller, query.connection).id;
      const rows = audit?.read({ ...query, connection: id }) ?? [];
      const last = rows.length < query.limit ? undefined : rows.at(-1)?.seq;
      const entries = rows.flatMap((row) => activityView(row, nameById) ?? []);
      return { entries, ...(last === undefined ? {} : { next: last }) };
    }),

    async doctor(caller, ref) {
      if (ref !== undefined) open();
      const only = ref === undefined ? undefined : found(caller, ref);
      const state = session.state();
      return examine({ state, slots: session.slots(), connections, registry, now: clock.wall() }, only);
    },

    quiesce,

    async close() {
      await quiesce();
      audit?.close();
      connections.clear();
      registry.clear();
      audit = undefined;
      session.close();
      markKey?.fill(0);
    },
  };

  function quiesce(): Promise<void> {
    const stopping = new TokentrayError('busy', 'The host is stopping. Try again when it runs.', {
      retryAfter: 5,
    });
    quiet ??= settle('The host was stopped. Start it and the consent again.', stopping, LIMITS.closeMs);
    return quiet;
  }

  /** Nothing new begins; what is in flight finishes, within `ms`: provider answers, commits, exchanges. */
  async function settle(consentsEnd: string, refusal: TokentrayError, ms: number): Promise<void> {
    background.stop();
    refresher.pause(refusal);
    const patience = Promise.withResolvers<void>();
    const cancel = clock.timer(ms, patience.resolve);
    const ended = consents
      .endAll(consentsEnd)
      .then(() => work.drained())
      .then(() => refresher.settled());
    await Promise.race([ended, patience.promise]);
    cancel();
  }

  /** A key is bound to the connection, not to its name: a later connection of that name is another one. */
  function settled(ref: string): string {
    if (ref === '*') return ref;
    const connection = connections.get(ref) ?? connections.byName(ref);
    if (connection !== undefined) return connection.id;
    if (registry.find(ref) !== undefined) return ref;
    throw new TokentrayError(
      'invalid_field',
      'Key: the field connections names a connection or provider that does not exist.',
      {
        field: 'connections',
      },
    );
  }

  function named(ref: string): string {
    return nameById(ref) ?? ref;
  }

  function nameById(id: string): string | undefined {
    const connection = connections.get(id);
    return connection === undefined ? undefined : nameOf(connection);
  }
}

type WrapSync = <A extends unknown[], R>(command: (...args: A) => R) => (...args: A) => R;
type Wrap = <A extends unknown[], R>(command: (...args: A) => Promise<R>) => (...args: A) => Promise<R>;

function mapCommands(commands: Engine['connections'], wrapSync: WrapSync, wrap: Wrap): Engine['connections'] {
  return {
    list: wrapSync(commands.list),
    show: wrapSync(commands.show),
    rename: wrap(commands.rename),
    refresh: wrap(commands.refresh),
    revoke: wrap(commands.revoke),
    remove: wrap(commands.remove),
  };
}
