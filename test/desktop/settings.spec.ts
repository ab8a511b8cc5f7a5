// What a person prefers, chosen in the window and in force at once, kept over a restart; a file of preferences that cannot be
// used; the system's proxies; a browser for one connection; the practice server inside the tray.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import type { ConsentJson, SandboxJson } from '../../api/wire.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { HostileProvider } from '../support/hostile-provider.ts';
import type { Desktop } from './desktop.ts';
import { has, needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { endDesktop, expect, startAgain, test } from './start.ts';
import { screenOf } from './tray-picture.ts';

const fileOf = (desktop: Desktop) => join(desktop.home, 'desktop', 'preferences.json');
const keptIn = (desktop: Desktop) => JSON.parse(readFileSync(fileOf(desktop), 'utf8'));
/** All of the settings without scrolling. */
const TALL = 2_000;
const isDark = (page: Page) => page.evaluate<boolean>(`matchMedia('(prefers-color-scheme: dark)').matches`);

test('preferences are in force when they are chosen, kept in a file of the owner’s, and there after a restart', async ({
  desktop,
}) => {
  const page = await desktop.window('/settings');
  await page.getByRole('radio', { name: 'Dark' }).click();
  await expect.poll(() => isDark(page), { message: 'the window turns dark' }).toBe(true);
  await page.getByLabel('Shortcut of the quick picker').fill('Control+Alt+T');
  await page.getByRole('button', { name: 'Save shortcut' }).click();
  await expect.poll(() => desktop.shortcuts()).toHaveLength(1);
  await page.getByLabel('A refresh has failed for a day').click();
  await expect.poll(() => keptIn(desktop).notify_failing).toBe(false);
  await screenOf(page, 'settings', TALL);
  // Elsewhere the list of the person who runs the tests would be changed.
  if (has('linux')) {
    await page.getByLabel('When you log in').click();
    await expect.poll(() => keptIn(desktop).autostart).toBe(true);
    const entry = join(desktop.home, '.config', 'autostart', 'dev.tokentray.Tokentray.desktop');
    expect(readFileSync(entry, 'utf8')).toMatch(/^Exec="[^"]+"(?: "[^"]+")? --$/m);
    await page.getByLabel('When you log in').click();
    await expect.poll(() => existsSync(entry), { message: 'the entry is gone' }).toBe(false);
  }
  await desktop.closeWindow(page);
  expect(keptIn(desktop)).toMatchObject({
    theme: 'dark',
    shortcut: 'Control+Alt+T',
    // A real screen may be smaller.
    window: has('insides')
      ? { width: 1_080, height: 720 }
      : { width: expect.any(Number), height: expect.any(Number) },
  });

  const again = await startAgain(desktop);
  await expect.poll(() => again.shortcuts()).toHaveLength(1);
  expect(await isDark(await again.window('/settings')), 'dark from its first paint').toBe(true);
  await endDesktop(again);
});

for (const [what, text] of [
  ['is cut off', '{"theme":"da'],
  ['is of another shape', JSON.stringify({ theme: 'dark', clipboard_seconds: 3 })],
  ['has a field nobody knows', JSON.stringify({ theme: 'dark', token: 'x' })],
] as const) {
  test(`a file of preferences that ${what} is set aside under a name with the date and said, and the tray starts`, async ({
    startDesktop,
  }) => {
    const desktop = await startDesktop({
      prepare: ({ home }) => {
        mkdirSync(join(home, 'desktop'), { mode: 0o700 });
        writeFileSync(join(home, 'desktop', 'preferences.json'), text, { mode: 0o600 });
      },
    });
    const page = await desktop.window('/settings');
    await expect(
      page.getByRole('paragraph').filter({ hasText: 'preferences.json could not be used and was moved to' }),
    ).not.toHaveCount(0);
    const aside = readdirSync(join(desktop.home, 'desktop')).filter((name) =>
      name.startsWith('preferences.json.unusable-'),
    );
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(desktop.home, 'desktop', aside[0] ?? ''), 'utf8')).toBe(text);
    expect(keptIn(desktop).theme).toBe('system');
    await endDesktop(desktop);
  });
}

test.describe('a tray that runs', () => {
  let desktop: Desktop;
  test.beforeAll(async ({ startDesktop }) => {
    desktop = await startDesktop({
      prepare: (folders) => {
        preferring()(folders);
        // A browser that writes down what it was started with.
        const said = join(folders.root, 'browser.json');
        writeFileSync(
          join(folders.bin, 'chromium'),
          `#!${process.execPath}\nrequire('node:fs').writeFileSync(${JSON.stringify(said)}, JSON.stringify(process.argv.slice(2)));\n`,
          { mode: 0o755 },
        );
        const profiles = join(folders.home, '.config', 'chromium');
        mkdirSync(profiles, { recursive: true });
        writeFileSync(
          join(profiles, 'Local State'),
          JSON.stringify({
            profile: { info_cache: { Default: { name: 'Me' }, 'Profile 1': { name: 'Work' } } },
          }),
        );
      },
    });
  });
  test.afterAll(() => endDesktop(desktop));

  /** As the window changes them. */
  const change = async (patch: object): Promise<unknown> =>
    (await desktop.window()).evaluate(
      ([body]) =>
        fetch('/window/desktop', {
          method: 'PATCH',
          headers: { 'content-type': 'application/json', 'x-tokentray-window': '1' },
          body: body ?? '',
        }).then((answer) => answer.json()),
      [JSON.stringify(patch)],
    );

  test('a consent opens in the browser and the profile that were chosen for its connection, and nowhere when those are gone', async () => {
    needs('linux');
    const provider = await HostileProvider.start();
    await desktop.call('POST', '/v1/providers', provider.entry('work'));
    const first = (await desktop.call('POST', '/v1/connections', { provider: 'work' })) as {
      consent: ConsentJson;
    };
    await createUserAgent().open(first.consent.authorization_url ?? '');
    await desktop.call('GET', `/v1/consents/${first.consent.id}?wait=10`);
    const { connections } = (await desktop.call('GET', '/v1/connections')) as {
      connections: { id: string; account: string }[];
    };
    const [connection] = connections;
    const page = await desktop.window(`/connections/${connection?.id}`);
    const choice = page.getByLabel('Browser of its consent');
    await expect(choice.getByRole('option', { name: /^Chromium/ })).toHaveText([
      'Chromium',
      'Chromium, Me',
      'Chromium, Work',
    ]);
    await choice.selectOption({ label: 'Chromium, Work' });
    await expect
      .poll(() => keptIn(desktop).browsers)
      .toEqual({ [connection?.id ?? '']: { browser: 'chromium', profile: 'Profile 1' } });

    const usual = (await desktop.opened()).length;
    const renew = { provider: 'work', account: connection?.account, via: 'browser' };
    const { consent } = (await desktop.call('POST', '/v1/connections', renew)) as { consent: ConsentJson };
    const said = join(desktop.folders.root, 'browser.json');
    await expect.poll(() => existsSync(said), { message: 'the browser of the test' }).toBe(true);
    const args: string[] = JSON.parse(readFileSync(said, 'utf8'));
    expect(args).toEqual(['--profile-directory=Profile 1', consent.authorization_url]);
    expect((await desktop.opened()).length).toBe(usual);

    await change({ browsers: { [connection?.id ?? '']: { browser: 'chromium', profile: 'Gone' } } });
    await expect(desktop.call('POST', '/v1/connections', renew)).rejects.toThrow(/browser_unavailable/);
    expect((await desktop.opened()).length).toBe(usual);
    await provider.close();
  });

  test('requests go through the proxy that the system names for their address', async () => {
    needs('proxies');
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    await desktop.proxy(`PROXY 127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    await expect(desktop.call('POST', '/v1/providers', DISCOVERED)).rejects.toThrow(/proxy/i);
    expect(asked).toEqual(['login.example.com:443']);
    proxy.close();
  });

  test('a proxy that cannot be spoken to is said, and never gone round', async () => {
    needs('proxies');
    for (const answer of [
      'SOCKS5 127.0.0.1:9',
      'HTTPS proxy.example.com:443',
      'SOCKS 127.0.0.1:9; DIRECT',
      'PROXY me:secret@proxy.example.com:80',
    ]) {
      await desktop.proxy(answer);
      await expect(desktop.call('POST', '/v1/providers', DISCOVERED), answer).rejects.toThrow(/proxy/i);
    }
    await desktop.proxy('DIRECT');
  });

  const DISCOVERED = { issuer: 'https://login.example.com', id: 'far', client_id: 'x' };

  test('the practice server runs beside the tray, starts anew, and ends', async () => {
    const started = (await desktop.call('POST', '/v1/sandbox/start')) as SandboxJson;
    expect(started.running).toBe(true);
    expect((await fetch(`${started.issuer}/.well-known/openid-configuration`)).status).toBe(200);
    expect(((await desktop.call('POST', '/v1/sandbox/reset')) as SandboxJson).running).toBe(true);
    expect(((await desktop.call('POST', '/v1/sandbox/stop')) as SandboxJson).running).toBe(false);
    await expect(fetch(`${started.issuer}/`)).rejects.toThrow();
  });
});
