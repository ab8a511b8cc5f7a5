// Ten thousand connections: on the screen soon, scrolled without a gap, found as one types.
import type { Page } from '@playwright/test';
import { fillVault } from '../support/window-fill.ts';
import { ConnectionsView } from './pages/connections.ts';
import { expect, test } from './window.ts';

const COUNT = 10_000;
const HOUR_MS = 3_600_000;
const PAINT_MAX_MS = 600;
/** A frame or two of 60 a second, rounded up by the browser to 8 ms, and one more for a busy machine. */
const TYPE_MAX_MS = 56;
/** As long as it takes to miss a frame of 60 a second three times in a row. */
const GAP_MAX_MS = 50;

test.use({
  hostChoice: {
    fill: fillVault(
      Array.from({ length: COUNT }, (_, number) => ({
        account: `account-${String(number).padStart(5, '0')}`,
        label: `user${number}@example.test`,
        endsIn: HOUR_MS,
      })),
    ),
  },
});

/** When the first row was on the screen, milliseconds after the navigation began. */
const FIRST_ROW = `
  globalThis.firstRow = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector('a[href^="/connections/"]') === null) requestAnimationFrame(look);
      else requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    };
    requestAnimationFrame(look);
  });
`;

async function best(times: number, measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  // What else the machine does only ever adds.
  for (let time = 0; time < times; time += 1) least = Math.min(least, await measure());
  return least;
}

/** Frames while the list is scrolled from one end to the other, in milliseconds. */
async function framesWhileScrolling(page: Page): Promise<number[]> {
  return page.evaluate<number[]>(`new Promise((resolve) => {
    const scroller = document.querySelector('[role=list]').parentElement;
    const frames = [];
    let last = performance.now();
    const step = () => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      scroller.scrollTop += 1500;
      if (frames.length < 120) requestAnimationFrame(step);
      else resolve(frames.slice(1));
    };
    requestAnimationFrame(step);
  })`);
}

test('10 000 connections are painted in 600 ms, scroll without a gap, and are found as one types', async ({
  openWindow,
  watch,
}) => {
  const page = await openWindow();
  const connections = new ConnectionsView(page);
  await expect(connections.row('acme/account-00000')).toBeVisible();
  await watch.expectCalm(page, 'opened');
  await page.addInitScript(FIRST_ROW);
  const paint = await best(5, async () => {
    await page.reload();
    return page.evaluate<number>('firstRow');
  });
  test.info().annotations.push({ type: 'first row', description: `${Math.round(paint)} ms` });
  expect(paint).toBeLessThan(PAINT_MAX_MS);
  await watch.expectCalm(page, 'painted');

  const gaps = await best(3, async () => {
    const frames = await framesWhileScrolling(page);
    return frames.toSorted((one, other) => one - other)[Math.floor(frames.length * 0.95)] ?? 0;
  });
  test.info().annotations.push({ type: 'frames', description: `${Math.round(gaps)} ms, of 95 in 100` });
  expect(gaps).toBeLessThan(GAP_MAX_MS);
  expect(await connections.rows().count()).toBeLessThan(60);
  await watch.expectCalm(page, 'scrolled');

  await page.evaluate(`
    globalThis.slow = [];
    new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) if (name === 'keydown') slow.push(duration);
    }).observe({ type: 'event', durationThreshold: 16 });
  `);
  await connections.search.focus();
  const typing = await best(3, async () => {
    await connections.search.fill('');
    await page.evaluate('slow.length = 0');
    await page.keyboard.type('user9999', { delay: 60 });
    await expect(connections.rows()).toHaveCount(1);
    return page.evaluate<number>('Math.max(0, ...slow)');
  });
  test.info().annotations.push({ type: 'typing', description: `${typing} ms` });
  expect(typing).toBeLessThanOrEqual(TYPE_MAX_MS);
  await expect(connections.row('acme/account-09999')).toBeVisible();
});
