// A vault that cannot be read, one that needs review, and one that only the keychain opens: what the window offers.
import { join } from 'node:path';
import { damageVault } from '../support/damaged-vault.ts';
import { LockScreen } from './pages/setup.ts';
import { expect, test } from './window.ts';

const PASSPHRASE = 'four words of somebody';

test.describe('a damaged vault that a passphrase opens', () => {
  test.use({ hostChoice: { keySource: 'none' } });

  test('the repair asks for the passphrase when nothing else opens the vault, and what was saved is used after a review', async ({
    host,
    openWindow,
    watch,
  }) => {
    // Without the passphrase, and with another one.
    watch.allow(/status of 4(23|03)/);
    await host.call('POST', '/v1/vault/slots', { kind: 'passphrase', passphrase: PASSPHRASE });
    await host.stop();
    damageVault(join(host.home, 'vault.db'));
    await host.start();
    const page = await openWindow();
    await expect(page.getByRole('heading', { name: 'The vault cannot be read' })).toBeVisible();
    const repair = page.getByRole('button', { name: 'Repair' });
    const passphrase = page.getByLabel('Passphrase');
    await repair.click();
    await passphrase.fill('another one');
    await repair.click();
    await expect(page.getByText('The passphrase does not open the vault.')).toBeVisible();
    await expect(passphrase).toHaveValue('');
    await passphrase.fill(PASSPHRASE);
    await repair.click();
    const review = page.getByRole('region', { name: 'Needs review' });
    await review.getByRole('button', { name: 'Use here' }).click();
    await page.getByRole('button', { name: 'Use it here' }).click();
    await expect(review).toHaveCount(0);
    expect(await host.call('GET', '/v1/status')).toMatchObject({ state: 'open', warnings: [] });
  });
});

test.describe('a vault that the keychain opens', () => {
  test.use({ hostChoice: { keySource: 'none', keychain: 'ok' } });

  test('at its first start the window offers a recovery passphrase, which then opens the vault', async ({
    host,
    openWindow,
  }) => {
    const page = await openWindow();
    const offer = page.getByRole('region', { name: 'Recovery' });
    await offer.getByRole('button', { name: 'Add a passphrase' }).click();
    await page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
    await page.getByLabel('The same again').fill(PASSPHRASE);
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByText('Passphrase opens the vault from now on.')).toBeVisible();
    await expect(offer).toHaveCount(0);
    await host.call('POST', '/v1/lock');
    await new LockScreen(page).unlock(PASSPHRASE);
    await expect(page.getByRole('navigation', { name: 'Views' })).toBeVisible();
  });

  test('whoever declines the offer is not asked again', async ({ openWindow }) => {
    const page = await openWindow();
    const offer = page.getByRole('region', { name: 'Recovery' });
    await offer.getByRole('button', { name: 'Not now' }).click();
    await expect(offer).toHaveCount(0);
    await page.reload();
    await expect(page.getByRole('navigation', { name: 'Views' })).toBeVisible();
    await expect(offer).toHaveCount(0);
  });
});
