// What reaches the system's opener: shown by real programs that write down how they were called.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { createBrowser, strictUrl } from '../../host/browser.ts';

const is = (code: string) => (error: unknown) => error instanceof TokentrayError && error.code === code;

/** A folder to search programs in, and a program for it that writes its arguments and environment down. */
function recorder(t: TestContext, name: string, exit = 0) {
  const directory = mkdtempSync(join(tmpdir(), 'tokentray-browser-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = join(directory, name);
  const record = join(directory, 'record');
  writeFileSync(
    program,
    `#!${process.execPath}
    const { env, argv } = process;
    const seen = JSON.stringify({ args: argv.slice(2), ours: Object.keys(env).filter((name) => name.startsWith('TOKENTRAY')) });
    require('node:fs').writeFileSync(${JSON.stringify(record)}, seen);
    process.exit(${exit});`,
  );
  chmodSync(program, 0o755);
  return {
    directory,
    program,
    seen: () => (existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : null),
  };
}

const ADDRESS = new URL('https://provider.test/authorize?client_id=a&scope=openid%20email&state=x');

test('promise 57: addresses that are not https, hold credentials or name no proper host are refused', () => {
  for (const address of [
    'http://provider.test/',
    'http://127.0.0.2/',
    'http://localhost.evil.test/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'ms-msdt:/id',
    'vbscript:x',
    'smb://host/share',
    'tokentray://callback',
    'https://user@provider.test/',
    'https://user:password@provider.test/',
    'https://$(calc)/',
    'https://a`id`.test/',
    "https://a'b.test/",
    'https://a"b.test/',
    'https://-option.test/',
    'https://a;b.test/',
    'https://a&b.test/',
    `https://provider.test/?${'a'.repeat(8_000)}`,
  ]) {
    assert.throws(() => strictUrl(new URL(address)), is('unsafe_url'), address);
  }
});

test('promise 57: what is dangerous in an address is percent-encoded before the system sees it', () => {
  for (const [address, expected] of [
    ['https://a.test/?q=$(calc.exe)', 'https://a.test/?q=$%28calc.exe)'],
    ['https://a.test/?q=$$((x', 'https://a.test/?q=$$%28(x'],
    ['https://a.test/?q=`id`', 'https://a.test/?q=%60id%60'],
    ['https://a.test/`id`#`id`', 'https://a.test/%60id%60#%60id%60'],
    [`https://a.test/'"?'"#'"`, 'https://a.test/%27%22?%27%22#%27%22'],
    ['https://a.test/a b?c d#e f', 'https://a.test/a%20b?c%20d#e%20f'],
    ['https://a.test/?q=a|b^c\\d{e}', 'https://a.test/?q=a%7Cb%5Ec%5Cd%7Be%7D'],
    ['https://a.test/?q=a\u0000b\u001bc\u007f', 'https://a.test/?q=a%00b%1Bc%7F'],
    ['https://a.test/?q=é\u202e😀', 'https://a.test/?q=%C3%A9%E2%80%AE%F0%9F%98%80'],
    ['https://a.test/?a=1&b=%20', 'https://a.test/?a=1&b=%20'],
    ['https://bücher.test/', 'https://xn--bcher-kva.test/'],
    ['http://127.0.0.1:9596/authorize', 'http://127.0.0.1:9596/authorize'],
    ['http://localhost/', 'http://localhost/'],
    ['http://[::1]:1/', 'http://[::1]:1/'],
  ] as const) {
    assert.equal(strictUrl(new URL(address)), expected);
  }
});

for (const [platform, name, before] of [
  ['linux', 'xdg-open', []],
  ['darwin', 'open', []],
  ['win32', 'root\\System32\\rundll32.exe', ['url.dll,FileProtocolHandler']],
] as const) {
  test(`promise 57: on ${platform} the opener gets the address as one argument, without a shell`, {
    skip: process.platform === 'win32',
  }, async (t) => {
    const { directory, seen } = recorder(t, name);
    const env = {
      PATH: directory,
      SystemRoot: join(directory, 'root'),
      DISPLAY: ':0',
      TOKENTRAY_KEY_FILE: '/secret',
    };
    const hostile = new URL('https://a.test/?q=$(touch x)`id` "a"&b;c|d');
    await createBrowser({ env, platform }).open(hostile);
    assert.deepEqual(seen(), { args: [...before, strictUrl(hostile)], ours: [] });
    await assert.rejects(
      createBrowser({ env, platform }).open(new URL('file:///etc/passwd')),
      is('unsafe_url'),
    );
  });
}

test('BROWSER is started directly when there is no xdg-open, and left to xdg-open when there is', async (t) => {
  const chosen = recorder(t, 'my browser');
  const empty = recorder(t, 'unused');
  const without = { PATH: empty.directory, BROWSER: chosen.program };
  await createBrowser({ env: without, platform: 'linux' }).open(ADDRESS);
  assert.deepEqual(chosen.seen()?.args, [ADDRESS.href]);

  const other = recorder(t, 'another');
  const opener = recorder(t, 'xdg-open');
  const both = { PATH: opener.directory, BROWSER: other.program };
  await createBrowser({ env: both, platform: 'linux' }).open(ADDRESS);
  assert.deepEqual(opener.seen()?.args, [ADDRESS.href]);
  assert.equal(other.seen(), null);
});

test('no display, no opener or an opener that fails at once is browser_unavailable, with what to do instead', async (t) => {
  const opener = recorder(t, 'xdg-open');
  const failing = recorder(t, 'xdg-open', 3);
  const empty = recorder(t, 'unused');
  for (const env of [
    { PATH: opener.directory },
    { PATH: empty.directory, DISPLAY: ':0' },
    { PATH: empty.directory, BROWSER: join(empty.directory, 'missing') },
    { PATH: [failing.directory, opener.directory].join(delimiter), WAYLAND_DISPLAY: 'wayland-0' },
  ]) {
    await assert.rejects(createBrowser({ env, platform: 'linux' }).open(ADDRESS), (error: unknown) => {
      assert.ok(is('browser_unavailable')(error));
      assert.match(String(error), /--via paste/);
      return true;
    });
  }
  assert.equal(opener.seen(), null);
});
