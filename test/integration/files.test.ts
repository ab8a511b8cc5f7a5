// The files of a host: who may read them, what damage to them means, and what a host leaves alone.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
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
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionOf,
  openWorld,
  tokenOf,
  type World,
} from '../support/integration-world.ts';
import { type RunningHost, type RunningHostOptions, startRunningHost } from '../support/running-host.ts';

/** A home in which a host has run and stopped. */
async function usedHome(t: TestContext, options: RunningHostOptions = {}): Promise<RunningHost> {
  const host = await startRunningHost(options);
  t.after(() => host.remove());
  await host.stop();
  return host;
}

interface Found {
  readonly path: string;
  readonly folder: boolean;
  readonly mode: string;
}

function everythingIn(home: string, folder = home): Found[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const mode = (lstatSync(path).mode & 0o777).toString(8);
    const found = { path: relative(home, path), folder: entry.isDirectory(), mode };
    return entry.isDirectory() ? [found, ...everythingIn(home, path)] : [found];
  });
}

test('promise 63: all that a host makes, the practice server and a connection included, is 0700 or 0600 under any umask', async (t) => {
  for (const umask of [0, 0o077, 0o177]) {
    const before = process.umask(umask);
    try {
      const host = await startRunningHost({ sandbox: umask === 0 });
      t.after(() => host.remove());
      await host.call('POST', '/v1/keys', { body: { name: 'script', rights: ['admin'] } });
      const found = everythingIn(host.home);
      const paths = found.map(({ path }) => path);
      for (const name of [
        'vault.db',
        'host.lock',
        'settings.json',
        'endpoint.json',
        'owner.key',
        'logs/host.log',
        'run/t.sock',
      ]) {
        assert.ok(paths.includes(name), name);
      }
      assert.deepEqual(
        found.filter(({ folder, mode }) => mode !== (folder ? '700' : '600')),
        [],
      );
      assert.equal(statSync(host.home).mode & 0o777, 0o700);
      assert.equal(statSync(join(host.keyHome, 'vault.key')).mode & 0o777, 0o600);
    } finally {
      process.umask(before);
    }
  }
});

const OURS = ['vault.db', 'host.lock', 'owner.key', 'logs', 'run', 'run/t.sock'] as const;

test('promise 63: a link in the place of any of its files stops the start, and what it points to is not touched', async (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'tt-elsewhere-'));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  for (const name of OURS) {
    const { home } = await usedHome(t);
    const place = join(home, name);
    const target = join(elsewhere, name.replace('/', '-'));
    if (name === 'logs' || name === 'run') renameSync(place, target);
    else writeFileSync(target, 'precious', { mode: 0o644 });
    rmSync(place, { force: true });
    symlinkSync(target, place);
    const before = stateOf(target);
    if (name === 'logs') {
      // Without a log the host still serves; it writes nothing through the link.
      await (await startRunningHost({ home })).stop();
    } else {
      await assert.rejects(
        startRunningHost({ home }),
        refusal('unsafe_path', /symbolic link|not a socket/),
        name,
      );
    }
    assert.deepEqual(stateOf(target), before, name);
  }
});

test('promise 63: settings.json and endpoint.json are not followed through a link either', async (t) => {
  for (const name of ['settings.json', 'endpoint.json']) {
    const { home, keyHome } = await usedHome(t);
    const target = join(keyHome, name);
    writeFileSync(target, '{"precious":true}', { mode: 0o600 });
    rmSync(join(home, name), { force: true });
    symlinkSync(target, join(home, name));
    const before = stateOf(target);
    const outcome = await startRunningHost({ home }).then(
      async (host) => {
        const { warnings } = (await host.call('GET', '/v1/status')).json;
        await host.stop();
        return String(warnings);
      },
      (error: unknown) => (error instanceof TokentrayError ? error.message : 'unexpected'),
    );
    assert.match(outcome, name === 'settings.json' ? /symbolic link/ : /^$|symbolic link/, name);
    assert.deepEqual(stateOf(target), before, name);
  }
});

test('promise 63: a file of another user stops the start', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  for (const name of ['vault.db', 'host.lock', 'owner.key', 'run'] as const) {
    const { home } = await usedHome(t);
    chownSync(join(home, name), 65_534, 65_534);
    await assert.rejects(
      startRunningHost({ home }),
      refusal('unsafe_path', /another user \(uid 65534\)/),
      name,
    );
  }
  const { home } = await usedHome(t);
  chownSync(home, 65_534, 65_534);
  await assert.rejects(startRunningHost({ home }), refusal('unsafe_path', /another user/));
});

test('promise 64: permissions loosened by hand are repaired at the next start, and the log says which', async (t) => {
  const { home } = await usedHome(t);
  const loosened = [
    ['', 0o755],
    ['vault.db', 0o644],
    ['owner.key', 0o640],
    ['host.lock', 0o666],
    ['settings.json', 0o664],
    ['run', 0o711],
    ['logs', 0o755],
    ['logs/host.log', 0o644],
  ] as const;
  for (const [name, mode] of loosened) chmodSync(join(home, name), mode);
  const host = await startRunningHost({ home });
  t.after(() => host.stop());
  const open = everythingIn(home).filter(({ folder, mode }) => mode !== (folder ? '700' : '600'));
  assert.deepEqual(open, []);
  assert.equal(statSync(home).mode & 0o777, 0o700);
  const lines = readFileSync(join(home, 'logs', 'host.log'), 'utf8')
    .trimEnd()
    .split('\n');
  const repaired = lines
    .map((line) => JSON.parse(line))
    .filter(({ level, event }) => level === 'warn' && event === 'file.mode_repaired')
    .map(({ path }) => path);
  for (const name of ['', 'vault.db', 'owner.key', 'host.lock', 'settings.json', 'run']) {
    assert.ok(repaired.includes(name === '' ? home : join(home, name)), `"${name}" in ${repaired}`);
  }
});

test('promise 64: a key file that others can read opens nothing until it is closed to them', async (t) => {
  const { home, keyHome } = await usedHome(t);
  const keyFile = join(keyHome, 'vault.key');
  chmodSync(keyFile, 0o644);
  const host = await startRunningHost({ home });
  t.after(() => host.stop());
  const { state, warnings } = (await host.call('GET', '/v1/status')).json;
  assert.equal(state, 'locked');
  assert.match(String(warnings), /can be read or changed by others\. Run: chmod 600/);
  chmodSync(keyFile, 0o600);
  assert.equal((await host.call('POST', '/v1/unlock')).json.state, 'open');
});

/** Two connections at one provider and one at another, in a host that has stopped. */
async function filledHome(t: TestContext): Promise<{ world: World; id: string; restart(): Promise<void> }> {
  const world = await openWorld(t);
  const [acme, other] = [await world.hostile(), await world.hostile()];
  await addProvider(world, acme.entry('acme'));
  await addProvider(world, other.entry('other'));
  for (const account of ['me', 'boss']) {
    acme.user = { sub: account, email: account };
    await connect(world, 'acme', { account });
  }
  await connect(world, 'other', { account: 'me' });
  // Two rotations, so that every column holds something.
  for (const account of ['me', 'boss']) await world.call('POST', `/v1/refresh/acme/${account}`);
  const { id } = await connectionOf(world, 'acme/me');
  await world.host.stop();
  return { world, id, restart: () => world.restart() };
}

function changeVault(world: World, change: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(world.host.home, 'vault.db'));
  change(database);
  database.close();
}

/** Turns one bit of a sealed value over; false when there is none. */
function flip(database: DatabaseSync, table: string, column: string, id: string, bit: number): boolean {
  const value = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE id = ?`).get(id)?.value;
  if (!(value instanceof Uint8Array)) return false;
  const at = bit < 0 ? value.length + bit : bit;
  value[at] = value[at]! ^ (1 << (at % 8));
  database.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = ?`).run(value, id);
  return true;
}

test('promise 66: one flipped bit in a sealed value is "tampered" for that connection alone; its row is kept, all others work', async (t) => {
  const { world, id, restart } = await filledHome(t);
  let flipped = 0;
  for (const [column, bit] of [
    ['doc', 0],
    ['doc', 40],
    ['tokens', 5],
    ['tokens', -1],
    ['previous', 20],
  ] as const) {
    let did = false;
    changeVault(world, (database) => {
      did = flip(database, 'connection', column, id, bit);
    });
    if (!did) continue;
    flipped += 1;
    await restart();
    assertProblem(await askToken(world, id), 500, 'tampered');
    assertProblem(await askToken(world, 'acme/me'), 404, 'not_found');
    assertProblem(await world.call('GET', `/v1/connections/${id}`), 500, 'tampered');
    assert.equal((await tokenOf(world, 'acme/boss', 'force')).account, 'boss');
    assert.equal((await tokenOf(world, 'other/me')).account, 'me');
    const report = (await world.call('GET', '/v1/doctor')).json;
    const check = report.checks.find(({ name }: { name: string }) => name === `connection ${id}`);
    assert.deepEqual([report.ok, check.ok], [false, false]);
    await world.host.stop();
    // Turned back, it is as if nothing had been.
    changeVault(world, (database) => void flip(database, 'connection', column, id, bit));
    await restart();
    assert.equal((await tokenOf(world, id)).account, 'me');
    await world.host.stop();
  }
  assert.ok(flipped >= 4, `${flipped} values were there to flip`);
  await restart();
});

test('promise 66: a key for a tampered connection is told so, another key is not told that it exists', async (t) => {
  const { world, id, restart } = await filledHome(t);
  await restart();
  const keyFor = async (name: string, connection: string) =>
    (await world.call('POST', '/v1/keys', { body: { name, connections: [connection] } })).json.key;
  const [own, other] = [await keyFor('own', 'acme/me'), await keyFor('other', 'other/me')];
  for (const key of [own, other]) world.secrets.add(key);
  await world.host.stop();
  changeVault(world, (database) => void flip(database, 'connection', 'tokens', id, 30));
  await restart();
  assertProblem(await world.call('GET', `/v1/token/${id}`, { key: own }), 500, 'tampered');
  assertProblem(await world.call('GET', `/v1/token/${id}`, { key: other }), 404, 'not_found');
});

test('promise 66: a tampered connection can be made again and then removed, and everything is well', async (t) => {
  const { world, id, restart } = await filledHome(t);
  changeVault(world, (database) => database.prepare('UPDATE connection SET doc = NULL WHERE id = ?').run(id));
  await restart();
  assertProblem(await world.call('DELETE', `/v1/connections/${id}`), 500, 'tampered');
  await connect(world, 'acme', { account: 'me' });
  assert.equal((await tokenOf(world, 'acme/me')).account, 'me');
  const removed = await world.call('DELETE', `/v1/connections/${id}?force`);
  assert.deepEqual(removed.json, { removed: true, revoked: false });
  assertProblem(await askToken(world, id), 404, 'not_found');
  assert.equal((await world.call('GET', '/v1/doctor')).json.ok, true);
  await restart();
  assert.equal((await tokenOf(world, 'acme/me')).account, 'me');
});

test('promise 66: a tampered provider is named by the doctor and can be entered again, with its connections intact', async (t) => {
  const { world, restart } = await filledHome(t);
  const [entry] = [await world.hostile()];
  changeVault(world, (database) => void flip(database, 'provider', 'doc', 'other', 33));
  await restart();
  assertProblem(await world.call('GET', '/v1/providers/other'), 500, 'tampered');
  assertProblem(await askToken(world, 'other/me', 'force'), 500, 'tampered');
  // What is at hand is as good as before.
  assert.equal((await tokenOf(world, 'other/me')).account, 'me');
  assert.equal((await tokenOf(world, 'acme/me', 'force')).account, 'me');
  const { checks } = (await world.call('GET', '/v1/doctor')).json;
  assert.ok(checks.some(({ name, ok }: { name: string; ok: boolean }) => name === 'provider other' && !ok));
  await addProvider(world, entry.entry('other'));
  assert.equal((await world.call('GET', '/v1/providers/other')).json.connections, 1);
  assert.equal((await world.call('GET', '/v1/doctor')).json.ok, true);
});

test('promises 72 and 73: a wrong, a broken and a missing key file are each called what they are, and the vault keeps every byte', async (t) => {
  const { world, restart } = await filledHome(t);
  const keyFile = join(world.host.keyHome, 'vault.key');
  const key = readFileSync(keyFile);
  const before = vaultBytes(world);
  const cases = [
    [
      'wrong',
      () => writeFileSync(keyFile, `${'A'.repeat(43)}\n`),
      'key_wrong',
      /holds the key of another vault/,
    ],
    ['broken', () => writeFileSync(keyFile, 'not a key'), 'key_wrong', /does not hold a key/],
    ['empty', () => writeFileSync(keyFile, ''), 'key_wrong', /does not hold a key/],
    ['missing', () => rmSync(keyFile), 'key_absent', /is not there.*Bring the file back/],
  ] as const;
  for (const [what, change, code, sentence] of cases) {
    change();
    await restart();
    const status = (await world.call('GET', '/v1/status')).json;
    assert.equal(status.state, 'locked', what);
    assert.match(String(status.warnings), sentence, what);
    for (const door of ['tcp', 'socket'] as const) {
      const refused = await world.call('GET', '/v1/token/acme/me', { door });
      assertProblem(refused, 423, 'locked');
      assert.doesNotMatch(refused.body, /acme|me\b/, what);
    }
    assertProblem(await world.call('POST', '/v1/unlock'), 423, code);
    await world.host.stop();
    assert.deepEqual(vaultBytes(world), before, what);
  }
  // No key was made in the place of the missing one.
  assert.throws(() => statSync(keyFile), { code: 'ENOENT' });
  writeFileSync(keyFile, key, { mode: 0o600 });
  await restart();
  assert.equal((await tokenOf(world, 'acme/me', 'force')).account, 'me');
});

test('promise 73: a changed key slot is called tampered, not a wrong key', async (t) => {
  const { world, restart } = await filledHome(t);
  changeVault(world, (database) => {
    const doc = JSON.parse(String(database.prepare('SELECT doc FROM header').get()?.doc));
    const { wrapped } = doc.slots[0];
    doc.slots[0].wrapped = `${wrapped.slice(0, 40)}${wrapped[40] === 'A' ? 'B' : 'A'}${wrapped.slice(41)}`;
    database.prepare('UPDATE header SET doc = ?').run(JSON.stringify(doc));
  });
  await restart();
  assert.equal((await world.call('GET', '/v1/status')).json.state, 'locked');
  assertProblem(await world.call('POST', '/v1/unlock'), 500, 'tampered');
});

test('a host on a vault that is no vault starts, says so everywhere, makes no new one, and its bytes stay', async (t) => {
  for (const [what, bytes] of [
    ['empty', ''],
    ['text', 'this is not a database\n'.repeat(100)],
  ] as const) {
    const { home } = await usedHome(t);
    const path = join(home, 'vault.db');
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, bytes);
    const host = await startRunningHost({ home });
    const { state, warnings } = (await host.call('GET', '/v1/status')).json;
    assert.equal(state, 'unreadable', what);
    assert.match(String(warnings), /Restore a backup|left as it is/, what);
    const slot = await host.call('POST', '/v1/vault/slots', {
      body: { kind: 'passphrase', passphrase: 'long enough' },
    });
    assert.deepEqual([slot.status, slot.json.code], [503, 'vault_damaged'], what);
    await host.stop();
    assert.equal(readFileSync(path, 'utf8'), bytes);
  }
});

test('settings.json that cannot be used is set aside under a name with the date, and the user is told', async (t) => {
  for (const text of [
    '{',
    '[]',
    '{"version":1,"endpoint_port":"9595"}',
    '{"version":2}',
    '{"version":1,"bind":"0.0.0.0"}',
  ]) {
    const { home } = await usedHome(t);
    writeFileSync(join(home, 'settings.json'), text, { mode: 0o600 });
    const host = await startRunningHost({ home });
    const { warnings } = (await host.call('GET', '/v1/status')).json;
    await host.stop();
    assert.match(
      String(warnings),
      /settings\.json could not be used and was moved to .*unusable-\d{4}-\d\d-\d\d/,
    );
    const aside = readdirSync(home).filter((name) => name.includes('unusable'));
    assert.deepEqual(
      aside.map((name) => readFileSync(join(home, name), 'utf8')),
      [text],
    );
  }
});

test('a home that does not exist yet is made, with its parents, and a home that everybody shares is refused', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'tt-parent-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const home = join(parent, 'a', 'b');
  // Its neighbour, the folder of the key file, is made by the test's own start.
  mkdirSync(join(parent, 'a'), { mode: 0o700 });
  const host = await startRunningHost({ home });
  t.after(() => host.remove());
  assert.equal(statSync(home).mode & 0o777, 0o700);
  const shared = join(parent, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  await assert.rejects(startRunningHost({ home: shared }), refusal('unsafe_path', /shared by all users/));
  assert.deepEqual(readdirSync(shared), []);
});

const refusal = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof TokentrayError && error.code === code && words.test(error.message);

/** What must not change: kind, mode, owner, and what is inside. */
function stateOf(path: string): unknown {
  const { mode, uid, size } = lstatSync(path);
  const inside = lstatSync(path).isDirectory()
    ? readdirSync(path).map((name) => [name, lstatSync(join(path, name)).size])
    : readFileSync(path, 'utf8');
  return { mode, uid, size, inside };
}

/** Digests of the vault's files, of a host that has stopped. */
function vaultBytes({ host }: World): Record<string, string> {
  const names = readdirSync(host.home).filter(
    (name) => /^vault\.db(?:-wal)?$/.test(name) && statSync(join(host.home, name)).size > 0,
  );
  const digest = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(host.home, name)))
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}
