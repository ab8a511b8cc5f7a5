// Two things at once with one vault: a restore takes the place of what is there, and of nothing that is just being made.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { VaultSession } from '../../core/vault/session.ts';
import { createVault } from '../../core/vault/vault.ts';
import {
  connectionColumns,
  removeVaultPlaces,
  until,
  type VaultPlace,
  vaultPlace,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KEYCHAIN = { kind: 'keychain' } as const;

function sessionOver(place: VaultPlace): VaultSession {
  const nothing = () => {};
  return new VaultSession(place, {
    onFile: nothing,
    onOpen: nothing,
    beforeLock: async () => {},
    onLocked: nothing,
    onStillOpen: nothing,
    onGone: nothing,
  });
}

/** A vault that is closed, and a copy of it outside its folder. */
async function withBackup(): Promise<{ place: VaultPlace; backup: string }> {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('first'), null);
  vault.close();
  const backup = join(place.outside, 'backup');
  copyFileSync(place.path, backup);
  return { place, backup };
}

/** Waits until the keychain is asked to keep the epoch, which it does not do yet. */
function hangingEpoch({ keychain }: VaultPlace, isEpoch: (write: number) => boolean): () => boolean {
  let writes = 0;
  let hangs = false;
  keychain.beforeWrite = () => {
    writes += 1;
    if (hangs || !isEpoch(writes)) return;
    hangs = true;
    keychain.mood = 'hanging';
  };
  return () => hangs;
}

test('promise 194: a restore while a vault is being set up changes nothing, and the new vault works', async () => {
  const { backup } = await withBackup();
  const place = vaultPlace();
  const session = sessionOver(place);
  // The first write is the key.
  const hangs = hangingEpoch(place, (write) => write === 2);
  const made = session.addSlot(KEYCHAIN);
  await until(hangs);
  await assert.rejects(
    session.restore(backup, () => true),
    withCode('conflict', /being set up/),
  );
  place.keychain.answerLate('ok');
  await made;
  assert.equal(session.state(), 'open');
  assert.deepEqual(session.warnings(), []);
  session.open().put('connection', 'c_2', connectionColumns('mine'), null);
  session.close();
});

test('promise 194: an unlock that a restore overtakes says that the vault is locked', async () => {
  const { place, backup } = await withBackup();
  const session = sessionOver(place);
  const hangs = hangingEpoch(place, () => true);
  const unlocked = assert.rejects(session.unlock(), withCode('locked'));
  await until(hangs);
  const restored = await session.restore(backup, () => true);
  assert.equal(restored.restored, true);
  place.keychain.answerLate('ok');
  await unlocked;
  assert.equal(session.state(), 'locked');
  await session.unlock();
  assert.equal(session.review()?.cause, 'restored');
  session.close();
});
