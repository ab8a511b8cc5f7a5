// What hostile texts, hostile pages and curious eyes get out of the window: nothing.
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { Page } from '@playwright/test';
import { scanText } from '../support/canary-scan.ts';
import { startRudeProvider } from '../support/rude-provider.ts';
import { fillVault } from '../support/window-fill.ts';
import { accessTokenOf } from './answers.ts';
import { ConnectionsView } from './pages/connections.ts';
import { Frame, type Place } from './pages/frame.ts';
import { expect, test } from './window.ts';

const HOUR_MS = 3_600_000;
const MARKUP = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';
const CONTROL = '\u001b[31mred\u001b[0m \u202egnp.exe\u202c javascript:globalThis.pwned=1';
const PLACES: readonly Place[] = ['Providers', 'Calendar', 'Activity', 'Scripts', 'Settings', 'Connections'];

/** Nothing of a hostile text became more than text. */
async function expectInert(page: Page): Promise<void> {
  const foreign = `({
    pwned: 'pwned' in globalThis,
    elements: document.querySelectorAll('img, iframe, object, embed, video, audio, base').length,
    scripts: [...document.scripts].filter(({ src }) => !src.startsWith(location.origin + '/assets/')).length,
    links: [...document.links].filter(({ protocol }) => !/^https?:$/.test(protocol)).length,
    handlers: [...document.querySelectorAll('*')].filter((one) => one.hasAttribute('onerror')).length,
  })`;
  expect(await page.evaluate(foreign)).toEqual({
    pwned: false,
    elements: 0,
    scripts: 0,
    links: 0,
    handlers: 0,
  });
}

/** A service on this machine; `close` it. */
async function serve(answer: RequestListener): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Every string that the page's JavaScript holds. */
async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  const { strings } = JSON.parse(chunks.join('')) as { strings: readonly string[] };
  return strings.join('\n');
}

test.describe('hostile texts', () => {
  test.use({
    hostChoice: {
      fill: fillVault([
        { account: 'markup', label: MARKUP, endsIn: HOUR_MS, scope: [MARKUP, 'javascript:alert(1)'] },
        { account: 'control', label: CONTROL, endsIn: HOUR_MS, scope: [CONTROL] },
        { account: 'long', label: 'W'.repeat(1_000_000), endsIn: HOUR_MS },
        { account: 'needs', label: MARKUP, endsIn: -HOUR_MS, state: 'needs_consent' },
      ]),
    },
  });

  test('promises 20 and 160: names and texts of a provider are inert, and the window asks nobody but its own host', async ({
    host,
    openWindow,
    watch,
  }) => {
    const rude = await startRudeProvider(`${MARKUP} ${CONTROL} ${'x'.repeat(5_000)}`);
    try {
      await host.call('POST', '/v1/providers', {
        id: 'rude',
        name: '<b onclick=pwned=1>Rude</b><img src=//evil.test/x>',
        client_id: MARKUP,
        authorization_endpoint: `${rude.origin}/authorize`,
        token_endpoint: `${rude.origin}/token`,
      });
      const page = await openWindow();
      const connections = new ConnectionsView(page);
      for (const account of ['markup', 'control', 'long', 'needs']) {
        await connections.row(`acme/${account}`).click();
        await expect(connections.detail(`acme/${account}`)).toBeVisible();
        await expectInert(page);
        const fits = await page.evaluate(
          'document.documentElement.scrollWidth <= document.documentElement.clientWidth',
        );
        expect(fits, `${account} fits`).toBe(true);
      }
      const frame = new Frame(page);
      await frame.goTo('Providers');
      await page.getByRole('link', { name: /Rude/ }).click();
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectInert(page);
      await frame.goTo('Providers');
      const popup = page.context().waitForEvent('page');
      await page.getByRole('button', { name: /^Connect .*Rude/ }).click();
      const last = await popup;
      // Promise 20: its text on the last page of the consent is text, and short.
      await expect(last.getByRole('main')).toContainText('Not connected');
      await expectInert(last);
      expect(((await last.getByRole('main').textContent()) ?? '').length).toBeLessThan(1_000);
      expect(new URL(last.url()).search).toBe('');
      await page.bringToFront();
      await frame.goTo('Connections');
      await expect(page.getByText('<img src=x').first()).toBeVisible();
      for (const place of PLACES) {
        await frame.goTo(place);
        await expectInert(page);
      }
      // A browser may ask for the icon of a site by itself; nothing but that and the consent came.
      expect(rude.asked.filter((path) => path !== '/authorize' && path !== '/favicon.ico')).toEqual([]);
      await watch.expectCalm(page, 'hostile texts');
    } finally {
      await rude.close();
    }
  });
});

test.describe('the page itself', () => {
  test.use({
    permissions: ['clipboard-read', 'clipboard-write'],
    hostChoice: {
      fill: fillVault([
        { account: 'me', endsIn: HOUR_MS },
        { account: 'other', endsIn: HOUR_MS },
      ]),
    },
  });

  test('promise 161: no token and no client secret is in the memory of the page, in whatever view, and no refresh token even after a copy', async ({
    host,
    openWindow,
  }) => {
    await host.call('POST', '/v1/providers', {
      id: 'secretive',
      client_id: 'client',
      client_secret: 'client-secret-canary-5c1d',
      authorization_endpoint: 'http://127.0.0.1:9/authorize',
      token_endpoint: 'http://127.0.0.1:9/token',
    });
    const page = await openWindow();
    const connections = new ConnectionsView(page);
    await connections.row('acme/me').click();
    for (const place of PLACES) await new Frame(page).goTo(place);
    await new Frame(page).goTo('Providers');
    await page.getByRole('link', { name: 'secretive' }).first().click();
    await expect(page.getByRole('button', { name: /^Save/ }).first()).toBeVisible();
    await new Frame(page).goTo('Connections');
    const tokens = [...host.secrets].filter((secret) => /^(access|refresh)-/.test(secret));
    expect(tokens.length).toBe(4);
    tokens.push('client-secret-canary-5c1d');
    // The scan itself finds what is there.
    await page.evaluate(`globalThis.planted = ['planted', 'canary', 'text'].join('-')`);
    const before = await heapOf(page);
    expect(scanText('heap', before, ['planted-canary-text']).length).toBeGreaterThan(0);
    expect(scanText('heap', before, tokens)).toEqual([]);
    await connections.row('acme/me').click();
    await connections.button('Copy token').click();
    await expect(page.getByText('Copied the token of acme/me.')).toBeVisible();
    const copied = accessTokenOf(await host.call('GET', '/v1/token/acme/me'));
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(copied);
    await page.evaluate(`navigator.clipboard.writeText('')`);
    const others = tokens.filter((token) => token !== copied);
    expect(scanText('heap', await heapOf(page), others)).toEqual([]);
  });

  test('promise 65: the scan of the browser finds a planted secret in page, storage, address, history, console and requests', async ({
    host,
    openWindow,
    watch,
  }) => {
    watch.allow(/status of 40[34]/);
    const page = await openWindow();
    await expect(page.getByRole('navigation')).toBeVisible();
    const planted = 'planted-canary-text';
    const found = async (plant: string, remove: string) => {
      await page.evaluate(plant.replaceAll('CANARY', planted));
      const hits = await watch.secretsIn(page, [planted]);
      await page.evaluate(remove);
      return hits.map(({ where }) => where);
    };
    expect(await found(`document.title = 'CANARY'`, `document.title = 'Tokentray'`)).toContain('page');
    expect(await found(`sessionStorage.x = btoa('CANARY')`, 'delete sessionStorage.x')).toEqual(['page']);
    expect(await found(`localStorage.x = 'CANARY'`, 'delete localStorage.x')).toEqual(['page']);
    expect(await found(`history.replaceState('CANARY', '')`, `history.replaceState(null, '')`)).toEqual([
      'page',
    ]);
    expect(
      await found(`history.replaceState(null, '', '/?CANARY')`, `history.replaceState(null, '', '/')`),
    ).toContain('history');
    expect(
      await found('window.name = document.body.dataset.x = "CANARY"', 'delete document.body.dataset.x'),
    ).toEqual(['page']);
    // The session's own secret may be where it is, and nowhere else.
    const own = `sessionStorage.getItem('tokentray.session')`;
    expect(await found(`localStorage.x = ${own}`, 'delete localStorage.x')).toEqual(['page']);
    expect(await watch.allSecrets([planted])).toEqual([]);
    const everywhere = async (plant: string) => {
      await page.evaluate(plant.replaceAll('CANARY', planted));
      return (await watch.allSecrets([planted])).map(({ where }) => where);
    };
    expect(await everywhere(`console.debug('CANARY')`)).toEqual(['console']);
    expect(await everywhere(`fetch('/assets/x?CANARY').then(() => undefined)`)).toContain('addresses');
    expect(
      await everywhere(`fetch('/v1/lock', { method: 'PUT', body: 'CANARY' }).then(() => undefined)`),
    ).toContain('bodies');
    await host.call('POST', '/v1/keys', { name: planted, connections: ['*'] });
    await new Frame(page).goTo('Scripts');
    await expect(page.getByText(planted).first()).toBeVisible();
    expect(await everywhere('undefined')).toContain('answers');
  });

  test('a page that moves under its reader is noticed, also when it went elsewhere since', async ({
    openWindow,
    watch,
  }) => {
    const page = await openWindow();
    await expect(page.getByRole('navigation')).toBeVisible();
    await watch.expectCalm(page, 'opened');
    const move = `new Promise((resolve) => {
      document.getElementById('root').style.marginTop = '200px';
      setTimeout(resolve, 100);
    })`;
    await page.evaluate(move);
    await expect(watch.expectCalm(page, 'moved')).rejects.toThrow(/moved: moved/);
    await page.evaluate(move.replace('200', '0'));
    await page.reload();
    await expect(watch.expectCalm(page, 'moved before')).rejects.toThrow(/moved before/);
  });

  test('promise 169: the page runs no inline script, makes no element from text, is shown in no frame, and reaches nobody else', async ({
    openWindow,
    watch,
  }) => {
    watch.allow(/Content Security Policy|This document requires|violates/);
    const page = await openWindow();
    await expect(page.getByRole('navigation')).toBeVisible();
    const tried = await page.evaluate<Record<string, string>>(`(async () => {
      const outcome = async (work) => { try { return String(await work()); } catch (error) { return error.name; } };
      const inline = document.createElement('style');
      inline.textContent = 'body { --reached: 1 }';
      document.head.append(inline);
      const styled = getComputedStyle(document.body).getPropertyValue('--reached');
      inline.remove();
      return {
        html: await outcome(() => { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); return 'made'; }),
        script: await outcome(() => { document.createElement('script').textContent = 'pwned=1'; return 'made'; }),
        // Later: what the debugger itself runs may do this.
        code: await new Promise((resolve) =>
          setTimeout(async () => resolve(await outcome(() => new Function('return 1')())))),
        style: styled === '' ? 'refused' : styled,
        elsewhere: await outcome(async () => (await fetch('http://127.0.0.1:9/', { mode: 'no-cors' })).type),
        // Its own page, which the door would give it.
        frame: await new Promise((resolve) => {
          const frame = Object.assign(document.createElement('iframe'), { src: '/decode' });
          frame.onload = () => resolve(frame.contentDocument?.getElementById('root') ? 'shown' : 'refused');
          document.body.append(frame);
        }),
        worker: await outcome(() => navigator.serviceWorker.register('/assets/x.js').then(() => 'made')),
      };
    })()`);
    expect(tried).toEqual({
      html: 'TypeError',
      script: 'TypeError',
      code: 'EvalError',
      style: 'refused',
      elsewhere: 'TypeError',
      frame: 'refused',
      worker: expect.stringMatching(/Error$/),
    });
  });

  test('promise 170: a window that is ended from another one is over at once, on the host and on the screen', async ({
    host,
    openWindow,
    watch,
  }) => {
    watch.allow(/status of 401/);
    const [first, second] = [await openWindow(), await openWindow()];
    await expect(new ConnectionsView(second).row('acme/me')).toBeVisible();
    const secret = await second.evaluate<string>(`sessionStorage.getItem('tokentray.session')`);
    await first.bringToFront();
    await new Frame(first).goTo('Settings');
    await first.getByRole('button', { name: 'End another window' }).click();
    await second.bringToFront();
    await expect(second.getByRole('heading', { name: 'This session has ended' })).toBeVisible();
    const answer = await first.evaluate<number>(
      `fetch('/v1/connections', { headers: { 'X-Tokentray-Session': '${secret}' } }).then(({ status }) => status)`,
    );
    expect(answer).toBe(401);
    expect(scanText('page', await second.content(), ['acme/other-name'])).toEqual([]);
    expect(await second.content()).not.toContain('acme');
    expect(host.engine.state()).toBe('open');
  });

  test('promise 112: a web page under another name of this machine gets no answer, no token and no effect out of endpoint and window, whatever it tries', async ({
    host,
    launchOptions,
    openWindow,
    playwright,
  }) => {
    const mine = await openWindow();
    await expect(mine.getByRole('navigation')).toBeVisible();
    const page = readFileSync(new URL('hostile-page.html', import.meta.url));
    const evil = await serve((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    });
    // What many local services are like: they answer whoever reaches the port.
    const open = await serve((_request, response) => {
      const anyone = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
      response.writeHead(200, { ...anyone, 'content-type': 'application/json' }).end('{"status":"ok"}');
    });
    const careless = `http://127.0.0.1:${open.port}`;
    // The browser believes that two foreign names live on this machine, as after DNS rebinding.
    const rule = '--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1';
    const browser = await playwright.chromium.launch({
      ...launchOptions,
      args: [...(launchOptions.args ?? []), rule],
    });
    try {
      const context = await browser.newContext();
      const attacker = await context.newPage();
      const ports = [host.url, host.origin].map((address) => new URL(address).port);
      const statuses: Record<string, number[]> = Object.fromEntries(ports.map((port) => [port, []]));
      context.on('response', (response) => statuses[new URL(response.url()).port]?.push(response.status()));
      const names = ['127.0.0.1', 'localhost', 'rebound.test'];
      const bases = ports.flatMap((port) => names.map((name) => `http://${name}:${port}`));
      // It even has a key and a session, as if it had been told them: that helps nothing.
      const session = await mine.evaluate<string>(`sessionStorage.getItem('tokentray.session')`);
      const told = new URLSearchParams({ key: host.ownerKey, session });
      for (const base of [...bases, careless]) told.append('base', base);
      await attacker.goto(`http://evil.test:${evil.port}/?${told}`);
      await expect(attacker).toHaveTitle('done', { timeout: 30_000 });
      const tried: { how: string; won: boolean }[] = JSON.parse(
        (await attacker.locator('pre').textContent()) ?? '',
      );
      expect(tried.length).toBe(7 * 16);
      // Against a careless service the same page wins, so it would have noticed.
      expect(tried.some(({ how, won }) => won && how.includes(careless))).toBe(true);
      expect(tried.filter(({ how, won }) => won && !how.includes(careless))).toEqual([]);
      // A window of its own is a navigation, which no browser holds back.
      for (const base of bases) {
        const popup = context.waitForEvent('page');
        await attacker.evaluate(`void open('${base}/v1/health')`);
        const opened = await popup;
        await opened.waitForLoadState();
        expect(await opened.content()).not.toContain('"ok"');
        await opened.close();
      }
      for (const port of ports) {
        expect(statuses[port]?.length).toBeGreaterThan(0);
        expect(statuses[port]?.filter((status) => status < 400)).toEqual([]);
      }
      expect(host.engine.state()).toBe('open');
      expect(await host.call('GET', '/v1/keys')).toEqual({ keys: [] });
      expect(JSON.stringify(await host.call('GET', '/v1/activity'))).not.toContain('released');
    } finally {
      await browser.close();
      evil.close();
      open.close();
    }
  });

  test('promise 112: a page of another port of this machine gets nothing from the window, with whatever it tries', async ({
    context,
    host,
    openWindow,
    watch,
  }) => {
    watch.allow(/.*/);
    const page = await openWindow();
    const secret = await page.evaluate<string>(`sessionStorage.getItem('tokentray.session')`);
    const hostile = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>hostile</title>');
    });
    try {
      const attacker = await context.newPage();
      const answers: number[] = [];
      attacker.on('response', (response) => {
        if (new URL(response.url()).origin === host.origin) answers.push(response.status());
      });
      await attacker.goto(`http://127.0.0.1:${hostile.port}/`);
      // It even knows the session, as if it had read it over a shoulder.
      const won = await attacker.evaluate<string[]>(`(async () => {
        const to = ${JSON.stringify(host.origin)};
        const headers = { 'X-Tokentray-Session': ${JSON.stringify(secret)} };
        const won = [];
        const attempt = async (how, work) => { try { if (await work()) won.push(how); } catch { /* held back */ } };
        const body = JSON.stringify({});
        await attempt('read', async () => (await fetch(to + '/v1/connections', { headers })).ok);
        await attempt('read without cors', async () => (await fetch(to + '/v1/connections', { mode: 'no-cors' })).ok);
        await attempt('lock', async () => (await fetch(to + '/v1/lock', { method: 'POST', headers, body })).ok);
        await attempt('lock as text', async () =>
          (await fetch(to + '/v1/lock', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body })).ok);
        await attempt('guess a code', async () =>
          (await fetch(to + '/window/session', { method: 'POST', mode: 'no-cors', body: '{"code":"x"}' })).ok);
        const loaded = (element) => new Promise((resolve) => {
          element.onload = () => resolve(true);
          element.onerror = () => resolve(false);
          document.body.append(element);
        });
        await attempt('image', () => loaded(Object.assign(new Image(), { src: to + '/icon.svg' })));
        await attempt('script', () => loaded(Object.assign(document.createElement('script'), { src: to + '/v1/connections' })));
        const frame = Object.assign(document.createElement('iframe'), { src: to + '/' });
        await attempt('frame', async () => { await loaded(frame); return frame.contentDocument !== null; });
        const form = Object.assign(document.createElement('form'), { method: 'post', action: to + '/v1/lock', target: 'sink' });
        const sink = Object.assign(document.createElement('iframe'), { name: 'sink' });
        await loaded(sink);
        document.body.append(form);
        const answered = new Promise((resolve) => { sink.onload = () => resolve(false); });
        form.submit();
        await attempt('form', () => answered);
        return won;
      })()`);
      expect(won).toEqual([]);
      expect(answers.length).toBeGreaterThan(0);
      expect(answers.filter((status) => status < 400)).toEqual([]);
      expect(host.engine.state()).toBe('open');
    } finally {
      hostile.close();
    }
  });
});
