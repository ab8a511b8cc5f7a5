// Settings that are kept the moment they are chosen, in the headless window: the idle lock and the TCP door. And a pause,
// which the frame shows and ends.
import { Frame } from './pages/frame.ts';
import { expect, test } from './window.ts';

test('the idle lock and the TCP door are chosen in the settings, kept, and said to need a restart where they do', async ({
  host,
  openWindow,
}) => {
  const page = await openWindow();
  await new Frame(page).goTo('Settings');
  await page.getByLabel('Lock when nobody uses it for').selectOption({ label: '15 minutes' });
  await expect.poll(() => host.call('GET', '/v1/settings')).toMatchObject({ lock_after_minutes: 15 });
  await page.getByLabel('Answer scripts on TCP').click();
  await expect(page.getByText('takes effect at the next start')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Answer scripts on TCP')).toBeChecked({ checked: false });
  await expect(page.getByLabel('Lock when nobody uses it for')).toHaveValue('900');
  // A desktop has preferences; a browser has none of them.
  await expect(page.getByRole('heading', { name: 'Desktop' })).toHaveCount(0);
});

test('a pause is shown in the frame, and ended there', async ({ host, openWindow }) => {
  await host.call('POST', '/v1/refreshes/pause');
  const page = await openWindow();
  await expect(page.getByText('Refresh is paused')).toBeVisible();
  await page.getByRole('button', { name: 'Refresh in time again' }).click();
  await expect(page.getByText('Refresh is paused')).toHaveCount(0);
  expect(await host.call('GET', '/v1/status')).toMatchObject({ refreshes_paused: false });
});
