// What a host does when its keychain is late, wrong, empty or gone while a vault is there: with a real gnome-keyring where
// that can be brought about, else with a keychain in memory and a clock that the test moves.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, type TestContext, test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { runTokentray } from '../support/cli-process.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type HostProcess, startHostProcess } from '../support/host-process.ts';
import { until } from '../support/in-time.ts';
import { hasKeyring, type KeyringSession, startKeyringSession } from '../support/keyring-session.ts';
import { callHost, type RunningHost, startRunningHost } from '../support/running-host.ts';
import { MemoryKeychain } from '../support/vault-keychain.ts';

const PASSPHRASE = 'correct horse battery staple';
const skip = !hasKeyring && 'gnome-keyring and dbus are not installed';

let session: KeyringSession;
before(async () => {
  if (hasKeyring) session = await startKeyringSession();
});
after(async () => {
  if (hasKeyring) await session.close();
});

function start(t: TestContext, home?: string): Promise<HostProcess> {
  return startHostProcess(t, {
    ...(home === undefined ? {} : { home }),
    env: { ...session.env, TOKENTRAY_KEY_SOURCE: undefined, TOKENTRAY_KEY_FILE: undefined },
  });
}

const stateOf = async (host: Pick<RunningHost, 'call'>) => (await host.call('GET', '/v1/status')).json.state;

/** Longer than the first pauses between tries of a real host. */
const OPEN_MS = 15_000;

async function untilOpen(host: Pick<RunningHost, 'call'>): Promise<void> {
  const deadline = performance.now() + OPEN_MS;
  while ((await stateOf(host)) !== 'open')
    assert.ok(performance.now() < deadline, 'the vault did not open by itself');
}

function vaultIdOf({ home }: { readonly home: string }): string {
  const database = new DatabaseSync(join(home, 'vault.db'), { readOnly: true });
  try {
    return JSON.parse(String(database.prepare('SELECT doc FROM header').get()?.doc)).vault_id;
  } finally {
    database.close();
  }
}

/** Digests of the vault's files; an empty log is none. */
const bytesOf = ({ home }: { readonly home: string }) =>
  readdirSync(home)
    .filter((name) => /^vault\.db(?:-wal)?$/.test(name))
    .map((name) => readFileSync(join(home, name)))
    .filter(({ length }) => length > 0)
    .map((bytes) => hash('sha256', bytes));

test('fault 33: a vault whose key is gone from the keychain opens with its recovery passphrase, and a new keychain slot can be made', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  const add = ['vault', 'slots', 'add', '--kind', 'passphrase', '--passphrase-stdin'];
  assert.equal((await runTokentray(add, host.env, `${PASSPHRASE}\n`)).code, 0);
  await host.end();
  await session.run([`remove:${vaultIdOf(host)}`]);
  const later = await start(t, host.home);
  assert.equal(await stateOf(later), 'locked');
  const unlocked = await runTokentray(['unlock', '--passphrase-stdin'], later.env, `${PASSPHRASE}\n`);
  assert.deepEqual([unlocked.code, await stateOf(later)], [0, 'open'], unlocked.stderr);
  const { slots } = (await later.call('GET', '/v1/vault/slots')).json;
  const { id } = slots.find(({ kind }: { kind: string }) => kind === 'keychain');
  assert.equal((await later.call('DELETE', `/v1/vault/slots/${id}`)).status, 200);
  assert.equal((await later.call('POST', '/v1/vault/slots', { body: { kind: 'keychain' } })).status, 201);
  await later.end();
  assert.equal(await stateOf(await start(t, host.home)), 'open');
});

test('fault 34: an item that holds another key, garbage or nothing is "a wrong key", never damage; vault and keychain stay as they are', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  await host.end();
  const id = vaultIdOf(host);
  const [own] = await session.run([`read:${id}`]);
  const vault = bytesOf(host);
  for (const [what, secret] of [
    ['another key', 'ab'.repeat(32)],
    ['two other keys', 'cd'.repeat(64)],
    ['garbage', '00ff10'],
    ['nothing', ''],
  ] as const) {
    await session.run([`write:${id}:${secret}`]);
    const later = await start(t, host.home);
    assert.equal(await stateOf(later), 'locked', what);
    const { code } = (await later.call('POST', '/v1/unlock')).json;
    // An empty secret is no item for some services.
    assert.ok(code === 'key_wrong' || (secret === '' && code === 'key_absent'), `${what}: ${code}`);
    await later.end();
    assert.deepEqual(bytesOf(host), vault, what);
    const [kept] = await session.run([`read:${id}`]);
    if (secret !== '') assert.equal(kept?.secret, secret, what);
  }
  await session.run([`write:${id}:${own?.secret}`]);
  assert.equal(await stateOf(await start(t, host.home)), 'open');
});

test('fault 38: a keychain service that comes up after the host opens the vault without anybody asking, and nothing is made', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  await host.end();
  const id = vaultIdOf(host);
  const key = await session.run([`read:${id}`]);
  await session.stop();
  const early = await start(t, host.home);
  assert.equal(await stateOf(early), 'locked');
  await session.start('unlocked');
  await untilOpen(early);
  assert.deepEqual(await session.run([`read:${id}`]), key);
});

test('fault 39: a host whose keychain goes away works on until it is locked; then the vault says what is missing', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  await session.stop();
  const body = { name: 'mail', rights: ['token'], connections: ['*'] };
  assert.equal((await host.call('POST', '/v1/keys', { body })).status, 201);
  assert.equal((await host.call('GET', '/v1/keys')).json.keys.length, 1);
  await host.call('POST', '/v1/lock');
  assert.equal((await host.call('POST', '/v1/unlock')).json.code, 'keychain_unreachable');
  await session.start('unlocked');
  assert.deepEqual((await host.call('POST', '/v1/unlock')).json, { state: 'open' });
});

/** A host with a vault whose key is in a keychain that the test moves, started anew over it. */
async function onMemory(t: TestContext, prepare: (keychain: MemoryKeychain) => void) {
  const [keychain, clock] = [new MemoryKeychain(), new FakeClock()];
  const first = await startRunningHost({ keySource: 'none', ports: { keychain, clock } });
  t.after(() => first.remove());
  await first.stop();
  prepare(keychain);
  const before = { changes: keychain.changes, vault: bytesOf(first) };
  const starting = startRunningHost({ keySource: 'none', home: first.home, ports: { keychain, clock } });
  return { keychain, clock, before, home: first.home, starting };
}

test('fault 38: a keychain whose first answers after a login are empty opens the vault by itself at the third, and nothing is made', async (t) => {
  const { keychain, clock, before, home, starting } = await onMemory(t, (keychain) => {
    keychain.blindReads = 2;
  });
  const host = await starting;
  t.after(() => host.stop());
  assert.equal(await stateOf(host), 'locked');
  assert.match(String((await host.call('GET', '/v1/status')).json.warnings), /has no key for this vault/);
  clock.advance(LIMITS.selfUnlockFirstMs);
  await until('the second try', () => keychain.blindReads === 0);
  assert.equal(await stateOf(host), 'locked');
  assert.deepEqual([keychain.changes, bytesOf({ home })], [before.changes, before.vault]);
  clock.advance(2 * LIMITS.selfUnlockFirstMs);
  await untilOpen(host);
  assert.deepEqual((await host.call('GET', '/v1/status')).json.warnings, []);
});

test('fault 38: a host tries by itself a few times, then waits for somebody', async (t) => {
  const { keychain, clock, starting } = await onMemory(t, (keychain) => {
    keychain.mood = 'unreachable';
  });
  let reads = 0;
  keychain.beforeRead = () => {
    reads += 1;
  };
  const host = await starting;
  t.after(() => host.stop());
  for (let tries = 1; tries <= LIMITS.selfUnlockTries; tries += 1) {
    assert.equal(reads, tries, 'the start, and one more after each pause');
    await until('the next pause', () => clock.pending > 0);
    clock.advance(LIMITS.selfUnlockLongestMs);
    await until('the next try', () => reads > tries);
  }
  keychain.mood = 'ok';
  clock.advance(60 * 60_000);
  assert.equal(await stateOf(host), 'locked');
  assert.equal(reads, LIMITS.selfUnlockTries + 1);
  assert.deepEqual((await host.call('POST', '/v1/unlock')).json, { state: 'open' });
});

test('fault 38: a host stops trying by itself when somebody locks the vault', async (t) => {
  const { keychain, clock, starting } = await onMemory(t, (keychain) => {
    keychain.mood = 'unreachable';
  });
  const host = await starting;
  t.after(() => host.stop());
  let reads = 0;
  keychain.beforeRead = () => {
    reads += 1;
  };
  await host.call('POST', '/v1/lock');
  keychain.mood = 'ok';
  clock.advance(60 * 60_000);
  assert.equal(await stateOf(host), 'locked');
  assert.equal(reads, 0);
});

test('fault 36: while a keychain does not answer every door does; it counts as locked after 20 s, and its late answer opens the vault', async (t) => {
  const { keychain, clock, home, starting } = await onMemory(t, (keychain) => {
    keychain.mood = 'hanging';
  });
  const host = await pastTheTimeout(starting, clock, home);
  t.after(() => host.stop());
  assert.equal(await stateOf(host), 'locked');
  assert.match(String((await host.call('GET', '/v1/status')).json.warnings), /gave no answer for 20 seconds/);
  keychain.answerLate('ok');
  await untilOpen(host);
});

test('fault 36: the late answer of a keychain opens nothing when somebody has locked the vault, or when it is no', async (t) => {
  for (const [what, act, mood] of [
    ['locked', '/v1/lock', 'ok'],
    ['dismissed', undefined, 'locked'],
  ] as const) {
    const { keychain, clock, home, starting } = await onMemory(t, (keychain) => {
      keychain.mood = 'hanging';
    });
    const host = await pastTheTimeout(starting, clock, home);
    t.after(() => host.stop());
    if (act) assert.equal((await host.call('POST', act)).status, 200);
    let reads = 0;
    keychain.answerLate(mood);
    keychain.beforeRead = () => {
      reads += 1;
    };
    clock.advance(60 * 60_000);
    assert.equal(await stateOf(host), 'locked', what);
    assert.equal(reads, 0, `${what}: no dialog is opened again`);
  }
});

/** Lets the time-out of a keychain pass that keeps a start waiting; the doors are open meanwhile. */
async function pastTheTimeout(starting: Promise<RunningHost>, clock: FakeClock, home: string) {
  const endpoint = join(home, 'endpoint.json');
  await until('the doors open', () => existsSync(endpoint));
  await until('the keychain is asked', () => clock.pending > 0);
  const { url, socket: socketPath } = JSON.parse(readFileSync(endpoint, 'utf8'));
  const key = readFileSync(join(home, 'owner.key'), 'utf8').trim();
  for (const door of ['tcp', 'socket'] as const) {
    const reply = await callHost({ url, socketPath, method: 'GET', path: '/v1/status', key, door });
    assert.equal(reply.json.state, 'locked', 'every door answers while the keychain does not');
  }
  clock.advance(LIMITS.keychainMs);
  return starting;
}
