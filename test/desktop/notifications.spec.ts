// Notifications: what is said without being asked for, how often, and what a click does.
import { fillVault } from '../support/window-fill.ts';
import { preferring } from './preferring.ts';
import { expect, startAgain, test } from './start.ts';

const DAY_MS = 24 * 3_600_000;
const fill = fillVault([
  { account: 'ops', label: 'canary@example.test', endsIn: -60_000, state: 'needs_consent' },
  { account: 'team', endsIn: 7 * DAY_MS - 60_000, refreshable: false },
  { account: 'work', endsIn: 41 * 60_000 },
]);
const CONSENT = 'acme/ops needs consent';
const EXPIRES = 'acme/team ends in 7 days';

test.describe('a connection that needs consent and one that ends in a week', () => {
  test.use({ desktopChoice: { fill, prepare: preferring() } });

  test('both are said, a click reopens that very consent, and a later start says nothing twice', async ({
    desktop,
  }) => {
    await expect
      .poll(async () => (await desktop.notes()).map(({ title }) => title))
      .toEqual([CONSENT, EXPIRES]);
    await desktop.clickNote(0);
    await expect.poll(() => desktop.opened()).toHaveLength(1);
    expect((await desktop.opened())[0]).toContain('client_id=client');
    await desktop.tray.press('○ acme/ops · consent open');
    await expect.poll(() => desktop.opened()).toHaveLength(2);
    expect(new Set(await desktop.opened()).size).toBe(1);

    const later = await startAgain(desktop);
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

  test('promise 164: names and times, no secret and no label, in notifications and in what is kept about them', async ({
    desktop,
  }) => {
    await expect.poll(() => desktop.notes()).toHaveLength(2);
    const text = JSON.stringify(await desktop.notes());
    expect(text).not.toContain('canary');
    for (const secret of desktop.secrets()) expect(text).not.toContain(secret);
  });
});

test.describe('with consent muted', () => {
  test.use({ desktopChoice: { fill, prepare: preferring({ notify_consent: false }) } });

  test('only the other kind is said', async ({ desktop }) => {
    await expect.poll(async () => (await desktop.notes()).map(({ title }) => title)).toEqual([EXPIRES]);
  });
});
