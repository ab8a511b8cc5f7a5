// Child process of the lock tests: takes the lock named in its argument, keeps nothing of what it was given, lets
// the garbage collector run (--expose-gc), says so, and lives until it is killed.

import { acquireHostLock } from '../../host/lock.ts';
import { createRecordingLog } from './recording-log.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: hold-host-lock PATH');
try {
  acquireHostLock(path, createRecordingLog());
  globalThis.gc?.();
  // Finalizers run in a turn of their own.
  setImmediate(() => process.stdout.write('held\n'));
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? error.code : 'failed'}\n`);
  process.exit(1);
}
setInterval(() => {}, 60_000);
