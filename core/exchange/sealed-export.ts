// A sealed export: a line that says how it is sealed, and a line with the sealed document. AES-256-GCM under a key from a
// passphrase; the first line, byte by byte, is authenticated with it.
// What must stay true: whatever is changed or cut off, the file does not open, and nothing of it is used.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { z } from 'zod';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { RandomPort } from '../ports.ts';
import { checkPassphrase, keyFromPassphrase } from '../vault/key-sources.ts';
import { encode, encodedBytes } from '../vault/slots.ts';
import { EXPORT_VERSION } from './document.ts';

const CIPHER = 'aes-256-gcm';
/** NIST SP 800-38D section 8.2: 96 bits. */
const NONCE_BYTES = 12;
/** The longest GCM has. */
const TAG_BYTES = 16;
/** NIST SP 800-132 section 5.1. */
const SALT_BYTES = 16;
const NEWLINE = 0x0a;

const { N, r, p } = LIMITS.scrypt;

/** The parameters are those of version 1 and no others: a file cannot ask for less work, or for more memory. */
const headSchema = z.strictObject({
  tokentray_export: z.literal(EXPORT_VERSION),
  sealed: z.literal(CIPHER),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    N: z.literal(N),
    r: z.literal(r),
    p: z.literal(p),
    salt: encodedBytes(SALT_BYTES),
  }),
  nonce: encodedBytes(NONCE_BYTES),
});

/** Both lines. Throws `invalid_field` for a passphrase that is too short. */
export async function sealExport(text: string, passphrase: string, random: RandomPort): Promise<string> {
  checkPassphrase(passphrase);
  const nonce = random.bytes(NONCE_BYTES);
  const kdf = { name: 'scrypt', N, r, p, salt: encode(random.bytes(SALT_BYTES)) } as const;
  const head = JSON.stringify({
    tokentray_export: EXPORT_VERSION,
    sealed: CIPHER,
    kdf,
    nonce: encode(nonce),
  });
  const key = await keyFromPassphrase(passphrase, kdf);
  try {
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(head));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${head}\n${encode(body)}\n`;
  } finally {
    key.fill(0);
  }
}

/** Whether it begins as a sealed one does. A document in the open begins on a line of its own. */
export function isSealed(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 40)).includes('"sealed"');
}

/** The document's bytes. Throws `export_not_opened`: a wrong passphrase and a changed file are one case, as GCM has it. */
export async function openExport(bytes: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const end = bytes.indexOf(NEWLINE);
  const head = bytes.subarray(0, Math.max(end, 0));
  const facts = headSchema.safeParse(jsonIn(head)).data;
  const body = bodyIn(bytes.subarray(end + 1));
  if (facts === undefined || body === undefined || body.length < TAG_BYTES) throw notOpened();
  const key = await keyFromPassphrase(passphrase, facts.kdf);
  try {
    const nonce = Buffer.from(facts.nonce, 'base64url');
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(head);
    decipher.setAuthTag(body.subarray(-TAG_BYTES));
    const text = decipher.update(body.subarray(0, -TAG_BYTES));
    return finished(decipher, text);
  } finally {
    key.fill(0);
  }
}

function finished(decipher: { final(): Buffer }, text: Buffer): Uint8Array {
  try {
    decipher.final();
    return text;
  } catch (error) {
    // What was decrypted so far must not be used.
    text.fill(0);
    if (!(error instanceof Error)) throw error;
    throw notOpened();
  }
}

function jsonIn(head: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(head).toString('utf8'));
  } catch (error) {
    // No error: the caller says that what is no JSON is no export.
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** One line of base64url, spelled in the one way that we spell it. */
function bodyIn(line: Uint8Array): Buffer | undefined {
  if (line.at(-1) !== NEWLINE) return undefined;
  const text = Buffer.from(line.subarray(0, -1)).toString('latin1');
  const body = Buffer.from(text, 'base64url');
  return body.toString('base64url') === text ? body : undefined;
}

function notOpened(): TokentrayError {
  return new TokentrayError(
    'export_not_opened',
    'The export does not open: the passphrase is not its own, or the file was changed or cut off. Nothing was imported.',
    { field: 'passphrase' },
  );
}

export function passphraseNeeded(): TokentrayError {
  return new TokentrayError(
    'export_not_opened',
    'The export is sealed under a passphrase. Give that passphrase.',
    {
      field: 'passphrase',
    },
  );
}
