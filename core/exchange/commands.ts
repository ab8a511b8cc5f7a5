// What a person does with files: back the vault up and restore it, export and import. One of these at a time.
// What must stay true: nothing is changed that was not shown first, and only as it was shown; an import is one transaction.
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Connections, nameOf } from '../connections.ts';
import type { Engine } from '../engine.ts';
import { TokentrayError } from '../errors.ts';
import type { EventLog } from '../event-log.ts';
import { LIMITS } from '../limits.ts';
import type { Clock, RandomPort } from '../ports.ts';
import type { Registry } from '../providers/registry.ts';
import { syncFile } from '../vault/copies.ts';
import { fileError } from '../vault/file-safety.ts';
import { checkTarget, writeOutside } from '../vault/outside-file.ts';
import type { VaultSession } from '../vault/session.ts';
import { type ExportDocument, exportDocument, exportText } from './document.ts';
import { type ImportPlan, planImport } from './plan.ts';
import { judged, readDocument } from './read-document.ts';
import { sealExport } from './sealed-export.ts';

export interface ExchangeWorld {
  readonly vaultPath: string;
  readonly device: string | undefined;
  readonly session: VaultSession;
  readonly connections: Connections;
  readonly registry: Registry;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly random: RandomPort;
  readonly redirectPort: () => number;
}

export function exchangeCommands(world: ExchangeWorld): Engine['files'] {
  const { session, connections, registry, events, clock, random, vaultPath, redirectPort } = world;
  const oneAtATime = createTurn();

  return {
    backUp: (path, { overwrite = false } = {}) =>
      oneAtATime(async () => {
        const report = await session.backUp({ target: path, overwrite, onProgress: progressOf(world) });
        events.emit({ type: 'file', action: 'backed_up' });
        return report;
      }),

    restore: (path, confirm) =>
      oneAtATime(async () => {
        const before = session.state();
        const { facts, digest, restored, kept } = await session.restore(path, (found) => {
          if (confirm !== undefined && confirm !== found) throw changedSince();
          return confirm === found;
        });
        if (restored && session.state() === 'locked') {
          // A lock has been told already; that there is something to unlock now has not.
          if (before !== 'open') events.emit({ type: 'vault', state: 'locked' });
          events.emit({ type: 'file', action: 'restored' });
        }
        const { device, ...backup } = facts;
        const elsewhere = device !== null && world.device !== undefined && device !== world.device;
        return { backup: { ...backup, elsewhere }, confirm: digest, restored, kept };
      }),

    export: (path, { passphrase, overwrite = false } = {}) =>
      oneAtATime(async () => {
        session.open();
        checkTarget(path, dirname(vaultPath), overwrite);
        const document = exportDocument({ registry, connections, redirectPort }, passphrase !== undefined);
        const text = exportText(document);
        const content = passphrase === undefined ? text : await sealExport(text, passphrase, random);
        if (Buffer.byteLength(content) > LIMITS.importBytes) {
          throw new TokentrayError(
            'too_large',
            `The export would be larger than ${LIMITS.importBytes / 1e6} MB, which no import takes. Use a backup: tokentray backup`,
            { action: { command: 'tokentray backup' } },
          );
        }
        await writeOutside(path, overwrite, (temporary) => writeText(temporary, content));
        const secrets = passphrase !== undefined;
        events.emit({ type: 'file', action: secrets ? 'secrets_exported' : 'exported' });
        return {
          path,
          secrets,
          providers: document.providers.length,
          connections: document.connections.length,
          without_grant: document.connections.filter(({ grant }) => grant === undefined).length,
          left_out: [...registry.damaged().keys(), ...connections.damaged().keys()],
        };
      }),

    import: (path, { passphrase, confirm } = {}) =>
      oneAtATime(async () => {
        session.open();
        const document = await readDocument(path, passphrase, dirname(vaultPath));
        const vault = session.open();
        const plan = judged(() =>
          planImport(document, {
            providers: registry.all(),
            connections: connections.all(),
            damaged: new Set(registry.damaged().keys()),
            redirectPort: redirectPort(),
            secretOf: (id) => registry.withSecret(id).secret,
            newId: () => connections.newId(),
            now: clock.wall(),
          }),
        );
        const shown = digestOf(vault.subkey('import'), document, plan);
        const ready = plan.changes.every(({ action }) => action !== 'refuse');
        if (confirm === undefined) return { changes: plan.changes, ready, confirm: shown, imported: false };
        if (confirm !== shown) throw changedSince();
        if (!ready) throw notReady(plan);
        apply(world, plan);
        return { changes: plan.changes, ready, confirm: shown, imported: true };
      }),
  };
}

function createTurn() {
  let taken = false;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (taken) {
      throw new TokentrayError(
        'busy',
        'Another backup, restore, export or import is under way. Wait for it to end.',
        {
          retryAfter: 2,
        },
      );
    }
    taken = true;
    try {
      return await work();
    } finally {
      taken = false;
    }
  };
}

/** Told from the first second on, and once a second then. */
function progressOf({ clock, events }: ExchangeWorld): (share: number) => void {
  let last = clock.monotonic();
  return (share) => {
    if (clock.monotonic() - last < 1_000) return;
    last = clock.monotonic();
    events.emit({ type: 'file', action: 'backing_up', percent: Math.floor(share * 100) });
  };
}

async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'r+' });
    syncFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Stands for the file and for what it would do here. Keyed: it tells nothing of the secrets in it. */
function digestOf(key: Uint8Array, document: ExportDocument, { changes }: ImportPlan): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([document, changes]))
    .digest('hex');
}

/** Everything or nothing, on disk when it returns. */
function apply({ session, connections, registry, events }: ExchangeWorld, plan: ImportPlan): void {
  const vault = session.open();
  const known = new Set(registry.all().map(({ id }) => id));
  try {
    connections.atomically(() => {
      for (const { provider, secret } of plan.providers) registry.put(provider, secret);
      for (const row of plan.connections) connections.insert(row);
    });
  } catch (error) {
    registry.load(vault);
    throw error;
  }
  for (const { provider } of plan.providers)
    events.emit({
      type: 'provider',
      action: known.has(provider.id) ? 'changed' : 'added',
      provider: provider.id,
    });
  for (const { doc } of plan.connections)
    events.emit({
      type: 'connection',
      action: 'added',
      connection: nameOf(doc),
      id: doc.id,
      status: 'active',
    });
  events.emit({ type: 'file', action: 'imported' });
}

function changedSince(): TokentrayError {
  return new TokentrayError(
    'conflict',
    'The file, or what is here, has changed since it was shown. Nothing was changed; look at it again.',
    { field: 'confirm' },
  );
}

function notReady({ changes }: ImportPlan): TokentrayError {
  const first = changes.find(({ action }) => action === 'refuse');
  return new TokentrayError('conflict', `Nothing was imported. ${first?.name}: ${first?.notes[0]}`);
}
