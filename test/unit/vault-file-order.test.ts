// The order in which a backup and a restore ask the disk for things: a power cut between any two of them finds a whole file
// under every name that is there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createVault } from '../../core/vault/vault.ts';
import { removeVaultPlaces, type VaultPlace, vaultPlace } from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const RECORDER = fileURLToPath(new URL('../support/recorded-files.ts', import.meta.url));

async function closed(): Promise<VaultPlace> {
  const place = vaultPlace();
  (await createVault(place, { kind: 'keychain' })).close();
  return place;
}

/** What was asked for, each with its files: `data` is the folder, `x.new` any temporary file of `x`. */
function recorded(...args: string[]): string[] {
  const run = spawnSync(process.execPath, [RECORDER, ...args], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const calls: string[][] = JSON.parse(run.stdout);
  return calls.map(([what, ...files]) =>
    [
      what,
      ...files.map((file) =>
        basename(file)
          .replace(/\.new-[0-9a-f]+/, '.new')
          .replace(/-\d{8}T.*/, ''),
      ),
    ].join(' '),
  );
}

test('promise 193: a backup is on the disk before it has its name, and its name is on the disk before anybody is told', async () => {
  const place = await closed();
  const target = join(place.outside, 'my.backup');
  assert.deepEqual(recorded('backup', place.path, target), [
    // As it was made, empty; then with all that is in it.
    'sync my.backup.new',
    'sync my.backup.new',
    'link my.backup.new my.backup',
    `sync ${basename(place.outside)}`,
  ]);
});

test('promise 194: a restore has the old vault under its other name, and the new one whole, on the disk before it puts one in the place of the other', async () => {
  const place = await closed();
  const backup = join(place.outside, 'my.backup');
  copyFileSync(place.path, backup);
  assert.deepEqual(recorded('restore', place.path, backup), [
    'sync vault.db.new',
    'copy',
    'sync vault.db.new',
    'link vault.db vault.db.replaced',
    'sync data',
    'rename vault.db.new vault.db',
    'sync data',
  ]);
});
