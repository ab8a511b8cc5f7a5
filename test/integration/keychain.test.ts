// The keychain port against a real gnome-keyring, in every state it can be in.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { hasKeyring, type KeyringSession, probe, startKeyringSession } from '../support/keyring-session.ts';

const skip = hasKeyring ? false : 'needs gnome-keyring and dbus-daemon';
const SECRET = '00ff10807f0a0d'.padEnd(64, '5a');
const open: KeyringSession[] = [];
after(() => Promise.all(open.map((session) => session.close())));

async function session(state?: 'unlocked' | 'locked'): Promise<KeyringSession> {
  const started = await startKeyringSession();
  open.push(started);
  if (state !== undefined) await started.start(state);
  return started;
}

test('promise 75: a key is written, read back byte for byte, replaced and removed', { skip }, async () => {
  const keyring = await session('unlocked');
  assert.deepEqual(await keyring.run(['read:v1', `write:v1:${SECRET}`, 'read:v1', 'read:v2']), [
    { kind: 'absent' },
    { kind: 'ok' },
    { kind: 'ok', secret: SECRET },
    { kind: 'absent' },
  ]);
  // Another process, another connection: it is in the keychain and not in memory.
  assert.deepEqual(
    await keyring.run(['read:v1', 'write:v1:abcd', 'read:v1', 'remove:v1', 'read:v1', 'remove:v1']),
    [
      { kind: 'ok', secret: SECRET },
      { kind: 'ok' },
      { kind: 'ok', secret: 'abcd' },
      { kind: 'ok' },
      { kind: 'absent' },
      { kind: 'ok' },
    ],
  );
});

test('promise 71: a locked keychain says locked, for a key it has and for one it has not', {
  skip,
}, async () => {
  const keyring = await session('unlocked');
  await keyring.run([`write:v1:${SECRET}`]);
  await keyring.start('locked');
  assert.deepEqual(
    await keyring.run(['read:v1', 'read:v2', 'write:v2:abcd', 'remove:v1']),
    Array(4).fill({ kind: 'locked' }),
  );
  await keyring.start('unlocked');
  assert.deepEqual(await keyring.run(['read:v1', 'read:v2']), [
    { kind: 'ok', secret: SECRET },
    { kind: 'absent' },
  ]);
});

test('promise 71: a keychain without any collection is not "absent", for nothing could be stored in it', {
  skip,
}, async () => {
  const keyring = await session('locked');
  assert.deepEqual(
    await keyring.run(['read:v1', `write:v1:${SECRET}`]),
    Array(2).fill({ kind: 'unreachable' }),
  );
});

test('promise 71, fault 31: a prompt that nobody answers is given up after the time-out and counts as locked', {
  skip,
}, async () => {
  assert.equal(LIMITS.keychainMs, 20_000);
  const keyring = await session('unlocked');
  await keyring.run([`write:v1:${SECRET}`]);
  await keyring.start('locked');
  await keyring.holdPrompts();
  const answers = await keyring.run(['read:v1', 'write:v1:abcd'], { KEYCHAIN_TIMEOUT_MS: '300' });
  assert.deepEqual(answers, Array(2).fill({ kind: 'locked' }));
});

test('a keychain that is there and does not answer is unreachable', { skip }, async () => {
  const keyring = await session('unlocked');
  keyring.freeze();
  assert.deepEqual(await keyring.run(['read:v1']), [{ kind: 'unreachable' }]);
});

test('promise 74, fault 30: without a Secret Service or without a bus nothing else is used, the kernel key store included', {
  skip: skip || process.platform !== 'linux',
}, async () => {
  const kernelKeys = () => readFileSync('/proc/keys', 'utf8').includes('tokentray');
  const operations = ['read:v1', `write:v1:${SECRET}`, 'read:v1', 'remove:v1'];
  const unreachable = Array(4).fill({ kind: 'unreachable' });
  const keyring = await session();
  assert.deepEqual(await keyring.run(operations), unreachable);
  assert.deepEqual(
    await probe(operations, { ...keyring.env, DBUS_SESSION_BUS_ADDRESS: undefined }),
    unreachable,
  );
  assert.deepEqual(
    await probe(operations, { ...keyring.env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' }),
    unreachable,
  );
  assert.equal(kernelKeys(), false);
});

test('a keychain that goes away and comes back has kept its keys', { skip }, async () => {
  const keyring = await session('unlocked');
  assert.deepEqual(await keyring.run([`write:v1:${SECRET}`]), [{ kind: 'ok' }]);
  await keyring.stop();
  assert.deepEqual(await keyring.run(['read:v1']), [{ kind: 'unreachable' }]);
  await keyring.start('unlocked');
  assert.deepEqual(await keyring.run(['read:v1']), [{ kind: 'ok', secret: SECRET }]);
});
