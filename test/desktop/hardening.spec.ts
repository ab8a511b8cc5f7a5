// What a page of the window can do when somebody else's code runs in it: nothing that leads out of it.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { scanText } from '../support/canary-scan.ts';
import { fillVault } from '../support/window-fill.ts';
import { Frame, type Place } from '../ui/pages/frame.ts';
import type { Desktop } from './desktop.ts';
import { endDesktop, expect, test } from './start.ts';

const HOUR_MS = 3_600_000;
const MARKUP = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';
const PLACES: readonly Place[] = ['Providers', 'Calendar', 'Activity', 'Scripts', 'Settings'];

/** A server outside: whatever reaches it got out. */
class Stranger {
  readonly asked: string[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.asked.push(`${request.method} ${request.url}`);
    response.setHeader('access-control-allow-origin', '*').end('outside');
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
  }
}

/** Runs in a task of the page: inside an evaluation the rules about eval do not hold. */
function inTask<T>(page: Page, code: string): Promise<T> {
  return page.evaluate<T>(`new Promise((resolve, reject) => setTimeout(() => {
    Promise.resolve().then(async () => { ${code} }).then(resolve, (error) => reject(String(error)));
  }))`);
}

/** Every string that the page's JavaScript holds. */
async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  return chunks.join('');
}

/** Of the window's page. */
async function preferences(): Promise<Record<string, unknown>> {
  const [first = {}] = (await desktop.ask('window.preferences')) as Record<string, unknown>[];
  return first;
}

let desktop: Desktop;
let stranger: Stranger;

test.beforeAll(async ({ startDesktop }) => {
  stranger = new Stranger();
  await stranger.start();
  desktop = await startDesktop({
    fill: fillVault([
      { account: 'me', endsIn: HOUR_MS },
      { account: 'markup', label: MARKUP, endsIn: HOUR_MS, scope: [MARKUP, 'javascript:alert(1)'] },
      { account: 'needs', label: MARKUP, endsIn: -HOUR_MS, state: 'needs_consent' },
    ]),
  });
});

test.afterEach(async () => {
  expect(stranger.asked, 'what came to a stranger').toEqual([]);
  expect(desktop.foreign, 'what pages asked outside').toEqual([]);
  expect(desktop.windows(), 'windows').toHaveLength(1);
  // Playwright waits for good for a navigation that the policy of the page has stopped, so each test has a page of its own.
  for (const page of desktop.windows()) await desktop.closeWindow(page);
});

test.afterAll(async () => {
  stranger.close();
  await endDesktop(desktop);
});

/** Does `code` in the page and waits for the refusal that belongs to it; the page stays where it is. */
async function expectRefused(page: Page, what: string, code: string): Promise<void> {
  const path = await desktop.path(page);
  const before = (await desktop.refused()).length;
  await page.evaluate(code);
  await expect.poll(async () => (await desktop.refused()).slice(before), { message: code }).toEqual([what]);
  expect(await desktop.path(page)).toBe(path);
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
}

test('promise 157: script, link, form, meta refresh, window.open and target=_blank lead nowhere, and each attempt is counted', async () => {
  const page = await desktop.window('/');
  const url = `${stranger.origin}/out`;
  const link = (more: string) =>
    `{ const a = document.createElement('a'); a.href = '${url}'; ${more}; document.body.append(a); a.click(); a.remove(); }`;
  await expectRefused(page, `navigation ${url}`, `location.href = '${url}'`);
  await expectRefused(page, `navigation ${url}`, `location.replace('${url}')`);
  await expectRefused(page, `navigation ${url}`, link(''));
  await expectRefused(
    page,
    `navigation ${url}`,
    `{ const m = document.createElement('meta'); m.httpEquiv = 'refresh'; m.content = '0;url=${url}'; document.head.append(m); }`,
  );
  await expectRefused(page, `window ${url}`, `void window.open('${url}')`);
  await expectRefused(page, `window ${url}`, link(`a.target = '_blank'`));
  await expectRefused(page, `window ${url}`, link(`a.target = '_blank'; a.rel = 'opener'`));
  // The policy of the page stops these before they are navigations.
  const blocked = `new Promise((resolve) => addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective), { once: true }))`;
  const form = `const f = document.createElement('form'); f.action = '${url}'; f.method = 'post'; document.body.append(f); f.submit(); f.remove();`;
  expect(await page.evaluate(`(() => { const seen = ${blocked}; ${form} return seen; })()`)).toBe(
    'form-action',
  );
  const frame = `const i = document.createElement('iframe'); i.src = '${url}'; document.body.append(i); i.remove();`;
  expect(await page.evaluate(`(() => { const seen = ${blocked}; ${frame} return seen; })()`)).toBe(
    'frame-src',
  );
});

test('promise 157: other hosts of our scheme, files, data and script addresses lead nowhere', async () => {
  const page = await desktop.window('/');
  const path = await desktop.path(page);
  for (const address of [
    'tokentray-ui://evil/',
    'file:///etc/hostname',
    'data:text/html,<h1>out</h1>',
    'javascript:void(globalThis.pwned = 1)',
    'tokentray://callback/acme?code=1',
  ]) {
    await inTask(page, `location.href = ${JSON.stringify(address)};`);
    await inTask(page, `window.open(${JSON.stringify(address)});`);
  }
  expect(await desktop.path(page)).toBe(path);
  expect(await page.evaluate(`'pwned' in globalThis`)).toBe(false);
  expect(await page.evaluate(`document.querySelector('h1') !== null`)).toBe(true);
});

test('promise 157: a file or an address dropped on the page does not replace it, and a webview stays empty', async () => {
  const page = await desktop.window('/');
  const path = await desktop.path(page);
  const webview = `const w = document.createElement('webview'); w.setAttribute('src', '${stranger.origin}/webview'); document.body.append(w); w.remove();`;
  await page.evaluate(`{ ${webview} }`);
  if (desktop.maker === 'stand-in') {
    // Chromium alone opens what is dropped on it; the preference that forbids it is Electron's.
    expect(await preferences()).toMatchObject({ navigateOnDragDrop: false, webviewTag: false });
    const [{ id } = { id: 0 }] = await desktop.states();
    expect(await desktop.ask('window.mayAttach', id)).toBe(false);
    return;
  }
  const session = await page.context().newCDPSession(page);
  const drops = [
    { items: [], files: ['/etc/hostname'] },
    { items: [{ mimeType: 'text/uri-list', data: `${stranger.origin}/dropped` }], files: [] },
  ];
  for (const { items, files } of drops) {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      const data = { items, files, dragOperationsMask: 1 };
      await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
    }
  }
  await session.detach();
  expect(await desktop.path(page)).toBe(path);
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
});

test('promise 158: only https leaves the window, and it goes to the browser of the system', async () => {
  const page = await desktop.window('/');
  const before = (await desktop.opened()).length;
  const refused = [
    'http://example.org/',
    'file:///etc/hostname',
    'smb://example.org/share',
    'ms-settings:',
    'javascript:1',
    'data:text/html,1',
    'mailto:a@example.org',
    'tokentray://callback/acme?code=1&state=2',
    'tokentray-ui://app/settings',
  ];
  for (const address of refused) {
    if (desktop.maker === 'electron') await inTask(page, `window.open(${JSON.stringify(address)});`);
    else
      expect(await desktop.ask('window.mayOpen', (await desktop.states())[0]?.id, address), address).toBe(
        false,
      );
  }
  await page.evaluate(`void window.open('https://example.org/docs?x=1#y')`);
  await expect
    .poll(async () => (await desktop.opened()).slice(before))
    .toEqual(['https://example.org/docs?x=1#y']);
});

test('promise 159: every permission, device and capture is refused', async () => {
  const page = await desktop.window('/');
  const states = await inTask<Record<string, string>>(
    page,
    `const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi', 'clipboard-read'];
     const states = await Promise.all(names.map(async (name) => [name, (await navigator.permissions.query({ name })).state]));
     return Object.fromEntries(states);`,
  );
  expect(Object.entries(states).filter(([, state]) => state !== 'denied')).toEqual([]);
  const tries = {
    geolocation: `new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, ({ code }) => reject(code)))`,
    media: `navigator.mediaDevices.getUserMedia({ video: true, audio: true })`,
    screen: `navigator.mediaDevices.getDisplayMedia()`,
    clipboard: `navigator.clipboard.readText()`,
    midi: `navigator.requestMIDIAccess()`,
    usb: `navigator.usb.requestDevice({ filters: [] })`,
    hid: `navigator.hid.requestDevice({ filters: [] })`,
    serial: `navigator.serial.requestPort()`,
    bluetooth: `navigator.bluetooth.requestDevice({ acceptAllDevices: true })`,
  };
  for (const [name, code] of Object.entries(tries)) {
    const outcome = await inTask(
      page,
      `const tried = Promise.resolve().then(() => ${code}).then(() => 'granted', () => 'refused');
       return Promise.race([tried, new Promise((resolve) => setTimeout(() => resolve('asks'), 1_000))]);`,
    );
    // Chromium alone waits for a choice that nobody can make, where Electron asks the handlers of the session.
    expect(desktop.maker === 'stand-in' && outcome === 'asks' ? 'refused' : outcome, name).toBe('refused');
  }
  expect(await inTask(page, `return Notification.requestPermission();`)).toBe('denied');
});

test('promise 160: hostile names of a provider are text in every view, and the console stays silent', async () => {
  const page = await desktop.window('/');
  const complaints = desktop.complaints.length;
  for (const place of PLACES) {
    await new Frame(page).goTo(place);
    expect(await page.evaluate(`'pwned' in globalThis`), place).toBe(false);
    expect(await page.locator('img, iframe, object, embed, video, audio, base').count(), place).toBe(0);
  }
  await new Frame(page).goTo('Connections');
  await page.getByRole('link', { name: /acme\/markup/ }).click();
  await expect(page.getByText('<img src=x').first()).toBeVisible();
  expect(await page.evaluate(`'pwned' in globalThis`)).toBe(false);
  expect(desktop.complaints.slice(complaints)).toEqual([]);
});

test('promise 161, AC-NP-08: a token that was copied never was in the memory of the page, and neither was any other secret', async () => {
  const page = await desktop.window('/');
  for (const place of PLACES) await new Frame(page).goTo(place);
  await new Frame(page).goTo('Connections');
  await page.getByRole('link', { name: /acme\/me/ }).click();
  await page.getByRole('button', { name: 'Copy token', exact: true }).click();
  const copied = () => desktop.clipboard.text();
  await expect.poll(copied).toMatch(/^access-/);
  expect(desktop.secrets()).toContain(await copied());
  // The scan itself finds what is there.
  await page.evaluate(`globalThis.planted = ['planted', 'canary', 'text'].join('-')`);
  const heap = await heapOf(page);
  expect(scanText('heap', heap, ['planted-canary-text']).length).toBeGreaterThan(0);
  expect(scanText('heap', heap, desktop.secrets())).toEqual([]);
  const kept = await page.evaluate<string>(
    `JSON.stringify([document.documentElement.outerHTML, location.href, history.state, { ...localStorage }, { ...sessionStorage }, document.cookie])`,
  );
  expect(scanText('page', kept, desktop.secrets())).toEqual([]);
});

test('promise 164: title, tooltip, rows of the tray and notifications hold no secret', async () => {
  await desktop.window('/');
  const page = desktop.windows()[0];
  const shown = {
    states: await desktop.states(),
    title: await page?.title(),
    rows: await desktop.tray.rows(),
    tooltip: await desktop.tray.tooltip(),
    notes: await desktop.notes(),
  };
  expect(JSON.stringify(shown.rows)).toContain('acme/me');
  expect(scanText('desktop', JSON.stringify(shown), desktop.secrets())).toEqual([]);
});

test('AC-NP-08: the page has no Node, no Electron and no name that a blank page does not have', async () => {
  const page = await desktop.window('/');
  const names = 'Object.getOwnPropertyNames(globalThis)';
  if (desktop.maker === 'stand-in') {
    // An empty page in the same browser, in a secure context as ours is.
    const empty = await page.context().browser()!.newPage();
    await empty.route('**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>empty</title>' }),
    );
    await empty.goto('http://empty.localhost/');
    const usual = new Set(await empty.evaluate<string[]>(names));
    await empty.context().close();
    const own = (await page.evaluate<string[]>(names)).filter(
      (name) => !usual.has(name) && !/^\d+$/.test(name),
    );
    expect(own.filter((name) => name !== 'planted')).toEqual([]);
  }
  expect(
    await inTask(
      page,
      `return ['process', 'require', 'module', 'global', 'Buffer', 'electron', 'ipcRenderer', '__dirname'].filter((name) => name in globalThis);`,
    ),
  ).toEqual([]);
  expect(await preferences()).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
  });
  expect((await preferences()).preload ?? '').toBe('');
});

test('AC-NP-08: the policy of the page stops eval, added scripts and styles, and every request to another place', async () => {
  const page = await desktop.window('/');
  const policy = await inTask<string>(
    page,
    `return (await fetch('/')).headers.get('content-security-policy');`,
  );
  for (const directive of [
    `default-src 'none'`,
    `script-src 'self'`,
    `connect-src 'self'`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `require-trusted-types-for 'script'`,
  ])
    expect(policy.split(/;\s*/)).toContain(directive);
  const url = `${stranger.origin}/csp`;
  const tries = {
    eval: `globalThis.eval('1')`,
    function: `new Function('return 1')()`,
    timer: `setTimeout('globalThis.pwned = 1')`,
    markup: `document.body.innerHTML = '<b>1</b>'`,
    script: `const s = document.createElement('script'); s.textContent = 'globalThis.pwned = 1'; document.body.append(s)`,
    'script elsewhere': `const s = document.createElement('script'); s.src = '${url}'; document.body.append(s)`,
    fetch: `await fetch('${url}')`,
    socket: `await new Promise((resolve, reject) => { const s = new WebSocket('${url.replace('http', 'ws')}'); s.onopen = resolve; s.onerror = reject; })`,
    worker: `await new Promise((resolve, reject) => { const w = new Worker(URL.createObjectURL(new Blob(['1']))); w.onmessage = resolve; w.onerror = reject; })`,
  };
  for (const [name, code] of Object.entries(tries)) {
    const outcome = await inTask(page, `try { ${code}; return 'done'; } catch { return 'stopped'; }`);
    expect(outcome, name).toBe('stopped');
  }
  const loads = await inTask(
    page,
    `const results = [];
     for (const [tag, name] of [['img', 'src'], ['audio', 'src'], ['link', 'href']]) {
       const element = document.createElement(tag);
       if (tag === 'link') element.rel = 'stylesheet';
       const outcome = new Promise((resolve) => { element.onload = () => resolve('loaded'); element.onerror = () => resolve('stopped'); });
       element[name] = '${url}/' + tag;
       document.body.append(element);
       results.push(await outcome);
       element.remove();
     }
     return results;`,
  );
  expect(loads).toEqual(['stopped', 'stopped', 'stopped']);
  // Whether it was queued says nothing; every test here ends with what came to the stranger.
  await inTask(page, `navigator.sendBeacon('${url}/beacon', 'x');`);
  expect(await page.evaluate(`'pwned' in globalThis`)).toBe(false);
});
