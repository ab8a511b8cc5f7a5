// Who may touch the vault's files: modes under any umask, links, other owners, repairs.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import {
  createPrivateFile,
  prepareDirectory,
  prepareFile,
  publishFile,
  readPrivateFile,
  writePrivateFile,
} from '../../core/vault/file-safety.ts';
import { createVault, openVault } from '../../core/vault/vault.ts';
import {
  connectionColumns,
  removeVaultPlaces,
  vaultPlace,
  warnings,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const UMASKS = [0o000, 0o022, 0o077, 0o777];

function mode(path: string): string {
  return (lstatSync(path).mode & 0o777).toString(8);
}

async function underUmask<T>(umask: number, work: () => Promise<T> | T): Promise<T> {
  const before = process.umask(umask);
  try {
    return await work();
  } finally {
    process.umask(before);
  }
}

/** A folder and a file of somebody else: root makes them, others find them. */
function foreign(place: { outside: string }): { directory: string; file: string } {
  if (process.getuid?.() !== 0) return { directory: '/usr', file: '/etc/passwd' };
  const directory = join(place.outside, 'foreign');
  const file = join(place.outside, 'foreign-file');
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(file, 'x', { mode: 0o600 });
  chownSync(directory, 12_345, 12_345);
  chownSync(file, 12_345, 12_345);
  return { directory, file };
}

test('promise 63: a fresh vault directory is 0700 and its files 0600 under any umask', async () => {
  for (const umask of UMASKS) {
    const place = vaultPlace();
    const path = join(place.directory, 'deeper', 'vault.db');
    await underUmask(umask, async () => {
      const vault = await createVault({ ...place, path }, { kind: 'keychain' });
      vault.put('connection', 'c_1', connectionColumns('t'), null);
      assert.equal(mode(place.directory), '700');
      assert.equal(mode(dirname(path)), '700');
      const files = readdirSync(dirname(path)).sort();
      assert.deepEqual(files, ['vault.db', 'vault.db-shm', 'vault.db-wal']);
      for (const file of files)
        assert.equal(mode(join(dirname(path), file)), '600', `${file}, umask ${umask}`);
      vault.close();
    });
    assert.deepEqual(readdirSync(dirname(path)), ['vault.db']);
    assert.deepEqual(warnings(place), [], 'nothing had to be repaired');
  }
});

test('promise 63: a symbolic link or a foreign owner at the directory or a file of the vault stops the start', async () => {
  const place = vaultPlace();
  const theirs = foreign(place);
  assert.throws(() => prepareDirectory(theirs.directory, place.log), withCode('unsafe_path', /another user/));
  assert.throws(() => prepareFile(theirs.file, place.log), withCode('unsafe_path', /another user/));

  const link = join(place.outside, 'link');
  symlinkSync(place.outside, link);
  assert.throws(() => prepareDirectory(link, place.log), withCode('unsafe_path', /symbolic link/));
  const there = { ...place, path: join(link, 'vault.db') };
  await assert.rejects(createVault(there, { kind: 'keychain' }), withCode('unsafe_path', new RegExp(link)));
  assert.equal(place.keychain.changes, 0, 'the keychain was not touched');

  (await createVault(place, { kind: 'keychain' })).close();
  for (const suffix of ['-wal', '-shm']) {
    const other = vaultPlace();
    (await createVault(other, { kind: 'keychain' })).close();
    symlinkSync(place.path, `${other.path}${suffix}`);
    assert.throws(() => openVault(other), withCode('unsafe_path', /symbolic link/));
  }
  const linked = vaultPlace();
  mkdirSync(linked.directory);
  symlinkSync(place.path, linked.path);
  assert.throws(() => openVault(linked), withCode('unsafe_path', /symbolic link/));
});

test('promise 63: folders that all users share are refused and not changed', () => {
  const place = vaultPlace();
  const shared = join(place.outside, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  assert.throws(() => prepareDirectory(shared, place.log), withCode('unsafe_path', /shared by all users/));
  assert.equal(mode(shared), '777');
});

test('a file in the place of the directory, and a directory in the place of a file, are refused', () => {
  const place = vaultPlace();
  const file = join(place.outside, 'file');
  writeFileSync(file, '');
  assert.throws(() => prepareDirectory(file, place.log), withCode('unsafe_path', /not a folder/));
  assert.throws(() => prepareFile(place.outside, place.log), withCode('unsafe_path', /not a file/));
  assert.throws(() => prepareDirectory(join(file, 'below'), place.log), withCode('storage', /not a folder/));
});

test('promise 64: permissions loosened by hand are repaired at the next start, with a warning each', async () => {
  const place = vaultPlace();
  (await createVault(place, { kind: 'keychain' })).close();
  chmodSync(place.directory, 0o755);
  chmodSync(place.path, 0o644);
  writeFileSync(`${place.path}-shm`, '');
  chmodSync(`${place.path}-shm`, 0o666);
  const vault = openVault(place);
  assert.equal(mode(place.directory), '700');
  assert.equal(mode(place.path), '600');
  assert.equal(mode(`${place.path}-shm`), '600');
  assert.deepEqual(
    place.log.entries
      .filter(({ level }) => level === 'warn')
      .map(({ event, fields }) => [event, fields.from]),
    [
      ['file.mode_repaired', '755'],
      ['file.mode_repaired', '644'],
      ['file.mode_repaired', '666'],
    ],
  );
  vault.close();
});

test('a private file is written whole, 0600 under any umask, over an old one and never through a link', async () => {
  for (const umask of UMASKS) {
    const place = vaultPlace();
    const path = join(place.outside, 'settings.json');
    await underUmask(umask, () => {
      writePrivateFile(path, 'one');
      assert.equal(mode(path), '600');
      writePrivateFile(path, 'two');
    });
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.equal(mode(path), '600');
    assert.deepEqual(readdirSync(place.outside), ['settings.json']);
  }
  const place = vaultPlace();
  const target = join(place.outside, 'target');
  writeFileSync(target, 'theirs');
  symlinkSync(target, join(place.outside, 'link'));
  writePrivateFile(join(place.outside, 'link'), 'ours');
  assert.equal(readFileSync(target, 'utf8'), 'theirs');
  assert.equal(lstatSync(join(place.outside, 'link')).isFile(), true);
});

test('a private file that cannot be written is a storage error that names the file and leaves nothing behind', () => {
  const place = vaultPlace();
  const path = join(place.outside, 'missing', 'settings.json');
  assert.throws(
    () => writePrivateFile(path, 'x'),
    withCode('storage', /settings\.json: its folder does not exist/),
  );
  mkdirSync(join(place.outside, 'taken'));
  assert.throws(() => writePrivateFile(join(place.outside, 'taken'), 'x'), withCode('storage'));
  assert.deepEqual(readdirSync(place.outside), ['taken']);
});

test('a file is never made or published over another', () => {
  const place = vaultPlace();
  const path = join(place.outside, 'a');
  createPrivateFile(path, 'first');
  assert.throws(() => createPrivateFile(path, 'second'), withCode('already_exists'));
  createPrivateFile(`${path}.new`, 'third');
  assert.throws(() => publishFile(`${path}.new`, path), withCode('already_exists'));
  assert.equal(readFileSync(path, 'utf8'), 'first');
});

test('a private file is read only when nobody else can read or change it', () => {
  const place = vaultPlace();
  const path = join(place.outside, 'secret');
  assert.equal(readPrivateFile(path, 100), undefined);
  writePrivateFile(path, 'text');
  assert.equal(readPrivateFile(path, 100), 'text');
  assert.equal(readPrivateFile(path, 3), '', 'too long to be what is looked for');
  for (const loose of [0o640, 0o604, 0o620, 0o602]) {
    chmodSync(path, loose);
    assert.throws(() => readPrivateFile(path, 100), withCode('unsafe_path', /chmod 600/));
  }
  chmodSync(path, 0o600);
  symlinkSync(path, join(place.outside, 'link'));
  assert.throws(
    () => readPrivateFile(join(place.outside, 'link'), 100),
    withCode('unsafe_path', /symbolic link/),
  );
  assert.throws(() => readPrivateFile(place.outside, 100), withCode('unsafe_path', /not a file/));
  assert.throws(() => readPrivateFile(foreign(place).file, 100), withCode('unsafe_path', /another user/));
});
