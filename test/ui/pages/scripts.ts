// The keys of scripts, and the dialog that makes one.
import type { Locator, Page } from '@playwright/test';

export class ScriptsView {
  readonly page: Page;
  readonly dialog: Locator;

  constructor(page: Page) {
    this.page = page;
    this.dialog = page.getByRole('dialog', { name: /^(New key|The key )/ });
  }

  key(name: string): Locator {
    return this.page.getByRole('listitem').filter({ hasText: name });
  }

  async begin(): Promise<void> {
    await this.page.getByRole('button', { name: 'New key' }).click();
    await this.dialog.waitFor();
  }

  async fill(name: string, choices: readonly string[], life = 'Never'): Promise<void> {
    await this.dialog.getByLabel('Name', { exact: true }).fill(name);
    for (const choice of choices) await this.dialog.getByLabel(choice, { exact: true }).check();
    await this.dialog.getByLabel('It expires').selectOption(life);
  }

  async make(): Promise<void> {
    await this.dialog.getByRole('button', { name: 'Make key' }).click();
  }

  /** The key, as it is shown this once. */
  async shownKey(): Promise<string> {
    const key = this.dialog.locator('code').filter({ hasText: /^tt_/ });
    return (await key.textContent()) ?? '';
  }

  async remove(name: string): Promise<void> {
    await this.page.getByRole('button', { name: `Remove the key ${name}` }).click();
    await this.page.getByRole('alertdialog').getByRole('button', { name: 'Remove key' }).click();
  }
}
