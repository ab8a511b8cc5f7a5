// The window's figures: the built window of a real host in a real Chromium, without a graphics card (what it draws, it draws
// on the processor). Times are taken inside the page, from the event or the navigation to the frame that shows the answer.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Page } from '@playwright/test';
import { CHROMIUM } from '../support/chromium.ts';
import { bar, figure, heading, median, quantile } from './report.ts';
import { prepare, run, type Setting } from './setting.ts';

const FEW = 20;
const MANY = 10_000;
const NAVIGATIONS = 9;
const FRAMES = 240;
const SEARCHES = 5;
/** Frames of 60 a second: one, and two, rounded up. */
const FRAME_MS = 17;
const TWO_FRAMES_MS = 34;
const RENDERER = join(import.meta.dirname, '..', '..', 'dist', 'renderer');
const ROW = 'a[href^="/connections/c_"]';
const SETTLED_MS = 150;
const PLACES = [
  '/',
  '/providers',
  '/providers/new',
  '/calendar',
  '/activity',
  '/scripts',
  '/decode',
  '/settings',
];

/** `firstRow`: when the first row was on the screen, milliseconds after the navigation began. */
const WATCH_ROWS = `
  globalThis.firstRow = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector('${ROW}') === null) requestAnimationFrame(look);
      else requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    };
    requestAnimationFrame(look);
  });
`;

/** The layout shifts that no input of a person explains, as Chromium scores them (Layout Instability API). */
const WATCH_SHIFTS = `
  globalThis.shifted = { sum: 0, what: [] };
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      shifted.sum += value;
      shifted.what.push(location.pathname + ': ' + sources.map(({ node }) => node?.className || node?.nodeName));
    }
  }).observe({ type: 'layout-shift', buffered: true });
`;

/** `answers`: from each key to the frame with the rows it found, in milliseconds. */
const WATCH_SEARCH = `
  globalThis.answers = [];
  globalThis.answered = (count) => new Promise((resolve) => {
    const look = () => (answers.length >= count ? resolve() : setTimeout(look, 5));
    look();
  });
  const list = document.querySelector('[role=list]');
  let pressed;
  addEventListener('keydown', ({ timeStamp }) => { pressed = timeStamp; }, true);
  new MutationObserver(() => {
    if (pressed === undefined) return;
    const began = pressed;
    pressed = undefined;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => answers.push(performance.now() - began);
      port2.postMessage(null);
    });
  }).observe(list, { subtree: true, childList: true, attributes: true });
`;

/** Distances of the frames' own times while the list moves by 150 pixels a frame, as a strong flick does. */
const SCROLL = `new Promise((resolve) => {
  const scroller = document.querySelector('[role=list]').parentElement;
  scroller.scrollTop = 0;
  const times = [];
  const step = (time) => {
    times.push(time);
    scroller.scrollTop += 150;
    if (times.length <= ${FRAMES}) requestAnimationFrame(step);
    else resolve(times.slice(1).map((at, index) => at - times[index]));
  };
  requestAnimationFrame(step);
})`;

export async function windowFigures(): Promise<void> {
  heading(`The window in Chromium, medians of ${NAVIGATIONS} navigations`);
  await withWindow(FEW, async (page) => {
    await firstPaint(page, FEW, 200);
    await calm(page);
  });
  await withWindow(MANY, async (page) => {
    await firstPaint(page, MANY, 600);
    await search(page);
    await scroll(page);
  });
  const scripts = globSync('assets/*.js', { cwd: RENDERER });
  const size = scripts.reduce((sum, file) => sum + gzipSync(readFileSync(join(RENDERER, file))).length, 0);
  bar('JavaScript, gzipped', size / 1_000, 'kB', 'under 200', size < 200_000);
}

async function withWindow(connections: number, measure: (page: Page) => Promise<void>): Promise<void> {
  const setting = await prepare(connections);
  const browser = await chromium.launch(CHROMIUM);
  try {
    const page = await browser.newPage({ viewport: { width: 1_000, height: 720 } });
    await page.goto(await linkOf(setting));
    await page.locator(ROW).first().waitFor();
    await measure(page);
  } finally {
    await browser.close();
    await setting.close();
  }
}

async function linkOf(setting: Setting): Promise<string> {
  const { url } = JSON.parse(await run(setting.env, 'open', '--no-open', '--json')) as { url: string };
  return url;
}

async function firstPaint(page: Page, connections: number, limit: number): Promise<void> {
  await page.addInitScript(WATCH_ROWS);
  const times: number[] = [];
  for (let round = 0; round < NAVIGATIONS; round += 1) {
    await page.goto(new URL('/', page.url()).href);
    times.push(await page.evaluate<number>('firstRow'));
  }
  const time = median(times);
  bar(`first rows of ${connections} connections on the screen`, time, 'ms', `under ${limit}`, time < limit);
}

async function search(page: Page): Promise<void> {
  await page.evaluate(WATCH_SEARCH);
  await page.getByRole('searchbox', { name: 'Find a connection' }).focus();
  const keys = [...'9999', ...Array.from({ length: 4 }, () => 'Backspace')];
  let answered = 0;
  for (let round = 0; round < SEARCHES; round += 1) {
    for (const key of keys) {
      await page.keyboard.press(key);
      answered += 1;
      // Each of these keys changes which rows there are.
      await page.evaluate(`answered(${answered})`);
    }
  }
  const times = await page.evaluate<number[]>('answers');
  const [half, most] = [median(times), quantile(times, 0.95)];
  bar(
    'a key in the search to its rows on the screen',
    half,
    'ms',
    `two frames: under ${TWO_FRAMES_MS}`,
    half < TWO_FRAMES_MS,
  );
  figure('… of 95 in 100 keys', most, 'ms');
}

async function scroll(page: Page): Promise<void> {
  const frames = await page.evaluate<number[]>(SCROLL);
  const share = (limit: number) => (100 * frames.filter((time) => time < limit).length) / frames.length;
  const [one, two] = [share(FRAME_MS), share(TWO_FRAMES_MS)];
  figure('scrolling, frames within 17 ms (none missed)', one, '%');
  bar('scrolling, frames within 34 ms', two, '%', 'at least 95', two >= 95);
  const half = median(frames);
  bar('scrolling, time of a frame', half, 'ms', '60 a second: under 17', half < FRAME_MS);
  figure('… of 95 in 100 frames', quantile(frames, 0.95), 'ms');
}

/** A walk through all views, by address and by links that no hand clicked: nothing that moves is forgiven. */
async function calm(page: Page): Promise<void> {
  await page.addInitScript(WATCH_SHIFTS);
  const settled = () => page.waitForTimeout(SETTLED_MS);
  let sum = 0;
  const moved: string[] = [];
  const count = async () => {
    const shifted = await page.evaluate<{ sum: number; what: string[] }>('shifted');
    sum += shifted.sum;
    moved.push(...shifted.what);
  };
  for (const place of PLACES) {
    await page.goto(new URL(place, page.url()).href);
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    await settled();
    await count();
  }
  await page.goto(new URL('/', page.url()).href);
  const links = PLACES.filter((path) => path !== '/providers/new').map((path) => `a[href="${path}"]`);
  for (const link of [...links.slice(1), 'a[href="/"]', ROW]) {
    await page.locator(link).first().waitFor();
    await page.evaluate(`document.querySelector('${link}').click()`);
    await settled();
  }
  await count();
  bar('layout shift over a walk through all views, in all', sum, '', 'under 0.01', sum < 0.01);
  for (const what of moved) process.stdout.write(`          moved: ${what}\n`);
}
