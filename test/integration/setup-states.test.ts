// A host whose vault is not open yet: what it says, what it refuses, and the ways that settle it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { addProvider, assertProblem, connect, openWorld } from '../support/integration-world.ts';
import {
  newHostHome,
  type RunningHost,
  type RunningHostOptions,
  startRunningHost,
} from '../support/running-host.ts';
import { MemoryKeychain } from '../support/vault-keychain.ts';

const PASSPHRASE = 'correct horse battery staple';

/** Starts a host without any hint about its key. */
async function startBare(t: TestContext, options: RunningHostOptions = {}): Promise<RunningHost> {
  const host = await startRunningHost({ keySource: 'none', ...options });
  t.after(() => host.remove());
  return host;
}

/** Stops it and starts it again over the same files. */
async function again(
  t: TestContext,
  host: RunningHost,
  options: RunningHostOptions = {},
): Promise<RunningHost> {
  await host.stop();
  return startBare(t, { home: host.home, ...options });
}

const stateOf = async (host: RunningHost) => (await host.call('GET', '/v1/status')).json;

async function assertClosed(host: RunningHost, state: 'setup' | 'locked'): Promise<void> {
  const command = state === 'setup' ? 'tokentray vault slots add' : 'tokentray unlock';
  for (const door of ['tcp', 'socket'] as const) {
    for (const line of [
      'GET /v1/token/acme/me',
      'GET /v1/connections',
      'GET /v1/providers',
      'GET /v1/keys',
      'POST /v1/connections',
      'DELETE /v1/connections/acme%2Fme',
    ]) {
      const [method = '', path = ''] = line.split(' ');
      const refused = await host.call(method, path, { door });
      assertProblem(refused, 423, state);
      assert.equal(refused.json.action.command, command);
      assert.doesNotMatch(refused.body, /acme/);
    }
    const status = (await host.call('GET', '/v1/status', { door })).json;
    assert.equal(status.state, state);
    assert.deepEqual([status.connections, status.providers], [undefined, undefined]);
    assert.equal((await host.call('GET', '/v1/health', { door, key: null })).body, '{"status":"ok"}');
  }
}

test('AC-NP-04: a first start without a keychain is "setup": every way in says so with what to do, and no vault is made', async (t) => {
  const host = await startBare(t);
  await assertClosed(host, 'setup');
  const { warnings } = await stateOf(host);
  assert.match(
    String(warnings),
    /does not answer\. Start it and try again, or use a passphrase slot or a key file/,
  );
  assert.equal(existsSync(join(host.home, 'vault.db')), false);
  assertProblem(await host.call('POST', '/v1/unlock'), 423, 'setup');
  // Asked once more it is no different: nothing was remembered, nothing took the keychain's place.
  const later = await again(t, host);
  await assertClosed(later, 'setup');
  assert.deepEqual(
    readdirSync(host.home).filter((name) => name.startsWith('vault')),
    [],
  );
});

test('AC-NP-04: a passphrase settles it; the next start is "locked" until the passphrase comes, and a wrong one overwrites nothing', async (t) => {
  const host = await startBare(t);
  const body = { kind: 'passphrase', passphrase: PASSPHRASE };
  const slot = await host.call('POST', '/v1/vault/slots', { body });
  assert.deepEqual([slot.status, slot.json.kind], [201, 'passphrase']);
  assert.equal((await stateOf(host)).state, 'open');
  assert.deepEqual((await stateOf(host)).warnings, []);
  assert.ok((await host.call('GET', '/v1/doctor')).body.includes('passphrase'));

  const later = await again(t, host);
  await assertClosed(later, 'locked');
  assert.match(String((await stateOf(later)).warnings), /opens with a passphrase/);
  const before = vaultBytes(later);
  assertProblem(
    await later.call('POST', '/v1/unlock', { body: { passphrase: 'something else' } }),
    403,
    'wrong_passphrase',
  );
  assertProblem(await later.call('POST', '/v1/unlock'), 423, 'locked');
  assert.deepEqual(vaultBytes(later), before);
  await assertClosed(later, 'locked');
  const unlocked = await later.call('POST', '/v1/unlock', { body: { passphrase: PASSPHRASE } });
  assert.deepEqual(unlocked.json, { state: 'open' });
  assert.deepEqual((await stateOf(later)).warnings, []);
});

test('AC-NP-04: a key file settles it, and opens the vault at every start from then on', async (t) => {
  const host = await startBare(t);
  const path = join(host.keyHome, 'own.key');
  const inside = { kind: 'file', path: join(host.home, 'own.key') };
  assertProblem(await host.call('POST', '/v1/vault/slots', { body: inside }), 400, 'invalid_field');
  assert.equal((await stateOf(host)).state, 'setup');
  assert.equal((await host.call('POST', '/v1/vault/slots', { body: { kind: 'file', path } })).status, 201);
  assert.equal((await stateOf(host)).state, 'open');
  const later = await again(t, host);
  assert.deepEqual([(await stateOf(later)).state, (await stateOf(later)).warnings], ['open', []]);
  assert.match((await later.call('GET', '/v1/doctor')).body, /The key comes from .*own\.key/);
});

test('what cannot settle it leaves it in "setup" with a sentence, and a second attempt at the same time is refused', async (t) => {
  const host = await startBare(t);
  const add = (body: object) => host.call('POST', '/v1/vault/slots', { body });
  assertProblem(await add({ kind: 'passphrase', passphrase: 'short' }), 400, 'invalid_field');
  assertProblem(
    await add({ kind: 'file', path: join(host.keyHome, 'nowhere', 'x.key') }),
    400,
    'invalid_field',
  );
  assertProblem(await add({ kind: 'keychain' }), 423, 'keychain_unreachable');
  assertProblem(await add({ kind: 'kernel' }), 400, 'invalid_field');
  assert.equal(existsSync(join(host.home, 'vault.db')), false);
  const passphrase = { kind: 'passphrase', passphrase: PASSPHRASE };
  const answers = await Promise.all([add(passphrase), add(passphrase), add(passphrase)]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
  assert.equal((await host.call('GET', '/v1/vault/slots')).json.slots.length, 1);
});

test('promise 71: an unlocked keychain makes the vault at the first start and opens it at the next, without a word', async (t) => {
  const keychain = new MemoryKeychain();
  const ports = { keychain };
  const host = await startBare(t, { ports });
  assert.deepEqual([(await stateOf(host)).state, (await stateOf(host)).warnings], ['open', []]);
  assert.equal(keychain.changes, 2, 'the key, and the number of the start');
  const later = await again(t, host, { ports });
  assert.equal((await stateOf(later)).state, 'open');
  assert.equal(keychain.changes, 3, 'the number of the next start, and no key');
  assert.match(
    (await later.call('GET', '/v1/doctor')).body,
    /The key comes from the keychain \(Test Keychain\)/,
  );
});

test('promise 71, faults 31 and 32: a keychain that is locked, denies or does not answer at a later start is "locked", each said as it is, and nothing changes', async (t) => {
  const keychain = new MemoryKeychain();
  const ports = { keychain };
  let host = await startBare(t, { ports });
  const changes = keychain.changes;
  const item = [...keychain.items];
  await host.stop();
  const before = vaultBytes(host);
  const cases = [
    ['locked', 'keychain_locked', /Test Keychain is locked\. Unlock it/],
    ['denied', 'keychain_denied', /refused access to the key\. Allow it/],
    ['unreachable', 'keychain_unreachable', /does not answer/],
  ] as const;
  for (const [mood, code, sentence] of cases) {
    keychain.mood = mood;
    host = await startBare(t, { home: host.home, ports });
    await assertClosed(host, 'locked');
    assert.match(String((await stateOf(host)).warnings), sentence);
    assertProblem(await host.call('POST', '/v1/unlock'), 423, code);
    await host.stop();
    assert.deepEqual(vaultBytes(host), before, mood);
  }
  assert.equal(keychain.changes, changes);
  assert.deepEqual([...keychain.items], item);
  keychain.mood = 'locked';
  host = await startBare(t, { home: host.home, ports });
  keychain.mood = 'ok';
  assert.deepEqual((await host.call('POST', '/v1/unlock')).json, { state: 'open' });
});

test('promises 71 and 72, fault 33: a keychain that has lost the key gets no new one; the vault keeps every byte and says what is missing', async (t) => {
  const keychain = new MemoryKeychain();
  const ports = { keychain };
  const host = await startBare(t, { ports });
  await host.stop();
  const before = vaultBytes(host);
  const { changes } = keychain;
  const items = [...keychain.items];
  keychain.items.clear();
  const later = await startBare(t, { home: host.home, ports });
  await assertClosed(later, 'locked');
  assert.match(String((await stateOf(later)).warnings), /has no key for this vault/);
  assertProblem(await later.call('POST', '/v1/unlock'), 423, 'key_absent');
  assert.deepEqual([keychain.changes, keychain.items.size], [changes, 0]);
  assert.deepEqual(vaultBytes(later), before);
  for (const [name, secret] of items) keychain.items.set(name, secret);
  assert.deepEqual((await later.call('POST', '/v1/unlock')).json, { state: 'open' });
});

test('promise 75, fault 37: a keychain that does not give back what it stored leads to no vault', async (t) => {
  for (const mood of ['forgetful', 'garbling'] as const) {
    const keychain = new MemoryKeychain();
    keychain.mood = mood;
    const host = await startBare(t, { ports: { keychain } });
    await assertClosed(host, 'setup');
    assert.equal(existsSync(join(host.home, 'vault.db')), false);
  }
});

test('TOKENTRAY_KEY_SOURCE decides without a person: passphrase and key file, at the first start and at later ones', async (t) => {
  const secrets = mkdtempSync(join(tmpdir(), 'tt-secrets-'));
  t.after(() => rmSync(secrets, { recursive: true }));
  const passphraseFile = join(secrets, 'passphrase');
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
  const byPassphrase = { TOKENTRAY_KEY_SOURCE: 'passphrase', TOKENTRAY_PASSPHRASE_FILE: passphraseFile };
  let host = await startBare(t, { env: byPassphrase });
  assert.equal((await stateOf(host)).state, 'open');
  assert.deepEqual(
    (await host.call('GET', '/v1/vault/slots')).json.slots.map(({ kind }: { kind: string }) => kind),
    ['passphrase'],
  );
  host = await again(t, host, { env: byPassphrase });
  assert.equal((await stateOf(host)).state, 'open');

  const closed = async (change: () => void, sentence: RegExp) => {
    change();
    host = await again(t, host, { env: byPassphrase });
    await assertClosed(host, 'locked');
    assert.match(String((await stateOf(host)).warnings), sentence);
  };
  await closed(() => writeFileSync(passphraseFile, 'another one altogether'), /does not open the vault/);
  await closed(() => chmodSync(passphraseFile, 0o644), /can be read or changed by others/);
  await closed(() => rmSync(passphraseFile), /does not exist\. Check TOKENTRAY_PASSPHRASE_FILE/);

  const byFile = { TOKENTRAY_KEY_SOURCE: 'file', TOKENTRAY_KEY_FILE: join(secrets, 'vault.key') };
  const other = await startBare(t, { env: byFile });
  assert.equal((await stateOf(other)).state, 'open');
  assert.equal(readFileSync(join(secrets, 'vault.key'), 'utf8').trim().length, 43);
});

test('a key source that makes no sense stops the start and names the variable', async (t) => {
  const cases = [
    [{ TOKENTRAY_KEY_SOURCE: 'env' }, /TOKENTRAY_KEY_SOURCE must be keychain, passphrase or file/],
    [{ TOKENTRAY_KEY_SOURCE: 'file' }, /TOKENTRAY_KEY_FILE is not set/],
    [{ TOKENTRAY_KEY_SOURCE: 'passphrase' }, /TOKENTRAY_PASSPHRASE_FILE is not set/],
  ] as const;
  for (const [env, sentence] of cases) {
    const home = await newHostHome();
    t.after(() => {
      for (const folder of [home, `${home}-key`]) rmSync(folder, { recursive: true, force: true });
    });
    await assert.rejects(
      startBare(t, { env, home }),
      (error: unknown) =>
        error instanceof TokentrayError && error.code === 'invalid_field' && sentence.test(error.message),
    );
  }
});

test('promise 82: a locked vault answers 423 without any name on both doors, to admins and scripts, and a wrong key still gets 401', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme', { account: 'me' });
  const { key } = (await world.call('POST', '/v1/keys', { body: { name: 'script', connections: ['acme'] } }))
    .json;
  world.secrets.add(key);
  assert.deepEqual((await world.call('POST', '/v1/lock')).json, { state: 'locked' });
  await assertClosed(world.host, 'locked');
  for (const path of ['/v1/token/acme/me', '/v1/token/nobody/me', '/v1/connections']) {
    const refused = await world.call('GET', path, { key });
    assertProblem(refused, 423, 'locked');
    assert.equal(refused.body, (await world.call('GET', '/v1/connections', { key })).body);
    assertProblem(await world.call('GET', path, { key: 'tt_unknown' }), 401, 'unauthorized');
  }
  assert.deepEqual((await world.call('POST', '/v1/unlock')).json, { state: 'open' });
  assert.equal((await world.call('GET', '/v1/token/acme/me', { key })).status, 200);
});

/** Digests of the vault's files. Another process reads them: a file closed in this one would lose its locks. */
function vaultBytes({ home }: RunningHost): string[] {
  const files = readdirSync(home).filter(
    (name) => /^vault\.db(?:-wal)?$/.test(name) && statSync(join(home, name)).size > 0,
  );
  return files.map((name) => execFileSync('sha256sum', [join(home, name)], { encoding: 'utf8' }));
}
