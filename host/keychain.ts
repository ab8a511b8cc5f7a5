// The operating system's keychain, one item per vault. Five answers are told apart, and `absent` is said only by a
// keychain that has shown that it can be read and written: "no key" is what makes callers create one.
// On Linux the Secret Service is pinned: the library's own choice would fall back to kernel keys, which are lost at reboot.

import { randomUUID } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';
import type { KeychainAnswer, KeychainPort, KeychainWrite } from '../core/ports.ts';

const SERVICE = 'tokentray';
const PINNED = { linux: { store: 'secret-service' } } as const;
const NAMES: Partial<Record<NodeJS.Platform, string>> = { darwin: 'Keychain', win32: 'Credential Manager' };

type Trouble = Exclude<KeychainAnswer, { kind: 'ok' | 'absent' }>;

interface Item {
  get(): Promise<Uint8Array | null>;
  set(secret: Uint8Array): Promise<void>;
  delete(): Promise<boolean>;
}

export interface KeychainOptions {
  /** Tests shorten it. */
  readonly timeoutMs?: number;
}

/** The keychain as core/ports.ts describes it. No call throws, and none takes longer than `LIMITS.keychainMs`. */
export function createKeychain(options: KeychainOptions = {}): KeychainPort {
  const { inTurn, late } = oneAtATime(options.timeoutMs ?? LIMITS.keychainMs);
  return {
    late,
    name: NAMES[process.platform] ?? 'Secret Service',
    read: (vaultId) => inTurn(() => read(vaultId)),
    write: (vaultId, secret) => inTurn(() => write(vaultId, secret)),
    remove: (vaultId) => inTurn(() => remove(vaultId)),
  };
}

async function read(vaultId: string): Promise<KeychainAnswer> {
  const secret = await (await item(vaultId)).get();
  if (secret !== null) return { kind: 'ok', secret };
  await probe();
  // The item may have been in a collection that the probe had to unlock.
  const again = await (await item(vaultId)).get();
  return again === null ? { kind: 'absent' } : { kind: 'ok', secret: again };
}

async function write(vaultId: string, secret: Uint8Array): Promise<KeychainWrite> {
  const entry = await item(vaultId);
  await entry.set(secret);
  const back = await entry.get();
  // Promise 75: a keychain that does not give back what it took holds nothing.
  return back !== null && Buffer.compare(back, secret) === 0 ? { kind: 'ok' } : { kind: 'unreachable' };
}

async function remove(vaultId: string): Promise<KeychainWrite> {
  // False means that there was none, which is what was asked for.
  await (await item(vaultId)).delete();
  return { kind: 'ok' };
}

/** Stores, reads and removes a throw-away item; throws as the library does when any of it fails. */
async function probe(): Promise<void> {
  const entry = await item(`probe-${randomUUID()}`);
  const mark = Buffer.from('probe');
  await entry.set(mark);
  const back = await entry.get();
  await entry.delete();
  if (back === null || Buffer.compare(back, mark) !== 0)
    throw new Error('the keychain does not keep what it is given');
}

// Loaded on first use: a vault under a passphrase or a key file never needs it.
async function item(account: string): Promise<Item> {
  const { AsyncEntry } = await import('@napi-rs/keyring');
  const entry = new AsyncEntry(SERVICE, account, PINNED);
  return {
    async get() {
      const secret = await entry.getSecret();
      return secret === null ? null : Uint8Array.from(secret);
    },
    set: (secret) => entry.setSecret(secret),
    delete: () => entry.deleteCredential(),
  };
}

// A call that waits for an unlock dialog holds a thread of Node's pool, which has four, until the dialog ends; a second
// one would hold another and open a second dialog. So the next call waits for the last, within its own time-out, and one
// that nobody waits for any more is not begun: a write must not happen behind its caller's back.
function oneAtATime(timeoutMs: number) {
  let last: Promise<unknown> = Promise.resolve();
  let outlived: Promise<boolean> | undefined;
  const inTurn = async <A extends { readonly kind: string }>(
    work: () => Promise<A>,
  ): Promise<A | Trouble> => {
    const locked: Trouble = { kind: 'locked' };
    let givenUp = false;
    const turn: Promise<A | Trouble> = last.then(() => (givenUp ? locked : work().catch(troubleOf)));
    last = turn;
    let patience: NodeJS.Timeout | undefined;
    // A keychain that is there and does not answer is waiting for somebody to unlock it. Its late answer is dropped.
    const waited = new Promise<Trouble>((resolve) => {
      patience = setTimeout(() => {
        givenUp = true;
        const open = turn.then(({ kind }) => kind === 'ok');
        outlived = open;
        void open.finally(() => {
          if (outlived === open) outlived = undefined;
        });
        resolve(locked);
      }, timeoutMs);
    });
    try {
      return await Promise.race([turn, waited]);
    } finally {
      clearTimeout(patience);
    }
  };
  return { inTurn, late: () => outlived };
}

// The library gives sentences, not codes. Measured with gnome-keyring 42: a locked collection whose prompt nobody
// answers says "unlock prompt was dismissed", no default collection "no result found", a missing or hanging service
// "Platform failure: DBus error". macOS says "interaction is not allowed" when locked, "canceled" or "not correct" when
// the user refuses.
function troubleOf(error: unknown): Trouble {
  const sentence = error instanceof Error ? error.message : '';
  if (/dismissed|\bis locked\b|interaction is not allowed/i.test(sentence)) return { kind: 'locked' };
  if (/denied|cancell?ed|not permitted|not correct/i.test(sentence)) return { kind: 'denied' };
  return { kind: 'unreachable' };
}
