// Sealing of single values: AES-256-GCM, bound to the one place a value belongs to.
// What must stay true: a value opens only where it was sealed, and only with a 12-byte nonce and a 16-byte tag.
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { TokentrayError } from '../errors.ts';
import type { RandomPort } from '../ports.ts';

/** Where a sealed value belongs. Any difference, and it does not open (promise 67). */
export interface SealedPlace {
  readonly vaultId: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly schemaVersion: number;
  readonly generation: number;
}

const CIPHER = 'aes-256-gcm';
/** First byte of every sealed value; another layout gets another number. */
const LAYOUT = 1;
/** NIST SP 800-38D section 8.2: 96 bits, the only length GCM uses without hashing it first. */
const NONCE_BYTES = 12;
/** The longest GCM has. Node takes shorter ones unless the length is fixed (promise 69). */
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/**
 * Seals `plaintext` for `where`: layout byte | nonce | tag | ciphertext. `key` has 32 bytes; a KeyObject works too and
 * is several times faster where very many values are sealed.
 */
export function seal(
  key: Uint8Array | KeyObject,
  plaintext: Uint8Array,
  where: SealedPlace,
  random: RandomPort,
): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES);
  if (nonce.length !== NONCE_BYTES) {
    throw new TokentrayError('unexpected', 'The source of random numbers gave a nonce of another length.');
  }
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(placeBytes(where));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  const sealed = new Uint8Array(HEAD_BYTES + ciphertext.length);
  sealed[0] = LAYOUT;
  sealed.set(nonce, 1);
  sealed.set(cipher.getAuthTag(), 1 + NONCE_BYTES);
  sealed.set(ciphertext, HEAD_BYTES);
  return sealed;
}

/** Opens what `seal` made for the same key and place. Anything else is `tampered`. */
export function open(key: Uint8Array | KeyObject, sealed: Uint8Array, where: SealedPlace): Uint8Array {
  if (sealed.length < HEAD_BYTES || sealed[0] !== LAYOUT) throw tampered(where);
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(placeBytes(where));
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES));
  const plaintext = decipher.update(sealed.subarray(HEAD_BYTES));
  try {
    decipher.final();
  } catch {
    // Node's error says no more than ours; what was decrypted so far must not be used.
    plaintext.fill(0);
    throw tampered(where);
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
}

/** The additional authenticated data. A JSON array is unambiguous: no two places give the same bytes. */
function placeBytes(where: SealedPlace): Buffer {
  const { vaultId, table, row, column, schemaVersion, generation } = where;
  return Buffer.from(JSON.stringify([LAYOUT, vaultId, table, row, column, schemaVersion, generation]));
}

function tampered(where: SealedPlace): TokentrayError {
  return new TokentrayError(
    'tampered',
    `The sealed value ${where.table}/${where.row}/${where.column} was changed, or belongs somewhere else. It is kept as it is.`,
  );
}
