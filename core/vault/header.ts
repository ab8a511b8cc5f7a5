// The vault's header: its id, its key slots and what tells a wrong key from damage. One JSON row, not sealed.
// What must stay true: nothing here opens the vault without a key from outside.
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { RandomPort } from '../ports.ts';
import { CHECK_BYTES, encode, encodedBytes, slotId, slotSchema } from './slots.ts';

/** 128 bits: unique without anybody to ask. */
const ID_BYTES = 16;
/** 64 bits: slots only differ from those of the same vault. */
const SLOT_ID_BYTES = 8;
/** More slots than anybody has ways to unlock; bounds what a changed header can make us do. */
export const SLOTS_MAX = 16;

const headerSchema = z.object({
  vault_id: z.string().regex(/^v_[A-Za-z0-9_-]{22}$/),
  /** `SEALED_VERSION` at the time everything was sealed. */
  schema_version: z.int().positive(),
  /** Wall clock, milliseconds. */
  created_at: z.int().nonnegative(),
  device_id: z.string().regex(/^d_[A-Za-z0-9_-]{22}$/),
  /** Check value of the data key (promise 73). */
  key_check: encodedBytes(CHECK_BYTES),
  /** Never less than the values sealed under this data key; written ahead, in blocks. */
  seals: z.int().nonnegative(),
  /** The slot that opened the vault last; null after that slot was removed. */
  slot_in_use: slotId.nullable(),
  slots: z.array(slotSchema).min(1).max(SLOTS_MAX),
});

export type Header = z.infer<typeof headerSchema>;

export function newVaultId(random: RandomPort): string {
  return `v_${encode(random.bytes(ID_BYTES))}`;
}

export function newDeviceId(random: RandomPort): string {
  return `d_${encode(random.bytes(ID_BYTES))}`;
}

export function newSlotId(random: RandomPort): string {
  return `s_${encode(random.bytes(SLOT_ID_BYTES))}`;
}

/** Throws `vault_damaged` when there is no header or it is not well formed. */
export function readHeader(database: DatabaseSync): Header {
  const doc = database.prepare('SELECT doc FROM header WHERE id = 1').get()?.doc;
  const parsed = headerSchema.safeParse(typeof doc === 'string' ? parseJson(doc) : undefined);
  if (parsed.success) return parsed.data;
  throw new TokentrayError(
    'vault_damaged',
    'The header of the vault cannot be read. The file was left as it is. Restore a backup, or move the file away to start new.',
  );
}

export function writeHeader(database: DatabaseSync, header: Header): void {
  database
    .prepare('INSERT INTO header (id, doc) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc')
    .run(JSON.stringify(header));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
