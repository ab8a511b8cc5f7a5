// Where the keys that wrap the data key come from: the keychain, a passphrase, a key file.
// What must stay true: no answer of one source ever leads to another source, and a missing key creates nothing.
import { scrypt } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { type ErrorCode, TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { KeychainAnswer, Ports } from '../ports.ts';
import { createPrivateFile, look, publishFile, readPrivateFile, temporaryName } from './file-safety.ts';
import { decode, encode, type Kdf, KEY_BYTES } from './slots.ts';

/** A key takes 44 bytes; anything far longer is another file. */
const KEY_FILE_BYTES = 1_024;

export type KeyPorts = Pick<Ports, 'random' | 'clock' | 'keychain'>;

/**
 * The keys in the keychain item of this vault: one, or two while a rotation is not finished. Throws `key_absent`,
 * `key_wrong`, `keychain_locked`, `keychain_denied` or `keychain_unreachable`. Never writes.
 */
export async function readKeychain(ports: KeyPorts, vaultId: string, backend: string): Promise<Uint8Array[]> {
  const secret = await readFromKeychain(ports, vaultId);
  if (secret === undefined) {
    throw new TokentrayError(
      'key_absent',
      `${ports.keychain.name} has no key for this vault; ${backend} held it last. The vault was left as it is. ` +
        'Try again, open it with another slot (tokentray unlock), or restore a backup.',
    );
  }
  const keys = splitKeys(secret);
  if (keys.length > 0) return keys;
  throw new TokentrayError(
    'key_wrong',
    `${ports.keychain.name} holds something else than a key under the name of this vault. Nothing was changed.`,
  );
}

/** What the item holds; undefined when there is none. Throws `keychain_locked`, `_denied` or `_unreachable`. */
export async function readFromKeychain(ports: KeyPorts, item: string): Promise<Uint8Array | undefined> {
  const answer = await asked(ports, ports.keychain.read(item));
  if (answer.kind === 'absent') return undefined;
  if (answer.kind === 'ok') return answer.secret;
  throw keychainError(answer.kind, ports.keychain.name);
}

/**
 * Puts one or two keys into the keychain item and reads them back before anything may be sealed under them
 * (promise 75). Throws as `readKeychain`. Relies on the port to carry out the changes of one item in the order in which
 * they were asked for, also after a time-out: an old write that lands late would take the place of the key in use.
 */
export async function storeInKeychain(ports: KeyPorts, vaultId: string, keys: readonly Uint8Array[]) {
  const { keychain } = ports;
  const secret = Buffer.concat(keys);
  const written = await asked(ports, keychain.write(vaultId, Uint8Array.from(secret)));
  if (written.kind !== 'ok') throw keychainError(written.kind, keychain.name);
  const back = await asked(ports, keychain.read(vaultId));
  if (back.kind === 'ok' && Buffer.compare(secret, back.secret) === 0) return;
  if (back.kind === 'locked' || back.kind === 'denied' || back.kind === 'unreachable') {
    throw keychainError(back.kind, keychain.name);
  }
  throw new TokentrayError(
    back.kind === 'ok' ? 'key_wrong' : 'key_absent',
    `${keychain.name} said it stored the key but did not give it back. Nothing was sealed under it; use another kind of slot.`,
  );
}

/** Removes the item. One that stays behind opens nothing any more, so a failure is logged and not thrown. */
export async function forgetInKeychain(ports: KeyPorts & Pick<Ports, 'log'>, vaultId: string): Promise<void> {
  try {
    const answer = await asked(ports, ports.keychain.remove(vaultId));
    if (answer.kind !== 'ok') throw keychainError(answer.kind, ports.keychain.name);
  } catch (error) {
    if (!(error instanceof TokentrayError)) throw error;
    ports.log.warn('vault.keychain_item_kept', { vault: vaultId, code: error.code });
  }
}

/** Throws `invalid_field` for a passphrase that is too short to protect anything. */
export function checkPassphrase(passphrase: string): void {
  if ([...passphrase].length >= LIMITS.passphraseChars) return;
  throw new TokentrayError(
    'invalid_field',
    `The passphrase is too short: use at least ${LIMITS.passphraseChars} characters.`,
    { field: 'passphrase' },
  );
}

/** RFC 7914. Off the main thread. The text is normalised, so that every keyboard gives the same bytes. */
export function keyFromPassphrase(passphrase: string, kdf: Kdf): Promise<Uint8Array> {
  const { N, r, p, salt } = kdf;
  const { maxmem } = LIMITS.scrypt;
  return new Promise((done, failed) => {
    scrypt(passphrase.normalize('NFC'), decode(salt), KEY_BYTES, { N, r, p, maxmem }, (error, key) => {
      if (error) failed(error);
      else done(key);
    });
  });
}

/** The key in a key file. Throws `key_absent`, `key_wrong`, or `unsafe_path` when others could have read it. */
export function readKeyFile(path: string): Uint8Array {
  const text = readPrivateFile(path, KEY_FILE_BYTES);
  if (text === undefined) {
    throw new TokentrayError(
      'key_absent',
      `The key file ${path} is not there. The vault was left as it is. Bring the file back, or use another slot.`,
    );
  }
  const key = /^[A-Za-z0-9_-]{43}$/.test(text.trim()) ? decode(text.trim()) : undefined;
  if (key?.length === KEY_BYTES) return key;
  throw new TokentrayError('key_wrong', `The file ${path} does not hold a key of 32 bytes in base64url.`);
}

/** The key of a new file slot: that of the file, or a new one in a new file. Only for adding a slot. */
export function makeKeyFile(path: string, dataDirectory: string, ports: KeyPorts): Uint8Array {
  refuseInside(path, dataDirectory);
  if (look(path) === undefined) {
    const temporary = temporaryName(path);
    createPrivateFile(temporary, `${encode(ports.random.bytes(KEY_BYTES))}\n`);
    publishFile(temporary, path);
  }
  return readKeyFile(path);
}

/** A key beside the vault would be copied with it, and protect nothing (attacker A8). */
function refuseInside(path: string, dataDirectory: string): void {
  const folder = dirname(path);
  if (look(folder) === undefined) {
    throw new TokentrayError('invalid_field', `The folder ${folder} does not exist. Make it first.`, {
      field: 'path',
    });
  }
  const way = relative(realpathSync(dataDirectory), realpathSync(folder));
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return;
  throw new TokentrayError(
    'invalid_field',
    `The key file ${path} lies in the data directory. Keep it elsewhere: whoever copies the vault would have its key.`,
    { field: 'path' },
  );
}

function splitKeys(secret: Uint8Array): Uint8Array[] {
  if (secret.length === KEY_BYTES) return [secret];
  if (secret.length === 2 * KEY_BYTES) return [secret.slice(0, KEY_BYTES), secret.slice(KEY_BYTES)];
  return [];
}

/** A keychain may wait for a person or hang; either way this ends. A late answer is dropped (fault 36). */
function asked<T>(ports: KeyPorts, question: Promise<T>): Promise<T> {
  return new Promise((done, failed) => {
    const cancel = ports.clock.timer(LIMITS.keychainMs, () => {
      failed(
        new TokentrayError(
          'keychain_locked',
          `${ports.keychain.name} gave no answer for ${LIMITS.keychainMs / 1_000} seconds. It may be waiting for you to unlock it.`,
        ),
      );
    });
    question.finally(cancel).then(done, failed);
  });
}

const KEYCHAIN_ERRORS: Record<
  Exclude<KeychainAnswer['kind'], 'ok' | 'absent'>,
  readonly [ErrorCode, (name: string) => string]
> = {
  locked: ['keychain_locked', (name) => `${name} is locked. Unlock it, then try again.`],
  denied: ['keychain_denied', (name) => `${name} refused access to the key. Allow it there, then try again.`],
  unreachable: [
    'keychain_unreachable',
    (name) => `${name} does not answer. Start it and try again, or use a passphrase slot or a key file.`,
  ],
};

function keychainError(kind: keyof typeof KEYCHAIN_ERRORS, name: string): TokentrayError {
  const [code, sentence] = KEYCHAIN_ERRORS[kind];
  return new TokentrayError(code, `${sentence(name)} The vault was left as it is.`);
}
