// A backup made in the window: a path that cannot be used is said beside the field, and the file is a whole vault.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillVault } from '../support/window-fill.ts';
import { Frame } from './pages/frame.ts';
import { expect, test } from './window.ts';

test.use({ hostChoice: { fill: fillVault([{ account: 'me', endsIn: 3_600_000 }]) } });

test('promise 193: the vault is backed up from the settings into a file of the host’s machine', async ({
  openWindow,
  watch,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'tt-out-'));
  const page = await openWindow();
  await new Frame(page).goTo('Settings');
  await page.getByRole('button', { name: 'Back it up' }).click();
  const dialog = page.getByRole('dialog');
  const path = dialog.getByLabel('Path of the new file');
  await expect(path).toBeFocused();
  await watch.expectCalm(page, 'back up');
  watch.allow(/status of 400/);
  await path.fill('tokentray.backup');
  await dialog.getByRole('button', { name: 'Back up' }).click();
  await expect(dialog.getByText('The path must be absolute')).toBeVisible();
  const file = join(folder, 'tokentray.backup');
  await path.fill(file);
  await dialog.getByRole('button', { name: 'Back up' }).click();
  await expect(page.getByText(`Backed up to ${file}.`)).toBeVisible();
  await expect(dialog).toHaveCount(0);
  expect(readFileSync(file).subarray(0, 15).toString()).toBe('SQLite format 3');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await new Frame(page).goTo('Activity');
  await expect(page.getByText('The vault was backed up.')).toBeVisible();
  rmSync(folder, { recursive: true });
});
