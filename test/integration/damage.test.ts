// A host whose vault is damaged, cannot be read, was copied, put back or replaced: through its doors and the command line,
// on real files. What can be saved, and how a vault is compared with its last start, is in test/unit/vault-*.test.ts.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { deviceId } from '../../host/device.ts';
import { systemRandom } from '../../host/random.ts';
import { CLI, runTokentray, startCommand, startOnTerminal } from '../support/cli-process.ts';
import { damageVault } from '../support/damaged-vault.ts';
import type { HostileProvider } from '../support/hostile-provider.ts';
import {
  addProvider,
  connect,
  openWorld,
  type World,
  type WorldOptions,
} from '../support/integration-world.ts';
import { callHost, type Reply, startRunningHost } from '../support/running-host.ts';

/** Two connections of a provider that replaces refresh tokens, a key for each kind of use, and a host that stopped. */
async function stopped(
  t: TestContext,
  options: WorldOptions = {},
): Promise<{ world: World; provider: HostileProvider; key: string; path: string }> {
  const world = await openWorld(t, options);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  for (const account of ['me', 'boss']) {
    provider.user = { sub: account, email: account };
    await connect(world, 'acme', { account });
  }
  for (const account of ['me', 'boss']) await world.call('POST', `/v1/refresh/acme/${account}`);
  const body = { name: 'mail', rights: ['token'], connections: ['*'] };
  const key = String((await world.call('POST', '/v1/keys', { body })).json.key);
  await world.host.stop();
  return { world, provider, key, path: join(world.host.home, 'vault.db') };
}

function assertProblem({ status, json }: Reply, expected: number, code: string, what = code): void {
  assert.deepEqual([status, json.code], [expected, code], what);
}

test('fault 18: a host on a damaged vault runs and says so at every door; doctor --repair saves what opens and names what is lost', async (t) => {
  const { world, provider, key, path } = await stopped(t);
  const database = new DatabaseSync(path);
  database.exec("UPDATE connection SET intent = x'00' WHERE id = (SELECT id FROM connection LIMIT 1)");
  database.close();
  const broken = damageVault(path);

  await world.restart();
  const { state, warnings } = (await world.call('GET', '/v1/status')).json;
  assert.equal(state, 'unreadable');
  assert.match(String(warnings), /The vault file is damaged/);
  assert.equal((await world.call('GET', '/v1/health', { key: null })).status, 200);
  for (const door of ['tcp', 'socket'] as const) {
    assertProblem(await world.call('GET', '/v1/token/acme/me', { door }), 503, 'vault_damaged');
    // Not 401: whether the key is good cannot be told, and the script must not take it for a bad one.
    assertProblem(await world.call('GET', '/v1/token/acme/me', { door, key }), 503, 'vault_damaged');
    assertProblem(await world.call('GET', '/v1/status', { door, key: null }), 401, 'unauthorized');
  }
  const { ok, checks } = (await world.call('GET', '/v1/doctor')).json;
  assert.equal(ok, false);
  assert.match(JSON.stringify(checks), /The vault file is damaged/);
  assert.deepEqual(readFileSync(path), broken, 'nothing was changed');

  const unasked = await runTokentray(['doctor', '--repair'], world.host.env);
  assert.equal(unasked.code, 2, 'without a terminal it takes --yes');
  const repaired = await runTokentray(['doctor', '--repair', '--yes'], world.host.env);
  assert.equal(repaired.code, 0, repaired.stderr);
  assert.match(repaired.stdout, /^lost {2}connection acme\/(me|boss)$/m);
  assert.match(
    repaired.stderr,
    /Saved 1 connections, 1 providers and 1 keys; lost 1\..*vault\.db\.damaged-\d/s,
  );
  const left = repaired.stdout.includes('acme/me') ? 'boss' : 'me';
  assert.equal(
    (await world.call('GET', `/v1/token/acme/${left}`, { key })).status,
    200,
    'what was saved is handed out',
  );

  // It may be older than it was, so nothing is refreshed before a person says so.
  const seen = provider.refreshTokensSeen.length;
  assertProblem(await world.call('GET', `/v1/token/acme/${left}?force`), 409, 'needs_review');
  assert.match(
    String((await world.call('GET', '/v1/status')).json.warnings),
    /saved from a damaged file.*use-here/,
  );
  assert.equal(provider.refreshTokensSeen.length, seen);
  const here = await runTokentray(['vault', 'use-here', '--yes'], world.host.env);
  assert.equal(here.code, 0, here.stderr);
  assert.equal((await world.call('GET', `/v1/token/acme/${left}?force`)).status, 200);
  assert.deepEqual((await world.call('GET', '/v1/status')).json.warnings, []);
});

test('doctor --repair on a terminal asks for the passphrase when nothing else opens the vault, and shows none of it', async (t) => {
  // Its own chance, because the salt of a passphrase is no secret.
  const { world, path } = await stopped(t, { ports: { random: systemRandom } });
  await world.restart();
  const body = { kind: 'passphrase', passphrase: 'correct horse' };
  assert.equal((await world.call('POST', '/v1/vault/slots', { body })).status, 201);
  await world.host.stop();
  damageVault(path);
  rmSync(world.host.keyHome, { recursive: true });
  await world.restart();
  const running = startOnTerminal(`'${process.execPath}' '${CLI}' doctor --repair --yes`, world.host.env);
  t.after(() => running.child.kill('SIGKILL'));
  await running.says('Type the passphrase');
  running.child.stdin?.write('correct horse\r');
  const { code, stdout } = await running.ended;
  assert.equal(code, 0, stdout);
  assert.match(stdout, /Saved 2 connections/);
  assert.ok(!stdout.includes('correct'), stdout);
});

test('promise 81: a home that was copied hands out what is still good and sends no refresh token until somebody says "use here"', async (t) => {
  const { world, provider } = await stopped(t);
  const home = mkdtempSync(join(tmpdir(), 'tt-copy-'));
  cpSync(world.host.home, home, { recursive: true });
  cpSync(world.host.keyHome, `${home}-key`, { recursive: true });
  const copy = await startRunningHost({ home, ports: { http: world.http, log: world.log } });
  t.after(() => copy.remove());
  assert.match(
    String((await copy.call('GET', '/v1/status')).json.warnings),
    /another machine or in another folder/,
  );
  assert.match((await copy.call('GET', '/v1/doctor')).body, /tokentray vault use-here/);
  const seen = provider.refreshTokensSeen.length;
  assert.equal((await copy.call('GET', '/v1/token/acme/me')).status, 200);
  for (const [method, path] of [
    ['GET', '/v1/token/acme/me?force'],
    ['POST', '/v1/refresh/acme/me'],
  ] as const) {
    const refused = await copy.call(method, path);
    assertProblem(refused, 409, 'needs_review');
    assert.equal(refused.json.action.command, 'tokentray vault use-here');
  }
  assert.equal(provider.refreshTokensSeen.length, seen);
  // A grant that is given here belongs to this copy.
  provider.user = { sub: 'new', email: 'new' };
  await connect({ ...world, call: copy.call }, 'acme', { account: 'new' });
  assert.equal((await copy.call('POST', '/v1/refresh/acme/new')).status, 200);
  assert.equal((await copy.call('POST', '/v1/vault/use-here')).status, 200);
  assert.equal((await copy.call('POST', '/v1/refresh/acme/me')).status, 200);
});

test('promise 81: the device is told by machine, user and real folder, gives none of them away, and is the same at each start', async () => {
  const [home, other] = [mkdtempSync(join(tmpdir(), 'tt-one-')), mkdtempSync(join(tmpdir(), 'tt-two-'))];
  const id = (folder: string, machine: string) => deviceId({ home: folder, machine: async () => machine });
  const own = await id(home, 'machine one');
  assert.match(own, /^d_[\w-]{22}$/);
  assert.equal(await id(`${home}/../${home.split('/').at(-1)}`, 'machine one'), own);
  assert.notEqual(await id(home, 'machine two'), own);
  assert.notEqual(await id(other, 'machine one'), own);
  assert.equal(await deviceId({ home }), await deviceId({ home }));
  for (const folder of [home, other]) rmSync(folder, { recursive: true });
});

test('fault 22: a vault that is replaced under a running host stops all writing: no refresh is sent, the owner is told, nothing is lost', async (t) => {
  const { world, provider, path } = await stopped(t);
  copyFileSync(path, `${path}.backup`);
  await world.restart();
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200);
  const newest = provider.refreshTokensSeen.length;
  renameSync(`${path}.backup`, path);
  assertProblem(await world.call('POST', '/v1/refresh/acme/me'), 500, 'vault_replaced');
  assert.equal(
    provider.refreshTokensSeen.length,
    newest,
    'a refresh whose answer could not be kept is not sent',
  );
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200, 'what is in memory is handed out');
  assert.match(String((await world.call('GET', '/v1/status')).json.warnings), /was replaced or removed/);
  assert.match((await world.call('GET', '/v1/doctor')).body, /decide which of the two shall be the vault/);
  await world.host.stop();

  // The person takes what the host held.
  const [kept = ''] = readdirSync(world.host.home).filter((name) => name.startsWith('vault.db.kept-'));
  renameSync(join(world.host.home, kept), path);
  await world.restart();
  await world.call('POST', '/v1/vault/use-here');
  assert.equal(
    (await world.call('POST', '/v1/refresh/acme/me')).status,
    200,
    'the newest refresh token was in it',
  );
});

test('promise 80: on a vault of a newer version the host runs, hands out what is still good, and writes and refreshes nothing', async (t) => {
  const { world, provider, path } = await stopped(t);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const before = readFileSync(path);
  await world.restart();
  const { state, warnings } = (await world.call('GET', '/v1/status')).json;
  assert.equal(state, 'open');
  assert.match(String(warnings), /newer version of Tokentray, so this one only reads it.*Update Tokentray/);
  const seen = provider.refreshTokensSeen.length;
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200);
  assertProblem(await world.call('GET', '/v1/token/acme/me?force'), 409, 'vault_newer');
  assertProblem(await world.call('DELETE', '/v1/keys/mail'), 409, 'vault_newer');
  const body = { name: 'other', rights: ['token'], connections: ['*'] };
  assertProblem(await world.call('POST', '/v1/keys', { body }), 409, 'vault_newer');
  assert.equal(provider.refreshTokensSeen.length, seen);
  await world.host.stop();
  assert.deepEqual(readFileSync(path), before);
});

const strace = existsSync('/usr/bin/strace') && '/usr/bin/strace';

for (const [what, fault, times, code] of [
  ['an I/O error', 'error=EIO', '1', 'storage'],
  ['a short read', 'retval=0', '1..3', 'vault_damaged'],
] as const) {
  test(`fault 15: ${what} when the vault is opened is "cannot be read"; nothing is written, and unlocking tries again`, {
    skip: strace === false && 'strace is not installed',
  }, async (t) => {
    const { world, path } = await stopped(t);
    const before = readFileSync(path);
    // The first read of the file, by the system that the host runs on.
    const inject = ['-e', 'trace=pread64', '-e', `inject=pread64:${fault}:when=${times}`, '-P', path];
    const trace = ['-f', '-qq', '-o', '/dev/null', ...inject, process.execPath, CLI, 'serve', '--port', '0'];
    const traced = startCommand(String(strace), trace, world.host.env);
    await traced.says('Stop it with Ctrl-C.');
    const text = readFileSync(join(world.host.home, 'endpoint.json'), 'utf8');
    const { pid, url, socket: socketPath } = JSON.parse(text);
    // The host itself: whoever ends the tracer leaves it running.
    t.after(() => process.kill(pid, 'SIGKILL'));
    const ask = (method: string, line: string) =>
      callHost({ url, socketPath, method, path: line, key: world.host.ownerKey });
    const { state, warnings } = (await ask('GET', '/v1/status')).json;
    assert.equal(state, 'unreadable', traced.stdout());
    if (code === 'storage') assert.match(String(warnings), /the disk reported an error/);
    assertProblem(await ask('GET', '/v1/token/acme/me'), 503, 'vault_damaged');
    assert.deepEqual(readFileSync(path), before);
    assert.deepEqual((await ask('POST', '/v1/unlock')).json, { state: 'open' });
    assert.equal((await ask('GET', '/v1/token/acme/me')).status, 200);
  });
}

test('fault 21: a log or shared memory that others may read is closed to them, one of another user is refused, and a link is never followed', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  for (const suffix of ['-wal', '-shm']) {
    const { world, path } = await stopped(t);
    const home = world.host.home;
    writeFileSync(`${path}${suffix}`, '');
    chmodSync(`${path}${suffix}`, 0o666);
    await world.restart();
    assert.equal(statSync(`${path}${suffix}`).mode & 0o777, 0o600, suffix);
    assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200);
    await world.host.stop();
    const before = readFileSync(path);
    writeFileSync(`${path}${suffix}`, 'theirs');
    chownSync(`${path}${suffix}`, 65_534, 65_534);
    await assert.rejects(startRunningHost({ home }), /belongs to another user \(uid 65534\)/);
    rmSync(`${path}${suffix}`);
    symlinkSync('/etc/hostname', `${path}${suffix}`);
    await assert.rejects(startRunningHost({ home }), /symbolic link/);
    rmSync(`${path}${suffix}`);
    assert.deepEqual(readFileSync(path), before);
  }
});
