// A real host process and a real gnome-keyring on a private message bus: how the vault's key gets into the keychain, and
// what a host does when it cannot have it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { scanForCanaries } from '../support/canary-scan.ts';
import { runTokentray } from '../support/cli-process.ts';
import { type HostProcess, startHostProcess } from '../support/host-process.ts';
import { hasKeyring, type KeyringSession, startKeyringSession } from '../support/keyring-session.ts';

const skip = !hasKeyring && 'gnome-keyring and dbus are not installed';

let session: KeyringSession;
before(async () => {
  if (hasKeyring) session = await startKeyringSession();
});
after(async () => {
  if (hasKeyring) await session.close();
});

/** `serve` as a desktop session would run it: nothing says where the key is. */
function start(
  t: { after(fn: () => unknown): void },
  home?: string,
  env: NodeJS.ProcessEnv = session.env,
): Promise<HostProcess> {
  return startHostProcess(t, {
    ...(home === undefined ? {} : { home }),
    env: { ...env, TOKENTRAY_KEY_SOURCE: undefined, TOKENTRAY_KEY_FILE: undefined },
  });
}

const statusOf = async (host: HostProcess) => (await host.call('GET', '/v1/status')).json;

/** The vault's files of a host that has stopped. */
function vaultOf({ home }: HostProcess): string[] {
  return readdirSync(home)
    .filter((name) => /^vault\.db(?:-wal)?$/.test(name) && statSync(join(home, name)).size > 0)
    .map((name) => readFileSync(join(home, name), 'base64'));
}

function vaultIdOf({ home }: HostProcess): string {
  const database = new DatabaseSync(join(home, 'vault.db'), { readOnly: true });
  try {
    return JSON.parse(String(database.prepare('SELECT doc FROM header').get()?.doc)).vault_id;
  } finally {
    database.close();
  }
}

test('promises 71 and 75: with an unlocked keychain the first start makes the vault, its key is in the keychain only, and later starts open it', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  assert.match(host.running.stdout(), /The vault is open\./);
  const { state, warnings } = await statusOf(host);
  assert.deepEqual([state, warnings], ['open', []]);
  const { slots } = (await host.call('GET', '/v1/vault/slots')).json;
  assert.deepEqual([slots.length, slots[0].kind, slots[0].backend], [1, 'keychain', 'Secret Service']);
  assert.match(
    (await host.call('GET', '/v1/doctor')).body,
    /The key comes from the keychain \(Secret Service\)\./,
  );
  const body = {
    preset: 'google',
    id: 'google',
    client_id: 'client',
    client_secret: 'client-secret-CANARY-8fK2',
  };
  assert.equal((await host.call('POST', '/v1/providers', { body })).status, 201);
  assert.equal((await host.end()).code, 0);

  const [kept] = await session.run([`read:${vaultIdOf(host)}`]);
  assert.equal(kept?.kind, 'ok');
  assert.equal(kept?.secret?.length, 64);
  const key = Buffer.from(kept?.secret ?? '', 'hex');
  const secrets = [key.toString('hex'), key.toString('base64url'), body.client_secret];
  assert.deepEqual(scanForCanaries([host.home], secrets), []);

  const again = await start(t, host.home);
  assert.equal((await statusOf(again)).state, 'open');
  assert.equal((await again.call('GET', '/v1/providers/google')).json.client_secret, 'set');
  assert.deepEqual(await session.run([`read:${vaultIdOf(host)}`]), [kept]);
});

test('promise 71, fault 31: a keychain that is locked at a later start is waited for: the vault is "locked", unchanged, and opens afterwards', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  await host.end();
  const before = vaultOf(host);
  await session.start('locked');
  await (await start(t, host.home)).end();
  assert.deepEqual(vaultOf(host), before);
  const locked = await start(t, host.home);
  const { state, warnings } = await statusOf(locked);
  assert.equal(state, 'locked');
  assert.match(String(warnings), /Secret Service is locked\. Unlock it, then try again\./);
  assert.equal((await locked.call('GET', '/v1/token/google/me')).json.code, 'locked');
  const refused = await runTokentray(['unlock'], locked.env);
  assert.equal(refused.code, 7, refused.stderr);
  await session.start('unlocked');
  const unlocked = await runTokentray(['unlock'], locked.env);
  assert.deepEqual([unlocked.code, (await statusOf(locked)).state], [0, 'open'], unlocked.stderr);
});

test('promise 71: a keychain that is locked at the first start gets no key, and no vault is made', {
  skip,
}, async (t) => {
  await session.start('locked');
  const host = await start(t);
  const { state, warnings } = await statusOf(host);
  assert.equal(state, 'setup');
  assert.match(String(warnings), /Secret Service is locked/);
  assert.match(host.running.stdout(), /tokentray vault slots add --kind passphrase/);
  assert.equal((await host.call('GET', '/v1/token/google/me')).json.code, 'setup');
  assert.equal((await host.end()).code, 0);
  assert.equal(existsSync(join(host.home, 'vault.db')), false);
});

test('promises 71 and 72, fault 33: a key that was removed from the keychain is "absent": nothing is made in its place, every byte of the vault stays', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  await host.end();
  const id = vaultIdOf(host);
  const [key] = await session.run([`read:${id}`]);
  await session.run([`remove:${id}`]);
  const before = vaultOf(host);
  const later = await start(t, host.home);
  const { state, warnings } = await statusOf(later);
  assert.equal(state, 'locked');
  assert.match(String(warnings), /Secret Service has no key for this vault/);
  assert.equal((await later.call('POST', '/v1/unlock')).json.code, 'key_absent');
  await later.end();
  assert.deepEqual(vaultOf(host), before);
  assert.deepEqual(await session.run([`read:${id}`]), [{ kind: 'absent' }]);
  await session.run([`write:${id}:${key?.secret}`]);
  assert.equal((await statusOf(await start(t, host.home))).state, 'open');
});

test('promise 74, fault 30, AC-NP-04: without a keychain service the host asks for a passphrase or key file, uses nothing else, and runs with what it is given', {
  skip,
}, async (t) => {
  await session.stop();
  const nowhere = { ...session.env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
  for (const env of [session.env, nowhere]) {
    const host = await start(t, undefined, env);
    const { state, warnings } = await statusOf(host);
    assert.equal(state, 'setup');
    assert.match(String(warnings), /Secret Service does not answer\..*passphrase slot or a key file/);
    assert.doesNotMatch(readFileSync('/proc/keys', 'utf8'), /tokentray/);
    assert.equal(existsSync(join(host.home, 'vault.db')), false);
    if (env === nowhere) return;
    const add = ['vault', 'slots', 'add', '--kind', 'passphrase', '--passphrase-stdin'];
    const added = await runTokentray(add, host.env, 'correct horse battery staple\n');
    assert.deepEqual([added.code, (await statusOf(host)).state], [0, 'open'], added.stderr);
    await host.end();
    const again = await start(t, host.home, env);
    assert.equal((await statusOf(again)).state, 'locked');
    const wrong = await runTokentray(['unlock', '--passphrase-stdin'], again.env, 'something else\n');
    assert.equal(wrong.code, 7);
    const right = await runTokentray(
      ['unlock', '--passphrase-stdin'],
      again.env,
      'correct horse battery staple\n',
    );
    assert.deepEqual([right.code, (await statusOf(again)).state], [0, 'open'], right.stderr);
    await again.end();
  }
});

test('promise 74: a keychain service that has gone is "not answering", not "empty"; when it is back the vault opens', {
  skip,
}, async (t) => {
  await session.start('unlocked');
  const host = await start(t);
  await host.end();
  const before = vaultOf(host);
  await session.stop();
  const later = await start(t, host.home);
  const { state, warnings } = await statusOf(later);
  assert.equal(state, 'locked');
  assert.match(String(warnings), /does not answer/);
  await later.end();
  assert.deepEqual(vaultOf(host), before);
  await session.start('unlocked');
  assert.equal((await statusOf(await start(t, host.home))).state, 'open');
});
