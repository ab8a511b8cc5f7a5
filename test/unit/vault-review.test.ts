// A vault that may not be the newest one, or not the only one: how it is noticed, and that only a person ends it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ReviewCause } from '../../core/vault/review.ts';
import { MIGRATIONS, schemaOf } from '../../core/vault/schema.ts';
import { createVault, openVault, type Vault } from '../../core/vault/vault.ts';
import {
  connectionColumns,
  fileHash,
  removeVaultPlaces,
  tamper,
  text,
  type VaultPlace,
  vaultPlace,
  warnings,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KILLED_MIGRATION = fileURLToPath(new URL('../support/killed-migration.ts', import.meta.url));
const KEYCHAIN = { kind: 'keychain' } as const;

interface Home extends VaultPlace {
  readonly device?: string;
}

async function filled(home: Home = vaultPlace()): Promise<{ home: Home; vault: Vault }> {
  const vault = await createVault(home, KEYCHAIN);
  for (const id of ['c_1', 'c_2']) vault.put('connection', id, connectionColumns('first'), null);
  return { home, vault };
}

async function opened(home: Home): Promise<Vault> {
  const vault = openVault(home);
  await vault.unlock();
  return vault;
}

/** Opens the vault, and once more: a review outlives a restart, and ends with a person's word. */
async function assertReview(home: Home, cause: ReviewCause): Promise<void> {
  for (const _ of [1, 2]) {
    const vault = await opened(home);
    assert.equal(vault.review()?.cause, cause);
    assert.equal(
      vault.all('connection').every((row) => 'columns' in row),
      true,
      'every row is served',
    );
    vault.close();
  }
  const vault = await opened(home);
  vault.useHere();
  assert.equal(vault.review(), undefined);
  vault.close();
  const later = await opened(home);
  assert.equal(later.review(), undefined);
  later.close();
}

async function assertNoReview(home: Home): Promise<void> {
  const vault = await opened(home);
  assert.equal(vault.review(), undefined);
  vault.close();
}

test('a vault that is used and closed properly, or killed, never needs review', async () => {
  const { home, vault } = await filled();
  vault.close();
  await assertNoReview(home);
  const running = await opened(home);
  running.put('connection', 'c_1', connectionColumns('second'), 1);
  running.remove('connection', 'c_2', 1);
  // What a kill leaves: the files as they are.
  const killed = { ...vaultPlace(), keychain: home.keychain };
  cpSync(home.directory, killed.directory, { recursive: true, mode: 0 });
  running.close();
  for (const _ of [1, 2]) await assertNoReview(killed);
});

test('promise 81: a vault of another machine or folder needs review until a person says that it is used here', async () => {
  const { home, vault } = await filled({ ...vaultPlace(), device: 'd_here' });
  vault.close();
  await assertNoReview(home);
  await assertReview({ ...home, device: 'd_elsewhere' }, 'copied');
  // Back at the first place it is a copy again.
  await assertReview(home, 'copied');
});

test('promise 70: the copy of an earlier start that is put back needs review: the keychain remembers the last start', async () => {
  const { home, vault } = await filled();
  vault.close();
  copyFileSync(home.path, `${home.path}.old`);
  const later = await opened(home);
  later.put('connection', 'c_1', connectionColumns('second'), 1);
  later.close();
  copyFileSync(`${home.path}.old`, home.path);
  const vaultBefore = fileHash(home.path);
  // Nothing is written before the key is there.
  openVault(home).close();
  assert.equal(fileHash(home.path), vaultBefore);
  await assertReview(home, 'rolled_back');
});

test('promise 70: without a keychain there is no memory of the last start, so the same is not noticed', async () => {
  const home = vaultPlace();
  const passphrase = { kind: 'file', path: `${home.outside}/key` } as const;
  const vault = await createVault(home, passphrase);
  vault.close();
  copyFileSync(home.path, `${home.path}.old`);
  (await opened(home)).close();
  copyFileSync(`${home.path}.old`, home.path);
  await assertNoReview(home);
});

test('promise 70: a row that is put back in an older state, or taken away, still opens but is noticed by its generation', async () => {
  for (const change of ['old row', 'no row', 'no ledger value'] as const) {
    const { home, vault } = await filled();
    const old = vault.database().prepare("SELECT * FROM connection WHERE id = 'c_1'").get()!;
    vault.put('connection', 'c_1', connectionColumns('second'), 1);
    vault.close();
    tamper(home.path, (database) => {
      if (change === 'no ledger value') database.exec("UPDATE ledger SET sealed = x'00'");
      else database.exec("DELETE FROM connection WHERE id = 'c_1'");
      if (change !== 'old row') return;
      const { id, generation, doc, tokens } = old;
      database
        .prepare('INSERT INTO connection (id, generation, doc, tokens) VALUES (?, ?, ?, ?)')
        .run(id!, generation!, doc!, tokens!);
    });
    const again = await opened(home);
    assert.equal(again.review()?.cause, 'rows_changed', change);
    if (change === 'old row') assert.equal(text(again.get('connection', 'c_1')?.columns.tokens), 'first');
    assert.ok(warnings(home).includes('vault.needs_review'));
    again.close();
    await assertReview(home, 'rows_changed');
  }
});

test('promise 70: the rows of another time are noticed after a rotation of the key as well', async () => {
  const { home, vault } = await filled();
  await vault.rotate([]);
  vault.put('connection', 'c_1', connectionColumns('second'), 1);
  vault.close();
  await assertNoReview(home);
  tamper(home.path, (database) => database.exec("DELETE FROM connection WHERE id = 'c_2'"));
  const again = await opened(home);
  await again.rotate([]);
  assert.equal(again.review()?.cause, 'rows_changed', 'a rotation does not accept what a person has not');
  again.close();
});

test('a row that does not open does not put the others under review', async () => {
  const { home, vault } = await filled();
  vault.close();
  tamper(home.path, (database) => database.exec("UPDATE connection SET tokens = x'00' WHERE id = 'c_1'"));
  await assertNoReview(home);
});

test('fault 20: a vault that was not closed and whose write-ahead log is gone or empty is in an older state and needs review', async () => {
  for (const loss of ['gone', 'empty'] as const) {
    const { home, vault } = await filled();
    vault.put('connection', 'c_1', connectionColumns('second'), 1);
    const copy = { ...vaultPlace(), keychain: home.keychain };
    cpSync(home.directory, copy.directory, { recursive: true });
    vault.close();
    if (loss === 'gone') rmSync(`${copy.path}-wal`);
    else truncateSync(`${copy.path}-wal`, 0);
    rmSync(`${copy.path}-shm`);
    await assertReview(copy, 'log_lost');
  }
});

test('fault 20: the write-ahead log of another vault is refused by name, and neither file changes', async () => {
  const [one, other] = [await filled(), await filled()];
  const copy = { ...vaultPlace(), keychain: one.home.keychain };
  mkdirSync(copy.directory, { mode: 0o700 });
  copyFileSync(one.home.path, copy.path);
  copyFileSync(`${other.home.path}-wal`, `${copy.path}-wal`);
  const before = [fileHash(copy.path), fileHash(`${copy.path}-wal`)];
  assert.throws(
    () => openVault(copy),
    withCode('vault_damaged', /vault\.db-wal does not belong to the vault/),
  );
  assert.deepEqual([fileHash(copy.path), fileHash(`${copy.path}-wal`)], before);
  one.vault.close();
  other.vault.close();
});

test('fault 22: a vault that is replaced or removed while it is in use is noticed before the next write; what was held is kept aside', async () => {
  for (const how of ['replaced', 'removed'] as const) {
    const { home, vault } = await filled();
    copyFileSync(home.path, `${home.path}.backup`);
    vault.put('connection', 'c_1', connectionColumns('newest'), 1);
    const put = () => vault.put('connection', 'c_1', connectionColumns('later'), 2);
    if (how === 'replaced') renameSync(`${home.path}.backup`, home.path);
    else rmSync(home.path);
    const replaced = how === 'replaced' ? fileHash(home.path) : undefined;

    assert.throws(put, withCode('vault_replaced', /kept in .*vault\.db\.kept-\d{8}T\d{6}\./));
    assert.throws(() => vault.useHere(), withCode('vault_replaced'));
    assert.match(vault.unwritable()?.message ?? '', /decide which of the two shall be the vault/);
    assert.equal(
      text(vault.get('connection', 'c_1')?.columns.tokens),
      'newest',
      'what was read can still be given',
    );
    vault.close();
    if (replaced) assert.equal(fileHash(home.path), replaced, 'the file that took the place is not written');
    else assert.equal(readdirSync(home.directory).includes('vault.db'), false);

    const [kept] = readdirSync(home.directory).filter((name) => name.startsWith('vault.db.kept-'));
    const again = await opened({ ...home, path: `${home.directory}/${kept}` });
    assert.equal(text(again.get('connection', 'c_1')?.columns.tokens), 'newest');
    again.close();
  }
});

test('fault 26: before a migration a whole, verified copy of the vault is kept under the number of its schema', async () => {
  const { home, vault } = await filled();
  vault.close();
  toSchema1(home);
  const again = await opened(home);
  assert.equal(again.review(), undefined);
  assert.equal(text(again.get('connection', 'c_1')?.columns.tokens), 'first');
  again.put('connection', 'c_1', connectionColumns('second'), 1);
  again.close();
  const [copy] = readdirSync(home.directory).filter((name) => name.startsWith('vault.db.schema-1-'));
  assert.ok(copy !== undefined);
  tamper(`${home.directory}/${copy}`, (database) => {
    assert.equal(database.prepare('PRAGMA user_version').get()?.user_version, 1);
    assert.equal(database.prepare('SELECT count(*) AS rows FROM connection').get()?.rows, 2);
  });
  await assertNoReview(home);
});

test('fault 26: a migration that is killed at any of its statements leaves the old schema or the new one, and every token', async () => {
  const statements = MIGRATIONS[1]!.split(/(?<=;)/).length;
  assert.ok(statements >= 4);
  for (let at = 0; at <= statements; at += 1) {
    const { home, vault } = await filled();
    vault.close();
    toSchema1(home);
    const { signal } = spawnSync(process.execPath, [KILLED_MIGRATION, home.path, String(at)]);
    assert.equal(signal, 'SIGKILL', `killed at statement ${at}`);
    let version = 0;
    const copy = { ...vaultPlace(), keychain: home.keychain };
    cpSync(home.directory, copy.directory, { recursive: true });
    tamper(copy.path, (database) => {
      version = schemaOf(database);
      const tables = database.prepare(
        "SELECT name FROM sqlite_schema WHERE name IN ('ledger', 'header_copy')",
      );
      assert.equal(tables.all().length, version === 1 ? 0 : 2, `schema ${version} is whole`);
    });
    assert.equal(version, at === statements ? 2 : 1);
    const again = await opened(home);
    assert.equal(text(again.get('connection', 'c_1')?.columns.tokens), 'first');
    assert.equal(again.review(), undefined);
    again.close();
  }
});

/** The vault as the first version of the program wrote it. */
function toSchema1({ path, keychain }: Home): void {
  for (const item of keychain.items.keys()) if (item.endsWith('.epoch')) keychain.items.delete(item);
  tamper(path, (database) => {
    database.exec('DROP TABLE ledger; DROP TABLE header_copy; PRAGMA user_version = 1');
    database.exec("UPDATE header SET doc = json_remove(doc, '$.device', '$.epoch', '$.running', '$.review')");
  });
}
