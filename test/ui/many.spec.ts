// Ten thousand connections: only what is seen exists, scrolling leaves no hole, typing finds. How fast, `npm run bench` says.
import { fillVault } from '../support/window-fill.ts';
import { ConnectionsView } from './pages/connections.ts';
import { expect, test } from './window.ts';

const COUNT = 10_000;
const HOUR_MS = 3_600_000;
/** What fits a window of 720 pixels, and as much again above and below. */
const ROWS_MAX = 60;

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

/** Where rows did not come within ten frames, while it is scrolled from the top to the end in jumps of five screens. */
const HOLES = `(async () => {
  const list = document.querySelector('[role=list]');
  const scroller = list.parentElement;
  const { top, bottom } = scroller.getBoundingClientRect();
  const frame = () => new Promise(requestAnimationFrame);
  const covered = () => {
    const rows = [...list.children].map((row) => row.getBoundingClientRect());
    return Math.max(...rows.map((row) => row.bottom)) >= bottom && Math.min(...rows.map((row) => row.top)) <= top;
  };
  const holes = [];
  for (let jump = 40; jump > 0; jump -= 1) {
    scroller.scrollTop = jump === 1 ? scroller.scrollHeight : scroller.scrollTop + 5 * scroller.clientHeight;
    let frames = 0;
    do await frame();
    while (!covered() && (frames += 1) < 10);
    if (frames === 10) holes.push(scroller.scrollTop);
  }
  return holes;
})()`;

test('of 10 000 connections only the visible ones are in the page, scrolling shows no hole, and typing finds one', async ({
  openWindow,
  watch,
}) => {
  const page = await openWindow();
  const connections = new ConnectionsView(page);
  await expect(connections.row('acme/account-00000')).toBeVisible();
  await watch.expectCalm(page, 'opened');
  expect(await connections.rows().count()).toBeLessThan(ROWS_MAX);

  expect(await page.evaluate<number[]>(HOLES)).toEqual([]);
  await expect(connections.row('acme/account-09999')).toBeVisible();
  expect(await connections.rows().count()).toBeLessThan(ROWS_MAX);
  await watch.expectCalm(page, 'scrolled');

  await page.keyboard.press('/');
  await page.keyboard.type('user9999');
  await expect(connections.rows()).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(connections.detail('acme/account-09999')).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await expect(connections.row('acme/account-09999')).toBeFocused();
  expect(await connections.rows().count()).toBeLessThan(ROWS_MAX);
});
