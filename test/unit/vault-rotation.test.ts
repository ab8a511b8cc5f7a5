// Rotation of the data key: everything sealed again, every slot kept, and no moment at which the vault cannot be opened.
import assert from 'node:assert/strict';
import { copyFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { TokentrayError } from '../../core/errors.ts';
import { createVault, openVault, type Vault } from '../../core/vault/vault.ts';
import {
  connectionColumns,
  removeVaultPlaces,
  tamper,
  text,
  type VaultPlace,
  vaultPlace,
  warnings,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const PASSPHRASE = { kind: 'passphrase', passphrase: 'correct horse' } as const;
const ROWS = 20;

/** A vault with a keychain slot, a key file slot and rows of two tables. */
async function twoSlotVault(): Promise<{ place: VaultPlace; vault: Vault; keyFile: string }> {
  const place = vaultPlace();
  const keyFile = join(place.outside, 'key');
  const vault = await createVault(place, { kind: 'keychain' });
  await vault.addSlot({ kind: 'file', path: keyFile });
  for (let row = 0; row < ROWS; row += 1)
    vault.put('connection', `c_${row}`, connectionColumns(`token ${row}`), null);
  vault.put('connection', 'c_0', connectionColumns('token 0'), 1);
  vault.put('provider', 'p', { doc: new Uint8Array([1]), secret: null }, null);
  return { place, vault, keyFile };
}

function assertWhole(vault: Vault): void {
  for (let row = 0; row < ROWS; row += 1) {
    assert.equal(text(vault.get('connection', `c_${row}`)?.columns.tokens), `token ${row}`);
  }
  assert.equal(vault.get('connection', 'c_0')?.generation, 2);
  assert.deepEqual(vault.get('provider', 'p')?.columns, { doc: new Uint8Array([1]), secret: null });
}

async function assertOpensBothWays(place: VaultPlace, keyFile: string): Promise<void> {
  for (const credential of [{ kind: 'keychain' }, { kind: 'file', path: keyFile }] as const) {
    const vault = openVault(place);
    await vault.unlock(credential);
    assertWhole(vault);
    vault.close();
  }
}

function sealedValues(path: string): string[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT hex(doc) AS doc, hex(tokens) AS tokens FROM connection').all();
  database.close();
  return rows.flatMap(({ doc, tokens }) => [String(doc), String(tokens)]);
}

test('a rotation seals everything again under a new key, keeps generations and slots, and renews the keychain key', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  vault.close();
  const old = new Set(sealedValues(place.path));
  const oldKey = place.keychain.items.get(vault.id);
  const slots = vault.slots();
  copyFileSync(place.path, `${place.path}.old`);

  const again = openVault(place);
  await again.unlock();
  await again.rotate([]);
  assertWhole(again);
  assert.deepEqual(again.slots(), slots);
  assert.equal(again.put('connection', 'c_new', connectionColumns('new'), null), 1);
  again.remove('connection', 'c_new', 1);
  again.close();

  assert.equal(
    sealedValues(place.path).some((value) => old.has(value)),
    false,
  );
  assert.equal(place.keychain.items.get(vault.id)?.length, 32);
  assert.notDeepEqual(place.keychain.items.get(vault.id), oldKey);
  await assertOpensBothWays(place, keyFile);
  const copy = openVault({ ...place, path: `${place.path}.old` });
  await assert.rejects(
    copy.unlock({ kind: 'keychain' }),
    withCode('key_wrong'),
    'an old copy needs its old key',
  );
  copy.close();
});

test('what was sealed under the old key is in no file of the vault once the rotation is done', async () => {
  const { place, vault } = await twoSlotVault();
  await vault.rotate([]);
  assert.equal(statSync(`${place.path}-wal`).size, 0);
  vault.close();
});

test('a rotation needs the passphrase of every passphrase slot, names the slot that lacks it, and keeps them working', async () => {
  const { place, vault } = await twoSlotVault();
  const slot = await vault.addSlot(PASSPHRASE);
  const before = [JSON.stringify([...place.keychain.items.values()].map((key) => [...key]))];
  await assert.rejects(
    vault.rotate([]),
    (error: TokentrayError) =>
      withCode('invalid_field', new RegExp(slot.id))(error) && error.details.field === slot.id,
  );
  assert.deepEqual([JSON.stringify([...place.keychain.items.values()].map((key) => [...key]))], before);
  await vault.rotate([PASSPHRASE]);
  vault.lock();
  await vault.unlock(PASSPHRASE);
  assertWhole(vault);
  vault.close();
});

test('a rotation that ends before the database is written leaves a vault that opens, and the next unlock tidies up', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  const key = place.keychain.items.get(vault.id);
  vault.database().exec('PRAGMA query_only = 1');
  await assert.rejects(vault.rotate([]), withCode('storage', /read-only/));
  assertWhole(vault);
  assert.equal(place.keychain.items.get(vault.id)?.length, 64, 'the item holds the old key and the new one');
  vault.close();
  await assertOpensBothWays(place, keyFile);
  assert.deepEqual(place.keychain.items.get(vault.id), key, 'only the old key is left');
});

test('a rotation that dies after the database was written leaves a vault that opens with the new key', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  const key = place.keychain.items.get(vault.id);
  let writes = 0;
  place.keychain.beforeWrite = () => {
    writes += 1;
    if (writes === 2) throw new Error('killed here');
  };
  await assert.rejects(vault.rotate([]), /killed here/);
  vault.close();
  place.keychain.beforeWrite = () => {};
  const both = place.keychain.items.get(vault.id)!;
  assert.equal(both.length, 64);
  await assertOpensBothWays(place, keyFile);
  assert.deepEqual(place.keychain.items.get(vault.id), both.slice(32));
  assert.notDeepEqual(both.slice(32), key);
});

test('a keychain that fails after the rotation is only a warning', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  place.keychain.beforeWrite = () => {
    if (place.keychain.changes === 4) place.keychain.mood = 'locked';
  };
  await vault.rotate([]);
  assert.deepEqual(warnings(place), ['vault.old_key_kept']);
  vault.close();
  place.keychain.mood = 'ok';
  await assertOpensBothWays(place, keyFile);
});

test('a rotation is refused, and nothing is changed, while a slot cannot be reached or a row is damaged', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  vault.close();
  const items = () => [...place.keychain.items.values()].map((key) => [...key]);
  const again = openVault(place);
  await again.unlock();
  const itemsBefore = items();
  const rows = () => again.database().prepare('SELECT * FROM connection').all();
  const before = rows();
  for (const [mood, code] of [
    ['unreachable', 'keychain_unreachable'],
    ['denied', 'keychain_denied'],
  ] as const) {
    place.keychain.mood = mood;
    await assert.rejects(again.rotate([]), withCode(code));
  }
  place.keychain.mood = 'ok';
  renameSync(keyFile, `${keyFile}.moved`);
  await assert.rejects(again.rotate([]), withCode('key_absent'));
  assert.deepEqual(items(), itemsBefore);
  assert.deepEqual(rows(), before);
  again.close();

  renameSync(`${keyFile}.moved`, keyFile);
  tamper(place.path, (database) => database.exec("UPDATE connection SET tokens = x'00' WHERE id = 'c_3'"));
  const damaged = openVault(place);
  await damaged.unlock();
  await assert.rejects(damaged.rotate([]), withCode('tampered', /c_3/));
  damaged.remove('connection', 'c_3', 1);
  await damaged.rotate([]);
  assert.equal(text(damaged.get('connection', 'c_4')?.columns.tokens), 'token 4');
  damaged.close();
});

test('a key file that has moved can be named for the rotation', async () => {
  const { vault, keyFile } = await twoSlotVault();
  renameSync(keyFile, `${keyFile}.moved`);
  await vault.rotate([{ kind: 'file', path: `${keyFile}.moved` }]);
  vault.lock();
  await vault.unlock({ kind: 'file', path: `${keyFile}.moved` });
  assertWhole(vault);
  vault.close();
});

test('a lock during a rotation ends it, and the vault opens as before', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  const rotating = vault.rotate([]);
  vault.lock();
  await assert.rejects(rotating, withCode('locked'));
  await vault.unlock();
  place.keychain.beforeWrite = () => vault.lock();
  await assert.rejects(vault.rotate([]), withCode('locked'));
  place.keychain.beforeWrite = () => {};
  vault.close();
  await assertOpensBothWays(place, keyFile);
});

test('rotations and unlocks that come at once take turns', async () => {
  const { place, vault, keyFile } = await twoSlotVault();
  await Promise.all([vault.rotate([]), vault.rotate([]), vault.unlock(), vault.rotate([])]);
  assertWhole(vault);
  vault.close();
  await assertOpensBothWays(place, keyFile);
});
