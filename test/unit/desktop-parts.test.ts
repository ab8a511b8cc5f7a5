// Decisions of the tray's shell that need no Electron: desktop files, the place of the window, browsers and profiles, the
// shape of the preferences, starting at login, the log before there is one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { isAutostart, setAutostart } from '../../electron/autostart.ts';
import { findBrowsers, type Machine, openArguments } from '../../electron/browsers-known.ts';
import { forbidCoreDumps } from '../../electron/core-limit.ts';
import { desktopEntry } from '../../electron/desktop-entry.ts';
import { EarlyLog } from '../../electron/early-log.ts';
import { asideName, storedPreferences, storedSchema, USUAL_STORED } from '../../electron/preferences-file.ts';
import { failurePlace, failureSentence } from '../../electron/start-failure-text.ts';
import { createUpdates } from '../../electron/updates.ts';
import { fitBounds } from '../../electron/window-bounds.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const home = mkdtempSync(join(tmpdir(), 'tokentray-parts-'));
after(() => rmSync(home, { recursive: true, force: true }));

const exec = (...program: string[]) =>
  /^Exec=(.*)$/m.exec(desktopEntry({ exec: program, link: true, comment: 'x' }))?.[1];

test('a start that cannot be is said in a sentence of ours, and of a stranger only the kind and the place', () => {
  const running = new TokentrayError('host_running', 'Another Tokentray host (process 7) owns this vault.');
  assert.match(
    failureSentence(running),
    /^Another .+ owns this vault\. It runs without a tray\. .+ tokentray open\./,
  );
  assert.equal(failurePlace(running), undefined);
  const stranger = new RangeError('canary');
  assert.doesNotMatch(`${failureSentence(stranger)}${failurePlace(stranger)}`, /canary/);
  assert.match(failurePlace(stranger) ?? '', /^RangeError\n\s+at .*desktop-parts\.test\.ts/);
});

test('promise 28: a desktop file of ours ends the options with -- before the link', () => {
  assert.equal(exec('/opt/Tokentray/tokentray'), '"/opt/Tokentray/tokentray" -- %u');
});

test('a path with quotes, dollars, backticks, backslashes, percent signs and spaces stays one argument of a desktop file', () => {
  // Desktop Entry Specification, "The Exec key": four backslashes for one, `\\$` for a dollar, `%%` for a percent sign.
  assert.equal(exec('/a b/"x"$`\\u.AppImage'), '"/a b/\\\\"x\\\\"\\\\$\\\\`\\\\\\\\u.AppImage" -- %u');
  // GIO looks for the program as it is written here.
  assert.equal(exec('/a%u/T'), '"/usr/bin/env" "/a%%u/T" -- %u');
  assert.throws(() => exec('/a%u/b=c'), RangeError);
  assert.throws(() => exec('/a\nExec=evil'), RangeError);
});

test('starting at login is a file in XDG autostart, and is off when the desktop turned it off', () => {
  const env = { XDG_CONFIG_HOME: join(home, 'config') };
  const items = { setLoginItemSettings: () => assert.fail(), getLoginItemSettings: () => assert.fail() };
  const options = { env, platform: 'linux' as const, program: ['/opt/Tokentray/tokentray'], items };
  const file = join(home, 'config', 'autostart', 'dev.tokentray.Tokentray.desktop');
  assert.equal(isAutostart(options), false);
  setAutostart(true, options);
  assert.equal(isAutostart(options), true);
  assert.match(readFileSync(file, 'utf8'), /^Exec="\/opt\/Tokentray\/tokentray" --$/m);
  setAutostart(true, { ...options, program: ['/home/me/T.AppImage'] });
  assert.match(readFileSync(file, 'utf8'), /^Exec="\/home\/me\/T\.AppImage" --$/m);
  writeFileSync(file, `${readFileSync(file, 'utf8')}X-GNOME-Autostart-enabled=false\n`);
  assert.equal(isAutostart(options), false);
  setAutostart(false, options);
  assert.equal(existsSync(file), false);
});

test('starting at login is the system’s own list on macOS and Windows, where the program is named with its dashes', () => {
  const set: unknown[] = [];
  const items = {
    setLoginItemSettings: (settings: unknown) => void set.push(settings),
    getLoginItemSettings: () => ({ openAtLogin: true }),
  };
  const options = { env: {}, program: ['C:\\T\\Tokentray.exe'], items };
  setAutostart(true, { ...options, platform: 'win32' });
  setAutostart(false, { ...options, platform: 'darwin' });
  assert.deepEqual(set, [
    { openAtLogin: true, path: 'C:\\T\\Tokentray.exe', args: ['--'] },
    { openAtLogin: false },
  ]);
  assert.equal(isAutostart({ ...options, platform: 'darwin' }), true);
});

test('the window comes back where it was, and on a screen that is there when that one is gone', () => {
  const screens = [{ x: 0, y: 0, width: 1_920, height: 1_040 }];
  const saved = { x: 100, y: 80, width: 900, height: 700 };
  assert.deepEqual(fitBounds(saved, screens), saved);
  assert.deepEqual(fitBounds({ ...saved, x: 2_000 }, screens), { width: 900, height: 700 });
  assert.deepEqual(fitBounds({ ...saved, y: -50 }, screens), { width: 900, height: 700 });
  assert.deepEqual(fitBounds({ ...saved, width: 5_000, height: 9 }, screens), {
    x: 100,
    y: 80,
    width: 1_920,
    height: 420,
  });
  assert.deepEqual(fitBounds(undefined, screens), { width: 1_080, height: 720 });
  assert.deepEqual(fitBounds(saved, []), { width: 900, height: 700 });
});

const LOCAL_STATE = JSON.stringify({
  profile: {
    info_cache: { Default: { name: 'Me' }, 'Profile 1': { name: 'Work' }, '--evil': { name: 'x' } },
  },
});
const PROFILES_INI =
  '[Install1]\nDefault=x\n\n[Profile1]\nName=work\nPath=a\n\n[Profile0]\nName=-P\n\n[General]\nName=no\n';

function machine(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, files: Record<string, string>): Machine {
  return { platform, env, exists: (path) => path in files, read: (path) => files[path] };
}

test('browsers and their profiles are found on Linux, macOS and Windows, and only those of the table', () => {
  const linux = machine(
    'linux',
    { PATH: 'bin:/usr/bin:/snap/bin', HOME: '/home/me' },
    {
      'bin/brave': '',
      '/usr/bin/google-chrome-stable': '',
      '/snap/bin/firefox': '',
      '/usr/bin/evil-browser': '',
      '/home/me/.config/google-chrome/Local State': LOCAL_STATE,
      '/home/me/.mozilla/firefox/profiles.ini': PROFILES_INI,
    },
  );
  assert.deepEqual(
    findBrowsers(linux).map(({ id, program, profiles }) => [
      id,
      program,
      profiles.map((profile) => profile.id),
    ]),
    [
      ['firefox', '/snap/bin/firefox', ['work']],
      ['chrome', '/usr/bin/google-chrome-stable', ['Default', 'Profile 1']],
    ],
  );
  const mac = machine(
    'darwin',
    { HOME: '/Users/me' },
    {
      '/Users/me/Applications/Firefox.app/Contents/MacOS/firefox': '',
      '/Users/me/Library/Application Support/Firefox/profiles.ini': PROFILES_INI,
    },
  );
  assert.deepEqual(
    findBrowsers(mac).map(({ id, profiles }) => [id, profiles.length]),
    [['firefox', 1]],
  );
  const windows = machine(
    'win32',
    { ProgramFiles: 'C:\\Program Files', LOCALAPPDATA: 'C:\\L', 'ProgramFiles(x86)': 'C:\\x86' },
    {
      'C:\\x86\\Microsoft\\Edge\\Application\\msedge.exe': '',
      'C:\\L\\Microsoft\\Edge\\User Data\\Local State': LOCAL_STATE,
    },
  );
  assert.deepEqual(
    findBrowsers(windows).map(({ id, profiles }) => [id, profiles.map(({ name }) => name)]),
    [['edge', ['Me', 'Work']]],
  );
});

test('a list of profiles that is missing, damaged or of another shape leaves the browser with none', () => {
  for (const text of ['', '{', '[]', '{"profile":{"info_cache":{"Default":{"name":7}}}}']) {
    const found = findBrowsers(
      machine(
        'linux',
        { PATH: '/b', HOME: '/h' },
        { '/b/chromium': '', '/h/.config/chromium/Local State': text },
      ),
    );
    assert.deepEqual(
      found.map(({ profiles }) => profiles),
      [[]],
    );
  }
});

test('promise 57: a chosen browser gets the address as its last argument, behind the profile, and no shell', () => {
  const [firefox, chrome] = findBrowsers(
    machine('linux', { PATH: '/b', HOME: '/h' }, { '/b/firefox': '', '/b/google-chrome': '' }),
  );
  const address = 'https://login.example.com/authorize?x=1';
  assert.deepEqual(openArguments(firefox!, 'work', address), ['-P', 'work', address]);
  assert.deepEqual(openArguments(chrome!, 'Profile 1', address), ['--profile-directory=Profile 1', address]);
  assert.deepEqual(openArguments(chrome!, undefined, address), [address]);
});

test('the shape of the preferences is one for the wire and for the file, and knows no other fields', () => {
  assert.deepEqual(storedPreferences.parse(USUAL_STORED), USUAL_STORED);
  assert.deepEqual(Object.keys(storedSchema()).sort(), Object.keys(storedPreferences.shape).sort());
  assert.equal(storedPreferences.safeParse({ ...USUAL_STORED, token: 'x' }).success, false);
  assert.equal(
    asideName('/p/preferences.json', new Date(0)),
    '/p/preferences.json.unusable-1970-01-01T00-00-00-000Z',
  );
});

test('what is logged before the host has its log is in it afterwards, in order, and a flood keeps its beginning', () => {
  const early = new EarlyLog();
  for (let at = 0; at < 500; at += 1) early.warn('early', { at });
  const log = createRecordingLog();
  early.handOver(log);
  early.info('late');
  assert.equal(log.entries.length, 101);
  assert.deepEqual([log.entries[0]?.event, log.entries[100]?.event], ['early', 'late']);
});

test('the updater is not touched outside of packages, nor in one whose publisher named no place for new versions', () => {
  for (const packaged of [false, true]) {
    const updates = createUpdates({
      packaged,
      resources: home,
      platform: 'linux',
      log: createRecordingLog(),
      changed: () => assert.fail('nothing changes'),
    });
    // Loading it would load Electron, which is not here.
    updates.enable(true);
    assert.equal(updates.state(), 'off');
    updates.stop();
  }
});

const linux = {
  skip: process.platform === 'linux' ? false : 'limits of a process are set this way on Linux',
};

test(
  'security 6.1: the core limit of a running process is set to zero, so that no dump can hold a key',
  linux,
  async () => {
    const child = spawn('sleep', ['30']);
    try {
      assert.equal(await forbidCoreDumps(child.pid), true);
      const line = /^Max core file size\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(
        readFileSync(`/proc/${child.pid}/limits`, 'utf8'),
      );
      assert.deepEqual(line?.slice(1), ['0', '0']);
    } finally {
      child.kill();
    }
    assert.equal(await forbidCoreDumps(2 ** 30), false);
  },
);
