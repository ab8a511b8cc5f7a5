// What happened, as it happens.
import { fillVault } from '../support/window-fill.ts';
import { keyOf } from './answers.ts';
import { still } from './look.ts';
import { ActivityView } from './pages/activity.ts';
import { Frame } from './pages/frame.ts';
import { expect, test } from './window.ts';

const HOUR_MS = 3_600_000;

test.use({
  hostChoice: {
    fill: fillVault([
      { account: 'me', endsIn: HOUR_MS },
      { account: 'refused', endsIn: HOUR_MS, state: 'needs_consent' },
      { account: 'spent', endsIn: -HOUR_MS, state: 'needs_consent' },
    ]),
  },
});

test('what scripts do appears by itself, in sentences with names, and what went wrong says what to do', async ({
  host,
  openWindow,
  watch,
}) => {
  const key = keyOf(await host.call('POST', '/v1/keys', { name: 'backup.sh', connections: ['acme'] }));
  for (let number = 1; number <= 30; number += 1) await host.call('GET', '/v1/token/acme/me');
  const page = await openWindow();
  await expect(page.getByRole('navigation')).toBeVisible();
  // By its address: for half a second after a click the browser forgives every jump.
  await page.goto(new URL('/activity', page.url()).href);
  const activity = new ActivityView(page);
  await expect(activity.entry('The key backup.sh was made.')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await watch.expectCalm(page, 'activity');
  const headers = { authorization: `Bearer ${key}` };
  await fetch(`${host.url}/v1/token/acme/me`, { headers });
  await expect(activity.entry('backup.sh got a token of acme/me.')).toBeVisible();
  await still(page);
  expect((await fetch(`${host.url}/v1/token/acme/spent`, { headers })).status).toBe(409);
  await host.call('POST', '/v1/keys', { name: 'second', connections: ['*'] });
  await expect(activity.entry('second')).toBeVisible();
  await watch.expectCalm(page, 'entries that come by themselves');
  const refused = activity.entry('backup.sh got no token of acme/spent: it needs your consent.');
  await expect(refused).toContainText('Reconnect it to go on.');
  const time = activity.entries.first().locator('time');
  await expect(time).toHaveText('just now');
  await expect(time).toHaveAttribute('title', /\d{4}.* \d+:\d\d:\d\d /);
  await refused.getByRole('link', { name: 'acme/spent' }).click();
  await expect(page).toHaveURL(/\/connections\/c_/);
});

test('the activity is filtered by connection, by who and by what, and older pages come on request', async ({
  host,
  openWindow,
  watch,
}) => {
  for (let number = 1; number <= 60; number += 1) {
    await host.call('GET', '/v1/token/acme/me');
  }
  await host.call('POST', '/v1/keys', { name: 'one', connections: ['*'] });
  const page = await openWindow();
  await new Frame(page).goTo('Activity');
  const activity = new ActivityView(page);
  await expect(activity.entries).toHaveCount(50);
  await watch.expectCalm(page, 'activity');
  await activity.older.click();
  await expect(activity.older).toHaveCount(0);
  const all = await activity.entries.count();
  expect(all).toBeGreaterThan(60);
  await activity.filter({ what: 'Keys' });
  await expect(activity.entries).toHaveText([/The key one was made\.$/]);
  await activity.clear();
  await activity.filter({ who: 'You', connection: 'acme/refused' });
  await expect(page.getByText('Nothing of that kind happened.')).toBeVisible();
  await activity.filter({ connection: 'acme/me' });
  await expect(activity.entries).toHaveCount(50);
  await expect(activity.entries.first()).toContainText('The command line got a token of acme/me.');
  await activity.filter({ connection: 'acme/nobody' });
  await expect(page.getByText('No connection has that name.')).toBeVisible();
  await watch.expectCalm(page, 'filters');
});
