// Passphrase slots: they open without a keychain, cannot be weakened, and slow wrong tries down.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import type { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { AttemptDelay } from '../../core/vault/attempt-delay.ts';
import type { SlotCredential } from '../../core/vault/slots.ts';
import { createVault, openVault } from '../../core/vault/vault.ts';
import {
  assertOpens,
  connectionColumns,
  removeVaultPlaces,
  StillClock,
  tamper,
  tamperHeader,
  until,
  vaultPlace,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KEYCHAIN: SlotCredential = { kind: 'keychain' };
const PASSPHRASE: SlotCredential = { kind: 'passphrase', passphrase: 'correct horse' };

test('promise 77: a passphrase opens the vault without a keychain, and wrong ones wait longer, however they are sent', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('token'), null);
  await assert.rejects(
    vault.addSlot({ kind: 'passphrase', passphrase: 'seven77' }),
    (error: TokentrayError) =>
      withCode('invalid_field', /8 characters/)(error) && error.details.field === 'passphrase',
  );
  const slot = await vault.addSlot(PASSPHRASE);
  assert.deepEqual(slot, { id: slot.id, kind: 'passphrase', created_at: place.clock.wall(), in_use: false });
  vault.close();

  const { N, r, p } = LIMITS.scrypt;
  tamper(place.path, (database) => {
    const slots = database.prepare("SELECT doc ->> '$.slots[1].kdf' AS kdf FROM header").get();
    const { salt, ...stored } = JSON.parse(String(slots?.kdf));
    assert.deepEqual(stored, { name: 'scrypt', N, r, p });
    assert.equal(Buffer.from(salt, 'base64url').length, 32);
  });

  place.keychain.mood = 'unreachable';
  const again = openVault(place);
  await assert.rejects(
    again.unlock(),
    (error: TokentrayError) =>
      withCode('keychain_unreachable')(error) && error.details.action?.command === 'tokentray unlock',
  );
  const wrong: SlotCredential = { kind: 'passphrase', passphrase: 'incorrect horse' };
  const failing = assert.rejects(
    again.unlock(wrong),
    (error: TokentrayError) => withCode('wrong_passphrase')(error) && error.details.retryAfter === 1,
  );
  const second = again.unlock(PASSPHRASE);
  await failing;
  await until(() => place.clock.next !== undefined);
  assert.equal(again.unlocked, false, 'the right one waits behind the wrong one');
  assert.equal(place.clock.next, 500);
  place.clock.advance(500);
  await second;
  assertOpens(again);
  assert.equal(again.slots().find(({ id }) => id === slot.id)?.in_use, true);
  again.close();

  copyFileSync(place.path, `${place.path}.weak`);
  tamperHeader(`${place.path}.weak`, "doc = json_set(doc, '$.slots[1].kdf.N', ?)", N / 2);
  const weak = openVault({ ...place, path: `${place.path}.weak` });
  await assert.rejects(weak.unlock(PASSPHRASE), withCode('tampered', /weaker/));
  weak.close();
  tamperHeader(`${place.path}.weak`, "doc = json_set(doc, '$.slots[1].kdf.N', ?)", N * 16);
  const heavy = { ...place, path: `${place.path}.weak` };
  assert.throws(
    () => openVault(heavy),
    withCode('vault_damaged'),
    'more memory than allowed is refused as well',
  );
});

test('promise 77: the pause between wrong passphrases doubles up to ten seconds and ends with a right one or a lock', async () => {
  const clock = new StillClock();
  const delay = new AttemptDelay(clock);
  const never = new AbortController();
  await delay.wait(never.signal);
  const pauses = Array.from({ length: 7 }, () => delay.failed());
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assert.equal(LIMITS.unlockDelayMaxMs, 10_000);

  let waited = false;
  const waiting = delay.wait(never.signal).then(() => {
    waited = true;
  });
  clock.advance(9_999);
  await Promise.resolve();
  assert.equal(waited, false);
  clock.advance(1);
  await waiting;

  delay.failed();
  const cancelled = delay.wait(never.signal);
  never.abort();
  await assert.rejects(cancelled, withCode('locked'));
  assert.equal(clock.next, undefined);
  delay.succeeded();
  await delay.wait(new AbortController().signal);
});

test('promise 74: without a keychain nothing takes its place; a passphrase vault is a choice, and never asks the keychain', async () => {
  const place = vaultPlace();
  place.keychain.mood = 'unreachable';
  await assert.rejects(
    createVault(place, KEYCHAIN),
    withCode('keychain_unreachable', /passphrase slot or a key file/),
  );
  assert.deepEqual(readdirSync(place.directory), []);
  const asked = place.keychain.changes;
  (await createVault(place, PASSPHRASE)).close();
  const vault = openVault(place);
  assert.deepEqual(
    vault.slots().map(({ kind }) => kind),
    ['passphrase'],
  );
  await assert.rejects(
    vault.unlock(),
    (error: TokentrayError) =>
      withCode('locked')(error) && error.details.action?.command === 'tokentray unlock',
    'without the passphrase it says which command asks for it',
  );
  await assert.rejects(vault.unlock(KEYCHAIN), withCode('conflict', /no keychain slot. It has: passphrase/));
  assert.equal(place.keychain.changes, asked);
  vault.close();
});
