// Every call that a security review has to have seen, in the sources and in the bundle of the tray, against the list below.
// A new one fails here until somebody has looked at it and put it in the list.
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'vite';
import { readTokens } from '../../scripts/read-imports.ts';
import { sensitiveCalls, unreviewed } from '../support/sensitive-calls.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const source = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Why each is there is said in the file itself. */
const REVIEWED = {
  // Loopback listeners for redirects, the endpoint's doors, the practice server.
  'core/consent/redirect/listener.ts': { 'createServer()': 1 },
  'host/limited-server.ts': { 'createServer()': 1 },
  'sandbox/server.ts': { 'createServer()': 1 },
  // `nopkce` is the word of the one function that says "PKCE or nothing"; http is for loopback, after a check of its own.
  'core/oauth/token-request.ts': { nopkce: 1 },
  'core/oauth/transport.ts': { allowInsecureRequests: 1, customFetch: 1 },
  // True, said aloud.
  'host/connect.ts': { rejectUnauthorized: 1 },
  // Child processes: the browser, the practice server, the machine's own id, and tools of the desktop by fixed names; none with a shell.
  'host/browser.ts': { 'import node:child_process': 1, 'spawn()': 1 },
  'host/device.ts': { 'import node:child_process': 1 },
  'host/sandbox-child.ts': { 'import node:child_process': 1, 'spawn()': 1 },
  'electron/bus-tools.ts': { 'import node:child_process': 1, 'spawn()': 2 },
  'electron/clipboard-wl.ts': { 'import node:child_process': 1, 'spawn()': 1 },
  'electron/core-limit.ts': { 'import node:child_process': 1, 'spawn()': 1 },
  'electron/link-registration.ts': { 'import node:child_process': 1, 'spawn()': 1 },
  // Electron's own.
  'electron/browser-choice.ts': { 'openExternal()': 1 },
  'electron/clipboard.ts': { 'clipboard.': 3 },
  'electron/links.ts': { 'setAsDefaultProtocolClient()': 1 },
  'electron/main.ts': { 'enableSandbox()': 1 },
  'electron/preferences.ts': { 'ipcMain.': 1 },
  'electron/proxy.ts': { 'defaultSession.': 1 },
  'electron/sandbox.ts': { 'fork()': 1 },
  'electron/ui-scheme.ts': { 'fromPartition()': 1, 'protocol.': 1, 'registerSchemesAsPrivileged()': 1 },
  'electron/window.ts': { 'loadURL()': 1, 'new BrowserWindow()': 2 },
  // In the browser, after a click.
  'renderer/copy-token.ts': { 'clipboard.': 1 },
  'renderer/ui/copy-field.tsx': { 'clipboard.': 1 },
} as const;

/** The bundle of the tray with its libraries, all its files together. */
const REVIEWED_BUNDLE = {
  // Two schema compilers: ajv in electron-store, zod's probe. electron-updater brings two more, loaded in packages only.
  'new Function()': 4,
  // electron-store's editor, electron-updater's changelog: never called by us.
  'openPath()': 2,
  // Ours, and electron-updater's session of its own.
  'fromPartition()': 2,
  // electron-updater installs rpm and deb this way. On Linux it installs nothing here.
  'shell: true': 2,
  // electron-store asks the main process when it runs in a page. It runs in none.
  'ipcRenderer.': 1,
  'ipcMain.': 2,
} as const;

const ROOMS = '{core,api,host,electron,cli,renderer,sandbox}/**/*.{ts,tsx}';

test('security 6.3: every sensitive call in the sources is one that was reviewed, by file and number', () => {
  const found = Object.fromEntries(
    globSync(ROOMS, { cwd: ROOT }).flatMap((file) => {
      const calls = sensitiveCalls(source(file));
      return Object.keys(calls).length === 0 ? [] : [[file.replaceAll('\\', '/'), calls]];
    }),
  );
  assert.deepEqual(unreviewed(found, REVIEWED), []);
});

test('security 6.3: the broken twins, each of these calls once more in the tray, are found', () => {
  const twins = [
    'new BrowserWindow({})',
    'new WebContentsView()',
    "shell.openExternal('https://example.com')",
    'shell.openPath(x)',
    "ipcMain.handle('x', f)",
    "contextBridge.exposeInMainWorld('x', {})",
    "app.commandLine.appendSwitch('no-sandbox')",
    'ses.setCertificateVerifyProc(f)',
    "app.on('certificate-error', f)",
    'contents.executeJavaScript(text)',
    "await clipboard.readText('selection')",
    'safeStorage.encryptString(x)',
    'http.createServer(f)',
    "import { exec } from 'node:child_process'",
    "exec('ls')",
    "spawn('ls', { shell: true })",
    "eval('1')",
    "new Function('return 1')",
    "Function('return 1')",
    "app.setAsDefaultProtocolClient('x')",
    'protocol.registerSchemesAsPrivileged([])',
    "protocol.handle('x', f)",
    'element.innerHTML = x',
    'const a = <p dangerouslySetInnerHTML={x} />',
    "import { nopkce } from 'oauth4webapi'",
    '({ [oauth.allowInsecureRequests]: true })',
    'oauth.skipStateCheck',
    'tls.connect({ rejectUnauthorized: false })',
    "session.fromPartition('other')",
    "win.loadURL('https://example.com')",
  ];
  const FILE = 'electron/clipboard.ts';
  for (const twin of twins) {
    const found = { [FILE]: sensitiveCalls(`${source(FILE)}\n${twin};`) };
    assert.notDeepEqual(unreviewed(found, { [FILE]: REVIEWED[FILE] }), [], twin);
  }
  // Neither a comment nor a text nor a type is a call.
  assert.deepEqual(
    sensitiveCalls(
      "// eval('x')\nconst text = 'new Function(x)'; import type { exec } from 'node:child_process';",
    ),
    {},
  );
});

test('security 6.3: the bundle of the tray has the sensitive calls of its sources, and those of its libraries that were reviewed', async () => {
  const outDir = mkdtempSync(join(tmpdir(), 'tokentray-bundle-'));
  try {
    await build({
      root: ROOT,
      configFile: join(ROOT, 'vite.electron.config.ts'),
      build: { outDir, emptyOutDir: true },
      logLevel: 'silent',
    });
    const text = globSync('*.js', { cwd: outDir })
      .map((file) => readFileSync(join(outDir, file), 'utf8'))
      .join('\n');
    const calls = sensitiveCalls(text);
    const ours = [
      'new BrowserWindow()',
      'openExternal()',
      'loadURL()',
      'enableSandbox()',
      'registerSchemesAsPrivileged()',
      'setAsDefaultProtocolClient()',
      'fork()',
      'createServer()',
    ];
    const expected = Object.fromEntries(ours.map((name) => [name, inMain(name)]));
    for (const name of [
      ...ours,
      ...Object.keys(REVIEWED_BUNDLE),
      'eval()',
      'executeJavaScript()',
      'exposeInMainWorld()',
      'appendSwitch()',
      'setCertificateVerifyProc()',
      'certificate-error',
      'safeStorage.',
    ])
      assert.equal(calls[name] ?? 0, { ...expected, ...REVIEWED_BUNDLE }[name] ?? 0, name);
  } finally {
    rmSync(outDir, { recursive: true });
  }
});

/** Rooms that are in the tray's bundle. */
function inMain(name: string): number {
  return Object.entries(REVIEWED)
    .filter(([file]) => /^(?:core|api|host|electron)\//.test(file))
    .reduce((sum, [, calls]) => sum + ((calls as Record<string, number>)[name] ?? 0), 0);
}

/** Without comments and layout, so that it can be compared as text. */
const flat = (text: string) =>
  readTokens(text)
    .map((token) => (token.kind === 'string' ? `'${token.text}'` : token.text))
    .join(' ');

test('security 6.2: every window takes the one frozen set of web preferences, which is exactly the reviewed one', () => {
  const text = flat(source('electron/window.ts'));
  assert.equal(
    /WEB_PREFERENCES = Object \. freeze \( \{ (.*?) , \} satisfies WebPreferences \)/.exec(text)?.[1],
    flat(`partition: UI_PARTITION, contextIsolation: true, sandbox: true, nodeIntegration: false,
      nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false, webSecurity: true, allowRunningInsecureContent: false,
      experimentalFeatures: false, webviewTag: false, plugins: false, navigateOnDragDrop: false, spellcheck: false,
      devTools: !app.isPackaged`),
  );
  const windows = text.split('new BrowserWindow (').length - 1;
  assert.equal(text.split('webPreferences : WEB_PREFERENCES ,').length - 1, windows);
  assert.equal(text.match(/webPreferences :/g)?.length, windows);
});

test('security 6.2: our scheme is registered once, with exactly these privileges', () => {
  assert.match(
    flat(source('electron/ui-scheme.ts')),
    new RegExp(
      flat(`registerSchemesAsPrivileged([{ scheme: UI_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true,
        corsEnabled: false, bypassCSP: false, allowServiceWorkers: false, allowExtensions: false, stream: false, }, }, ])`).replace(
        /[()[\]{}.]/g,
        '\\$&',
      ),
    ),
  );
});

test('security 6.2: each session is hardened before it has a page, with every handler there is', () => {
  const hardening = flat(source('electron/hardening.ts'));
  for (const handler of [
    'PermissionRequest',
    'PermissionCheck',
    'DevicePermission',
    'DisplayMediaRequest',
    'BluetoothPairing',
    'USBProtectedClasses',
  ])
    assert.match(hardening, new RegExp(`target \\. set${handler}(?:Handler) \\(`), handler);
  for (const event of ['select-hid-device', 'select-serial-port', 'select-usb-device', 'will-download'])
    assert.match(hardening, new RegExp(`target \\. on \\( '${event}'`), event);
  for (const event of [
    'will-frame-navigate',
    'will-navigate',
    'will-redirect',
    'will-attach-webview',
    'select-bluetooth-device',
  ])
    assert.match(hardening, new RegExp(`contents \\. on \\( '${event}'`), event);
  assert.match(hardening, /app \. on \( 'select-client-certificate'/);
  assert.equal(hardening.match(/action : '(\w+)'/g)?.join(), "action : 'deny'");
  const wiring = flat(source('electron/app.ts'));
  assert.match(wiring, /hardenSession \( session \. defaultSession \)/);
  assert.match(wiring, /const ui = uiSession \( \) ; hardenSession \( ui \)/);
});

const IN_ORDER = [
  'setPath',
  'requestSingleInstanceLock',
  "'open-url'",
  "'second-instance'",
  'hardenPages (',
  'registerUiScheme (',
  'enableSandbox',
  'whenReady',
];

test('security 6.1: the main file takes its directory, then the lock, then listens, registers, sandboxes and waits, in this order', () => {
  const text = flat(source('electron/main.ts').replace(/import[^;]*;/g, ''));
  const places = IN_ORDER.map((name) => text.indexOf(name));
  assert.equal(places.includes(-1), false, String(places));
  // The functions stand in the order in which they run.
  assert.deepEqual(
    places.slice(2),
    places.slice(2).toSorted((a, b) => a - b),
  );
  const begin = text.slice(text.indexOf('function begin'), text.indexOf('function takeDirectory'));
  const run = [
    'takeDirectory ( )',
    'requestSingleInstanceLock',
    'listen ( directory )',
    'app . exit ( 0 )',
  ].map((name) => begin.indexOf(name));
  assert.deepEqual(
    run,
    run.toSorted((a, b) => a - b),
  );
  assert.equal(run.includes(-1), false);
  // Electron holds `ready` back until the module has been evaluated: a wait for it at top level would be one for ever.
  assert.equal(awaitsAtTop(source('electron/main.ts')), 0);
  assert.equal(awaitsAtTop('await app.whenReady();'), 1);
  assert.equal(source('electron/main.ts').split('\n').length < 80, true);
});

/** Outside of every function and block. */
function awaitsAtTop(text: string): number {
  let depth = 0;
  let found = 0;
  for (const { kind, text: name } of readTokens(text)) {
    if (kind === 'mark' && '{('.includes(name)) depth += 1;
    if (kind === 'mark' && '})'.includes(name)) depth -= 1;
    if (kind === 'word' && name === 'await' && depth === 0) found += 1;
  }
  return found;
}

test('security 6.1: what is shipped turns no sandbox off', () => {
  const shipped = [
    'electron-builder.yml',
    'build/installer.nsh',
    'build/entitlements.mac.plist',
    'package.json',
    'scripts/start.ts',
  ];
  for (const file of shipped)
    assert.doesNotMatch(source(file), /no-sandbox|disable-library-validation/, file);
});
