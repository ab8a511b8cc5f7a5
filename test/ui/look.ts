// One look at a view: axe finds nothing, nothing is wider than the window, and, when asked for, a picture is kept for people.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export interface Look {
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

/** For when the looks themselves change: every theme at every width, and a picture of each in test-results/window/. */
const ALL = process.env.TOKENTRAY_LOOKS === 'all';

/** The looks that are taken: both themes, a desk and a telephone. Every run takes each theme and each width once. */
export const LOOKS: readonly Look[] = [
  { theme: 'light', width: 1000 },
  { theme: 'dark', width: 360 },
  ...(ALL
    ? ([
        { theme: 'dark', width: 1000 },
        { theme: 'light', width: 360 },
      ] as const)
    : []),
];

const TOO_WIDE = `[...document.querySelectorAll('*')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.tagName + '.' + one.className)`;

const STILL = `Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined)))`;

/** Until every motion has ended. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(STILL);
}

export async function look(page: Page, name: string, { theme, width }: Look): Promise<void> {
  await still(page);
  if (ALL) await page.screenshot({ path: `test-results/window/${name}-${theme}-${width}.png` });
  const scrolled = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  const tooWide = scrolled > 0 ? await page.evaluate<string[]>(TOO_WIDE) : [];
  expect.soft(scrolled, `${name} is wider than the window: ${tooWide.join(', ')}`).toBe(0);
  // Half a megabyte, and it stays with the page: it goes there once.
  const axeSource = (await page.evaluate<boolean>(`'axe' in globalThis`)) ? 'void 0' : undefined;
  const { violations } = await new AxeBuilder(axeSource === undefined ? { page } : { page, axeSource })
    // Its other mode opens a page of its own, which is not the window's.
    .setLegacyMode(true)
    // What it finds in order is not written down.
    .options({ resultTypes: ['violations'] })
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  expect.soft(found, `axe in ${name}`).toEqual([]);
}
