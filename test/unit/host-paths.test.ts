// Where the files of a host lie, on each platform.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { resolvePaths } from '../../host/paths.ts';

const fails = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof TokentrayError && error.code === code && text.test(error.message);

test('every file of a host lies in TOKENTRAY_HOME when that is set, the socket included', () => {
  const env = { TOKENTRAY_HOME: '/srv/tokens/', HOME: '/home/a', XDG_RUNTIME_DIR: '/run/user/1000' };
  assert.deepEqual(resolvePaths(env, 'linux'), {
    home: '/srv/tokens',
    vault: '/srv/tokens/vault.db',
    lock: '/srv/tokens/host.lock',
    settings: '/srv/tokens/settings.json',
    endpoint: '/srv/tokens/endpoint.json',
    ownerKey: '/srv/tokens/owner.key',
    sessions: '/srv/tokens/sessions.json',
    logs: '/srv/tokens/logs',
    sandbox: '/srv/tokens/sandbox',
    socket: '/srv/tokens/run/t.sock',
  });
});

for (const [platform, env, home, socket] of [
  [
    'linux',
    { HOME: '/home/a' },
    '/home/a/.local/share/tokentray',
    '/home/a/.local/share/tokentray/run/t.sock',
  ],
  [
    'linux',
    { HOME: '/home/a', XDG_DATA_HOME: '/data/a', XDG_RUNTIME_DIR: '/run/user/1000' },
    '/data/a/tokentray',
    '/run/user/1000/tokentray/t.sock',
  ],
  [
    'linux',
    { HOME: '/home/a', XDG_DATA_HOME: 'relative', XDG_RUNTIME_DIR: 'relative' },
    '/home/a/.local/share/tokentray',
    '/home/a/.local/share/tokentray/run/t.sock',
  ],
  [
    'darwin',
    { HOME: '/Users/a' },
    '/Users/a/Library/Application Support/Tokentray',
    '/Users/a/Library/Application Support/Tokentray/run/t.sock',
  ],
] as const) {
  test(`without TOKENTRAY_HOME the platform's folders are used: ${platform} with ${Object.keys(env).join(', ')}`, () => {
    const paths = resolvePaths(env, platform);
    assert.equal(paths.home, home);
    assert.equal(paths.socket, socket);
  });
}

test('on Windows the socket is a pipe whose name depends on the home and on nothing else', () => {
  const a = resolvePaths({ APPDATA: 'C:\\Users\\a\\AppData\\Roaming' }, 'win32');
  assert.equal(a.vault, 'C:\\Users\\a\\AppData\\Roaming\\Tokentray\\vault.db');
  assert.match(a.socket, /^\\\\\.\\pipe\\tokentray-[0-9a-f]{32}$/);
  assert.equal(resolvePaths({ APPDATA: 'c:\\users\\A\\appdata\\roaming' }, 'win32').socket, a.socket);
  assert.notEqual(resolvePaths({ TOKENTRAY_HOME: 'D:\\tokens' }, 'win32').socket, a.socket);
});

test('a home that is empty, relative or cannot be derived is refused by name', () => {
  for (const value of ['', 'tokens', './tokens', '~/tokens']) {
    assert.throws(
      () => resolvePaths({ TOKENTRAY_HOME: value }, 'linux'),
      fails('invalid_field', /TOKENTRAY_HOME/),
    );
  }
  assert.throws(() => resolvePaths({}, 'linux'), fails('invalid_field', /HOME is not set/));
  assert.throws(() => resolvePaths({}, 'win32'), fails('invalid_field', /APPDATA is not set/));
});

test('promise 128: a socket path over 100 bytes is an error that names the path', () => {
  const fits = `/${'a'.repeat(100 - '/'.length - '/run/t.sock'.length)}`;
  assert.equal(Buffer.byteLength(resolvePaths({ TOKENTRAY_HOME: fits }, 'linux').socket), 100);
  const long = `${fits}é`;
  assert.throws(
    () => resolvePaths({ TOKENTRAY_HOME: long }, 'linux'),
    (error: unknown) =>
      fails('unsafe_path', /102 bytes/)(error) && String(error).includes(`${long}/run/t.sock`),
  );
});
