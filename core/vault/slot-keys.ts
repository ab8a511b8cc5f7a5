// Makes slots, opens them, and finds the slot that a credential opens.
// What must stay true: what goes wrong is said as it is (absent, wrong, locked, …) and changes nothing.
import { resolve } from 'node:path';
import { type ErrorCode, TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { type Header, newSlotId } from './header.ts';
import {
  checkPassphrase,
  type KeyPorts,
  keyFromPassphrase,
  makeKeyFile,
  readKeychain,
  readKeyFile,
  storeInKeychain,
} from './key-sources.ts';
import {
  checkedKdf,
  checkValue,
  encode,
  type Kdf,
  KEY_BYTES,
  SALT_BYTES,
  type Slot,
  type SlotCredential,
  type SlotSource,
  unwrapKey,
  wrapKey,
} from './slots.ts';

/** A slot that was opened, with its own key and the data key. The caller overwrites both. */
export interface OpenedSlot {
  readonly slot: Slot;
  readonly kek: Uint8Array;
  readonly dataKey: Uint8Array;
  /** The keychain item also holds a key that is no longer, or not yet, used: a rotation was cut short. */
  readonly unfinished: boolean;
}

/** The check value of a data key, as the header keeps it. */
export function dataKeyCheck(dataKey: Uint8Array, vaultId: string): string {
  return encode(checkValue(dataKey, vaultId));
}

/** Gets a key from the credential's source (a new one where that is a keychain) and wraps the data key under it. */
export async function makeSlot(
  credential: SlotCredential,
  dataKey: Uint8Array,
  vaultId: string,
  dataDirectory: string,
  ports: KeyPorts,
): Promise<Slot> {
  const { source, kek } = await newKey(credential, vaultId, dataDirectory, ports);
  const slot = { id: newSlotId(ports.random), created_at: ports.clock.wall(), ...source };
  const wrapped = wrapKey(slot, kek, dataKey, vaultId, ports.random);
  kek.fill(0);
  return wrapped;
}

async function newKey(
  credential: SlotCredential,
  vaultId: string,
  dataDirectory: string,
  ports: KeyPorts,
): Promise<{ source: SlotSource; kek: Uint8Array }> {
  const { random } = ports;
  if (credential.kind === 'keychain') {
    const kek = random.bytes(KEY_BYTES);
    await storeInKeychain(ports, vaultId, [kek]);
    return { source: { kind: 'keychain', backend: ports.keychain.name }, kek };
  }
  if (credential.kind === 'passphrase') {
    checkPassphrase(credential.passphrase);
    const { N, r, p } = LIMITS.scrypt;
    const kdf: Kdf = { name: 'scrypt', N, r, p, salt: encode(random.bytes(SALT_BYTES)) };
    return { source: { kind: 'passphrase', kdf }, kek: await keyFromPassphrase(credential.passphrase, kdf) };
  }
  const path = resolve(credential.path);
  return { source: { kind: 'file', path }, kek: makeKeyFile(path, dataDirectory, ports) };
}

/** Opens one slot; undefined when the credential does not fit. Other reasons are thrown as they are. */
export async function openSlot(
  slot: Slot,
  credential: SlotCredential | undefined,
  header: Header,
  ports: KeyPorts,
): Promise<OpenedSlot | undefined> {
  const keys = await keysFor(slot, credential, header.vault_id, ports);
  for (const kek of keys) {
    const dataKey = unwrapKey(slot, kek, header.vault_id);
    if (dataKey && dataKeyCheck(dataKey, header.vault_id) === header.key_check) {
      return { slot, kek, dataKey, unfinished: keys.length > 1 };
    }
    kek.fill(0);
  }
  return undefined;
}

async function keysFor(
  slot: Slot,
  credential: SlotCredential | undefined,
  vaultId: string,
  ports: KeyPorts,
): Promise<Uint8Array[]> {
  if (slot.kind === 'keychain') return readKeychain(ports, vaultId, slot.backend);
  if (slot.kind === 'file') return [readKeyFile(credential?.kind === 'file' ? credential.path : slot.path)];
  if (credential?.kind !== 'passphrase') return [];
  return [await keyFromPassphrase(credential.passphrase, checkedKdf(slot))];
}

/**
 * Opens the first slot that the credential fits; without one, the slots that need nobody: keychain, then key file.
 * Throws the reason of the first slot that failed.
 */
export async function findKey(
  header: Header,
  credential: SlotCredential | undefined,
  ports: KeyPorts,
): Promise<OpenedSlot> {
  const slots = header.slots.filter(({ kind }) => kind === (credential?.kind ?? 'keychain'));
  if (credential === undefined) slots.push(...header.slots.filter(({ kind }) => kind === 'file'));
  let first: TokentrayError | undefined;
  for (const slot of slots) {
    try {
      const opened = await openSlot(slot, credential, header, ports);
      if (opened) return opened;
      first ??= wrongKey(slot, ports);
    } catch (error) {
      if (!(error instanceof TokentrayError)) throw error;
      first ??= error;
    }
  }
  if (credential !== undefined) throw first ?? noSuchSlot(credential, header);
  throw withPassphraseAction(first, header);
}

/** `key_wrong`, or `wrong_passphrase`: the slot is intact, but this is not its key (promise 73). */
function wrongKey(slot: Slot, ports: KeyPorts): TokentrayError {
  if (slot.kind === 'passphrase') {
    return new TokentrayError(
      'wrong_passphrase',
      'The passphrase does not open the vault. Nothing was changed.',
    );
  }
  const holder = slot.kind === 'keychain' ? ports.keychain.name : 'The key file';
  return new TokentrayError(
    'key_wrong',
    `${holder} holds the key of another vault. The vault is intact and was left as it is. Bring its own key back, or use another slot.`,
  );
}

function noSuchSlot(credential: SlotCredential, header: Header): TokentrayError {
  const kinds = [...new Set(header.slots.map(({ kind }) => kind))].join(', ');
  return new TokentrayError('conflict', `This vault has no ${credential.kind} slot. It has: ${kinds}.`);
}

function withPassphraseAction(error: TokentrayError | undefined, header: Header): TokentrayError {
  const code: ErrorCode = error?.code ?? 'locked';
  const message = error?.message ?? 'The vault opens with a passphrase. Type it to unlock.';
  const typed = header.slots.some(({ kind }) => kind === 'passphrase');
  return new TokentrayError(code, message, typed ? { action: { command: 'tokentray unlock' } } : {});
}
