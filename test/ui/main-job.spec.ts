// The whole job by clicking, as on the first day: set up, start the sandbox, connect, agree, and use the token.

import { accessTokenOf, addressOf } from './answers.ts';
import { LOOKS, look, still } from './look.ts';
import { ConnectionsView } from './pages/connections.ts';
import { ConsentTab } from './pages/consent.ts';
import { Frame } from './pages/frame.ts';
import { SetupScreen } from './pages/setup.ts';
import { expect, test } from './window.ts';

const PASSPHRASE = 'four words and a number 7';

for (const { theme, width } of LOOKS) {
  test.describe(`${theme}, ${width} pixels wide`, () => {
    test.use({
      colorScheme: theme,
      viewport: { width, height: 720 },
      hostChoice: { keySource: 'none' },
      permissions: ['clipboard-read', 'clipboard-write'],
    });

    test('from the first start to a copied token', async ({ host, openWindow, watch }) => {
      host.secrets.add(PASSPHRASE);
      const page = await openWindow();
      const see = (name: string) => look(page, `job-${name}`, { theme, width });
      const setup = new SetupScreen(page);
      await expect(setup.title).toBeVisible();
      await see('1-setup');
      await watch.expectCalm(page, 'set-up');
      await setup.withPassphrase(PASSPHRASE);

      await expect(page.getByRole('heading', { name: 'No connections yet' })).toBeVisible();
      await see('2-empty');
      await watch.expectCalm(page, 'the empty window');
      await page.getByRole('button', { name: 'Try it with the sandbox' }).click();
      await expect(page.getByRole('heading', { name: 'The sandbox is ready' })).toBeVisible();
      await see('3-sandbox');

      const tab = await ConsentTab.openedBy(page, () =>
        page.getByRole('button', { name: 'Connect Sandbox' }).click(),
      );
      await expect(page.getByText('Finish the consent in the browser.')).toBeVisible();
      await see('4-waiting');
      await watch.expectCalm(page, 'waiting for the consent');
      await tab.signIn('user1');
      await tab.allow();

      const connections = new ConnectionsView(page);
      await expect(connections.detail('sandbox/user1')).toBeVisible();
      await expect(page.getByText('Active. Refreshes itself before')).toBeVisible();
      await see('5-connected');
      await watch.expectCalm(page, 'connected');
      await connections.button('Copy token').click();
      await expect(page.getByText('Copied the token of sandbox/user1.')).toBeVisible();
      const copied = await page.evaluate('navigator.clipboard.readText()');
      expect(copied).toBe(accessTokenOf(await host.call('GET', '/v1/token/sandbox/user1')));
      await connections.button('Copy header').click();
      await expect(page.getByText('Copied the header of sandbox/user1.')).toBeVisible();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`Authorization: Bearer ${copied}`);
      await see('6-copied');
      await watch.expectCalm(page, 'copied');

      await new Frame(page).goTo('Activity');
      await expect(page.getByRole('listitem').filter({ hasText: 'You copied a token of' })).toHaveCount(2);
      await see('7-activity');
    });
  });
}

test('a consent that is denied says why in the list, and can be tried again', async ({ openWindow }) => {
  const page = await openWindow();
  const first = await ConsentTab.openedBy(page, () =>
    page.getByRole('button', { name: 'Connect Sandbox' }).click(),
  );
  await first.signIn('user2');
  await first.deny();
  const again = page.getByRole('button', { name: /Try again/ });
  await expect(again).toBeVisible();
  const second = await ConsentTab.openedBy(page, () => again.click());
  await second.allow();
  await expect(new ConnectionsView(page).detail('sandbox/user2')).toBeVisible();
});

test('a sandbox connection is refreshed, revoked, reconnected and removed in the window', async ({
  openWindow,
}) => {
  const page = await openWindow();
  const connections = new ConnectionsView(page);
  const choose = async (item: string) => {
    await connections.button('More').click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const tab = await ConsentTab.openedBy(page, () =>
    page.getByRole('button', { name: 'Connect Sandbox' }).click(),
  );
  await tab.signIn('user3');
  await tab.allow();
  await expect(connections.detail('sandbox/user3')).toBeVisible();
  await choose('Refresh now');
  await expect(page.getByText('Refreshed sandbox/user3.')).toBeVisible();
  await choose('Rename');
  await page.getByRole('dialog').getByRole('textbox').fill('team');
  await page.keyboard.press('Enter');
  await expect(connections.detail('sandbox/team')).toBeVisible();
  await choose('Revoke');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('Revoked. Reconnect to use it again')).toBeVisible();
  // A state of its own, with a sentence and a button of its own.
  await still(page);
  const back = await ConsentTab.openedBy(page, () => connections.button('Reconnect').click());
  await back.allow();
  await expect(connections.button('Copy token')).toBeVisible();
  await choose('Remove');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('heading', { name: 'The sandbox is ready' })).toBeVisible();
});

test('a consent that was started elsewhere stands in a window that is opened later, and can be cancelled there', async ({
  host,
  openWindow,
}) => {
  await host.call('POST', '/v1/connections', { provider: 'sandbox', account: 'user4' });
  const page = await openWindow();
  const row = page.getByRole('listitem').filter({ hasText: 'sandbox/user4' });
  await expect(row).toContainText('Finish the consent in the browser.');
  await expect(row.getByRole('link', { name: 'Open the consent of sandbox/user4' })).toBeVisible();
  await row.getByRole('button', { name: 'Cancel the consent of sandbox/user4' }).click();
  await expect(page.getByRole('heading', { name: 'The sandbox is ready' })).toBeVisible();
  expect(await host.call('GET', '/v1/consents')).toEqual({ consents: [] });
});

test('the form of a provider shows redirect URI, scopes and addresses before anything is saved', async ({
  host,
  openWindow,
  watch,
}) => {
  watch.allow(/status of (400|502|503)/);
  const page = await openWindow();
  await expect(page.getByRole('navigation')).toBeVisible();
  await page.goto(new URL('/providers/new', page.url()).href);
  await page.getByRole('button', { name: /^Google/ }).click();
  await expect(page.getByText('http://127.0.0.1/callback/google', { exact: true })).toBeVisible();
  await expect(page.getByText('Google accepts any port on 127.0.0.1')).toBeVisible();
  await expect(page.getByLabel('Scopes')).toHaveValue('openid email');
  await page.getByRole('radio', { name: 'Issuer URL' }).check();
  await expect(page.getByLabel('Scopes')).toHaveValue('');
  const issuer = page.getByRole('textbox', { name: 'Issuer URL' });
  await page.getByRole('button', { name: 'Fill in' }).click();
  await expect(page.getByRole('alert')).toHaveText('Enter the address of the issuer.');
  await issuer.fill('http://issuer.test');
  await issuer.press('Enter');
  await expect(page.getByRole('alert')).toHaveText(/^Issuer URL must be an https address/);
  await issuer.fill('http://127.0.0.1:9');
  await issuer.press('Enter');
  await expect(page.getByRole('alert')).toContainText('could not be reached');
  await expect(issuer).toBeFocused();
  const found = page.getByLabel('Found at the issuer');
  await expect(found).toHaveCount(0);
  const { origin } = new URL(addressOf(await host.call('GET', '/v1/sandbox')));
  await issuer.fill(origin);
  await issuer.press('Enter');
  await expect(found).toContainText(`${origin}/token`);
  await expect(page.getByLabel('Scopes')).toHaveValue(/^openid/);
  expect(JSON.stringify(await host.call('GET', '/v1/providers')).match(/"redirect_uri"/g)).toHaveLength(1);
});
