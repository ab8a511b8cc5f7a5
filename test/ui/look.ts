// One look at a view: axe finds nothing, nothing is wider than the window, and a picture is kept for people.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export interface Look {
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

/**
 * The looks that are taken: both themes, a desk and a telephone. Every run takes each theme and each width once;
 * TOKENTRAY_LOOKS=all takes every theme at every width, for when the looks themselves change.
 */
export const LOOKS: readonly Look[] = [
  { theme: 'light', width: 1000 },
  { theme: 'dark', width: 360 },
  ...(process.env.TOKENTRAY_LOOKS === 'all'
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
  await page.screenshot({ path: `test-results/window/${name}-${theme}-${width}.png` });
  const scrolled = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  const tooWide = scrolled > 0 ? await page.evaluate<string[]>(TOO_WIDE) : [];
  expect.soft(scrolled, `${name} is wider than the window: ${tooWide.join(', ')}`).toBe(0);
  // Its other mode opens a page of its own, which is not the window's.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  expect.soft(found, `axe in ${name}`).toEqual([]);
}
