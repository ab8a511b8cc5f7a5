// Saving what can be saved from a damaged vault: page by page, with its write-ahead log, cut short, or with rows that do
// not open. On real files, through the session that hosts use.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { type SessionHooks, VaultSession } from '../../core/vault/session.ts';
import { createVault, openVault, type Vault } from '../../core/vault/vault.ts';
import { seededRandom } from '../support/seeded-random.ts';
import {
  bytes,
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
const PAGE = 4_096;
const IDS = Array.from({ length: 12 }, (_, at) => `c_${at}`);

const tokenOf = (id: string, round = 1) => `token ${round} of ${id} `.repeat(id === 'c_3' ? 600 : 20);

function columnsOf(id: string, round = 1) {
  const doc = bytes(JSON.stringify({ provider: 'acme', account: id.slice(2) }));
  return { doc, tokens: bytes(tokenOf(id, round)), previous: null, intent: null };
}

/** Connections over several pages, one of them with tokens longer than a page; providers, keys and activity. */
async function filled(): Promise<{ place: VaultPlace; vault: Vault }> {
  const place = vaultPlace();
  const vault = await createVault(place, KEYCHAIN);
  for (const id of ['acme', 'other'])
    vault.put('provider', id, { doc: bytes(`{"id":"${id}"}`), secret: bytes('s') }, null);
  for (const id of IDS) vault.put('connection', id, columnsOf(id), null);
  const database = vault.database();
  const key = database.prepare(
    'INSERT INTO caller (name, digest, prefix, doc, created_at) VALUES (?, ?, ?, ?, 1)',
  );
  for (const name of ['backup', 'mail']) key.run(name, Buffer.alloc(32, name), 'tt_abcd', '{}');
  const event = database.prepare(
    "INSERT INTO audit (at, caller, connection, action) VALUES (?, 'mail', 'c_1', 'hand_out')",
  );
  for (let at = 1; at <= 5; at += 1) event.run(at);
  return { place, vault };
}

const NO_HOOKS: SessionHooks = {
  onFile() {},
  onOpen() {},
  async beforeLock() {},
  onLocked() {},
  onStillOpen() {},
  onGone() {},
};

/** A folder with these files as a vault, under the same keychain. */
function copyOf(place: VaultPlace, file: Uint8Array, log?: Uint8Array): VaultPlace {
  const copy = { ...vaultPlace(), keychain: place.keychain };
  mkdirSync(copy.directory, { mode: 0o700 });
  writeFileSync(copy.path, file, { mode: 0o600 });
  if (log) writeFileSync(`${copy.path}-wal`, log, { mode: 0o600 });
  return copy;
}

const namesOf = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort();

/** What the repaired vault holds, by id; a row that does not open fails the test. */
function connectionsIn(session: VaultSession): Map<string, string | undefined> {
  const rows = session.open().all('connection');
  return new Map(
    rows.map((row) => {
      assert.ok('columns' in row, row.id);
      return [row.id, text(row.columns.tokens)];
    }),
  );
}

function pagesOf(place: VaultPlace): Map<number, string> {
  const pages = new Map<number, string>();
  tamper(place.path, (database) => {
    for (const { name, pageno } of database.prepare('SELECT name, pageno FROM dbstat').all())
      pages.set(Number(pageno), String(name));
  });
  return pages;
}

test('fault 18: whichever page is overwritten with random bytes, everything on the others is saved, what is lost is named, and the old file is kept', async () => {
  const { place, vault } = await filled();
  vault.close();
  const pages = pagesOf(place);
  const whole = readFileSync(place.path);
  const random = seededRandom('fault 18');
  assert.ok(pages.size > 12);
  let losses = 0;
  for (const [page, owner] of pages) {
    const broken = Buffer.from(whole);
    broken.set(random.bytes(PAGE), (page - 1) * PAGE);
    const copy = copyOf(place, broken);
    const session = new VaultSession(copy, NO_HOOKS);
    const what = `page ${page} of ${owner}`;
    assert.equal(session.state(), 'unreadable', what);
    assert.throws(() => session.open(), withCode('vault_damaged'), what);

    const report = await session.repair();
    assert.equal(session.state(), 'open', what);
    assert.equal(session.review()?.cause, 'repaired', what);
    assert.deepEqual(readFileSync(report.kept ?? ''), broken, `${what}: the damaged file is kept as it was`);
    const rows = connectionsIn(session);
    for (const [id, tokens] of rows) assert.equal(tokens, tokenOf(id), what);
    assert.equal(rows.size, report.saved.connections);
    const lost = IDS.filter((id) => !rows.has(id));
    losses += lost.length;
    if (owner !== 'connection') assert.deepEqual(lost, [], what);
    assert.ok(lost.length < IDS.length, `${what}: never all of them`);
    // An inner page of the table leads to the others, which are read without it.
    assert.deepEqual(
      namesOf(report.lost).filter((name) => name.startsWith('c_') || name.startsWith('acme/')).length,
      lost.length,
      what,
    );
    if (owner !== 'caller') assert.equal(report.saved.keys, 2, what);
    if (owner !== 'audit') assert.equal(report.saved.activity, 5, what);
    if (owner !== 'provider') assert.equal(report.saved.providers, 2, what);
    session.close();
    const again = openVault(copy);
    await again.unlock();
    assert.equal(again.isSound(), true);
    again.close();
  }
  assert.ok(losses > 0, 'some page held connections');
});

test('fault 18: rows in a write-ahead log are saved as well, also those after a frame that is damaged', async () => {
  const { place, vault } = await filled();
  vault.database().exec('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const id of IDS) vault.put('connection', id, columnsOf(id, 2), 1);
  const [file, log] = [readFileSync(place.path), readFileSync(`${place.path}-wal`)];
  vault.close();
  // The first page of the file, so that SQLite can open nothing.
  file.fill(0xa5, 0, PAGE);
  const whole = new VaultSession(copyOf(place, file, log), NO_HOOKS);
  await whole.repair();
  for (const [id, tokens] of connectionsIn(whole)) assert.equal(tokens, tokenOf(id, 2));
  assert.equal(connectionsIn(whole).size, IDS.length);
  whole.close();

  // SQLite reads a log up to the first frame that is wrong.
  const frame = 32 + 3 * (24 + PAGE);
  log.fill(0x5a, frame + 100, frame + 200);
  const cut = new VaultSession(copyOf(place, file, log), NO_HOOKS);
  const { lost } = await cut.repair();
  const rows = connectionsIn(cut);
  const newest = [...rows].filter(([id, tokens]) => tokens === tokenOf(id, 2));
  assert.ok(newest.length >= IDS.length - 2, `${newest.length} of ${IDS.length} in their newest state`);
  assert.equal(rows.size + lost.filter(({ kind }) => kind === 'connection').length, IDS.length);
  cut.close();
});

test('fault 19: of a truncated vault what is left is saved; with nothing left it says so and stays as it is', async () => {
  const { place, vault } = await filled();
  vault.close();
  const whole = readFileSync(place.path);
  for (const length of [whole.length - 1, whole.length - PAGE, whole.length >> 1]) {
    const copy = copyOf(place, whole.subarray(0, length));
    const session = new VaultSession(copy, NO_HOOKS);
    assert.equal(session.state(), 'unreadable', `${length} bytes`);
    const report = await session.repair();
    assert.equal(session.state(), 'open');
    for (const [id, tokens] of connectionsIn(session)) assert.equal(tokens, tokenOf(id));
    if (length > whole.length >> 1) assert.ok(report.saved.connections > 0, `${length} bytes`);
    assert.equal(report.saved.providers, 2);
    session.close();
  }
  for (const length of [0, 1, 100, PAGE]) {
    const copy = copyOf(place, whole.subarray(0, length));
    const session = new VaultSession(copy, NO_HOOKS);
    await assert.rejects(session.repair(), withCode('vault_damaged', /Restore a backup/), `${length} bytes`);
    assert.equal(session.state(), 'unreadable', 'never "setup"');
    await assert.rejects(session.addSlot(KEYCHAIN), withCode('vault_damaged'));
    assert.deepEqual(readFileSync(copy.path), whole.subarray(0, length));
    assert.deepEqual(
      readdirSync(copy.directory).filter((name) => !name.startsWith('vault.db-')),
      ['vault.db'],
    );
    session.close();
  }
});

test('promise 66: a repair leaves out the rows that do not open, by name where the name opens, and keeps them in the old file', async () => {
  const { place, vault } = await filled();
  vault.close();
  tamper(place.path, (database) => {
    database.exec("UPDATE connection SET tokens = x'00' WHERE id = 'c_4'");
    database.exec("UPDATE connection SET doc = x'00' WHERE id = 'c_5'");
    database.exec("UPDATE provider SET secret = x'00' WHERE id = 'other'");
  });
  const session = new VaultSession(place, NO_HOOKS);
  await session.unlock();
  const report = await session.repair();
  assert.deepEqual(namesOf(report.lost), ['acme/4', 'c_5', 'other']);
  assert.deepEqual(report.saved, { providers: 1, connections: 10, keys: 2, activity: 5 });
  const old = new DatabaseSync(report.kept ?? '', { readOnly: true });
  assert.equal(old.prepare('SELECT count(*) AS rows FROM connection').get()?.rows, IDS.length);
  old.close();
  session.close();
});

test('a vault in which everything opens is not changed by a repair', async () => {
  const { place, vault } = await filled();
  vault.close();
  const session = new VaultSession(place, NO_HOOKS);
  await session.unlock();
  const report = await session.repair();
  assert.deepEqual([report.repaired, report.kept, report.lost], [false, null, []]);
  assert.equal(session.state(), 'open');
  assert.equal(session.review(), undefined);
  session.close();
  assert.deepEqual(readdirSync(place.directory), ['vault.db']);
});

test('a repair without the key, or with a wrong one, changes nothing', async () => {
  const place = vaultPlace();
  const vault = await createVault(place, { kind: 'passphrase', passphrase: 'correct horse' });
  vault.put('connection', 'c_1', columnsOf('c_1'), null);
  vault.close();
  const broken = readFileSync(place.path);
  broken.fill(0xa5, 0, PAGE);
  writeFileSync(place.path, broken);
  const session = new VaultSession(place, NO_HOOKS);
  await assert.rejects(session.repair(), withCode('locked', /passphrase/));
  await assert.rejects(
    session.repair({ kind: 'passphrase', passphrase: 'wrong horse' }),
    withCode('wrong_passphrase'),
  );
  assert.deepEqual(readFileSync(place.path), broken);
  await session.repair({ kind: 'passphrase', passphrase: 'correct horse' });
  assert.equal(session.state(), 'open');
  session.close();
});

test('a repair that dies before its end leaves the damaged vault at its place, and the next one works', async () => {
  const { place, vault } = await filled();
  vault.close();
  const broken = readFileSync(place.path);
  broken.fill(0xa5, 0, PAGE);
  writeFileSync(place.path, broken);
  const session = new VaultSession(place, NO_HOOKS);
  const report = await session.repair();
  session.close();
  // What a death between keeping the old file and giving the new one its name leaves behind.
  rmSync(place.path);
  copyFileSync(report.kept ?? '', place.path);
  writeFileSync(join(place.directory, `${basename(place.path)}.new-0123`), 'half');
  const again = new VaultSession(place, NO_HOOKS);
  assert.equal(again.state(), 'unreadable');
  await again.repair();
  assert.equal(connectionsIn(again).size, IDS.length);
  again.close();
});

test('fault 21: a rollback journal that is not ours would be written into the vault, so it stops the opening and stays', async () => {
  const { place, vault } = await filled();
  vault.close();
  const before = fileHash(place.path);
  const journal = `${place.path}-journal`;
  writeFileSync(journal, Buffer.alloc(8_192, 1), { mode: 0o600 });
  assert.throws(() => openVault(place), withCode('vault_damaged', /vault\.db-journal.*Move that file away/s));
  assert.equal(fileHash(place.path), before);
  assert.equal(readFileSync(journal).length, 8_192);
  rmSync(journal);
  openVault(place).close();
});
