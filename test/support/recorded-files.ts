// A process that backs up the vault of its second argument to its third (`backup`), or lets the file of its third take the
// place of that vault (`restore`), and prints what it asked the disk for, in order: syncs, second names, new names.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createRecordingLog } from './recording-log.ts';
import { MemoryKeychain } from './vault-keychain.ts';

const [what = '', path = '', other = ''] = process.argv.slice(2);
const calls: string[][] = [];
const open = new Map<number, string>();
const { openSync, fsyncSync, linkSync, renameSync } = fs;
Object.assign(fs, {
  openSync: (name: string, ...rest: [string, number]) => {
    const file = openSync(name, ...rest);
    open.set(file, name);
    return file;
  },
  fsyncSync: (file: number) => {
    calls.push(['sync', open.get(file) ?? '']);
    fsyncSync(file);
  },
  linkSync: (from: string, to: string) => {
    calls.push(['link', from, to]);
    linkSync(from, to);
  },
  renameSync: (from: string, to: string) => {
    calls.push(['rename', from, to]);
    renameSync(from, to);
  },
});
syncBuiltinESMExports();
const { backUpVault } = await import('../../core/vault/backup.ts');
const { stageBackup } = await import('../../core/vault/restore.ts');
const { secureRandom, StillClock } = await import('./vault-fixture.ts');

if (what === 'backup') {
  await backUpVault({ path, target: other, overwrite: false, onProgress: () => {} });
} else {
  const ports = { random: secureRandom, clock: new StillClock(), keychain: new MemoryKeychain() };
  const staged = await stageBackup(other, { path, log: createRecordingLog(), ...ports });
  calls.push(['copy']);
  staged.takeOver();
}
process.stdout.write(JSON.stringify(calls));
