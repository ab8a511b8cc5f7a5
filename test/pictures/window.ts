// Takes the pictures of the README and of docs/tray.md: `npm run pictures`. A real host with a vault of made-up connections, its clock and the
// browser's standing still, so that a picture changes only when the window does.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import { build } from 'vite';
import { OWNER } from '../../core/model/caller.ts';
import { menuTemplate, trayRows } from '../../electron/tray-rows.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { FAKE_NOW, FakeClock } from '../support/fake-clock.ts';
import { type MenuRow, menuPicture, type Theme } from '../support/menu-picture.ts';
import { type FilledConnection, fillVault } from '../support/window-fill.ts';
import { startWindowHost, type WindowHost } from '../support/window-host.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'pictures');
const SIZE = { width: 1_000, height: 640 };
/** As the tray makes it. */
const PICKER_SIZE = { width: 560, height: 420 };
/** Sharp on most screens, and still less than 250 kB. */
const SCALE = 1.5;
/** Of 256. */
const SHADE = 10;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** 09:31 on the day of the fake clock. */
const NOW = FAKE_NOW - (FAKE_NOW % (24 * HOUR_MS)) + 9 * HOUR_MS + 31 * MINUTE_MS;
const USUAL_PORT = '9595';

const CONNECTIONS = [
  { provider: 'salesforce', account: 'ops', endsIn: -HOUR_MS, state: 'needs_consent' },
  {
    provider: 'google',
    account: 'anna',
    label: 'anna@example.com',
    endsIn: 41 * MINUTE_MS,
    lasts: HOUR_MS,
    scope: ['openid', 'calendar', 'drive.file'],
  },
  {
    provider: 'google',
    account: 'office',
    label: 'office@example.com',
    endsIn: 52 * MINUTE_MS,
    lasts: HOUR_MS,
    scope: ['gmail.readonly'],
  },
  {
    provider: 'github',
    account: 'anna',
    label: 'anna-k',
    endsIn: null,
    refreshable: false,
    scope: ['repo', 'read:user'],
  },
  {
    provider: 'microsoft',
    account: 'contoso',
    label: 'anna@contoso.example',
    endsIn: 4 * MINUTE_MS,
    lasts: HOUR_MS,
    scope: ['Mail.Read', 'offline_access'],
  },
  {
    provider: 'notion',
    account: 'team',
    label: 'Team workspace',
    endsIn: null,
    refreshable: false,
    scope: ['pages'],
  },
  { provider: 'zoom', account: 'rooms', endsIn: 19 * HOUR_MS, lasts: 24 * HOUR_MS, scope: ['meeting:read'] },
] satisfies readonly FilledConnection[];

async function main(): Promise<void> {
  const window = mkdtempSync(join(tmpdir(), 'tt-renderer-'));
  await build({ configFile: 'vite.renderer.config.ts', build: { outDir: window, emptyOutDir: true } });
  const clock = new FakeClock();
  const host = await startWindowHost({
    windowDirectory: window,
    clock,
    fill: (path, keyFile) => {
      clock.jumpWall(NOW - clock.wall());
      return fillVault(
        CONNECTIONS.map((one) => ({ ...one, consentAge: 12 * 24 * HOUR_MS })),
        'google',
        clock,
      )(path, keyFile);
    },
  });
  try {
    await live(host, clock);
    const browser = await chromium.launch(CHROMIUM);
    mkdirSync(FOLDER, { recursive: true });
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({
        colorScheme,
        viewport: SIZE,
        deviceScaleFactor: SCALE,
        locale: 'en-GB',
        timezoneId: 'UTC',
      });
      await atNow(page, host);
      await keep(browser, `window-${colorScheme}`, await windowPicture(page, host));
      await keep(browser, `picker-${colorScheme}`, await pickerPicture(page));
      await keep(browser, `tray-menu-${colorScheme}`, await menuOf(page, host, colorScheme));
      await page.close();
    }
    await browser.close();
  } finally {
    await host.remove();
    rmSync(window, { recursive: true });
  }
}

/** A morning: who asked for tokens when, and one consent that is open. */
async function live(host: WindowHost, clock: FakeClock): Promise<void> {
  const keys = new Map<string, string>();
  clock.jumpWall(-18 * HOUR_MS);
  for (const [name, connections] of [
    ['backup.sh', ['google/anna', 'github/anna']],
    ['invoices', ['google']],
    ['nightly-report', ['*']],
  ] as const) {
    const { key } = (await host.call('POST', '/v1/keys', { name, connections })) as { key: string };
    keys.set(name, key);
  }
  for (const [name, minutes] of [
    ['invoices', 17],
    ['nightly-report', 11],
    ['backup.sh', 4],
    ['backup.sh', 0],
  ] as const) {
    clock.jumpWall(NOW - minutes * MINUTE_MS - clock.wall());
    const headers = { authorization: `Bearer ${keys.get(name)}` };
    await fetch(`${host.url}/v1/token/google/anna`, { headers });
  }
  await host.call('POST', '/v1/connections', { provider: 'google', account: 'family' });
}

async function atNow(page: Page, host: WindowHost): Promise<void> {
  await page.clock.setFixedTime(NOW);
  // The address that everybody's host has, and not the free port of this one.
  await page.addInitScript(`{
    const ask = globalThis.fetch;
    globalThis.fetch = async (path, init) => {
      const answer = await ask(path, init);
      if (path !== '/v1/status') return answer;
      const text = (await answer.text()).replaceAll('${new URL(host.url).port}', '${USUAL_PORT}');
      return new Response(text, { status: answer.status, headers: answer.headers });
    };
  }`);
}

async function windowPicture(page: Page, host: WindowHost): Promise<Buffer> {
  await page.goto(host.link());
  await page.getByRole('link', { name: /google\/anna/ }).click();
  await page.getByText('backup.sh got a token').first().waitFor();
  await page.mouse.move(0, 0);
  await page.evaluate('document.activeElement.blur()');
  await page.evaluate('Promise.all(document.getAnimations().map((one) => one.finished))');
  return page.screenshot();
}

/** The quick picker is a view of the same window, which the tray shows in one of its own. */
async function pickerPicture(page: Page): Promise<Buffer> {
  await page.setViewportSize(PICKER_SIZE);
  await page.goto(new URL('/picker', page.url()).href);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.type('an');
  await page.getByRole('option', { selected: true }).waitFor();
  return page.screenshot({ caret: 'initial' });
}

async function menuOf(page: Page, host: WindowHost, theme: Theme): Promise<Buffer> {
  const connections = host.engine.connections.list(OWNER);
  const rows = trayRows({ vault: 'open', connections, providers: [], paused: false, review: false }, NOW);
  const template = menuTemplate(rows, () => {}).map(
    ({ type = 'normal', label = '', enabled = true, submenu }): MenuRow => ({
      type,
      label,
      enabled,
      submenu: submenu === undefined ? undefined : [],
    }),
  );
  const chosen = template.find(({ label }) => label.includes('google/anna'))?.label ?? '';
  // Not on a page of the window: its policy lets nothing be written into it.
  await page.goto('about:blank');
  await page.setViewportSize(SIZE);
  await page.setContent(menuPicture({ title: 'Menu', icon: 'consent', rows: template, theme, chosen }));
  return page.locator('body').screenshot();
}

/** Leaves a picture that looks the same as it is. */
async function keep(browser: Browser, name: string, picture: Buffer): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  if (!existsSync(path) || !(await looksAlike(browser, readFileSync(path), picture)))
    writeFileSync(path, picture);
  process.stdout.write(`${path}: ${Math.round(statSync(path).size / 1_000)} kB\n`);
}

/** Two runs may draw the edge of a letter a shade apart, which nobody sees. */
async function looksAlike(browser: Browser, before: Buffer, after: Buffer): Promise<boolean> {
  const blank = await browser.newPage();
  const pictures = [before, after].map((bytes) => bytes.toString('base64'));
  const most = await blank.evaluate<number>(`(async () => {
    const [before, after] = await Promise.all(${JSON.stringify(pictures)}.map(async (text) => {
      const picture = await createImageBitmap(new Blob([Uint8Array.fromBase64(text)]));
      const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
      canvas.drawImage(picture, 0, 0);
      return canvas.getImageData(0, 0, picture.width, picture.height).data;
    }));
    if (before.length !== after.length) return 255;
    return before.reduce((most, value, at) => Math.max(most, Math.abs(value - after[at])), 0);
  })()`);
  return most < SHADE;
}

await main();
