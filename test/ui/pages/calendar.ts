// The days ahead: the grid, and the list below it.
import type { Locator, Page } from '@playwright/test';

export class CalendarView {
  readonly page: Page;
  readonly grid: Locator;
  readonly days: Locator;

  constructor(page: Page) {
    this.page = page;
    this.grid = page.getByRole('region', { name: /^The next 90 days/ });
    this.days = page.getByRole('main').getByRole('heading', { level: 2 });
  }

  entry(text: string | RegExp): Locator {
    return this.page.getByRole('main').getByRole('listitem').filter({ hasText: text });
  }
}
