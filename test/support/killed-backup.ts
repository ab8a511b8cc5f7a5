// A process that backs the vault of its first argument up to its second and kills itself before the step that the third
// names, counted from 1: pieces that are copied, and every call that syncs, names or removes a file. Fourth: `overwrite`.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [path = '', target = '', at = '', overwrite = ''] = process.argv.slice(2);
let steps = 0;
const step = (): void => {
  steps += 1;
  if (steps === Number(at)) process.kill(process.pid, 'SIGKILL');
};
for (const name of ['fsyncSync', 'linkSync', 'renameSync', 'rmSync'] as const) {
  const call = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      step();
      return call(...args);
    },
  });
}
syncBuiltinESMExports();
const { backUpVault } = await import('../../core/vault/backup.ts');
await backUpVault({ path, target, overwrite: overwrite === 'overwrite', onProgress: () => {}, onStep: step });
