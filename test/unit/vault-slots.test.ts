// Key files, the order in which slots are tried, adding and removing slots, and what is shown of them.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TokentrayError } from '../../core/errors.ts';
import type { SlotCredential } from '../../core/vault/slots.ts';
import { createVault, openVault } from '../../core/vault/vault.ts';
import {
  assertOpens,
  closedVault,
  connectionColumns,
  fileHash,
  removeVaultPlaces,
  vaultPlace,
  warnings,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KEYCHAIN: SlotCredential = { kind: 'keychain' };

test('a lock while an unlock is under way wins: the vault stays locked', async () => {
  const { place } = await closedVault(KEYCHAIN);
  const vault = openVault(place);
  const unlocking = vault.unlock();
  vault.lock();
  await assert.rejects(unlocking, withCode('locked'));
  assert.equal(vault.unlocked, false);

  place.keychain.beforeRead = () => vault.lock();
  await assert.rejects(vault.unlock(), withCode('locked'), 'also when the keychain has answered by then');
  assert.equal(vault.unlocked, false);
  place.keychain.beforeRead = () => {};
  const both = [vault.unlock(), vault.unlock()];
  await Promise.all(both);
  assertOpens(vault);
  vault.close();
});

test('a key file is made with a slot, 0600 and outside the data directory, and opens the vault by itself', async () => {
  const place = vaultPlace();
  const path = join(place.outside, 'key');
  mkdirSync(place.directory, { mode: 0o700 });
  for (const inside of [join(place.directory, 'key'), join(place.directory, '..', 'data', 'key')]) {
    await assert.rejects(
      createVault(place, { kind: 'file', path: inside }),
      (error: TokentrayError) =>
        withCode('invalid_field', /data directory/)(error) && error.details.field === 'path',
    );
    assert.equal(existsSync(inside), false);
  }
  await assert.rejects(
    createVault(place, { kind: 'file', path: join(place.outside, 'none', 'key') }),
    withCode('invalid_field', /does not exist/),
  );
  const vault = await createVault(place, { kind: 'file', path });
  vault.put('connection', 'c_1', connectionColumns('token'), null);
  assert.equal(lstatSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(path, 'utf8'), /^[A-Za-z0-9_-]{43}\n$/);
  assert.equal(vault.slots()[0]?.path, path);
  vault.close();
  const again = openVault(place);
  await again.unlock();
  assertOpens(again);
  again.close();
});

test('a key file that is missing, loose, a link, garbage or of another vault opens nothing and is left alone', async () => {
  const keys = vaultPlace().outside;
  const path = join(keys, 'key');
  const { place } = await closedVault({ kind: 'file', path });
  const before = fileHash(place.path);
  const vault = openVault(place);

  chmodSync(path, 0o640);
  await assert.rejects(vault.unlock(), withCode('unsafe_path', /chmod 600/));
  assert.equal(lstatSync(path).mode & 0o777, 0o640);
  chmodSync(path, 0o600);

  renameSync(path, `${path}.moved`);
  await assert.rejects(vault.unlock(), withCode('key_absent', /is not there/));
  assert.equal(existsSync(path), false, 'a missing key file is not made');
  symlinkSync(`${path}.moved`, path);
  await assert.rejects(vault.unlock(), withCode('unsafe_path', /symbolic link/));

  for (const content of ['', 'garbage', 'A'.repeat(44), 'x'.repeat(5_000)]) {
    const other = join(keys, 'other');
    writeFileSync(other, content, { mode: 0o600 });
    await assert.rejects(vault.unlock({ kind: 'file', path: other }), withCode('key_wrong', /32 bytes/));
  }
  writeFileSync(join(keys, 'other'), `${'A'.repeat(43)}\n`);
  await assert.rejects(
    vault.unlock({ kind: 'file', path: join(keys, 'other') }),
    withCode('key_wrong', /another vault/),
  );
  assert.equal(vault.unlocked, false);
  vault.close();
  assert.equal(fileHash(place.path), before);

  const again = openVault(place);
  await again.unlock({ kind: 'file', path: `${path}.moved` });
  assertOpens(again);
  again.close();
});

test('a key file that exists is used as it is for a new slot, also by several vaults', async () => {
  const path = join(vaultPlace().outside, 'key');
  const first = await closedVault({ kind: 'file', path });
  const text = readFileSync(path, 'utf8');
  const second = await closedVault({ kind: 'file', path });
  assert.equal(readFileSync(path, 'utf8'), text);
  for (const { place } of [first, second]) {
    const vault = openVault(place);
    await vault.unlock();
    assertOpens(vault);
    vault.close();
  }
});

test('slots are tried in order without a credential, the one that worked is recorded, the first reason is told', async () => {
  const place = vaultPlace();
  const path = join(place.outside, 'key');
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('token'), null);
  await vault.addSlot({ kind: 'file', path });
  assert.deepEqual(
    vault.slots().map(({ kind, in_use, backend }) => [kind, in_use, backend]),
    [
      ['keychain', true, 'Test Keychain'],
      ['file', false, undefined],
    ],
  );
  await assert.rejects(vault.addSlot(KEYCHAIN), withCode('conflict', /keychain slot already/));
  vault.lock();
  place.keychain.mood = 'locked';
  await vault.unlock();
  assertOpens(vault);
  assert.deepEqual(
    vault.slots().map(({ in_use }) => in_use),
    [false, true],
  );
  vault.lock();
  renameSync(path, `${path}.away`);
  await assert.rejects(vault.unlock(), withCode('keychain_locked'));
  vault.close();
  const again = openVault(place);
  assert.equal(again.slots()[1]?.in_use, true, 'it is recorded in the file');
  again.close();
});

test('a vault that cannot be written still opens; that the slot was used is then only logged', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('token'), null);
  await vault.addSlot({ kind: 'file', path: join(place.outside, 'key') });
  vault.lock();
  vault.database().exec('PRAGMA query_only = 1');
  place.keychain.mood = 'unreachable';
  await vault.unlock();
  assertOpens(vault);
  assert.deepEqual(warnings(place), ['vault.slot_not_recorded']);
  vault.close();
});

test('a slot can be removed, its keychain item with it, but never the last one', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  const [keychain] = vault.slots();
  await assert.rejects(vault.removeSlot(keychain!.id), withCode('conflict', /last key slot/));
  await assert.rejects(vault.removeSlot('s_none'), withCode('not_found'));
  const file = await vault.addSlot({ kind: 'file', path: join(place.outside, 'key') });
  await vault.removeSlot(keychain!.id);
  assert.equal(place.keychain.items.size, 0);
  assert.deepEqual(vault.slots(), [{ ...file, in_use: false }]);
  await vault.addSlot(KEYCHAIN);
  assert.equal(place.keychain.items.size, 1);
  vault.close();
});

test('a keychain item that cannot be removed is logged; the slot is gone all the same', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  await vault.addSlot({ kind: 'file', path: join(place.outside, 'key') });
  place.keychain.mood = 'denied';
  await vault.removeSlot(vault.slots()[0]!.id);
  assert.equal(vault.slots().length, 1);
  assert.deepEqual(new Set(warnings(place)), new Set(['vault.keychain_item_kept']));
  vault.close();
});

test('what is shown of slots, logged and said in errors holds no key and no passphrase', async () => {
  const { place, id } = await closedVault(KEYCHAIN);
  const vault = openVault(place);
  await vault.unlock();
  const shown = JSON.stringify([vault.slots(), place.log.entries]);
  assert.doesNotMatch(shown, /wrapped|check|salt/);
  assert.equal(shown.includes(Buffer.from(place.keychain.items.get(id)!).toString('base64url')), false);
  vault.close();
});
