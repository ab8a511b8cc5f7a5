// Makes the engine: the one place that puts its parts together, says what happens when the vault opens and locks, and
// asks before every command whether the vault is open. What the commands do is in the parts.
import { z } from 'zod';
import { Audit } from './access/audit.ts';
import { callerCommands } from './access/caller-commands.ts';
import { Callers } from './access/callers.ts';
import { HandOuts } from './access/hand-out.ts';
import { mayReadEvent } from './access/rules.ts';
import { connectionCommands, findConnection, viewConnection } from './connection-commands.ts';
import { Connections, nameOf } from './connections.ts';
import { Consents } from './consent/consents.ts';
import { examine } from './doctor.ts';
import type { ConsentRequest, Engine, HandOutOptions } from './engine.ts';
import { TokentrayError } from './errors.ts';
import { EventLog } from './event-log.ts';
import { exchangeCommands } from './exchange/commands.ts';
import { IdleLock } from './idle-lock.ts';
import { InFlight } from './in-flight.ts';
import { LIMITS } from './limits.ts';
import { type ActivityQuery, activityRow, activityView } from './model/activity.ts';
import type { Caller } from './model/caller.ts';
import { parseInput } from './model/field.ts';
import { name } from './model/name.ts';
import { scope, scopesToAsk } from './model/provider.ts';
import type { Ports } from './ports.ts';
import { providerCommands } from './providers/commands.ts';
import { findPresets, presetView } from './providers/presets/catalogue.ts';
import { Registry } from './providers/registry.ts';
import { Background } from './refresh/background.ts';
import { ClockWatch } from './refresh/clock-watch.ts';
import { ExpiryWatch } from './refresh/expiry-watch.ts';
import { Receipts } from './refresh/receipts.ts';
import { Refresher } from './refresh/refresher.ts';
import { Rescue } from './refresh/rescue.ts';
import type { StepHook } from './refresh/rotation.ts';
import { Removals } from './removals.ts';
import { vaultLocked } from './vault/locked.ts';
import { importedSentence, type Review } from './vault/review.ts';
import { VaultSession } from './vault/session.ts';
import { openGuards } from './when-open.ts';

export interface EngineOptions {
  readonly ports: Ports;
  /** Where `vault.db` is, or shall be. */
  readonly vaultPath: string;
  /** Stands for this machine and data directory; a vault of another one needs review. Absent: nobody looks. */
  readonly device?: string;
  /**
   * Folders for sealed copies of refresh tokens that the vault does not take, best first; made when needed, for their
   * owner only. Absent: no copy is saved.
   */
  readonly rescueDirectories?: readonly string[];
  /** The key of the command line; its digest is kept, and it is admin. */
  readonly ownerKey: string;
  /** The fixed redirect port, read at each consent. */
  readonly redirectPort: () => number;
  /** Minutes without use after which the vault is locked, read again and again; 0: never. */
  readonly lockAfterMinutes?: () => number;
  /** Kill points of the rotation, for fault tests. */
  readonly onStep?: StepHook;
}

const consentRequest = z.strictObject({
  provider: z.string(),
  account: name.optional(),
  scopes: z.array(scope).max(100).optional(),
  via: z.enum(['browser', 'paste']).optional(),
});

const LOCK_WAITS =
  'The vault should have been locked and was not: a new refresh token could not be stored yet, and a lock would lose it. Make room on the disk, then lock again.';

/** Makes the engine over an existing vault (locked) or none (`setup`). Throws what opening the file throws. */
export function createEngine(options: EngineOptions): Engine {
  const { ports, redirectPort } = options;
  const { clock, log, random } = ports;
  const events = new EventLog(clock, log);
  const connections = new Connections(log, random);
  const registry = new Registry(log);
  const callers = new Callers(clock, random, options.ownerKey, log);
  const shared = { ...ports, events, connections, registry, redirectPort };
  const rescue = new Rescue(options.rescueDirectories ?? [], shared);
  const refresher = new Refresher({
    ...shared,
    rescue,
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  });
  const removals = new Removals({ ...shared, refresher });
  const receipts = new Receipts(shared);
  const clockWatch = new ClockWatch(shared);
  const expiryWatch = new ExpiryWatch(shared);
  const background = new Background({ ...shared, refresher, receipts });
  const consents = new Consents(shared);
  const world = { ...shared, refresher, receipts, consents };
  const work = new InFlight();
  const idle = new IdleLock({
    clock,
    log,
    minutes: options.lockAfterMinutes ?? (() => 0),
    signingIn: () => consents.list().length > 0,
    lock: () => session.lock(),
  });
  let audit: Audit | undefined;
  let markKey: Uint8Array | undefined;
  let quiet: Promise<void> | undefined;
  /** The last lock was not done, because an answer is in memory only. */
  let lockWaits = false;

  const session = new VaultSession(
    { path: options.vaultPath, device: options.device, random, clock, keychain: ports.keychain, log },
    {
      onFile(vault) {
        callers.load(vault);
        audit = new Audit(options.vaultPath, log, vault.unwritable() !== undefined);
      },
      onOpen(vault) {
        registry.load(vault);
        connections.load(vault);
        markKey = vault.subkey('audit mark');
        rescue.opened(vault);
        refresher.takeUpRescued();
        goOn();
        events.emit({ type: 'vault', state: 'open' });
      },
      async beforeLock() {
        await settle(
          'The vault was locked. Unlock it and start the consent again.',
          vaultLocked(),
          LIMITS.lockMs,
        );
        lockWaits = refresher.holdsAnswer();
        if (!lockWaits) return;
        // A host that is stopping begins nothing anew.
        if (quiet === undefined) goOn();
        throw new TokentrayError(
          'storage',
          'The vault is not locked: a new refresh token could not be stored yet, and a lock would lose it. Make room on the disk, then lock again.',
        );
      },
      onLocked() {
        idle.stop();
        markKey?.fill(0);
        markKey = undefined;
        rescue.locked();
        connections.clear();
        registry.clear();
        refresher.forget();
        events.emit({ type: 'vault', state: 'locked' });
      },
      onStillOpen: () => events.emit({ type: 'vault', state: 'open' }),
      onGone() {
        audit?.close();
        audit = undefined;
        callers.clear();
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
  const { whenOpen, onceOpen, toTheEnd } = openGuards(open, work);
  const providers = providerCommands(world);
  const onConnections = connectionCommands(world);
  const { vaultPath, device } = options;
  const files = exchangeCommands({ ...shared, vaultPath, device, session });
  const keys = callerCommands({ ...shared, callers });
  const found = (caller: Caller, ref: string) => findConnection(connections, caller, ref);

  return {
    state: () => session.state(),
    subscribe: (listener, after) => events.subscribe(listener, after),
    announce: (event) => events.emit(event),
    mayRead: mayReadEvent,

    vault: {
      slots: () => session.slots(),
      addSlot: (credential) => session.addSlot(credential),
      removeSlot: async (id) => open().removeSlot(id),
      rotate: async (credentials) => open().rotate(credentials),
      lock: () => session.lock(),
      unlock: (credential) => session.unlock(credential),
      prove: async (credential) => open().prove(credential),
      review: () => session.review() ?? importedReview(),
      useHere: toTheEnd(async () => {
        connections.acceptImported();
        open().useHere();
        refresher.takeUpRescued();
        removals.start((removal) => work.run(removal));
        events.emit({ type: 'vault', state: 'open' });
      }),
      repair: (credential) => session.repair(credential),
      warnings,
    },

    files: {
      ...files,
      export: toTheEnd(files.export),
      import: toTheEnd(files.import),
    },

    presets: (query) => findPresets(query).map(presetView),

    providers: {
      list: whenOpen(providers.list),
      show: whenOpen(providers.show),
      add: toTheEnd(providers.add),
      update: toTheEnd(providers.update),
      remove: toTheEnd(providers.remove),
      check: onceOpen(providers.check),
      discover: onceOpen(providers.discover),
      import: toTheEnd(async (id: string, input: { refresh_token: string; account?: string }) =>
        viewConnection(world, await providers.import(id, input)),
      ),
    },

    connections: {
      list: whenOpen(onConnections.list),
      show: whenOpen(onConnections.show),
      rename: toTheEnd(onConnections.rename),
      refresh: toTheEnd(onConnections.refresh),
      revoke: toTheEnd(onConnections.revoke),
      remove: toTheEnd(onConnections.remove),
    },

    consents: {
      start: toTheEnd(async (_caller: Caller, request: ConsentRequest) => {
        const { provider: id, account, scopes, via } = parseInput(consentRequest, request, 'Consent');
        const provider = registry.get(id);
        return consents.start({ provider, account, scopes: scopesToAsk(provider, scopes), via });
      }),
      list: whenOpen(() => consents.list()),
      show: (id) => consents.show(id),
      wait: (id, seconds, signal) => consents.wait(id, seconds, signal),
      reopen: onceOpen((id: string) => consents.reopen(id)),
      deliver: onceOpen((id: string, url: string) => consents.deliver(id, url)),
      cancel: (id) => consents.cancel(id),
    },

    tokens: {
      handOut: onceOpen((caller: Caller, ref: string, request: HandOutOptions) => {
        idle.touch();
        return handOuts.give(caller, found(caller, ref), request);
      }),
    },

    callers: {
      identify: (key) => callers.identify(key),
      isValid: (caller) => callers.isValid(caller),
      list: whenOpen(keys.list),
      add: whenOpen(keys.add),
      remove: whenOpen(keys.remove),
    },

    links: { arrive: (url) => consents.arrive(url) },

    refreshes: {
      pause: () => setPaused(true),
      resume: () => setPaused(false),
      paused: () => background.paused(),
    },

    power: {
      suspended() {
        clockWatch.sleeps();
        background.suspended();
      },
      resumed() {
        clockWatch.slept();
        background.resumed();
      },
      networkReturned: () => background.networkReturned(),
    },

    touch: () => idle.touch(),

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
      return examine(
        {
          ...{
            state,
            slots: session.slots(),
            warnings: warnings(),
            connections,
            registry,
            refresher,
            receipts,
          },
          clockNote: clockWatch.note(),
        },
        only,
      );
    },

    quiesce,

    async close() {
      await quiesce();
      connections.clear();
      registry.clear();
      session.close();
      markKey?.fill(0);
    },
  };

  function setPaused(paused: boolean): void {
    if (background.paused() === paused) return;
    if (paused) background.pause();
    else background.resume();
    events.emit({ type: 'refreshes', paused });
  }

  /** What an open vault does by itself; `settle` ends it. */
  function goOn(): void {
    refresher.resume();
    background.start();
    idle.start();
    clockWatch.start();
    expiryWatch.start();
    removals.start((removal) => work.run(removal));
  }

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
    idle.stop();
    clockWatch.stop();
    expiryWatch.stop();
    removals.stop();
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

  /** One that was imported needs the same word of a person as a vault that was copied. */
  function importedReview(): Review | undefined {
    const [first] = connections.imported();
    return first && connections.review(first.id);
  }

  function warnings(): readonly string[] {
    const imported = importedSentence(connections.imported().length);
    if (!refresher.holdsAnswer()) lockWaits = false;
    const standing = [
      ...session.warnings(),
      ...refresher.storageWarnings(),
      ...(lockWaits ? [LOCK_WAITS] : []),
    ];
    return imported === undefined ? standing : [...standing, imported];
  }

  function nameById(id: string): string | undefined {
    const connection = connections.get(id);
    return connection === undefined ? undefined : nameOf(connection);
  }
}
