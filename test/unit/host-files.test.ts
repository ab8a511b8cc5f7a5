// The small files of a host: settings, where it listens, the command line's key.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { clearEndpoint, readEndpoint, writeEndpoint } from '../../host/endpoint-file.ts';
import { ensureOwnerKey } from '../../host/owner-key.ts';
import { readSettings } from '../../host/settings.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const is = (code: string) => (error: unknown) => error instanceof TokentrayError && error.code === code;

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'tokentray-files-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('settings that were never written are the usual ones, and a change is kept', (t) => {
  const path = join(temporary(t), 'settings.json');
  const log = createRecordingLog();
  const settings = readSettings(path, log);
  assert.equal(settings.value.endpoint_port, 9595);
  assert.equal(settings.value.redirect_port, 9597);
  assert.equal(existsSync(path), false);
  settings.change({ endpoint_port: 12_345 });
  assert.equal(settings.value.endpoint_port, 12_345);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const again = readSettings(path, log);
  assert.deepEqual(again.value, { ...settings.value, endpoint_port: 12_345 });
  assert.deepEqual(again.warnings, []);
  assert.deepEqual(log.entries, []);
});

for (const text of [
  '',
  '{"version":1,',
  'null',
  '[]',
  '{}',
  '{"version":2}',
  '{"version":1,"endpoint_port":"9595"}',
  '{"version":1,"endpoint_port":0}',
  '{"version":1,"redirect_port":65536}',
  '{"version":1,"redirect_port":1.5}',
  '{"version":1,"unknown":true}',
  '{"version":1,"__proto__":{"redirect_port":1}}',
]) {
  test(`settings that cannot be used are set aside with a warning: ${text || 'an empty file'}`, (t) => {
    const directory = temporary(t);
    const path = join(directory, 'settings.json');
    writeFileSync(path, text, { mode: 0o600 });
    const settings = readSettings(path, createRecordingLog());
    assert.equal(settings.value.endpoint_port, 9595);
    const [aside = ''] = readdirSync(directory);
    assert.match(aside, /^settings\.json\.unusable-\d{4}-\d\d-\d\dT/);
    assert.equal(readFileSync(join(directory, aside), 'utf8'), text);
    assert.equal(settings.warnings.length, 1);
    assert.ok(settings.warnings[0]?.includes(aside));
  });
}

test('settings behind a link are neither read nor moved', (t) => {
  const directory = temporary(t);
  const target = join(directory, 'target.json');
  writeFileSync(target, '{"version":1,"endpoint_port":1234}', { mode: 0o600 });
  symlinkSync(target, join(directory, 'settings.json'));
  const settings = readSettings(join(directory, 'settings.json'), createRecordingLog());
  assert.equal(settings.value.endpoint_port, 9595);
  assert.match(settings.warnings[0] ?? '', /symbolic link/);
  assert.deepEqual(readdirSync(directory).sort(), ['settings.json', 'target.json']);
});

const ENDPOINT = { url: 'http://127.0.0.1:9595', socket: '/run/t.sock', window: null, pid: process.pid };

test('promise 131: the endpoint file is owner-only, holds no key, and is removed by the host that wrote it', (t) => {
  const path = join(temporary(t), 'endpoint.json');
  writeEndpoint(path, ENDPOINT);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), ENDPOINT);
  assert.deepEqual(readEndpoint(path), ENDPOINT);
  clearEndpoint(path);
  assert.equal(existsSync(path), false);
  clearEndpoint(path);
});

test("promise 131: another host's endpoint file is not removed", (t) => {
  const path = join(temporary(t), 'endpoint.json');
  writeEndpoint(path, { ...ENDPOINT, pid: process.ppid });
  clearEndpoint(path);
  assert.deepEqual(readEndpoint(path), { ...ENDPOINT, pid: process.ppid });
});

test('promise 131: a stale or damaged endpoint file counts as none', (t) => {
  const path = join(temporary(t), 'endpoint.json');
  assert.equal(readEndpoint(path), undefined);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  writeEndpoint(path, { ...ENDPOINT, pid: gone });
  assert.equal(readEndpoint(path), undefined);
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"pid":1}',
    '{"url":"x","socket":"y","pid":-1}',
    'x'.repeat(5_000),
  ]) {
    writeFileSync(path, text);
    assert.equal(readEndpoint(path), undefined);
    clearEndpoint(path);
  }
});

test("the command line's key is made once, 256 bits long and readable by its owner only", (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const path = join(temporary(t), 'owner.key');
  const log = createRecordingLog();
  const key = ensureOwnerKey(path, log);
  assert.match(key, /^tt_[A-Za-z0-9_-]{43}$/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(ensureOwnerKey(path, log), key);
  assert.notEqual(ensureOwnerKey(`${path}.other`, log), key);
  assert.deepEqual(log.entries, []);
});

test('a damaged key of the command line is replaced with a warning that does not show it, a linked one refused', (t) => {
  const directory = temporary(t);
  const path = join(directory, 'owner.key');
  writeFileSync(path, 'tt_half', { mode: 0o600 });
  const log = createRecordingLog();
  const key = ensureOwnerKey(path, log);
  assert.match(key, /^tt_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(log.entries, [{ level: 'warn', event: 'owner_key.replaced', fields: { path } }]);
  // Others could have read it: the mode is repaired, which the log says.
  chmodSync(path, 0o644);
  assert.equal(ensureOwnerKey(path, log), key);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(log.entries.at(-1)?.event, 'file.mode_repaired');
  symlinkSync(path, join(directory, 'linked.key'));
  assert.throws(() => ensureOwnerKey(join(directory, 'linked.key'), log), is('unsafe_path'));
});
