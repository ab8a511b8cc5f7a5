// The vault's header: its id, its key slots and what tells a wrong key from damage. One JSON row, not sealed.
// What must stay true: nothing here opens the vault without a key from outside.
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import type { RandomPort } from '../ports.ts';
import { reviewSchema } from './review.ts';
import { CHECK_BYTES, encode, encodedBytes, slotId, slotSchema } from './slots.ts';

/** 128 bits: unique without anybody to ask. */
const ID_BYTES = 16;
/** 64 bits: slots only differ from those of the same vault. */
const SLOT_ID_BYTES = 8;
/** More slots than anybody has ways to unlock; bounds what a changed header can make us do. */
export const SLOTS_MAX = 16;

/** Two tables, so that no single page of the file holds the only way to the key. */
const PLACES = ['header', 'header_copy'] as const;

const headerSchema = z.object({
  vault_id: z.string().regex(/^v_[A-Za-z0-9_-]{22}$/),
  /** `SEALED_VERSION` at the time everything was sealed. */
  schema_version: z.int().positive(),
  /** Wall clock, milliseconds. */
  created_at: z.int().nonnegative(),
  /** Where the vault is at home (host/device.ts); null while no host has said so. */
  device: z.string().max(64).nullable().default(null),
  /** Raised at each start, here and in the keychain: a copy of an earlier start is told by it. */
  epoch: z.int().nonnegative().default(0),
  /** True from the first unlock to the proper end: then the newest commits may be in the write-ahead log only. */
  running: z.boolean().default(false),
  review: reviewSchema.nullable().default(null),
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

export function newSlotId(random: RandomPort): string {
  return `s_${encode(random.bytes(SLOT_ID_BYTES))}`;
}

/** From either of its two places. Throws `vault_damaged` when it is well formed in neither. */
export function readHeader(database: DatabaseSync): Header {
  const header = headerIn(database, 'header') ?? headerIn(database, 'header_copy');
  if (header) return header;
  throw new TokentrayError(
    'vault_damaged',
    'The header of the vault cannot be read. The file was left as it is. Restore a backup, or move the file away to start new.',
  );
}

function headerIn(database: DatabaseSync, table: (typeof PLACES)[number]): Header | undefined {
  return parseHeader(database.prepare(`SELECT doc FROM ${table} WHERE id = 1`).get()?.doc);
}

/** A header as it was read from somewhere; undefined when it is not well formed. */
export function parseHeader(doc: unknown): Header | undefined {
  return headerSchema.safeParse(typeof doc === 'string' ? parseJson(doc) : undefined).data;
}

/** In both places. Without a transaction around it, a crash may leave the second one behind. */
export function writeHeader(database: DatabaseSync, header: Header): void {
  const doc = JSON.stringify(header);
  for (const table of PLACES) {
    database
      .prepare(
        `INSERT INTO ${table} (id, doc) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`,
      )
      .run(doc);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No error: the schema refuses what is no JSON, in words.
    return undefined;
  }
}
