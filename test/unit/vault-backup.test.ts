// A backup at the level of files: killed at every step, and of a vault whose rows are damaged.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { backUpVault } from '../../core/vault/backup.ts';
import { copyFacts } from '../../core/vault/copy-check.ts';
import { openVault } from '../../core/vault/vault.ts';
import {
  assertOpens,
  closedVault,
  fileHash,
  filledVault,
  removeVaultPlaces,
  tamper,
  withCode,
} from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KILLED = fileURLToPath(new URL('../support/killed-backup.ts', import.meta.url));
const quiet = { overwrite: false, onProgress: () => {} };

test('fault 27: a backup that is killed at any step leaves no file under its name, or the old one, or a complete one', async () => {
  const { place } = await closedVault({ kind: 'keychain' });
  // Several pieces of 4 MB.
  tamper(place.path, (database) => {
    database.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO audit (at, action, mark) SELECT i, 'hand_out', hex(randomblob(3000)) FROM n`,
    );
  });
  const before = fileHash(place.path);
  const target = join(place.outside, 'backup');
  const outcomes = new Map<string, number>();
  for (const mode of ['new', 'overwrite']) {
    let at = 0;
    for (let code: number | null = null; code === null; ) {
      rmSync(target, { force: true });
      if (mode === 'overwrite') writeFileSync(target, 'old');
      at += 1;
      assert.ok(at < 40, 'it comes to an end');
      const child = spawnSync(process.execPath, [KILLED, place.path, target, String(at), mode], {
        encoding: 'utf8',
      });
      code = child.status;
      if (code !== null) assert.equal(code, 0, child.stderr);
      outcomes.set(stateOf(target), (outcomes.get(stateOf(target)) ?? 0) + 1);
    }
    assert.ok(at > 6, `${at} steps`);
    assert.equal(stateOf(target), 'whole');
  }
  assert.ok((outcomes.get('none') ?? 0) > 4 && (outcomes.get('old') ?? 0) > 4, JSON.stringify([...outcomes]));
  assert.deepEqual([...outcomes.keys()].sort(), ['none', 'old', 'whole']);
  assert.deepEqual(
    readdirSync(place.outside).sort(),
    ['backup', 'data'],
    'what a killed one left is removed by the next',
  );
  assert.equal(fileHash(place.path), before, 'the vault is only read');
});

/** Anything else than these three fails the test: a part of a backup must not have its name. */
function stateOf(target: string): string {
  if (statSync(target, { throwIfNoEntry: false }) === undefined) return 'none';
  if (readFileSync(target).equals(Buffer.from('old'))) return 'old';
  assert.deepEqual([copyFacts(target).connections, copyFacts(target).damaged], [1, 0]);
  return 'whole';
}

test('promise 193: a backup opens with the key of the vault, and holds commits that are in the write-ahead log only', async () => {
  const { place, vault } = await filledVault();
  vault.put(
    'connection',
    'c_1',
    { doc: Buffer.from('{}'), tokens: Buffer.from('token'), previous: null, intent: null },
    null,
  );
  assert.ok(statSync(`${place.path}-wal`).size > 0);
  const target = join(place.outside, 'backup');
  const report = await backUpVault({ ...quiet, path: place.path, target });
  assert.deepEqual([report.providers, report.connections, report.opens_with], [2, 3, ['keychain']]);
  assert.equal(report.bytes, statSync(target).size);
  const copy = openVault({ ...place, path: target });
  await copy.unlock();
  assertOpens(copy);
  copy.close();
  vault.close();
});

test('a vault with rows that do not open is backed up as it is, and the rows are counted; a damaged file is not backed up', async () => {
  const { place } = await closedVault({ kind: 'keychain' });
  tamper(place.path, (database) => database.exec("UPDATE connection SET tokens = x'00'"));
  const target = join(place.outside, 'backup');
  assert.equal((await backUpVault({ ...quiet, path: place.path, target })).damaged, 1);
  const bytes = readFileSync(place.path);
  bytes.fill(0xa5, 4 * 4_096, 5 * 4_096);
  writeFileSync(place.path, bytes);
  const other = join(place.outside, 'other');
  await assert.rejects(
    backUpVault({ ...quiet, path: place.path, target: other }),
    withCode('vault_damaged', /doctor --repair/),
  );
  assert.deepEqual(readdirSync(place.outside).sort(), ['backup', 'data']);
  await assert.rejects(
    backUpVault({ ...quiet, path: place.path, target }),
    withCode('already_exists', /--force/),
  );
});

test('promise 193: how far a backup is, is told piece by piece', async () => {
  const { place } = await closedVault({ kind: 'keychain' });
  tamper(place.path, (database) => database.exec('INSERT INTO audit (mark) VALUES (hex(zeroblob(6000000)))'));
  const shares: number[] = [];
  const target = join(place.outside, 'backup');
  await backUpVault({ ...quiet, path: place.path, target, onProgress: (share) => shares.push(share) });
  assert.ok(shares.length >= 2);
  assert.deepEqual(shares, [...shares].sort());
});
