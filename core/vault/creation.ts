// Making the vault file. It is built beside its place and gets its name only when it is whole.
// What must stay true: nothing is sealed before its key was stored and read back, and no file is ever overwritten.
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TokentrayError } from '../errors.ts';
import { connect, guarded, withDatabase } from './database.ts';
import { createPrivateFile, look, prepareDirectory, publishFile, temporaryName } from './file-safety.ts';
import { type Header, newVaultId, writeHeader } from './header.ts';
import { forgetInKeychain } from './key-sources.ts';
import { migrate, SEALED_VERSION } from './schema.ts';
import { dataKeyCheck, makeSlot } from './slot-keys.ts';
import { KEY_BYTES, type Slot, type SlotCredential } from './slots.ts';
import type { VaultOptions } from './vault.ts';

/** Makes an empty vault with one slot and returns its data key. Throws `already_exists` for anything at the path. */
export async function makeVaultFile(
  path: string,
  options: VaultOptions,
  credential: SlotCredential,
): Promise<Uint8Array> {
  prepareDirectory(dirname(path), options.log);
  refuseExisting(path);
  const id = newVaultId(options.random);
  const dataKey = options.random.bytes(KEY_BYTES);
  // No file is made before the slot's key has been stored and read back (promise 75).
  const slot = await makeSlot(credential, dataKey, id, dirname(path), options);
  try {
    buildFile(path, firstHeader(id, dataKey, slot, options));
  } catch (error) {
    dataKey.fill(0);
    if (slot.kind === 'keychain') await forgetInKeychain(options, id);
    throw error;
  }
  options.log.info('vault.created', { vault: id, slot: slot.kind });
  return dataKey;
}

/** A write-ahead log without its database may hold the newest tokens; a new vault beside it would destroy it. */
export function refuseOrphan(path: string): void {
  if (look(path) !== undefined || (look(`${path}-wal`)?.size ?? 0) === 0) return;
  throw new TokentrayError(
    'vault_damaged',
    `${path} is missing, but its write-ahead log ${path}-wal is there. Bring the vault back, or move the log away to start new.`,
  );
}

function refuseExisting(path: string): void {
  refuseOrphan(path);
  if (look(path) === undefined) return;
  throw new TokentrayError('already_exists', `There is a file at ${path} already. It was left as it is.`);
}

function firstHeader(id: string, dataKey: Uint8Array, slot: Slot, { clock, device }: VaultOptions): Header {
  return {
    vault_id: id,
    schema_version: SEALED_VERSION,
    created_at: clock.wall(),
    device: device ?? null,
    epoch: 0,
    running: false,
    review: null,
    key_check: dataKeyCheck(dataKey, id),
    seals: 0,
    slot_in_use: slot.id,
    slots: [slot],
  };
}

/** What a crash leaves behind has another name: it neither blocks a vault nor looks like one. */
function buildFile(path: string, header: Header): void {
  const temporary = temporaryName(path);
  try {
    createPrivateFile(temporary, '');
    guarded(() => {
      withDatabase(connect(temporary), (database) => {
        migrate(database);
        writeHeader(database, header);
      });
    });
    publishFile(temporary, path);
    removeLeftovers(path);
  } finally {
    for (const file of [temporary, `${temporary}-wal`, `${temporary}-shm`]) rmSync(file, { force: true });
  }
}

function removeLeftovers(path: string): void {
  const prefix = `${basename(path)}.new-`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(path), name), { force: true });
  }
}
