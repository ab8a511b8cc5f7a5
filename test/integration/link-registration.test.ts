// Our desktop file as the desktop sees it: written in an XDG home of its own, found by the real xdg-mime, started by the real
// gio, with the link as one argument behind the dashes.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  isInstalled,
  programOf,
  removeLinkEntry,
  takeLinks,
  writeLinkEntry,
} from '../../electron/link-registration.ts';
import { linkFrom } from '../../electron/link-text.ts';

const LINK = 'tokentray://callback/work?code=a%20b&state=s1&x=--inspect';
const FILE = 'dev.tokentray.Tokentray.desktop';
const TYPE = 'x-scheme-handler/tokentray';

const missing = (process.env.TOKENTRAY_TEST_MISSING ?? '').split(',');
const has = (program: string) => spawnSync('which', [program]).status === 0;
const reason =
  process.platform !== 'linux'
    ? 'desktop files are for Linux'
    : !['xdg-mime', 'gio', 'desktop-file-validate'].every(has) && `not installed: ${missing.join(', ')}`;
const linux = { skip: reason };

interface Home {
  readonly env: NodeJS.ProcessEnv;
  readonly data: string;
}

function home(t: { after(fn: () => void): void }): Home {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-xdg-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'data');
  const system = join(folder, 'system');
  for (const made of [data, system, join(folder, 'config')]) mkdirSync(made);
  return {
    data,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      XDG_DATA_HOME: data,
      XDG_CONFIG_HOME: join(folder, 'config'),
      // Nothing of this machine's own applications.
      XDG_DATA_DIRS: system,
      XDG_CURRENT_DESKTOP: 'X-Generic',
    },
  };
}

/** A program at a path as a user may have it, that writes down what it was started with. */
function program(folder: string, name: string): { readonly path: string; readonly said: string } {
  const path = join(folder, name);
  const said = join(folder, 'said.json');
  mkdirSync(dirname(path), { recursive: true });
  const code = `const fs = require('node:fs'); fs.writeFileSync(${JSON.stringify(`${said}.part`)}, JSON.stringify(process.argv.slice(2))); fs.renameSync(${JSON.stringify(`${said}.part`)}, ${JSON.stringify(said)});`;
  writeFileSync(path, `#!${process.execPath}\n${code}\n`, { mode: 0o700 });
  return { path, said };
}

async function appears(path: string): Promise<void> {
  const patience = AbortSignal.timeout(10_000);
  const watching = watch(dirname(path), { signal: patience });
  try {
    while (!existsSync(path)) await once(watching, 'change', { signal: patience });
  } finally {
    watching.close();
  }
}

const query = (env: NodeJS.ProcessEnv) =>
  spawnSync('xdg-mime', ['query', 'default', TYPE], { env, encoding: 'utf8' }).stdout.trim();

test(
  'promise 28: the desktop file of an AppImage is valid, is the one for our links, and gets a link as one argument behind --',
  linux,
  async (t) => {
    const { env, data } = home(t);
    const { path, said } = program(env.HOME!, 'My "apps" $HOME `x` 100% \\/Tokentray.AppImage');
    const mounted = { APPIMAGE: path, APPDIR: '/tmp/.mount_x' };
    assert.deepEqual(programOf(mounted, ['/tmp/.mount_x/tokentray']), [path]);
    // Of the terminal that a checkout was started in.
    assert.deepEqual(programOf(mounted, ['/opt/electron', '/src']), ['/opt/electron', '/src']);
    await writeLinkEntry(env, [path]);
    assert.equal(await takeLinks(env), true);

    const file = join(data, 'applications', FILE);
    const valid = spawnSync('desktop-file-validate', [file], { encoding: 'utf8' });
    assert.equal(valid.stdout + valid.stderr, '');
    assert.equal(query(env), FILE);
    assert.match(spawnSync('gio', ['mime', TYPE], { env, encoding: 'utf8' }).stdout, new RegExp(FILE));

    const [code] = await once(
      spawn('gio', ['open', LINK], { env, stdio: 'ignore', timeout: 10_000 }),
      'exit',
    );
    assert.equal(code, 0);
    await appears(said);
    const args = JSON.parse(readFileSync(said, 'utf8'));
    assert.deepEqual(args, ['--', LINK]);
    assert.deepEqual(linkFrom(args), { kind: 'link', url: new URL(LINK) });
  },
);

test(
  'a desktop file is written again when the program has moved, and left alone when it has not',
  linux,
  async (t) => {
    const { env, data } = home(t);
    const file = join(data, 'applications', FILE);
    await writeLinkEntry(env, ['/home/me/Tokentray.AppImage']);
    const { ino } = statSync(file);
    await writeLinkEntry(env, ['/home/me/Tokentray.AppImage']);
    assert.equal(statSync(file).ino, ino);
    await writeLinkEntry(env, ['/home/me/apps/Tokentray.AppImage']);
    assert.match(readFileSync(file, 'utf8'), /^Exec="\/home\/me\/apps\/Tokentray\.AppImage" -- %u$/m);
  },
);

test(
  'a desktop without the programs that register links keeps the file, and says that nobody took it',
  linux,
  async (t) => {
    const { env, data } = home(t);
    await writeLinkEntry({ ...env, PATH: '' }, ['/opt/t']);
    assert.equal(await takeLinks({ ...env, PATH: '' }), false);
    assert.equal(existsSync(join(data, 'applications', FILE)), true);
  },
);

test('what a checkout or an AppImage wrote does not hide the entry of a package that is installed later', async (t) => {
  const { env, data } = home(t);
  const file = join(data, 'applications', FILE);
  await writeLinkEntry(env, ['/home/me/Tokentray.AppImage']);
  await removeLinkEntry(env);
  assert.equal(existsSync(file), false);
  writeFileSync(file, '[Desktop Entry]\nName=An entry of the user\n');
  await removeLinkEntry(env);
  assert.equal(existsSync(file), true);
});

test(
  'where a package has installed our desktop file for everybody, ours is not written over it',
  linux,
  (t) => {
    const { env } = home(t);
    assert.equal(isInstalled(env), false);
    mkdirSync(join(env.XDG_DATA_DIRS!, 'applications'));
    writeFileSync(join(env.XDG_DATA_DIRS!, 'applications', FILE), '');
    assert.equal(isInstalled(env), true);
  },
);
