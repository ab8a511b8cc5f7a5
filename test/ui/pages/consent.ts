// The pages of the practice server in a tab of their own, as somebody clicks through them.
import { expect, type Page } from '@playwright/test';

export class ConsentTab {
  readonly page: Page;
  readonly #opener: Page;

  constructor(page: Page, opener: Page) {
    this.page = page;
    this.#opener = opener;
  }

  /** The tab that `click` opens. */
  static async openedBy(page: Page, click: () => Promise<void>): Promise<ConsentTab> {
    const popup = page.context().waitForEvent('page');
    await click();
    return new ConsentTab(await popup, page);
  }

  async signIn(user: string): Promise<void> {
    await this.page.getByLabel('User name').fill(user);
    await this.page.getByLabel('Password').fill('password');
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** And goes back to the window: a tab behind another draws nothing. */
  async allow(): Promise<void> {
    await this.page.getByRole('button', { name: 'Allow' }).click();
    await expect(this.page.getByRole('heading', { level: 1 })).toContainText('is connected');
    await this.#opener.bringToFront();
  }

  async deny(): Promise<void> {
    await this.page.getByRole('button', { name: 'Deny' }).click();
    await expect(this.page.getByRole('main')).toContainText('Not connected');
    await this.#opener.bringToFront();
  }
}
