// The list of connections and one of them in detail.
import type { Locator, Page } from '@playwright/test';

export class ConnectionsView {
  readonly page: Page;
  readonly search: Locator;

  constructor(page: Page) {
    this.page = page;
    this.search = page.getByRole('searchbox', { name: 'Find a connection' });
  }

  /** The link of a row. */
  row(name: string): Locator {
    return this.page.getByRole('main').getByRole('link', { name: new RegExp(`\\b${name}\\b`) });
  }

  rows(): Locator {
    return this.page.getByRole('main').getByRole('link', { name: /\w\/\w/ });
  }

  detail(name: string): Locator {
    return this.page.getByRole('heading', { level: 1, name, exact: true });
  }

  button(name: string): Locator {
    return this.page
      .getByRole('complementary', { name: 'Connection' })
      .getByRole('button', { name, exact: true });
  }
}
