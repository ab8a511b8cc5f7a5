// Backup and restore of a real host's vault, by the command line and the doors, on real files.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { runTokentray } from '../support/cli-process.ts';
import type { HostileProvider } from '../support/hostile-provider.ts';
import { addProvider, assertProblem, connect, openWorld, type World } from '../support/integration-world.ts';
import { startRunningHost } from '../support/running-host.ts';

interface Stage {
  readonly world: World;
  readonly provider: HostileProvider;
  /** A folder for backups. */
  readonly outside: string;
}

/** A host with two connections whose refresh tokens were replaced once. */
async function stage(t: TestContext): Promise<Stage> {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  for (const account of ['me', 'boss']) {
    provider.user = { sub: account, email: account };
    await connect(world, 'acme', { account });
    await world.call('POST', `/v1/refresh/acme/${account}`);
  }
  return { world, provider, outside: mkdtempSync(join(tmpdir(), 'tt-out-')) };
}

const tokentray = (world: World, ...args: string[]) => runTokentray(args, world.host.env);

async function backUp(world: World, path: string): Promise<void> {
  const { code, stderr } = await tokentray(world, 'backup', path);
  assert.equal(code, 0, stderr);
}

function checked(path: string): DatabaseSync {
  const database = new DatabaseSync(`${path}`, { readOnly: true });
  assert.equal(database.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok');
  return database;
}

test('promise 193: a backup that is made while tokens are handed out and refreshed is whole, opens, and is its owner’s alone', async (t) => {
  const { world, provider, outside } = await stage(t);
  const path = join(outside, 'tokentray.backup');
  let going = true;
  let done = 0;
  const load = ['me', 'boss'].map(async (account) => {
    while (going) {
      const force = await world.call('GET', `/v1/token/acme/${account}?force`);
      assert.equal(force.status, 200, force.body);
      await world.call('POST', `/v1/refresh/acme/${account}`);
      done += 1;
    }
  });
  for (let round = 0; round < 10; round += 1) {
    const before = done;
    const reply = await world.call('POST', '/v1/vault/backup', { body: { path, overwrite: round > 0 } });
    assert.equal(reply.status, 201, reply.body);
    const { connections, providers, damaged, bytes } = reply.json;
    assert.deepEqual([connections, providers, damaged], [2, 1, 0]);
    assert.equal(statSync(path).size, bytes);
    assert.deepEqual(readdirSync(outside), ['tokentray.backup'], 'nothing else is left beside it');
    const copy = join(outside, '..', `looked-at-${round}`);
    copyFileSync(path, copy);
    checked(copy).close();
    while (done === before) await world.call('GET', '/v1/status');
  }
  going = false;
  await Promise.all(load);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(provider.refreshes.length > 10, 'refreshes went on');

  // It opens: as the vault of another host that has the key.
  const home = mkdtempSync(join(tmpdir(), 'tt-copy-'));
  copyFileSync(path, join(home, 'vault.db'));
  mkdirSync(`${home}-key`, { mode: 0o700 });
  copyFileSync(join(world.host.keyHome, 'vault.key'), join(`${home}-key`, 'vault.key'));
  const copy = await startRunningHost({ home, ports: { http: world.http, log: world.log } });
  t.after(() => copy.remove());
  assert.equal((await copy.call('GET', '/v1/token/acme/me')).status, 200);
  assertProblem(await copy.call('GET', '/v1/token/acme/me?force'), 409, 'needs_review');
});

test('promise 194: `restore` shows the backup, asks, keeps the old vault aside, and leaves the new one locked', async (t) => {
  const { world, outside } = await stage(t);
  const path = join(outside, 'tokentray.backup');
  await backUp(world, path);
  assert.equal((await world.call('DELETE', '/v1/connections/acme%2Fboss')).status, 200);

  const unasked = await tokentray(world, 'restore', path);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /Holds +2 connections, 1 providers, 0 keys/);
  assert.match(unasked.stderr, /Opens with +key file/);
  assert.equal((await world.call('GET', '/v1/status')).json.connections.active, 1, 'nothing was changed');

  const restored = await tokentray(world, 'restore', path, '--yes');
  assert.equal(restored.code, 0, restored.stderr);
  const kept = restored.stdout.trim();
  assert.match(kept, /vault\.db\.replaced-\d{8}T\d{6}$/);
  assert.match(restored.stderr, /tokentray unlock.*tokentray vault use-here/s);
  const database = checked(kept);
  assert.equal(database.prepare('SELECT count(*) AS rows FROM connection').get()?.rows, 1);
  database.close();
  assert.equal((await world.call('GET', '/v1/status')).json.state, 'locked');
  assert.equal((await tokentray(world, 'unlock')).code, 0);
  assert.equal((await world.call('GET', '/v1/status')).json.connections.active, 2);
  const { entries } = (await world.call('GET', '/v1/activity?kind=vault')).json;
  assert.ok(entries.some(({ outcome }: { outcome: string }) => outcome === 'restored'));
  // And back: what was kept can be restored.
  assert.equal((await tokentray(world, 'restore', kept, '--yes')).code, 0);
  assert.equal((await tokentray(world, 'unlock')).code, 0);
  assert.equal((await world.call('GET', '/v1/status')).json.connections.active, 1);
});

test('promises 108 and 194: a restored vault hands out what is still good and sends no refresh token until somebody says "use here"', async (t) => {
  const { world, provider, outside } = await stage(t);
  const path = join(outside, 'tokentray.backup');
  await backUp(world, path);
  // The old token is used up meanwhile: to send it again would end the grant.
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200);
  assert.equal((await tokentray(world, 'restore', path, '--yes')).code, 0);
  assert.equal((await tokentray(world, 'unlock')).code, 0);
  const seen = provider.refreshTokensSeen.length;
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200);
  assertProblem(await world.call('GET', '/v1/token/acme/me?force'), 409, 'needs_review');
  assert.match(
    String((await world.call('GET', '/v1/status')).json.warnings),
    /restored from a backup.*use-here/,
  );
  await world.restart();
  assertProblem(await world.call('POST', '/v1/refresh/acme/boss'), 409, 'needs_review');
  assert.equal(provider.refreshTokensSeen.length, seen);
  assert.equal((await tokentray(world, 'vault', 'use-here', '--yes')).code, 0);
  assert.equal((await world.call('POST', '/v1/refresh/acme/boss')).status, 200);
});

test('promise 194: a damaged vault and a host without a vault take a backup as well', async (t) => {
  const { world, outside } = await stage(t);
  const path = join(outside, 'tokentray.backup');
  await backUp(world, path);
  await world.host.stop();
  truncateSync(join(world.host.home, 'vault.db'), 5_000);
  await world.restart();
  assert.equal((await world.call('GET', '/v1/status')).json.state, 'unreadable');
  const restored = await tokentray(world, 'restore', path, '--yes');
  assert.equal(restored.code, 0, restored.stderr);
  assert.equal(statSync(restored.stdout.trim()).size, 5_000, 'the damaged file is kept');
  assert.equal((await tokentray(world, 'unlock')).code, 0);
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200);

  const fresh = await startRunningHost({ keySource: 'none', ports: { log: world.log } });
  t.after(() => fresh.remove());
  assert.equal((await fresh.call('GET', '/v1/status')).json.state, 'setup');
  const first = await runTokentray(['restore', path, '--yes', '--json'], fresh.env);
  assert.equal(first.code, 0, first.stderr);
  const { kept, restored: done, state, backup } = JSON.parse(first.stdout);
  assert.deepEqual([kept, done, state, backup.elsewhere], [null, true, 'locked', true]);
  assert.match(first.stderr, /has no passphrase: it opens here only if its keychain or key file is here too/);
  const unlocked = await runTokentray(
    ['unlock', '--key-file', join(world.host.keyHome, 'vault.key')],
    fresh.env,
  );
  assert.equal(unlocked.code, 0, unlocked.stderr);
  assert.equal((await fresh.call('GET', '/v1/token/acme/me')).status, 200);
});

test('promise 194: what is no whole backup of ours is refused by name, and neither vault nor keychain changes', async (t) => {
  const { world, outside } = await stage(t);
  const good = join(outside, 'good');
  await backUp(world, good);
  const variant = (name: string, change: (path: string) => void) => {
    const path = join(outside, name);
    copyFileSync(good, path);
    change(path);
    return path;
  };
  const sql = (statements: string) => (path: string) => {
    const database = new DatabaseSync(path);
    database.exec(statements);
    database.close();
  };
  const broken = (path: string) => {
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 3 * 4_096, 4 * 4_096);
    writeFileSync(path, bytes);
  };
  const cases = [
    [variant('empty', (path) => truncateSync(path, 0)), 'backup_unusable', /damaged, or no copy of a vault/],
    [variant('half', (path) => truncateSync(path, statSync(path).size / 2)), 'backup_unusable', /damaged/],
    [variant('broken', broken), 'backup_unusable', /damaged/],
    [
      variant('text', (path) => writeFileSync(path, 'my shopping list')),
      'backup_unusable',
      /no copy of a vault/,
    ],
    [variant('other', sql('DROP TABLE header')), 'backup_unusable', /no copy of a vault/],
    [
      variant('trigger', sql('CREATE TRIGGER x AFTER UPDATE ON header BEGIN DELETE FROM caller; END')),
      'backup_unusable',
      /holds more, or less, than a vault/,
    ],
    [variant('view', sql('CREATE VIEW v AS SELECT * FROM caller')), 'backup_unusable', /holds more/],
    [
      variant('headless', sql("UPDATE header SET doc = '{}'; UPDATE header_copy SET doc = ''")),
      'backup_unusable',
      /damaged/,
    ],
    [variant('newer', sql('PRAGMA user_version = 99')), 'vault_newer', /Update Tokentray/],
    [
      variant('logged', (path) => appendFileSync(`${path}-wal`, 'x')),
      'backup_unusable',
      /write-ahead log beside it/,
    ],
    [join(outside, 'nowhere'), 'not_found', /no file/],
    [outside, 'unsafe_path', /not a plain file/],
    ['relative', 'invalid_field', /absolute/],
    [join(outside, 'second-name'), 'invalid_field', /the host itself uses \(vault\.db\)/],
    [join(outside, 'hard-link'), 'invalid_field', /the host itself uses \(host\.lock\)/],
  ] as const;
  symlinkSync(good, join(outside, 'link'));
  linkSync(join(world.host.home, 'host.lock'), join(outside, 'hard-link'));
  linkSync(join(world.host.home, 'vault.db'), join(outside, 'second-name'));
  const ask = (path: string) => world.call('POST', '/v1/vault/restore', { body: { path } });
  for (const [path, code, sentence] of [
    ...cases,
    [join(outside, 'link'), 'unsafe_path', /symbolic link/] as const,
  ]) {
    const { json } = await ask(path);
    assert.equal(json.code, code, path);
    assert.match(json.detail, sentence);
  }
  // A file that was changed after it was looked at.
  const { confirm } = (await ask(good)).json;
  sql('DELETE FROM connection')(good);
  assertProblem(
    await world.call('POST', '/v1/vault/restore', { body: { path: good, confirm } }),
    409,
    'conflict',
  );
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200, 'the vault was never closed');
  const left = readdirSync(world.host.home).filter((name) => /new-|replaced/.test(name));
  assert.deepEqual(left, []);
});

test('promise 193: a backup goes to a plain path outside the data directory, and over a file only with --force', async (t) => {
  const { world, outside } = await stage(t);
  const { home } = world.host;
  writeFileSync(join(outside, 'there'), 'mine');
  symlinkSync(join(outside, 'there'), join(outside, 'link'));
  mkdirSync(join(outside, 'folder'));
  symlinkSync(home, join(outside, 'way-in'));
  const cases = [
    [join(outside, 'there'), 2, /exists already, and was left as it is/],
    [join(outside, 'link'), 10, /symbolic link/],
    [join(outside, 'folder'), 10, /not a plain file/],
    ['/dev/null', 10, /not a plain file/],
    [join(outside, 'no', 'where'), 2, /does not exist\. Make it first/],
    [join(home, 'vault.db'), 2, /lies in the data directory/],
    [join(outside, 'way-in', 'copy'), 2, /lies in the data directory/],
    ['-', 2, /not taken here/],
  ] as const;
  for (const [path, code, sentence] of cases) {
    for (const args of [['backup', path], ...(path.endsWith('there') ? [] : [['backup', '--force', path]])]) {
      const ended = await tokentray(world, ...args);
      assert.deepEqual([ended.code, ended.stdout], [code, ''], ended.stderr);
      assert.match(ended.stderr, sentence);
    }
  }
  assert.equal(readFileSync(join(outside, 'there'), 'utf8'), 'mine');
  assert.equal((await tokentray(world, 'backup', '--force', join(outside, 'there'))).code, 0);
  checked(join(outside, 'there')).close();
  // Relative to the folder of the command; locked as well as open.
  await world.call('POST', '/v1/lock');
  const locked = await tokentray(world, 'backup', join(outside, 'locked'));
  assert.equal(locked.code, 0, locked.stderr);
  assert.match(locked.stderr, /2 connections.*opens with the key file only/s);
});
