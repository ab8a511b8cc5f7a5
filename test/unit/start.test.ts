// `npm start` chooses between its two hosts: the real script in a project folder of its own, with an electron package whose
// install script and binary are small programs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fetchElectron } from '../../scripts/fetch-electron.ts';
import { readArguments } from '../../scripts/start-choice.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A program of the test: prints who it is and what it was given. */
const TELLS = (who: string) =>
  `console.log(JSON.stringify({ who: '${who}', args: process.argv.slice(2), sandbox: process.env.TOKENTRAY_SANDBOX, port: process.env.TOKENTRAY_PORT }));`;

interface Project {
  readonly root: string;
  readonly electron: string;
}

/** `install`: what the package's install script does. */
function project(install: string): Project {
  const root = mkdtempSync(join(tmpdir(), 'tokentray-start-'));
  made.push(root);
  const electron = join(root, 'node_modules', 'electron');
  for (const folder of ['scripts', 'dist', 'node_modules/electron'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['start.ts', 'start-choice.ts', 'fetch-electron.ts'])
    cpSync(join(ROOT, 'scripts', file), join(root, 'scripts', file));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'dist', 'cli.js'), TELLS('headless'));
  writeFileSync(join(electron, 'package.json'), '{"version":"45.0.0","type":"commonjs"}');
  writeFileSync(join(electron, 'install.js'), install);
  return { root, electron };
}

const BINARY = `#!${process.execPath}\n${TELLS('tray')}\n`;
/** What the real install script leaves behind, with `program` as the binary. */
function placing(program: string): string {
  return `const fs = require('node:fs'); const dist = __dirname + '/dist';
fs.mkdirSync(dist, { recursive: true });
fs.writeFileSync(dist + '/version', 'v45.0.0');
fs.writeFileSync(dist + '/electron', ${JSON.stringify(program)}, { mode: 0o755 });
fs.writeFileSync(__dirname + '/path.txt', 'electron');
fs.appendFileSync(__dirname + '/fetched', 'x');`;
}

const DISPLAY = { DISPLAY: ':99' };

async function start(root: string, env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.ts'), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let out = '';
  let talk = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    talk += text;
  });
  const [code] = await once(child, 'close');
  return { code, talk, ran: out.trim() === '' ? undefined : JSON.parse(out) };
}

const posix = { skip: process.platform === 'win32' ? 'its programs are scripts with a first line' : false };

test(
  'npm start with a display and no Electron fetches it once, says so, and starts the tray',
  posix,
  async () => {
    const { root, electron } = project(placing(BINARY));
    const first = await start(root, DISPLAY, '--sandbox', '--port', '0');
    assert.match(first.talk, /^Fetching Electron 45\.0\.0 for the tray, once/);
    assert.deepEqual(first.ran, { who: 'tray', args: [root], sandbox: '1', port: '0' });
    const second = await start(root, DISPLAY);
    assert.equal(second.talk, '');
    assert.equal(second.ran.who, 'tray');
    assert.equal(readFileSync(join(electron, 'fetched'), 'utf8'), 'x');
  },
);

test(
  'npm start without a way to fetch Electron says so in one line and runs the headless host',
  posix,
  async () => {
    const { root } = project('process.exit(1)');
    const { talk, ran } = await start(root, DISPLAY, '--sandbox', '--port', '0');
    assert.match(
      talk,
      /\nElectron could not be fetched \(the download failed\), so no tray: starting the headless host, [^\n]+\n$/,
    );
    assert.deepEqual(ran.args, ['serve', '--open', '--sandbox', '--port', '0']);
  },
);

test(
  'npm start without a display, or under CI, fetches nothing and runs the headless host',
  posix,
  async () => {
    const { root, electron } = project(placing(BINARY));
    for (const env of process.platform === 'linux' ? [{}, { ...DISPLAY, CI: 'true' }] : [{ CI: 'true' }]) {
      const { talk, ran, code } = await start(root, env);
      assert.match(talk, /^[^\n]+: starting the headless host, with its window in your browser\.\n$/);
      assert.equal(ran.who, 'headless');
      assert.equal(code, 0);
    }
    assert.throws(() => readFileSync(join(electron, 'fetched')), { code: 'ENOENT' });
  },
);

test('npm start takes the headless host when Electron is there and cannot run', posix, async () => {
  const { root } = project(placing('#!/bin/sh\nkill -TRAP $$\n'));
  const { talk, ran } = await start(root, DISPLAY);
  assert.match(talk, /Electron cannot run here/);
  assert.equal(ran.who, 'headless');
});

test('npm start ends with the exit code of the tray, and starts nothing else after it', posix, async () => {
  const { root } = project(placing('#!/bin/sh\nexit 1\n'));
  const { code, ran } = await start(root, DISPLAY);
  assert.equal(code, 1);
  assert.equal(ran, undefined);
});

test('an Electron of another version, or half unpacked, is not taken for one', posix, async () => {
  const { root, electron } = project('process.exit(1)');
  mkdirSync(join(electron, 'dist'));
  writeFileSync(join(electron, 'dist', 'electron'), BINARY, { mode: 0o755 });
  assert.equal((await start(root, DISPLAY)).ran.who, 'headless');
  writeFileSync(join(electron, 'path.txt'), 'electron');
  writeFileSync(join(electron, 'dist', 'version'), '44.0.0');
  assert.equal((await start(root, DISPLAY)).ran.who, 'headless');
  writeFileSync(join(electron, 'dist', 'version'), '45.0.0');
  assert.equal((await start(root, DISPLAY)).ran.who, 'tray');
});

test('a download of Electron that does not end is ended, and nothing of it stays', async () => {
  const { electron } = project(
    `require('node:fs').writeFileSync(process.env.TMPDIR + '/part', Buffer.alloc(3e6)); setInterval(() => {}, 1000);`,
  );
  const seen = Promise.withResolvers<number>();
  const why = await fetchElectron({
    electron,
    env: process.env,
    limitMs: 1_500,
    progress: (megabytes) => seen.resolve(megabytes),
  });
  assert.equal(why, 'it took longer than 2 s');
  assert.equal(await seen.promise, 3);
});

test('npm start refuses what neither host would understand', async () => {
  assert.equal(readArguments(['--remote-debugging-port=9222']), undefined);
  assert.equal(readArguments(['--port', '99999999']), undefined);
  assert.deepEqual(readArguments(['--port=9600'])?.env, { TOKENTRAY_PORT: '9600' });
  const { root } = project('process.exit(1)');
  assert.equal((await start(root, {}, 'tokentray://callback/x')).code, 2);
});
