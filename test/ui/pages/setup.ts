// The screens in place of the window while there is no open vault: set-up and lock.
import type { Locator, Page } from '@playwright/test';

export class SetupScreen {
  readonly page: Page;
  readonly title: Locator;

  constructor(page: Page) {
    this.page = page;
    this.title = page.getByRole('heading', { name: 'Set up Tokentray' });
  }

  async withPassphrase(passphrase: string): Promise<void> {
    await this.page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
    await this.page.getByLabel('The same again').fill(passphrase);
    await this.page.getByRole('button', { name: 'Set up the vault' }).click();
  }
}

export class LockScreen {
  readonly page: Page;
  readonly title: Locator;

  constructor(page: Page) {
    this.page = page;
    this.title = page.getByRole('heading', { name: 'The vault is locked' });
  }

  async unlock(passphrase: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Passphrase' }).fill(passphrase);
    await this.page.getByRole('button', { name: 'Unlock', exact: true }).click();
  }
}
