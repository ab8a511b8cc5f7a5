// The frame around every view: the way from one place to another, as a person goes it at this width.
import type { Locator, Page } from '@playwright/test';

export type Place =
  | 'Connections'
  | 'Providers'
  | 'Calendar'
  | 'Activity'
  | 'Scripts'
  | 'Read a token'
  | 'Settings';

export class Frame {
  readonly page: Page;
  /** Over the view while the host does not answer. */
  readonly banner: Locator;

  constructor(page: Page) {
    this.page = page;
    this.banner = page.getByText(/^The host has stopped/);
  }

  async goTo(place: Place): Promise<void> {
    const places = this.page.getByRole('navigation');
    await places.waitFor();
    const link = places.getByRole('link', { name: place });
    const more = places.getByRole('button', { name: 'More' });
    if (await link.isVisible()) await link.click();
    else {
      await more.click();
      await this.page.getByRole('menuitem', { name: place }).click();
    }
    await this.page.getByRole('heading', { level: 1 }).waitFor();
  }
}
