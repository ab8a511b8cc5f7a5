// The calendar over a vault whose ends are known.
import { fillVault } from '../support/window-fill.ts';
import { CalendarView } from './pages/calendar.ts';
import { Frame } from './pages/frame.ts';
import { expect, test } from './window.ts';

const DAY_MS = 24 * 3_600_000;

test.use({
  hostChoice: {
    fill: fillVault([
      { account: 'itself', endsIn: 3_600_000 },
      { account: 'tomorrow', endsIn: DAY_MS, refreshable: false },
      { account: 'far', endsIn: 40 * DAY_MS, refreshable: false },
      { account: 'further', endsIn: 200 * DAY_MS, refreshable: false },
      { account: 'refused', endsIn: DAY_MS, state: 'needs_consent' },
      { account: 'over', endsIn: -DAY_MS, refreshable: false },
      { account: 'ended', endsIn: DAY_MS, state: 'revoked' },
    ]),
  },
});

test('the calendar shows when a grant ends, and that an idle one is refreshed before', async ({
  host,
  openWindow,
}) => {
  await host.call('PATCH', '/v1/providers/acme', {
    refresh_absolute_seconds: 5 * 86_400,
    refresh_idle_seconds: 60 * 86_400,
  });
  const page = await openWindow();
  await new Frame(page).goTo('Calendar');
  const calendar = new CalendarView(page);
  await expect(calendar.entry('acme/itself').first()).toContainText(
    'The grant of acme/itself ends in 4 d, whatever is done with it. Reconnect before.',
  );
  await expect(calendar.entry('acme/itself').last()).toContainText('Tokentray refreshes it before.');
});

test('the calendar lists what ends and what needs consent, and nothing that refreshes itself', async ({
  host,
  openWindow,
  watch,
}) => {
  await host.call('POST', '/v1/keys', { name: 'nightly', connections: ['acme'], expires_in: 30 * 86_400 });
  const page = await openWindow();
  await new Frame(page).goTo('Calendar');
  const calendar = new CalendarView(page);
  await expect(calendar.entry('acme/tomorrow')).toContainText('cannot be refreshed. Reconnect then.');
  await expect(calendar.entry('acme/far')).toContainText('ends in 39 d');
  await expect(calendar.entry('nightly')).toContainText('expires in 29 d');
  await expect(calendar.entry('acme/refused')).toContainText('needs your consent');
  await expect(calendar.entry('acme/over')).toContainText('needs your consent');
  await expect(calendar.entry('acme/itself')).toHaveCount(0);
  await expect(calendar.entry('acme/ended')).toHaveCount(0);
  await expect(page.getByText('1 more will end after that.')).toBeVisible();
  await expect(page.getByText('Tokens that refresh themselves are not listed.')).toBeVisible();
  const marked = calendar.grid.getByRole('button');
  await expect(marked).toHaveCount(3);
  await expect(marked.first()).toHaveAccessibleName(/: 1 ends$/);
  await marked.last().click();
  await expect(calendar.days.last()).toBeFocused();
  await watch.expectCalm(page, 'calendar');
  await calendar.entry('acme/far').getByRole('link').click();
  await expect(page).toHaveURL(/\/connections\/c_/);
});

test('a key whose time is over stands in the calendar as that', async ({ host, openWindow }) => {
  await host.call('POST', '/v1/keys', { name: 'short', connections: ['*'], expires_in: 60 });
  const page = await openWindow();
  await page.clock.install();
  await new Frame(page).goTo('Calendar');
  const calendar = new CalendarView(page);
  await expect(calendar.entry('short')).toContainText('expires');
  await page.clock.fastForward(120_000);
  await expect(calendar.entry('short')).toContainText('expired');
  await expect(calendar.entry('short')).toContainText('Make a new one, or remove it.');
});
