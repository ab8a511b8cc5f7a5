// Rotation of the data key, its part outside the database: which key opens each slot, and the slots of the new key.
// What must stay true: until the database has the new slots, the keychain item opens the old ones too.
import { TokentrayError } from '../errors.ts';
import type { Header } from './header.ts';
import { type KeyPorts, storeInKeychain } from './key-sources.ts';
import { openSlot } from './slot-keys.ts';
import { KEY_BYTES, type Slot, type SlotCredential, wrapKey } from './slots.ts';

export interface RotatedSlots {
  readonly slots: readonly Slot[];
  /** The keychain slot's new key, to be the only one in the item once the database has the new slots. */
  readonly keychainKey: Uint8Array | undefined;
}

/**
 * Opens every slot with its credential and wraps `dataKey` for it. A keychain slot gets a new key of its own, which is
 * put beside the old one: whether the database is written or not, the item opens it. Passphrases and key files stay.
 * Throws `invalid_field` naming a passphrase slot whose passphrase is missing; the reason for any other slot.
 */
export async function rotateSlots(
  header: Header,
  credentials: readonly SlotCredential[],
  dataKey: Uint8Array,
  ports: KeyPorts,
): Promise<RotatedSlots> {
  const slots: Slot[] = [];
  let keychain: { readonly old: Uint8Array; readonly fresh: Uint8Array } | undefined;
  for (const slot of header.slots) {
    const kek = await slotKey(slot, credentials, header, ports);
    if (slot.kind === 'keychain') {
      keychain = { old: kek, fresh: ports.random.bytes(KEY_BYTES) };
      const renewed = { ...slot, backend: ports.keychain.name };
      slots.push(wrapKey(renewed, keychain.fresh, dataKey, header.vault_id, ports.random));
    } else {
      slots.push(wrapKey(slot, kek, dataKey, header.vault_id, ports.random));
      kek.fill(0);
    }
  }
  // Last, when nothing else can fail any more.
  if (keychain) await storeInKeychain(ports, header.vault_id, [keychain.old, keychain.fresh]);
  keychain?.old.fill(0);
  return { slots, keychainKey: keychain?.fresh };
}

async function slotKey(
  slot: Slot,
  credentials: readonly SlotCredential[],
  header: Header,
  ports: KeyPorts,
): Promise<Uint8Array> {
  const fitting = credentials.filter(({ kind }) => kind === slot.kind);
  // Keychain and key file need no credential; a path may be given for a file that has moved.
  const tries = slot.kind === 'passphrase' || fitting.length > 0 ? fitting : [undefined];
  for (const credential of tries) {
    const opened = await openSlot(slot, credential, header, ports);
    if (!opened) continue;
    opened.dataKey.fill(0);
    return opened.kek;
  }
  if (slot.kind === 'passphrase') {
    throw new TokentrayError(
      'invalid_field',
      `The passphrase of the slot ${slot.id} is needed to rotate the key.`,
      {
        field: slot.id,
      },
    );
  }
  throw new TokentrayError(
    'key_wrong',
    `The ${slot.kind} slot ${slot.id} does not open with the key it has. Remove the slot, then rotate.`,
  );
}
