// The stand-in held to what is known of Electron (declared, documented, read in its source or reported): small main files that
// would go wrong in the real one go wrong here. With a real Electron these are not run: they are about the stand-in alone.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { type LaunchOptions, StandIn } from '../support/electron/launch.ts';
import { ELECTRON } from './electron-maker.ts';

type Start = (
  main: string,
  more?: Partial<Pick<LaunchOptions, 'env' | 'settings' | 'args'>>,
) => Promise<StandIn>;

const test = base.extend<{ readonly start: Start }>({
  start: async ({ browser }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'tt-stand-in-'));
    mkdirSync(join(folder, 'clipboard'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'icon.png'), 'a picture');
    const apps: StandIn[] = [];
    await use(async (source, { env = {}, ...more } = {}) => {
      const main = join(folder, 'main.js');
      writeFileSync(main, `${BEGIN}\n${source}`);
      const app = await StandIn.launch({
        browser,
        main,
        clipboard: join(folder, 'clipboard'),
        env: { PATH: process.env.PATH, HOME: folder, ...env },
        ...more,
      });
      apps.push(app);
      return app;
    });
    for (const app of apps) await app.close();
    rmSync(folder, { recursive: true });
  },
});

test.skip(ELECTRON !== undefined, 'needs the stand-in: it is what these tests are about');

/** Every main here begins with it. */
const BEGIN = `
  import * as electron from 'electron';
  const { app, BrowserWindow, Menu, Tray, protocol, session } = electron;
  const report = (value) => console.log('REPORT ' + JSON.stringify(value));
  const outcome = (action) => { try { action(); return 'done'; } catch ({ message }) { return message; } };
  const scheme = (privileges = { standard: true, secure: true, supportFetchAPI: true }) =>
    protocol.registerSchemesAsPrivileged([{ scheme: 'fixture', privileges }]);
  const page = (html) => new Response(html, { headers: { 'content-type': 'text/html' } });
  const open = (options = {}) => {
    const window = new BrowserWindow({ ...options, webPreferences: { partition: 'p' } });
    window.loadURL('fixture://app/');
    return window;
  };
`;

/** Everything that was reported so far, once there are `count` of it. */
async function reported<T>(app: StandIn, count = 1): Promise<T[]> {
  const all = () =>
    app
      .output()
      .split('\n')
      .filter((line) => line.startsWith('REPORT '))
      .map((line) => JSON.parse(line.slice('REPORT '.length)) as T);
  await expect.poll(() => all().length, { message: app.output() }).toBeGreaterThanOrEqual(count);
  return all();
}

test('a main file that awaits ready at its top level never becomes ready, and the reason is said', async ({
  start,
}) => {
  await expect(start('await app.whenReady();')).rejects.toThrow(/held back.*electron#40719/);
});

test('what comes before ready too early and after it too late fails, and so does what may be done once', async ({
  start,
}) => {
  const app = await start(`
    const early = [
      () => new Tray('icon.png'), () => new BrowserWindow(), () => session.defaultSession,
      () => electron.globalShortcut.register('A', () => {}), () => electron.utilityProcess.fork('x.js'),
      () => electron.screen.getPrimaryDisplay(), () => new electron.Notification(),
    ].map(outcome);
    scheme();
    const twice = [() => scheme()].map(outcome);
    app.requestSingleInstanceLock();
    twice.push(outcome(() => app.setPath('userData', '/tmp')));
    app.whenReady().then(() => {
      const late = [
        () => scheme(), () => app.enableSandbox(), () => app.setPath('userData', '/tmp'),
        () => app.commandLine.appendSwitch('x'), () => app.setDesktopName('x'),
      ].map(outcome);
      const { protocol: own } = session.fromPartition('p');
      own.handle('fixture', () => page(''));
      const icon = app.getAppPath() + '/icon.png';
      new Tray(icon);
      twice.push(...[() => own.handle('fixture', () => page('')), () => own.handle('other', () => page('')), () => new Tray(icon)].map(outcome));
      report({ early, late, twice });
    });
  `);
  const [{ early, late, twice } = { early: [], late: [], twice: [] }] =
    await reported<Record<'early' | 'late' | 'twice', string[]>>(app);
  for (const message of early) expect(message).toMatch(/ready/);
  for (const message of late) expect(message).toMatch(/should be called before app is ready/);
  expect(early).toHaveLength(7);
  expect(late).toHaveLength(5);
  expect(twice.filter((message) => message === 'done')).toEqual([]);
});

test('a member that the stand-in lacks throws by its name; import, default import and require give the same module', async ({
  start,
}) => {
  const app = await start(`
    import whole from 'electron';
    import { createRequire } from 'node:module';
    const required = createRequire(import.meta.url)('electron');
    app.whenReady().then(() => {
      const window = new BrowserWindow();
      report([
        whole.app === app && required.app === app,
        ...[() => app.badgeCount, () => window.webContents.capturePage(), () => session.defaultSession.cookies,
          () => Menu.sendActionToFirstResponder('x'), () => electron.ipcMain.handle('x'), () => electron.clipboard.readHTML()].map(outcome),
        outcome(() => new BrowserWindow({ webPreferences: { preload: '/x' } })),
      ]);
    });
  `);
  expect(await reported(app)).toEqual([
    [
      true,
      'stand-in has no app.badgeCount',
      'stand-in has no webContents.capturePage',
      'stand-in has no session.cookies',
      'stand-in has no Menu.sendActionToFirstResponder',
      'stand-in has no ipcMain.handle',
      'stand-in has no clipboard.readHTML',
      'stand-in has no preload scripts',
    ],
  ]);
});

test('a second start hands over its data and ends at once; its arguments come as Chromium orders them', async ({
  start,
}) => {
  const app = await start(`
    if (!app.requestSingleInstanceLock({ at: new Date(0), not: undefined })) { app.exit(0); report('went on'); }
    app.on('second-instance', (event, argv, directory, data) => report([app.isReady(), argv.slice(1), data]));
  `);
  expect(await app.secondStart(['word', '--switch=1', '--', '--word'])).toEqual({ code: 0 });
  expect(await reported(app)).toEqual([
    [
      true,
      [
        '--switch=1',
        '--allow-file-access-from-files',
        '--original-process-start-time=13400000000000000',
        expect.any(String),
        'word',
        '--',
        '--word',
      ],
      { at: '1970-01-01T00:00:00.000Z' },
    ],
  ]);
});

test('the handler of a scheme sees what Electron shows it, and the page gets what Electron lets through', async ({
  start,
}) => {
  const app = await start(`
    scheme();
    app.whenReady().then(() => {
      session.fromPartition('p').protocol.handle('fixture', async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === '/') return page('<h1>here</h1>');
        if (pathname === '/broken') throw new Error('broken on purpose');
        if (pathname === '/large') return new Response('x'.repeat(4_000_000));
        const { length } = await request.text();
        const headers = new Headers({ 'set-cookie': 'a=1' });
        headers.append('x-twice', 'first');
        headers.append('x-twice', 'last');
        return Response.json({ url: request.url, method: request.method, names: [...request.headers.keys()], origin: request.headers.get('origin'), length }, { headers });
      });
      open();
    });
  `);
  await expect.poll(() => app.pages().length).toBe(1);
  const [page] = app.pages();
  await page?.getByRole('heading').waitFor();
  const answer = await page?.evaluate<Record<string, unknown>>(`(async () => {
    document.cookie = 'b=2';
    const answer = await fetch('/a/../ask?x=1', { method: 'POST', body: 'y'.repeat(600_000) });
    const { headers } = answer;
    return { ...(await answer.json()), twice: headers.get('x-twice'), cookie: document.cookie.includes('a=1'), cache: headers.get('cache-control'),
      large: (await (await fetch('/large')).text()).length, broken: await fetch('/broken').catch(({ name }) => name), secure: isSecureContext };
  })()`);
  expect(answer).toEqual({
    url: 'fixture://app/ask?x=1',
    method: 'POST',
    names: [
      'accept',
      'accept-language',
      'cache-control',
      'content-length',
      'content-type',
      'origin',
      'pragma',
      'user-agent',
    ],
    origin: 'fixture://app',
    length: 600_000,
    twice: 'first, last',
    cookie: false,
    cache: 'no-store',
    large: 4_000_000,
    broken: 'TypeError',
    secure: true,
  });
  expect(app.output()).toContain('broken on purpose');
});

test('a stream reaches the page as it comes, and is cancelled when the page goes away', async ({ start }) => {
  const app = await start(`
    scheme();
    app.whenReady().then(() => {
      session.fromPartition('p').protocol.handle('fixture', (request) => {
        if (new URL(request.url).pathname === '/') return page('<h1>here</h1>');
        let count = 0;
        let timer;
        const body = new ReadableStream({
          start: (controller) => { timer = setInterval(() => controller.enqueue(new TextEncoder().encode('data: ' + (count += 1) + '\\n\\n')), 20); },
          cancel: () => { clearInterval(timer); report('cancelled'); },
        });
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
      });
      open();
    });
  `);
  await expect.poll(() => app.pages().length).toBe(1);
  const [page] = app.pages();
  await page?.getByRole('heading').waitFor();
  expect(
    await page?.evaluate(
      `new Promise((resolve) => { const source = new EventSource('/events'); source.onmessage = ({ data }) => data === '3' && resolve(data); })`,
    ),
  ).toBe('3');
  await page?.reload();
  expect(await reported(app)).toEqual(['cancelled']);
});

test('an app that forbids nothing is seen to: permissions granted, requests and windows outside recorded, and it ends with its window', async ({
  start,
}) => {
  const app = await start(`
    scheme();
    app.whenReady().then(() => {
      session.fromPartition('p').protocol.handle('fixture', () => page('<h1>here</h1><a href="http://outside.test/link">link</a><a target="_blank" href="http://outside.test/window">window</a><img src="http://outside.test/image">'));
      const window = open();
      window.webContents.on('will-navigate', ({ url }) => report(url));
    });
  `);
  await expect.poll(() => app.pages().length).toBe(1);
  const [page] = app.pages();
  await page?.getByRole('heading').waitFor();
  expect(
    await page?.evaluate(`navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state)`),
  ).toBe('granted');
  await page?.getByText('link').click();
  await page?.getByText('window').click();
  await expect
    .poll(() => [...app.foreign].sort())
    .toEqual([
      'image http://outside.test/image',
      'navigation http://outside.test/link',
      'window http://outside.test/window',
    ]);
  expect(await app.refused()).toEqual([]);
  expect(await reported(app)).toEqual(['http://outside.test/link']);
  await app.ask('window.userCloses', 1);
  expect(await app.ended).toEqual({ code: 0 });
});

test('quitting asks, closes and ends in the order of Electron, and can be stopped at each step', async ({
  start,
}) => {
  const app = await start(`
    scheme();
    app.on('window-all-closed', () => {});
    let stops = ['before-quit', 'close', 'will-quit'];
    const stop = (name) => (event) => { report(name); if (stops[0] === name) { stops.shift(); event.preventDefault(); } };
    app.on('before-quit', stop('before-quit')).on('will-quit', stop('will-quit')).on('quit', (event, code) => report(['quit', code]));
    app.whenReady().then(() => {
      session.fromPartition('p').protocol.handle('fixture', () => page('<h1>here</h1>'));
      const window = open();
      window.on('close', stop('close')).on('closed', () => report('closed'));
    });
  `);
  await expect.poll(() => app.pages().length).toBe(1);
  for (const said of [1, 3, 7]) {
    await app.ask('quit');
    await reported(app, said);
  }
  await app.ask('quit').catch(() => undefined);
  expect(await app.ended).toEqual({ code: 0 });
  expect(await reported(app, 10)).toEqual([
    'before-quit',
    ...['before-quit', 'close'],
    ...['before-quit', 'close', 'closed', 'will-quit'],
    ...['before-quit', 'will-quit', ['quit', 0]],
  ]);
});

test('on Wayland a write without focus reaches nobody, and reading back shows it all the same', async ({
  start,
}) => {
  const app = await start(
    `
    const { clipboard, ClipboardItem } = electron;
    app.whenReady().then(async () => {
      const window = new BrowserWindow({ show: false });
      await clipboard.writeText('unseen');
      report(await clipboard.readText());
      window.once('focus', async () => {
        await clipboard.write([new ClipboardItem({ 'text/plain': 'seen', 'electron application/osclipboard;format="x"': new Blob([new Uint8Array([0, 255])]) })]);
        report(await clipboard.readText());
      });
      window.show();
    });
  `,
    { env: { XDG_SESSION_TYPE: 'wayland' } },
  );
  expect(await reported(app, 2)).toEqual(['unseen', 'seen']);
  const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
  expect(await app.copied()).toEqual({
    'text/plain': base64('seen'),
    'electron application/osclipboard;format="x"': base64('\u0000\u00ff'),
  });
});

test('a tray needs a picture that is there, and a row that is disabled or gone cannot be pressed', async ({
  start,
}) => {
  const app = await start(`
    app.whenReady().then(() => {
      const missing = outcome(() => new Tray('/nowhere/icon.png'));
      const tray = new Tray(app.getAppPath() + '/icon.png');
      tray.setContextMenu(Menu.buildFromTemplate([
        { label: 'hidden', visible: false }, { label: 'off', enabled: false },
        { label: 'more', submenu: [{ label: 'inner', click: (item) => report(item.label) }] },
      ]));
      report([missing, outcome(() => Menu.buildFromTemplate([{}]))]);
    });
  `);
  const [[missing, empty] = []] = await reported<string[]>(app);
  expect(missing).toBe("Failed to load image from path '/nowhere/icon.png'");
  expect(empty).toMatch(/^Invalid template for MenuItem/);
  expect(await app.ask('tray.rows')).toEqual([
    { label: 'off', type: 'normal', enabled: false },
    {
      label: 'more',
      type: 'submenu',
      enabled: true,
      submenu: [{ label: 'inner', type: 'normal', enabled: true }],
    },
  ]);
  await expect(app.ask('tray.press', [0])).rejects.toThrow('the row "off" is disabled');
  await expect(app.ask('tray.press', [2])).rejects.toThrow('there is no such row any more');
  await expect(app.ask('tray.nothing')).rejects.toThrow('nobody answers to it');
  await app.ask('tray.press', [1, 0]);
  expect((await reported(app, 2))[1]).toBe('inner');
});

test('a utility process talks by its port alone, and the program of the app is not Node', async ({
  start,
}) => {
  const app = await start(`
    import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const child = app.getAppPath() + '/child.js';
    writeFileSync(child, "process.parentPort.on('message', ({ data }) => process.parentPort.postMessage([data, typeof process.send, process.argv.slice(2), process.env.OWN ?? 'none']))");
    spawn(process.execPath, ['-e', '1']).on('error', ({ code }) => report(code));
    app.whenReady().then(() => {
      const own = electron.utilityProcess.fork(child, ['a'], { env: { OWN: 'yes' }, stdio: 'ignore' });
      own.on('message', (message) => { report(message); own.kill(); });
      own.on('exit', () => report('exit'));
      own.postMessage({ x: 1 });
    });
  `);
  const all = await reported(app, 3);
  expect(all).toContainEqual('ENOENT');
  expect(all).toContainEqual([{ x: 1 }, 'undefined', ['a'], 'yes']);
  expect(all).toContainEqual('exit');
});
