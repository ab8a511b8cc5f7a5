// The tray's figures: the rows of a large menu, and the built tray in the stand-in from a click on a row to its token in the
// clipboard. What a real desktop adds is not in them.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from '@playwright/test';
import { menuTemplate, trayRows } from '../../electron/tray-rows.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { commandEnvironment } from '../support/cli-process.ts';
import { textFile } from '../support/electron/clipboard-folder.ts';
import { StandIn } from '../support/electron/launch.ts';
import { connectionView, TRAY_NOW } from '../support/tray-samples.ts';
import { fillVault } from '../support/window-fill.ts';
import { bar, figure, heading, median } from './report.ts';

const MANY = 500;
const PROVIDERS = 40;
const ROUNDS = 21;
const CLICKS = 15;
const MENU_MS = 100;
const CLICK_MS = 50;
const REOPENINGS = 7;
const REOPEN_MS = 300;
/** When the first heading is on the screen, in milliseconds of the wall: told by the page, not by who looks from outside. */
const WATCH_HEADING = `
  globalThis.headingAt = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector('h1') === null) requestAnimationFrame(look);
      else requestAnimationFrame(() => setTimeout(() => resolve(performance.timeOrigin + performance.now())));
    };
    requestAnimationFrame(look);
  });
`;
const READY_MS = 10_000;
const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'electron', 'main.js');

export async function trayFigures(): Promise<void> {
  heading(`The tray with ${MANY} connections of ${PROVIDERS} providers`);
  rows();
  if (!existsSync(MAIN)) {
    process.stdout.write('          dist/electron is missing; no click was measured\n');
    return;
  }
  await clicks();
}

function rows(): void {
  const connections = Array.from({ length: MANY }, (_, at) => connectionView(`p${at % PROVIDERS}/a${at}`));
  const snapshot = { vault: 'open', connections, providers: [], paused: false, review: false } as const;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    menuTemplate(trayRows(snapshot, TRAY_NOW), () => {});
    times.push(performance.now() - began);
  }
  // A tray draws rarely, so the first one, when nothing is warm, counts.
  bar('rows and template, the first time', times[0]!, 'ms', `under ${MENU_MS}`, times[0]! < MENU_MS);
  figure('the same, median', median(times), 'ms');
}

async function clicks(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-tray-bench-'));
  const [home, clipboard, keyFile] = ['home', 'clipboard', 'vault.key'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [home, clipboard]) mkdirSync(made, { mode: 0o700 });
  const accounts = Array.from({ length: MANY }, (_, at) => ({ account: `a${at}`, endsIn: 3_600_000 }));
  await fillVault(accounts)(join(home, 'vault.db'), keyFile);
  const env = {
    ...commandEnvironment(home),
    XDG_SESSION_TYPE: 'x11',
    TOKENTRAY_PORT: '0',
    TOKENTRAY_KEY_SOURCE: 'file',
    TOKENTRAY_KEY_FILE: keyFile,
  };
  const browser = await chromium.launch(CHROMIUM);
  const app = await StandIn.launch({ browser, main: MAIN, env, clipboard });
  try {
    await until(async () => JSON.stringify(await app.ask('tray.rows')).includes(`acme (${MANY})`));
    const times: number[] = [];
    for (let click = 0; click < CLICKS; click += 1) {
      rmSync(textFile(clipboard), { force: true });
      const began = performance.now();
      await app.ask('tray.press', [0, click]);
      await until(async () => existsSync(textFile(clipboard)));
      times.push(performance.now() - began);
      if (!readFileSync(textFile(clipboard), 'utf8').startsWith('access-')) throw new Error('no token');
    }
    const middle = median(times);
    bar(
      'click on a fresh row to its token in the clipboard',
      middle,
      'ms',
      `under ${CLICK_MS}`,
      middle < CLICK_MS,
    );
    figure('the same, slowest', Math.max(...times), 'ms');
    await reopenings(app, browser);
  } finally {
    await app.close();
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * From the row in the menu to the heading on the screen; closed, the window is destroyed, so each is a new one. What Chromium
 * and Playwright take to have any page at all, which is not what Electron takes, is measured in turns and taken off.
 */
async function reopenings(app: StandIn, browser: Browser): Promise<void> {
  const rows = (await app.ask('tray.rows')) as readonly { readonly label: string }[];
  const place = rows.findIndex(({ label }) => label === 'Open Tokentray');
  const other = await browser.newContext();
  await other.addInitScript(WATCH_HEADING);
  const all: number[] = [];
  const starts: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round <= REOPENINGS; round += 1) {
    for (const page of app.pages()) await app.ask('window.userCloses', app.idOf(page));
    await until(async () => app.pages().length === 0);
    const began = Date.now();
    await app.ask('tray.press', [place]);
    await until(async () => app.pages().length === 1);
    const page = app.pages()[0]!;
    // The session of the first window is that of all, so what is added to it counts from the second on.
    if (round === 0) {
      await page.context().addInitScript(WATCH_HEADING);
      continue;
    }
    // A page of the stand-in is empty for a moment before it goes anywhere.
    await page.waitForURL(({ protocol }) => protocol !== 'about:');
    all.push((await page.evaluate<number>('headingAt')) - began);
    starts.push((await page.evaluate<number>('performance.timeOrigin')) - began);
    empty.push(await emptyPage(other));
  }
  const middle = median(all);
  const own = median(all.map((time, round) => time - (empty[round] ?? 0)));
  figure('closed window to its heading again, in all', middle, 'ms');
  figure('… until the stand-in has a page for the window', median(starts), 'ms');
  figure('… a new page with nothing but a heading, in the same turn', median(empty), 'ms');
  bar(
    'closed window to its heading again, beyond that page',
    own,
    'ms',
    `under ${REOPEN_MS}`,
    own < REOPEN_MS,
  );
}

async function emptyPage(context: BrowserContext): Promise<number> {
  const began = Date.now();
  const page = await context.newPage();
  await page.goto('data:text/html,<h1>Here</h1>');
  const at = await page.evaluate<number>('headingAt');
  await page.close();
  return at - began;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('the tray did not get there in time');
    // Not without a pause: the two processes may have one processor between them.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
