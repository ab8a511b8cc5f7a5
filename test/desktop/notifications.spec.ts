// Notifications: what is said without being asked for, how often, and what a click does.
import { fillVault } from '../support/window-fill.ts';
import type { Desktop } from './desktop.ts';
import { needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { endDesktop, expect, startAgain, test } from './start.ts';

const DAY_MS = 24 * 3_600_000;
const fill = fillVault([
  { account: 'ops', label: 'canary@example.test', endsIn: -60_000, state: 'needs_consent' },
  { account: 'team', endsIn: 7 * DAY_MS - 60_000, refreshable: false },
  { account: 'work', endsIn: 41 * 60_000 },
]);
const CONSENT = 'acme/ops needs consent';
const EXPIRES = 'acme/team ends in 7 days';

test.describe('a connection that needs consent and one that ends in a week', () => {
  let desktop: Desktop;
  test.beforeAll(async ({ startDesktop }) => {
    desktop = await startDesktop({ fill, prepare: preferring() });
  });
  test.afterAll(() => endDesktop(desktop));

  test('promise 164: names and times, no secret and no label, in notifications and in what is kept about them', async () => {
    await expect.poll(() => desktop.notes()).toHaveLength(2);
    const text = JSON.stringify(await desktop.notes());
    expect(text).not.toContain('canary');
    for (const secret of desktop.secrets()) expect(text).not.toContain(secret);
  });

  test('what a notification offers is in the window too: the consent in its row, the end in the calendar', async () => {
    const page = await desktop.window('/');
    await expect(page.getByRole('button', { name: 'Reconnect acme/ops' })).toBeVisible();
    await page.getByRole('link', { name: 'Calendar' }).click();
    await expect(page.getByRole('link', { name: 'acme/team' }).first()).toBeVisible();
    await desktop.closeWindow(page);
  });

  test('both are said, a click reopens that very consent, and a later start says nothing twice', async () => {
    await expect
      .poll(async () => (await desktop.notes()).map(({ title }) => title))
      .toEqual([CONSENT, EXPIRES]);
    await desktop.clickNote(0);
    await expect.poll(() => desktop.opened()).toHaveLength(1);
    expect((await desktop.opened())[0]).toContain('client_id=client');
    await desktop.tray.press('○ acme/ops · consent open');
    await expect.poll(() => desktop.opened()).toHaveLength(2);
    expect(new Set(await desktop.opened()).size).toBe(1);

    desktop = await startAgain(desktop);
    const later = desktop;
    await expect
      .poll(async () => (await later.tray.rows()).map(({ label }) => label))
      .toContain('○ acme/ops · consent needed');
    // A look comes at most a second after the vault was opened; what it had to say would be there by then.
    await later.tray.press('Lock');
    await later.tray.press('Unlock');
    await expect
      .poll(async () => (await later.tray.rows()).map(({ label }) => label))
      .toContain('○ acme/ops · consent needed');
    expect(await later.notes()).toEqual([]);
  });
});

test.describe('with consent muted', () => {
  test.use({ desktopChoice: { fill, prepare: preferring({ notify_consent: false }) } });

  test('only the other kind is said', async ({ desktop }) => {
    await expect.poll(async () => (await desktop.notes()).map(({ title }) => title)).toEqual([EXPIRES]);
  });
});

test.describe('on a desktop that shows no notifications', () => {
  test.use({
    desktopChoice: { fill, prepare: preferring({ notify_consent: false, notify_expiring: false }) },
  });

  for (const are of ['unsupported', 'failing']) {
    test(`what a row has to say is said in the window, which opens for it (notifications are ${are})`, async ({
      desktop,
    }) => {
      needs('notes');
      await desktop.ask('notes.are', are);
      await desktop.ask('opened.fails', true);
      await desktop.tray.press('○ acme/ops · consent needed');
      await expect.poll(() => desktop.windows().length, { message: 'the window' }).toBe(1);
      const [page] = desktop.windows();
      await page!.getByText(/warning/).click();
      await expect(page!.getByText('No consent was opened.')).toBeVisible();
      expect(await desktop.notes()).toEqual([]);

      // Read once, it is not said again.
      await desktop.closeWindow(page!);
      const { warnings } = await desktop.facts();
      expect(JSON.stringify(warnings)).not.toContain('No consent was opened');
    });
  }
});
