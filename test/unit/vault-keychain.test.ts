// Every answer a keychain can give, what the vault calls it, and what stays unchanged.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ErrorCode } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SlotCredential } from '../../core/vault/slots.ts';
import { createVault, openVault } from '../../core/vault/vault.ts';
import {
  assertOpens,
  closedVault,
  fileHash,
  removeVaultPlaces,
  tamper,
  until,
  vaultPlace,
  withCode,
} from '../support/vault-fixture.ts';
import type { KeychainMood, MemoryKeychain } from '../support/vault-keychain.ts';

after(removeVaultPlaces);

const KEYCHAIN: SlotCredential = { kind: 'keychain' };

/** What a keychain may answer when it has no good key, and what the vault must call it. */
const TROUBLES: readonly [string, ErrorCode, (keychain: MemoryKeychain, id: string) => void][] = [
  ['absent', 'key_absent', (keychain, id) => keychain.items.delete(id)],
  [
    'the key of another vault',
    'key_wrong',
    (keychain, id) => keychain.items.set(id, new Uint8Array(32).fill(7)),
  ],
  ['garbage', 'key_wrong', (keychain, id) => keychain.items.set(id, new Uint8Array(31))],
  ['an empty item', 'key_wrong', (keychain, id) => keychain.items.set(id, new Uint8Array())],
  ['locked', 'keychain_locked', (keychain) => mood(keychain, 'locked')],
  ['denied', 'keychain_denied', (keychain) => mood(keychain, 'denied')],
  ['unreachable', 'keychain_unreachable', (keychain) => mood(keychain, 'unreachable')],
];

function mood(keychain: MemoryKeychain, wanted: KeychainMood): void {
  keychain.mood = wanted;
}

function itemsOf(keychain: MemoryKeychain): string {
  return JSON.stringify([...keychain.items].map(([id, secret]) => [id, [...secret]]));
}

test('promise 71, faults 31 and 32: a keychain that is locked, denies or does not answer gets no key and leads to no vault', async () => {
  for (const [wanted, code] of [
    ['locked', 'keychain_locked'],
    ['denied', 'keychain_denied'],
    ['unreachable', 'keychain_unreachable'],
  ] as const) {
    const place = vaultPlace();
    place.keychain.mood = wanted;
    await assert.rejects(createVault(place, KEYCHAIN), withCode(code, /left as it is/));
    assert.deepEqual(readdirSync(place.directory), []);
    assert.equal(place.keychain.items.size, 0);
  }
});

test('promise 71: where a vault file is, no key is made: a second creation leaves file and keychain alone', async () => {
  const { place } = await closedVault(KEYCHAIN);
  const before = [fileHash(place.path), itemsOf(place.keychain), place.keychain.changes];
  await assert.rejects(createVault(place, KEYCHAIN), withCode('already_exists'));
  place.keychain.items.clear();
  await assert.rejects(createVault(place, KEYCHAIN), withCode('already_exists'));
  assert.deepEqual([fileHash(place.path), place.keychain.changes], [before[0], before[2]]);
});

test('promise 72: whatever the keychain answers, a vault that does not open keeps every byte, as does the keychain', async () => {
  for (const [what, code, spoil] of TROUBLES) {
    const { place, id } = await closedVault(KEYCHAIN);
    spoil(place.keychain, id);
    const before = [fileHash(place.path), itemsOf(place.keychain), place.keychain.changes];
    const vault = openVault(place);
    for (const credential of [undefined, KEYCHAIN]) {
      await assert.rejects(vault.unlock(credential), withCode(code), what);
    }
    assert.equal(vault.unlocked, false);
    vault.close();
    assert.deepEqual([fileHash(place.path), itemsOf(place.keychain), place.keychain.changes], before, what);
    assert.deepEqual(readdirSync(place.directory), ['vault.db']);
  }
});

test('promise 73: a wrong key is called a wrong key, a changed slot is called tampered', async () => {
  const { place, id } = await closedVault(KEYCHAIN);
  const key = place.keychain.items.get(id)!;
  place.keychain.items.set(id, new Uint8Array(32));
  const vault = openVault(place);
  await assert.rejects(vault.unlock(), withCode('key_wrong', /vault is intact/));
  vault.close();

  place.keychain.items.set(id, key);
  const change = (path: string, to: string) =>
    tamper(place.path, (database) => {
      database.prepare('UPDATE header SET doc = json_set(doc, ?, ?)').run(path, to);
    });
  change('$.slots[0].check', 'A'.repeat(22));
  const still = openVault(place);
  await still.unlock();
  assertOpens(still);
  still.close();

  const { place: other } = await closedVault(KEYCHAIN);
  tamper(other.path, (database) => {
    const wrapped = String(
      database.prepare("SELECT doc ->> '$.slots[0].wrapped' AS text FROM header").get()?.text,
    );
    const flipped = wrapped.slice(0, 40) + (wrapped[40] === 'A' ? 'B' : 'A') + wrapped.slice(41);
    database.prepare("UPDATE header SET doc = json_set(doc, '$.slots[0].wrapped', ?)").run(flipped);
  });
  const changed = openVault(other);
  await assert.rejects(changed.unlock(), withCode('tampered'));
  changed.close();
});

test('promise 73, fault 34: a slot that wraps another data key than the one everything is sealed under is a wrong key', async () => {
  const { place } = await closedVault(KEYCHAIN);
  tamper(place.path, (database) => {
    database.prepare("UPDATE header SET doc = json_set(doc, '$.key_check', ?)").run('A'.repeat(22));
  });
  const vault = openVault(place);
  await assert.rejects(vault.unlock(), withCode('key_wrong'));
  vault.close();
});

test('promise 75, fault 37: a keychain that stores nothing, or other bytes, is found out before anything is sealed', async () => {
  for (const [wanted, code] of [
    ['forgetful', 'key_absent'],
    ['garbling', 'key_wrong'],
  ] as const) {
    const place = vaultPlace();
    place.keychain.mood = wanted;
    await assert.rejects(createVault(place, KEYCHAIN), withCode(code, /Nothing was sealed/));
    assert.deepEqual(readdirSync(place.directory), []);
  }
  const { place } = await closedVault({ kind: 'file', path: join(vaultPlace().outside, 'key') });
  const vault = openVault(place);
  await vault.unlock();
  place.keychain.mood = 'forgetful';
  await assert.rejects(vault.addSlot(KEYCHAIN), withCode('key_absent'));
  assert.equal(vault.slots().length, 1);
  vault.close();
});

test('promise 76, fault 38: a keychain that says "absent" at first opens the vault later, and nothing was made in between', async () => {
  const { place } = await closedVault(KEYCHAIN);
  const before = [fileHash(place.path), place.keychain.changes];
  place.keychain.blindReads = 2;
  const vault = openVault(place);
  await assert.rejects(vault.unlock(), withCode('key_absent'));
  await assert.rejects(vault.unlock(), withCode('key_absent'));
  vault.close();
  assert.deepEqual([fileHash(place.path), place.keychain.changes], before);
  const again = openVault(place);
  await again.unlock();
  assertOpens(again);
  again.close();
});

test('fault 35: the message for a missing key names the keychain that held it last', async () => {
  const { place, id } = await closedVault(KEYCHAIN);
  place.keychain.name = 'Other Keychain';
  place.keychain.items.delete(id);
  const vault = openVault(place);
  await assert.rejects(
    vault.unlock(),
    withCode('key_absent', /Other Keychain has no key.*Test Keychain held it last/),
  );
  vault.close();
});

test('fault 36: a keychain that hangs ends as "keychain locked", and the vault can be tried again', async () => {
  const { place } = await closedVault(KEYCHAIN);
  place.keychain.mood = 'hanging';
  const vault = openVault(place);
  const first = vault.unlock();
  await until(() => place.clock.next !== undefined);
  assert.equal(place.clock.next, LIMITS.keychainMs);
  place.clock.advance(LIMITS.keychainMs);
  await assert.rejects(first, withCode('keychain_locked', /no answer for 20 seconds/));
  place.keychain.mood = 'ok';
  await vault.unlock();
  assertOpens(vault);
  assert.equal(place.clock.next, undefined, 'no timer is left');
  vault.close();
});

test('fault 39: a keychain lost while the vault is open is not missed until the next unlock', async () => {
  const { place } = await closedVault(KEYCHAIN);
  const vault = openVault(place);
  await vault.unlock();
  place.keychain.mood = 'unreachable';
  assertOpens(vault);
  vault.lock();
  await assert.rejects(vault.unlock(), withCode('keychain_unreachable'));
  vault.close();
});
