// Key slots: each wraps the vault's data key under a key of its own (the KEK), bound to the vault and the slot.
// What must stay true: a slot shown to anybody holds no key, and a wrong key is told apart from a changed slot.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { RandomPort } from '../ports.ts';
import { open, type SealedPlace, seal } from './sealing.ts';

/** 256 bits, for the data key and for every key that wraps it. */
export const KEY_BYTES = 32;
/** NIST SP 800-132 section 5.1 asks for 16 at least. */
export const SALT_BYTES = 32;
/** Of a check value: enough to tell keys apart, too short to be a key. */
export const CHECK_BYTES = 16;
/** Layout byte, nonce, tag and the 32 bytes of the data key. */
const WRAPPED_BYTES = 61;

/** What opens a slot, or makes one. */
export type SlotCredential =
  | { readonly kind: 'keychain' }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'file'; readonly path: string };

/** A slot as it may be shown. `created_at` is wall clock in milliseconds. */
export interface SlotView {
  readonly id: string;
  readonly kind: SlotCredential['kind'];
  readonly created_at: number;
  /** True for the slot that opened the vault last. */
  readonly in_use: boolean;
  /** Name of the keychain that holds the key. */
  readonly backend?: string;
  /** Path of the key file. */
  readonly path?: string;
}

/** A base64url text of exactly that many bytes. */
export function encodedBytes(count: number) {
  const characters = Math.ceil((count * 8) / 6);
  return z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${characters}}$`));
}

export const slotId = z.string().regex(/^s_[A-Za-z0-9_-]{11}$/);

const common = {
  id: slotId,
  created_at: z.int().nonnegative(),
  check: encodedBytes(CHECK_BYTES),
  wrapped: encodedBytes(WRAPPED_BYTES),
};

const kdfSchema = z
  .object({
    name: z.literal('scrypt'),
    N: z.int().positive(),
    r: z.int().positive(),
    // Memory bounds N and r; p only costs time, and nobody needs more than this.
    p: z.int().positive().max(16),
    salt: encodedBytes(SALT_BYTES),
  })
  // RFC 7914 section 2: N is a power of two; 128 * N * r is the memory it takes.
  .refine(({ N, r }) => Number.isInteger(Math.log2(N)) && 128 * N * r < LIMITS.scrypt.maxmem);

export const slotSchema = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('keychain'), backend: z.string() }),
  z.object({ ...common, kind: z.literal('passphrase'), kdf: kdfSchema }),
  z.object({ ...common, kind: z.literal('file'), path: z.string() }),
]);

export type Slot = z.infer<typeof slotSchema>;
export type SlotOf<K extends Slot['kind']> = Extract<Slot, { kind: K }>;
export type Kdf = z.infer<typeof kdfSchema>;
/** What tells a new slot's kind: its backend, parameters or path. */
export type SlotSource =
  | Pick<SlotOf<'keychain'>, 'kind' | 'backend'>
  | Pick<SlotOf<'passphrase'>, 'kind' | 'kdf'>
  | Pick<SlotOf<'file'>, 'kind' | 'path'>;

export function slotView(slot: Slot, inUse: string | null): SlotView {
  const { id, kind, created_at } = slot;
  return {
    id,
    kind,
    created_at,
    in_use: id === inUse,
    ...(kind === 'keychain' ? { backend: slot.backend } : {}),
    ...(kind === 'file' ? { path: slot.path } : {}),
  };
}

/** Wraps the data key for a slot. Also used to wrap a new data key for a slot that exists (rotation). */
export function wrapKey(
  slot: SlotSource & { readonly id: string; readonly created_at: number },
  kek: Uint8Array,
  dataKey: Uint8Array,
  vaultId: string,
  random: RandomPort,
): Slot {
  return {
    ...slot,
    check: encode(checkValue(kek, `${vaultId}/${slot.id}`)),
    wrapped: encode(seal(kek, dataKey, slotPlace(slot, vaultId), random)),
  };
}

/** The data key, or undefined when `kek` is not this slot's key. A changed slot is `tampered` (promise 73). */
export function unwrapKey(slot: Slot, kek: Uint8Array, vaultId: string): Uint8Array | undefined {
  try {
    return open(kek, decode(slot.wrapped), slotPlace(slot, vaultId));
  } catch (error) {
    const right = timingSafeEqual(checkValue(kek, `${vaultId}/${slot.id}`), decode(slot.check));
    // No error: another key than this slot's is an answer; the caller says which one is missing.
    if (!right && error instanceof TokentrayError) return undefined;
    throw error;
  }
}

/** A value that tells whether a key is the right one and gives nothing of it away (promise 73). */
export function checkValue(key: Uint8Array, of: string): Uint8Array {
  return createHmac('sha256', key).update(`tokentray key check ${of}`).digest().subarray(0, CHECK_BYTES);
}

/** The stored scrypt parameters, refused when somebody made them weaker than this program ever writes (promise 77). */
export function checkedKdf(slot: SlotOf<'passphrase'>): Kdf {
  const { N, r, p } = LIMITS.scrypt;
  if (slot.kdf.N >= N && slot.kdf.r >= r && slot.kdf.p >= p) return slot.kdf;
  throw new TokentrayError(
    'tampered',
    `The key slot ${slot.id} asks for a weaker passphrase check than this program writes. Use another slot, or a backup.`,
  );
}

export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

export function decode(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}

function slotPlace(slot: Pick<Slot, 'id' | 'kind'>, vaultId: string): SealedPlace {
  return { vaultId, table: 'slot', row: slot.id, column: slot.kind, schemaVersion: 1, generation: 1 };
}
