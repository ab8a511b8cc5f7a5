// What happened: the filters, and the entries under their days.
import type { Locator, Page } from '@playwright/test';

export class ActivityView {
  readonly page: Page;
  readonly entries: Locator;
  readonly older: Locator;

  constructor(page: Page) {
    this.page = page;
    this.entries = page.getByRole('main').getByRole('listitem');
    this.older = page.getByRole('button', { name: 'Show older' });
  }

  entry(text: string | RegExp): Locator {
    return this.entries.filter({ hasText: text });
  }

  async filter(by: { connection?: string; who?: string; what?: string }): Promise<void> {
    const filters = this.page.getByRole('search', { name: 'Filter' });
    if (by.connection !== undefined) await filters.getByLabel('Connection').fill(by.connection);
    if (by.who !== undefined) await filters.getByLabel('Who').selectOption(by.who);
    if (by.what !== undefined) await filters.getByLabel('What').selectOption(by.what);
  }

  async clear(): Promise<void> {
    await this.page.getByRole('button', { name: 'Clear' }).click();
  }
}
