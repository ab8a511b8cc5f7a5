// Transactions of the vault and the errors of its storage: all or nothing, and said in words.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { storageError } from '../../core/vault/database.ts';
import {
  connectionColumns,
  filledVault,
  removeVaultPlaces,
  text,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

test('a transaction is all or nothing, and calls inside another join it', async () => {
  const { vault } = await filledVault();
  const result = vault.transaction(() => {
    vault.put('connection', 'three', connectionColumns('3'), null);
    return vault.transaction(() => vault.put('connection', 'three', connectionColumns('3b'), 1));
  });
  assert.equal(result, 2);
  assert.throws(
    () =>
      vault.transaction(() => {
        vault.remove('connection', 'three', 2);
        vault.transaction(() => vault.put('connection', 'four', connectionColumns('4'), null));
        throw new RangeError('mine');
      }),
    RangeError,
  );
  assert.equal(vault.get('connection', 'three')?.generation, 2);
  assert.equal(vault.get('connection', 'four'), undefined);
  vault.close();
});

test('a joined call that failed undoes the whole transaction, even when its error was caught', async () => {
  const { vault } = await filledVault();
  assert.throws(
    () =>
      vault.transaction(() => {
        vault.put('connection', 'three', connectionColumns('3'), null);
        try {
          vault.transaction(() => {
            throw new RangeError('inside');
          });
        } catch (error) {
          assert(error instanceof RangeError);
        }
      }),
    /inside/,
  );
  assert.equal(vault.get('connection', 'three'), undefined);
  assert.equal(vault.put('connection', 'three', connectionColumns('3'), null), 1, 'and the next works again');
  vault.close();
});

test('a transaction cannot be asynchronous', async () => {
  const { vault } = await filledVault();
  assert.throws(
    () => vault.transaction(async () => vault.remove('connection', 'one', 1)),
    /must not be async/,
  );
  assert.equal(vault.get('connection', 'one')?.generation, 1);
  vault.close();
});

test('fault 13: a full disk is a storage error that says so; nothing of the transaction is written', async () => {
  const { vault } = await filledVault();
  const database = vault.database();
  database.exec(`PRAGMA max_page_count = ${database.prepare('PRAGMA page_count').get()?.page_count}`);
  const large = { ...connectionColumns('x'), doc: new Uint8Array(50_000) };
  assert.throws(() => vault.put('connection', 'large', large, null), withCode('storage', /disk is full/));
  assert.throws(
    () =>
      vault.transaction(() => {
        vault.put('connection', 'one', connectionColumns('first part'), 1);
        try {
          vault.put('connection', 'large', large, null);
        } catch (error) {
          assert(withCode('storage', /disk is full/)(error));
        }
        // SQLite has undone the first part by now; without a guard this would be written alone.
        vault.put('connection', 'two', connectionColumns('second part'), 1);
      }),
    withCode('storage'),
  );
  assert.equal(text(vault.get('connection', 'one')?.columns.tokens), 't one');
  assert.equal(text(vault.get('connection', 'two')?.columns.tokens), 't two');
  database.exec('PRAGMA max_page_count = 100000');
  assert.equal(vault.put('connection', 'large', large, null), 1, 'with space again it works');
  vault.close();
});

test('fault 16: a vault that cannot be written says so and can still be read', async () => {
  const { vault } = await filledVault();
  vault.database().exec('PRAGMA query_only = 1');
  assert.throws(
    () => vault.put('connection', 'one', connectionColumns('x'), 1),
    withCode('storage', /read-only/),
  );
  assert.equal(text(vault.get('connection', 'one')?.columns.tokens), 't one');
  vault.close();
});

test('a vault that another program holds is a storage error within a second, not an endless wait', async () => {
  const { place, vault } = await filledVault();
  const other = new DatabaseSync(place.path);
  other.exec('BEGIN IMMEDIATE');
  const before = performance.now();
  assert.throws(
    () => vault.transaction(() => vault.put('connection', 'one', connectionColumns('x'), 1)),
    withCode('storage', /another program/),
  );
  assert(performance.now() - before < 1_000);
  other.exec('ROLLBACK');
  other.close();
  assert.equal(vault.put('connection', 'one', connectionColumns('x'), 1), 2);
  vault.close();
});

test('every storage error is a sentence of ours: SQLite texts, which may name values, are not passed on', () => {
  const sqlite = (errcode: number) =>
    Object.assign(new Error('a value'), { code: 'ERR_SQLITE_ERROR', errcode });
  const cases = [
    [778, 'storage', /the disk reported an error/],
    [13, 'storage', /disk is full/],
    [8, 'storage', /read-only/],
    [5, 'storage', /another program/],
    [14, 'storage', /could not be opened/],
    [21, 'storage', /SQLite error 21/],
    [11, 'vault_damaged', /damaged/],
    [26, 'vault_damaged', /damaged/],
  ] as const;
  for (const [errcode, code, message] of cases) {
    const error = storageError(sqlite(errcode));
    assert(withCode(code, message)(error), `${errcode}`);
    assert(error instanceof Error && !error.message.includes('a value'));
  }
  const own = new RangeError('mine');
  assert.equal(storageError(own), own);
});

test('a closed vault is locked, and its other calls are storage errors', async () => {
  const { vault } = await filledVault();
  vault.close();
  vault.close();
  assert.throws(() => vault.get('connection', 'one'), withCode('locked'));
  assert.throws(() => vault.transaction(() => 1), withCode('storage', /closed/));
});
