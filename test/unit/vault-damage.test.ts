// Making a vault, and vault files that are damaged, foreign, newer or half-made: never taken for new, never written.
import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { migrate, SCHEMA_VERSION, schemaOf } from '../../core/vault/schema.ts';
import { createVault, openVault } from '../../core/vault/vault.ts';
import {
  connectionColumns,
  fileHash,
  removeVaultPlaces,
  tamper,
  text,
  type VaultPlace,
  vaultPlace,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KEYCHAIN = { kind: 'keychain' } as const;

async function closedVault(): Promise<VaultPlace> {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('token'), null);
  vault.database().exec('INSERT INTO audit (at, mark) VALUES (1, hex(zeroblob(9000)))');
  vault.close();
  return place;
}

function assertRefused(place: VaultPlace, code: string, what?: string): void {
  const before = fileHash(place.path);
  assert.throws(() => openVault(place), withCode(code), what);
  assert.equal(fileHash(place.path), before, `${what}: bytes unchanged`);
}

test('promise 78: the pragmas of the vault, read from its own connection', async () => {
  const vault = await createVault(vaultPlace(), KEYCHAIN);
  const { busy_timeout, ...pragmas } = vault.pragmas();
  assert.deepEqual(pragmas, {
    journal_mode: 'wal',
    synchronous: 2,
    fullfsync: 1,
    checkpoint_fullfsync: 1,
    secure_delete: 1,
    trusted_schema: 0,
    cell_size_check: 1,
    foreign_keys: 1,
  });
  assert(Number(busy_timeout) > 0 && Number(busy_timeout) <= 1_000);
  vault.close();
});

test('promise 80: a vault of a newer schema is opened for reading only: it says so, gives what is in it, and no byte changes', async () => {
  const place = await closedVault();
  tamper(place.path, (database) => {
    database.exec(`ALTER TABLE audit ADD COLUMN later TEXT; PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  });
  const before = fileHash(place.path);
  const vault = openVault(place);
  await vault.unlock();
  assert.match(vault.unwritable()?.message ?? '', /newer version.*Update Tokentray/);
  assert.equal(text(vault.get('connection', 'c_1')?.columns.tokens), 'token');
  const writes = [
    () => vault.put('connection', 'c_2', connectionColumns('other'), null),
    () => vault.remove('connection', 'c_1', 1),
    () => vault.useHere(),
    () => vault.transaction(() => {}),
  ];
  for (const write of writes) assert.throws(write, withCode('vault_newer'));
  await assert.rejects(
    vault.addSlot({ kind: 'passphrase', passphrase: 'long enough' }),
    withCode('vault_newer'),
  );
  await assert.rejects(vault.rotate([]), withCode('vault_newer'));
  vault.close();
  assert.equal(fileHash(place.path), before);
});

test('promise 80: a newer vault that cannot even be read is refused with a message, and no byte changes', async () => {
  for (const change of [
    'DROP TABLE provider',
    "UPDATE header SET doc = json_set(doc, '$.schema_version', 99)",
    'DELETE FROM header; DELETE FROM header_copy',
  ]) {
    const place = await closedVault();
    tamper(place.path, (database) => database.exec(`${change}; PRAGMA user_version = ${SCHEMA_VERSION + 1}`));
    assertRefused(place, 'vault_newer', change);
  }
});

test('without a vault file opening says "setup" and makes nothing', () => {
  const place = vaultPlace();
  assert.throws(() => openVault(place), withCode('setup'));
  assert.deepEqual(readdirSync(place.outside), []);
});

test('fault 19: a truncated vault of any length is damage, never a new vault, and its bytes are kept', async () => {
  const place = await closedVault();
  const whole = readFileSync(place.path);
  const lengths = [
    0,
    1,
    15,
    16,
    100,
    511,
    4_095,
    4_096,
    whole.length >> 1,
    whole.length - 4_096,
    whole.length - 1,
  ];
  for (const length of lengths) {
    writeFileSync(place.path, whole.subarray(0, length));
    assertRefused(place, 'vault_damaged', `${length} bytes`);
    await assert.rejects(createVault(place, KEYCHAIN), withCode('already_exists'), `${length} bytes`);
  }
  for (const suffix of ['-wal', '-shm']) rmSync(`${place.path}${suffix}`, { force: true });
  writeFileSync(place.path, whole);
  const vault = openVault(place);
  await vault.unlock();
  assert.equal(vault.all('connection').length, 1);
  vault.close();
});

test('a file that is no database, or a database of somebody else, is damage and not changed', async () => {
  const place = vaultPlace();
  mkdirSync(place.directory, { mode: 0o700 });
  writeFileSync(place.path, 'not a database, but longer than the header of one. '.repeat(200));
  assertRefused(place, 'vault_damaged', 'text');
  rmSync(place.path);
  tamper(place.path, (database) => database.exec('CREATE TABLE theirs (x); PRAGMA user_version = 300'));
  assertRefused(place, 'vault_damaged', 'a foreign database');
});

test('a header that is missing or not well formed in both its places is damage', async () => {
  const changes = [
    "doc = '{'",
    "doc = 'null'",
    "doc = json_set(doc, '$.slots', json('[]'))",
    "doc = json_set(doc, '$.slots[0].kind', 'other')",
    "doc = json_set(doc, '$.slots[0].wrapped', 'short')",
    "doc = json_remove(doc, '$.vault_id')",
  ];
  for (const change of changes) {
    const place = await closedVault();
    tamper(place.path, (database) => database.exec(`UPDATE header SET ${change}`));
    openVault(place).close();
    tamper(place.path, (database) => database.exec(`UPDATE header_copy SET ${change}`));
    assert.throws(() => openVault(place), withCode('vault_damaged'), change);
  }
  for (const change of ['DELETE FROM header; DELETE FROM header_copy', 'DROP TABLE header']) {
    const place = await closedVault();
    tamper(place.path, (database) => database.exec(change));
    assert.throws(() => openVault(place), withCode('vault_damaged'), change);
  }
});

test('fault 18: a page of random bytes is reported as damage when the vault is opened, and is not changed', async () => {
  const place = await closedVault();
  const roots: number[] = [];
  tamper(place.path, (database) => {
    const found = database.prepare('SELECT DISTINCT rootpage AS page FROM sqlite_schema').all();
    roots.push(1, ...found.map(({ page }) => Number(page)));
  });
  assert(roots.length > 6, 'every table and index has its own first page');
  const whole = readFileSync(place.path);
  for (const page of roots) {
    const broken = Uint8Array.from(whole);
    broken.fill(0xa5, (page - 1) * 4_096, page * 4_096);
    writeFileSync(place.path, broken);
    assertRefused(place, 'vault_damaged', `page ${page}`);
  }
});

test('what a put returned for survives a process that is killed', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('first'), null);
  vault.put('connection', 'c_1', connectionColumns('second'), 1);
  // The files as a killed process leaves them: with a write-ahead log that was never folded in.
  const copy = vaultPlace();
  mkdirSync(copy.directory, { mode: 0o700 });
  for (const suffix of ['', '-wal']) copyFileSync(`${place.path}${suffix}`, `${copy.path}${suffix}`);
  vault.close();
  const again = openVault({ ...place, path: copy.path });
  await again.unlock();
  assert.equal(text(again.get('connection', 'c_1')?.columns.tokens), 'second');
  assert.equal(again.get('connection', 'c_1')?.generation, 2);
  again.close();
});

test('fault 20: without its write-ahead log, or with a cut one, the vault is in an older whole state', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  vault.put('connection', 'c_1', connectionColumns('first'), null);
  vault.database().exec('PRAGMA wal_checkpoint(TRUNCATE)');
  vault.put('connection', 'c_1', connectionColumns('second'), 1);
  for (const length of [0, 20, 5_000]) {
    const copy = vaultPlace();
    mkdirSync(copy.directory, { mode: 0o700 });
    for (const suffix of ['', '-wal']) copyFileSync(`${place.path}${suffix}`, `${copy.path}${suffix}`);
    truncateSync(`${copy.path}-wal`, length);
    const again = openVault({ ...place, path: copy.path });
    await again.unlock();
    const row = again.get('connection', 'c_1');
    assert(['first', 'second'].includes(String(text(row?.columns.tokens))));
    assert.equal(row?.generation, text(row?.columns.tokens) === 'first' ? 1 : 2);
    again.close();
  }
  vault.close();
});

test('a write-ahead log without its vault stops both opening and making: it may hold the newest tokens', async () => {
  const place = vaultPlace();
  mkdirSync(place.directory, { mode: 0o700 });
  writeFileSync(`${place.path}-wal`, 'frames', { mode: 0o600 });
  assert.throws(() => openVault(place), withCode('vault_damaged', /write-ahead log/));
  await assert.rejects(createVault(place, KEYCHAIN), withCode('vault_damaged'));
  assert.deepEqual(readdirSync(place.directory), ['vault.db-wal']);
  assert.equal(place.keychain.changes, 0);
});

test('a creation that died half-way neither blocks the next one nor looks like a vault, and is cleaned up by it', async () => {
  const place = vaultPlace();
  mkdirSync(place.directory, { mode: 0o700 });
  for (const name of ['vault.db.new-0123', 'vault.db.new-0123-wal'])
    writeFileSync(`${place.directory}/${name}`, 'half');
  assert.throws(() => openVault(place), withCode('setup'));
  const vault = await createVault(place, KEYCHAIN);
  vault.close();
  assert.deepEqual(readdirSync(place.directory), ['vault.db']);
});

test('a creation that fails leaves no file and no keychain item', async () => {
  const place = vaultPlace();
  mkdirSync(place.directory, { mode: 0o700 });
  // A vault appears while the key is being stored.
  place.keychain.beforeWrite = () => writeFileSync(place.path, 'appeared', { mode: 0o600 });
  await assert.rejects(createVault(place, KEYCHAIN), withCode('already_exists'));
  assert.deepEqual(readdirSync(place.directory), ['vault.db']);
  assert.equal(readFileSync(place.path, 'utf8'), 'appeared');
  assert.equal(place.keychain.items.size, 0);
});

test('of many creations at once exactly one makes the vault, and its keychain item is the only one', async () => {
  const place = vaultPlace();
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => createVault(place, KEYCHAIN)));
  const made = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  assert.equal(made.length, 1);
  for (const result of results) {
    if (result.status === 'rejected') assert(withCode('already_exists')(result.reason));
  }
  assert.deepEqual([...place.keychain.items.keys()], [made[0]!.id, `${made[0]!.id}.epoch`]);
  made[0]!.close();
  assert.deepEqual(readdirSync(place.directory), ['vault.db']);
});

test('fault 26: a migration that fails at any statement leaves the schema before it, whole, and works the next time', () => {
  const steps = [
    'CREATE TABLE one (a)',
    'CREATE TABLE two (b); ALTER TABLE one ADD COLUMN c; INSERT INTO two VALUES (1)',
  ];
  const broken = [steps[0]!, `${steps[1]}; INSERT INTO missing VALUES (1)`];
  const database = new DatabaseSync(':memory:');
  const tables = () => database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table'").all().length;
  assert.throws(() => migrate(database, broken), /no such table/);
  assert.deepEqual([schemaOf(database), tables()], [1, 1]);
  migrate(database, steps);
  assert.deepEqual([schemaOf(database), tables()], [2, 2]);
  migrate(database, steps);
  assert.equal(database.prepare('SELECT count(*) AS rows FROM two').get()?.rows, 1, 'each step ran once');
  database.close();
});
