// What a package is made of, proved without Electron: the configuration against electron-builder's own schema, and a package
// laid out by electron-builder around a file that is shaped like an Electron. That a real one starts is not proved here.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FuseV1Options, flipFuses, getCurrentFuseWire } from '@electron/fuses';
import { build, Platform } from 'electron-builder';
import { burnFuses, fuseConfig } from '../../build/fuses.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'tokentray-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
/** A file that fuses can be burnt into: the sentinel, the version, how many there are, and their states. */
function fakeElectron(path: string, fuses = '101100011'): string {
  const wire = Buffer.from([1, fuses.length, ...Buffer.from(fuses)]);
  writeFileSync(
    path,
    Buffer.concat([Buffer.from('some code '), Buffer.from(SENTINEL), wire, Buffer.from(' more')]),
  );
  return path;
}

const ON = 49;
const OFF = 48;
const NINE = {
  [FuseV1Options.RunAsNode]: OFF,
  [FuseV1Options.EnableCookieEncryption]: ON,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: OFF,
  [FuseV1Options.EnableNodeCliInspectArguments]: OFF,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ON,
  [FuseV1Options.OnlyLoadAppFromAsar]: ON,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: OFF,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: OFF,
  [FuseV1Options.WasmTrapHandlers]: ON,
} as const;

test('security 6.1: all nine fuses are burnt, and a binary with eight or ten is refused', async () => {
  const binary = fakeElectron(join(folder, 'electron'));
  await burnFuses(binary, false);
  assert.deepEqual(await getCurrentFuseWire(binary), { version: '1', ...NINE });
  for (const fuses of ['10110001', '1011000110']) {
    const other = fakeElectron(join(folder, `electron-${fuses.length}`), fuses);
    await assert.rejects(burnFuses(other, false), /fuse/i);
  }
});

test('security 6.1: the broken twin, a set of fuses without one, is refused by the strictness we ask for', async () => {
  const binary = fakeElectron(join(folder, 'electron-twin'));
  const { [FuseV1Options.WasmTrapHandlers]: _left, ...eight } = fuseConfig(false);
  await assert.rejects(
    flipFuses(binary, eight as Parameters<typeof flipFuses>[1]),
    /strictlyRequireAllFuses/,
  );
  assert.equal(fuseConfig(true).resetAdHocDarwinSignature, true);
});

type Config = Record<string, unknown>;

/** Internal paths of electron-builder 26, whose version package.json fixes. */
const internal: {
  getConfig(projectDir: string, configPath: string | null, options: null): Promise<Config>;
  validateConfiguration(config: Config, log: { isEnabled: boolean; add(): void }): Promise<void>;
} = createRequire(createRequire(import.meta.url).resolve('electron-builder'))(
  'app-builder-lib/out/util/config/config.js',
);

const config = (): Promise<Config> => internal.getConfig(ROOT, null, null);
// It turns "false" into false where it stands, so it gets a copy.
const validate = (candidate: Config): Promise<void> =>
  internal.validateConfiguration(structuredClone(candidate), { isEnabled: false, add() {} });

test("electron-builder.yml is valid by electron-builder's own schema, and the broken twin with its own fuses is not", async () => {
  const ours = await config();
  await validate(ours);
  // The copy of the library inside it knows eight.
  await assert.rejects(validate({ ...ours, electronFuses: { wasmTrapHandlers: true } }), /electronFuses/);
  await assert.rejects(validate({ ...ours, exectuableArgs: ['--'] }), /exectuableArgs/);
  assert.equal('electronFuses' in ours, false);
});

test('packages are made for deb, rpm and AppImage on x64 and arm64, for macOS universal and hardened, and for Windows', async () => {
  const { linux, mac, win, nsis } = (await config()) as {
    linux: { target: { target: string; arch: string[] }[] };
    mac: { target: { target: string; arch: string[] }[]; hardenedRuntime: boolean };
    win: { target: { target: string }[] };
    nsis: { include: string };
  };
  const both = ['x64', 'arm64'];
  assert.deepEqual(
    linux.target,
    ['deb', 'rpm', 'AppImage'].map((target) => ({ target, arch: both })),
  );
  assert.deepEqual(
    mac.target,
    ['dmg', 'zip'].map((target) => ({ target, arch: ['universal'] })),
  );
  assert.equal(mac.hardenedRuntime, true);
  assert.deepEqual(
    win.target.map(({ target }) => target),
    ['nsis'],
  );
  assert.equal(existsSync(join(ROOT, nsis.include)), true);
});

test('promise 28: the Windows installer registers links behind "--", and takes away only what is ours', () => {
  const text = readFileSync(join(ROOT, 'build', 'installer.nsh'), 'utf8');
  const command = `'"$INSTDIR\\\${APP_EXECUTABLE_FILENAME}" "--" "%1"'`;
  assert.equal(text.split(command).length, 3);
  assert.equal(text.match(/%1/g)?.length, 2);
});

test('the hardened runtime of macOS is opened for V8 alone', () => {
  const keys = readFileSync(join(ROOT, 'build', 'entitlements.mac.plist'), 'utf8').match(
    /<key>[^<]+<\/key>/g,
  );
  assert.deepEqual(keys, ['<key>com.apple.security.cs.allow-jit</key>']);
});

interface Entry {
  readonly files?: Record<string, Entry>;
  readonly offset?: string;
  readonly size?: number;
}

/** The archive's own table: a length, a length, a length, a length, and JSON; then the files. */
function readArchive(path: string): {
  readonly files: readonly string[];
  readonly text: (file: string) => string;
} {
  const bytes = readFileSync(path);
  const table: Entry = JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12)));
  const found = new Map<string, Entry>();
  const walk = (entry: Entry, path: string): void => {
    if (path !== '') found.set(path, entry);
    for (const [name, inner] of Object.entries(entry.files ?? {})) walk(inner, `${path}/${name}`);
  };
  walk(table, '');
  const start = 8 + bytes.readUInt32LE(4);
  return {
    files: [...found.keys()],
    text(file) {
      const { offset = '0', size = 0 } = found.get(file) ?? {};
      return bytes.toString('utf8', start + Number(offset), start + Number(offset) + size);
    },
  };
}

interface LaidOut {
  readonly app: string;
  readonly desktopName: string;
  readonly desktopFile: string;
}
let laidOut: LaidOut;

before(async () => {
  const electronDist = join(folder, 'electron-dist');
  mkdirSync(electronDist);
  fakeElectron(join(electronDist, 'electron'));
  writeFileSync(join(electronDist, 'version'), '45.4.1');
  let desktop: Pick<LaidOut, 'desktopName' | 'desktopFile'> | undefined;
  await build({
    targets: Platform.LINUX.createTarget('deb'),
    projectDir: ROOT,
    config: {
      electronDist,
      directories: { output: join(folder, 'release') },
      extraMetadata: { homepage: 'https://example.com' },
    },
    publish: 'never',
    // Told what fpm, which would have to be downloaded, would be given; true ends it there.
    effectiveOptionComputed: async ([args, file]: [string[], string]) => {
      const place = args.find((arg) => arg.includes('=/usr/share/applications/')) ?? '';
      desktop = {
        desktopName: place.slice(place.lastIndexOf('/') + 1),
        desktopFile: readFileSync(file, 'utf8'),
      };
      return true;
    },
  });
  assert.ok(desktop);
  laidOut = { ...desktop, app: join(folder, 'release', 'linux-unpacked') };
});

test('promise 28: the desktop file of the deb has our id, takes tokentray links, and ends the options with -- before the link', () => {
  const { desktopName } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.equal(laidOut.desktopName, desktopName);
  const line = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(laidOut.desktopFile)?.[1];
  assert.equal(line('Exec'), '/opt/Tokentray/tokentray -- %u');
  assert.equal(line('MimeType'), 'x-scheme-handler/tokentray;');
  assert.equal(line('StartupWMClass'), desktopName.replace(/\.desktop$/, ''));
  assert.doesNotMatch(laidOut.desktopFile, /no-sandbox/);
});

test('a package holds what the build made and the keychain library, nothing else, with the native part outside of the archive', () => {
  const archive = join(laidOut.app, 'resources', 'app.asar');
  const { files, text } = readArchive(archive);
  const others = files.filter(
    (file) => !/^\/(?:dist|node_modules\/@napi-rs\/keyring[^/]*)(?:\/|$)/.test(file),
  );
  assert.deepEqual(others, ['/node_modules', '/node_modules/@napi-rs', '/package.json']);
  const { main, desktopName } = JSON.parse(text('/package.json'));
  assert.equal(files.includes(`/${main}`), true);
  assert.equal(desktopName, 'dev.tokentray.Tokentray.desktop');
  const natives = files.filter((file) => file.endsWith('.node'));
  assert.equal(natives.length > 0, true);
  for (const file of natives) assert.equal(existsSync(`${archive}.unpacked${file}`), true, file);
});

test('security 6.1: the binary of a laid-out package has the nine fuses as asked, before anything is signed', async () => {
  assert.deepEqual(await getCurrentFuseWire(join(laidOut.app, 'tokentray')), { version: '1', ...NINE });
});

test('the workflow names every action by the hash of a commit with its version beside it, and asks for no rights but to read', () => {
  const workflow = readFileSync(join(ROOT, '.github', 'workflows', 'ci.yml'), 'utf8');
  const uses = workflow.match(/uses: .*$/gm) ?? [];
  assert.equal(uses.length > 0, true);
  for (const line of uses) assert.match(line, /^uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  assert.match(workflow, /^permissions:\n {2}contents: read\n/m);
});
