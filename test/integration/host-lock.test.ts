// The lock that makes one host the only one, between real processes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { acquireHostLock } from '../../host/lock.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const HOLDER = join(import.meta.dirname, '../support/hold-host-lock.ts');
const log = createRecordingLog();
const is = (code: string) => (error: unknown) => error instanceof TokentrayError && error.code === code;

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'tokentray-lock-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function startHolder(t: TestContext, path: string) {
  const child = spawn(process.execPath, ['--expose-gc', HOLDER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

test('a second host on the same vault is refused with host_running, in this process and in another', async (t) => {
  const path = join(temporary(t), 'host.lock');
  const lock = acquireHostLock(path, log);
  assert.throws(() => acquireHostLock(path, log), is('host_running'));
  // The refused attempt must not have dropped the first one's lock.
  assert.equal((await startHolder(t, path)).said, 'host_running');
  lock.release();
  assert.equal((await startHolder(t, path)).said, 'held');
  assert.throws(() => acquireHostLock(path, log), is('host_running'));
});

test('promise 103: the lock of a host that was killed is free at once', async (t) => {
  const path = join(temporary(t), 'host.lock');
  const { child, said } = await startHolder(t, path);
  assert.equal(said, 'held');
  assert.throws(() => acquireHostLock(path, log), is('host_running'));
  child.kill('SIGKILL');
  await once(child, 'exit');
  acquireHostLock(path, log).release();
});

test('promise 63: the lock file is 0600 under any umask and has no file beside it', (t) => {
  const directory = temporary(t);
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const lock = acquireHostLock(join(directory, 'host.lock'), log);
  t.after(() => lock.release());
  assert.equal(statSync(join(directory, 'host.lock')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ['host.lock']);
  assert.deepEqual(log.entries, []);
});

test('a lock file that is a link or no database is an error, not a running host', (t) => {
  const directory = temporary(t);
  symlinkSync(join(directory, 'elsewhere'), join(directory, 'link.lock'));
  assert.throws(() => acquireHostLock(join(directory, 'link.lock'), log), is('unsafe_path'));
  writeFileSync(
    join(directory, 'text.lock'),
    'this is not a database, and long enough to be read as one'.repeat(20),
    {
      mode: 0o600,
    },
  );
  assert.throws(() => acquireHostLock(join(directory, 'text.lock'), log), is('storage'));
});
