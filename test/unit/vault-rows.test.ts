// Sealed rows: what a writer may change, what damage to one row does to the others, what a lock closes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { after, test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import { createVault, openVault, type Vault } from '../../core/vault/vault.ts';
import {
  bytes,
  connectionColumns,
  fileHash,
  filledVault,
  removeVaultPlaces,
  tamper,
  text,
  type VaultPlace,
  vaultPlace,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

async function reopen(place: VaultPlace): Promise<Vault> {
  const vault = openVault(place);
  await vault.unlock();
  return vault;
}

/** Table, column, row. */
type Value = readonly [string, string, string];

const COLUMNS = [
  ['provider', 'doc'],
  ['provider', 'secret'],
  ['connection', 'doc'],
  ['connection', 'tokens'],
  ['connection', 'previous'],
  ['connection', 'intent'],
] as const;

test('a row comes back as it was put, with empty and absent values told apart, also after a restart', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, { kind: 'keychain' });
  const columns = { doc: new Uint8Array(0), tokens: bytes('secret token'), previous: null, intent: null };
  assert.equal(vault.put('connection', 'c_1', columns, null), 1);
  assert.deepEqual(vault.get('connection', 'c_1'), { id: 'c_1', generation: 1, columns });
  assert.equal(vault.get('connection', 'c_2'), undefined);
  assert.equal(vault.get('provider', 'c_1'), undefined);
  vault.close();
  const again = await reopen(place);
  assert.deepEqual(again.all('connection'), [{ id: 'c_1', generation: 1, columns }]);
  again.close();
});

test('a put counts from the generation the writer saw, and anything else is a conflict that changes nothing', async () => {
  const { vault } = await filledVault();
  assert.throws(
    () => vault.put('connection', 'one', connectionColumns('x'), null),
    withCode('already_exists'),
  );
  assert.equal(vault.put('connection', 'one', connectionColumns('second'), 1), 2);
  for (const expected of [0, 1, 3]) {
    assert.throws(
      () => vault.put('connection', 'one', connectionColumns('x'), expected),
      withCode('conflict'),
    );
    assert.throws(() => vault.remove('connection', 'one', expected), withCode('conflict'));
  }
  assert.throws(() => vault.put('connection', 'none', connectionColumns('x'), 1), withCode('conflict'));
  assert.equal(text(vault.get('connection', 'one')?.columns.tokens), 'second');
  vault.remove('connection', 'one', 2);
  assert.equal(vault.get('connection', 'one'), undefined);
  assert.throws(() => vault.remove('connection', 'one', 2), withCode('conflict'));
  vault.close();
});

test('a put needs every column of its table and no other', async () => {
  const { vault } = await filledVault();
  assert.throws(() => vault.put('provider', 'three', { doc: bytes('d') }, null), /needs the column secret/);
  const more = { doc: null, secret: null, tokens: null };
  assert.throws(() => vault.put('provider', 'three', more, null), /no column tokens/);
  assert.equal(vault.get('provider', 'three'), undefined);
  vault.close();
});

test('promise 66: a flipped bit in any column of a row is "tampered" for that row only; the row is kept', async () => {
  const { place, vault } = await filledVault();
  vault.close();
  for (const [table, column] of COLUMNS) {
    let changed: SQLInputValue = null;
    let whole: SQLInputValue = null;
    tamper(place.path, (database) => {
      const sealed = database
        .prepare(`SELECT ${column} AS value FROM ${table} WHERE id = 'one'`)
        .get()?.value;
      assert(sealed instanceof Uint8Array);
      whole = Uint8Array.from(sealed);
      sealed[sealed.length - 1]! ^= 0x10;
      changed = sealed;
      database.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = 'one'`).run(sealed);
    });
    const again = await reopen(place);
    assert.throws(() => again.get(table, 'one'), withCode('tampered', new RegExp(`${table}/one/${column}`)));
    assert.equal(again.get(table, 'two')?.generation, 1);
    const [damaged, other] = again.all(table);
    assert(damaged && 'damaged' in damaged && withCode('tampered')(damaged.damaged));
    assert.equal(damaged.id, 'one');
    assert(other && 'columns' in other);
    again.close();
    tamper(place.path, (database) => {
      const kept = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE id = 'one'`).get()?.value;
      assert.deepEqual(kept, changed, 'the damaged value is still there');
      database.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = 'one'`).run(whole);
    });
  }
});

test('promise 66: a damaged row can be replaced and removed like any other', async () => {
  const { place, vault } = await filledVault();
  vault.close();
  tamper(place.path, (database) => database.exec("UPDATE connection SET tokens = x'00'"));
  const again = await reopen(place);
  assert.equal(again.put('connection', 'one', connectionColumns('new'), 1), 2);
  assert.equal(text(again.get('connection', 'one')?.columns.tokens), 'new');
  again.remove('connection', 'two', 1);
  assert.equal(again.all('connection').length, 1);
  again.close();
});

test('promise 67: two values swapped between rows, columns, tables or vaults both fail to open', async () => {
  const { place, vault } = await filledVault();
  vault.close();
  const foreign = await filledVault();
  foreign.vault.close();
  const read = (path: string, [table, column, row]: Value): Uint8Array => {
    const database = new DatabaseSync(path);
    const value = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE id = ?`).get(row)?.value;
    database.close();
    assert(value instanceof Uint8Array);
    return value;
  };
  const write = ([table, column, row]: Value, value: Uint8Array) =>
    tamper(place.path, (database) => {
      database.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = ?`).run(value, row);
    });
  const swaps = [
    ['row', ['connection', 'tokens', 'one'], ['connection', 'tokens', 'two']],
    ['column', ['connection', 'tokens', 'one'], ['connection', 'previous', 'one']],
    ['table', ['connection', 'doc', 'one'], ['provider', 'doc', 'one']],
  ] as const;
  for (const [what, from, to] of swaps) {
    const a = read(place.path, from);
    const b = read(place.path, to);
    write(from, b);
    write(to, a);
    const again = await reopen(place);
    assert.throws(() => again.get(from[0], from[2]), withCode('tampered'), what);
    assert.throws(() => again.get(to[0], to[2]), withCode('tampered'), what);
    again.close();
    write(from, a);
    write(to, b);
  }
  const tokens: Value = ['connection', 'tokens', 'one'];
  const ours = read(place.path, tokens);
  write(tokens, read(foreign.place.path, tokens));
  const again = await reopen(place);
  assert.throws(() => again.get('connection', 'one'), withCode('tampered'), 'vault');
  again.close();
  write(tokens, ours);
  const healed = await reopen(place);
  assert.equal(text(healed.get('connection', 'one')?.columns.tokens), 't one');
  healed.close();
});

test('promise 67: a changed generation, even one too large for a number, makes that row fail and no other', async () => {
  const { place, vault } = await filledVault();
  vault.close();
  for (const generation of [2n, 0n, -1n, 2n ** 62n]) {
    tamper(place.path, (database) => {
      database.prepare("UPDATE connection SET generation = ? WHERE id = 'one'").run(generation);
    });
    const again = await reopen(place);
    assert.throws(() => again.get('connection', 'one'), withCode('tampered'));
    assert.deepEqual(
      again.all('connection').map((row) => 'damaged' in row),
      [true, false],
    );
    again.close();
  }
});

test('while locked no sealed row can be read or written, and the callers and the audit still can', async () => {
  const { vault } = await filledVault();
  vault.lock();
  const locked = withCode('locked');
  assert.throws(() => vault.get('connection', 'one'), locked);
  assert.throws(() => vault.all('provider'), locked);
  assert.throws(() => vault.put('connection', 'one', connectionColumns('x'), 1), locked);
  assert.throws(() => vault.remove('connection', 'one', 1), locked);
  assert.throws(() => vault.subkey('audit'), locked);
  await assert.rejects(vault.addSlot({ kind: 'keychain' }), locked);
  await assert.rejects(vault.removeSlot(vault.slots()[0]!.id), locked);
  await assert.rejects(vault.rotate([]), locked);
  vault.transaction(() => {
    vault.database().prepare("INSERT INTO caller (name, digest) VALUES ('script', x'01')").run();
    vault.database().prepare("INSERT INTO audit (at, caller, outcome) VALUES (1, 'script', 'denied')").run();
  });
  assert.equal(vault.database().prepare('SELECT count(*) AS count FROM caller').get()?.count, 1);
  vault.close();
});

test('a lock overwrites the bytes of the data key', async () => {
  const place = vaultPlace();
  const drawn: Uint8Array[] = [];
  const random = {
    bytes: (count: number) => {
      const bytes = place.random.bytes(count);
      if (count === 32) drawn.push(bytes);
      return bytes;
    },
  };
  const vault = await createVault({ ...place, random }, { kind: 'keychain' });
  const dataKey = drawn[0]!;
  assert.notDeepEqual(dataKey, new Uint8Array(32));
  vault.lock();
  assert.deepEqual(dataKey, new Uint8Array(32));
  assert.equal(vault.unlocked, false);
  assert.deepEqual(drawn[1], new Uint8Array(32), 'the key in the keychain item was only passing through');
  vault.close();
});

test('nothing that was put can be found in the files of the vault in plain text', async () => {
  const place = vaultPlace();
  const canary = 'canary-0123456789-token';
  const vault = await createVault(place, { kind: 'keychain' });
  const all = { doc: bytes(canary), tokens: bytes(canary), previous: bytes(canary), intent: bytes(canary) };
  vault.put('connection', 'c_1', all, null);
  vault.put('provider', 'p', { doc: bytes(canary), secret: bytes(canary) }, null);
  assert(readFileSync(`${place.path}-wal`).length > 0);
  assert.equal(readFileSync(`${place.path}-wal`).includes(canary), false);
  vault.close();
  assert.equal(readFileSync(place.path).includes(canary), false);
  assert.equal(JSON.stringify(place.log.entries).includes(canary), false);
});

test('a subkey is the same for the same purpose, another for another, and another after a rotation', async () => {
  const { place, vault } = await filledVault();
  const audit = vault.subkey('audit');
  assert.equal(audit.length, 32);
  assert.notDeepEqual(vault.subkey('other'), audit);
  vault.close();
  const again = await reopen(place);
  assert.deepEqual(again.subkey('audit'), audit);
  await again.rotate([]);
  assert.notDeepEqual(again.subkey('audit'), audit);
  again.close();
});

test('promise 68: seals are counted ahead on disk, and the key retires at its limit until it is rotated', async () => {
  const { place, vault } = await filledVault();
  vault.close();
  const counted = () => {
    let seals = 0;
    tamper(place.path, (database) => {
      seals = Number(database.prepare("SELECT doc ->> '$.seals' AS seals FROM header").get()?.seals);
    });
    return seals;
  };
  assert(counted() >= 12, 'never less than were made');
  assert(LIMITS.sealsPerKey < 2 ** 32);
  tamper(place.path, (database) => {
    database.prepare("UPDATE header SET doc = json_set(doc, '$.seals', ?)").run(LIMITS.sealsPerKey - 3);
  });
  const again = await reopen(place);
  const two = connectionColumns('x');
  assert.equal(again.put('connection', 'one', two, 1), 2);
  assert.throws(() => again.put('connection', 'one', two, 2), withCode('conflict', /vault slots rotate/));
  assert.equal(again.get('connection', 'one')?.generation, 2, 'reading goes on');
  await again.rotate([]);
  assert.equal(again.put('connection', 'one', two, 2), 3);
  again.close();
  assert(counted() < 10_000);
});

test('opening a vault and closing it again without its key changes no byte of it', async () => {
  const { place, vault } = await filledVault();
  vault.close();
  const before = fileHash(place.path);
  openVault(place).close();
  assert.equal(fileHash(place.path), before);
});
