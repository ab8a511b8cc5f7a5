// Copying on Wayland, where a program without focus writes in vain: wl-copy, the quick picker, the window that has the focus.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFakeWlClipboard } from '../support/fake-wl-clipboard.ts';
import { fillVault } from '../support/window-fill.ts';
import type { Desktop, Folders } from './desktop.ts';
import { needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { expect, test } from './start.ts';

needs('wayland');

const fill = fillVault([{ account: 'work', endsIn: 41 * 60_000 }]);
const WORK = '● acme/work · fresh';
const env = { XDG_SESSION_TYPE: 'wayland' };

/** wl-copy and wl-paste of the desktop, with the clipboard of the test behind them. */
function withWlCopy(folders: Folders): void {
  preferring()(folders);
  writeFakeWlClipboard(folders.root, { sensitive: true, clipboard: join(folders.clipboard, 'copied') });
}

const calls = (desktop: Desktop) => readFileSync(join(desktop.folders.root, 'calls'), 'utf8');

test.describe('with wl-copy', () => {
  test.use({ desktopChoice: { fill, env, prepare: withWlCopy } });

  test('a row copies through wl-copy, marked as sensitive, with nothing in its arguments, and a lock clears by the same way', async ({
    desktop,
  }) => {
    await desktop.tray.press(WORK);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    expect(desktop.windows()).toEqual([]);
    expect(calls(desktop)).toContain('wl-copy --sensitive --type text/plain;charset=utf-8');
    expect(calls(desktop)).not.toContain('access-');
    await desktop.tray.press('Lock');
    await expect.poll(() => desktop.clipboard.formats()).toEqual({});
    expect(calls(desktop)).toContain('wl-copy --clear');
    expect(await desktop.notes()).toEqual([]);
  });

  test('promise 163: what the user copied since is read, found to be another text, and left', async ({
    desktop,
  }) => {
    await desktop.tray.press(WORK);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    await desktop.clipboard.put('written by the user');
    await desktop.tray.press('Lock');
    await expect.poll(() => calls(desktop)).toContain('wl-paste');
    expect(await desktop.quit()).toEqual({ code: 0 });
    expect(await desktop.clipboard.text()).toBe('written by the user');
    expect(calls(desktop)).not.toContain('--clear');
  });
});

test.describe('without wl-copy', () => {
  test.use({ desktopChoice: { fill, env, prepare: preferring() } });

  test('a row opens the quick picker, which writes when it has the focus; that it was copied is not said, for nobody can tell', async ({
    desktop,
  }) => {
    await desktop.tray.press(WORK);
    await expect.poll(() => desktop.windows().length).toBe(1);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    await expect.poll(() => desktop.notes()).toHaveLength(1);
    const [note] = await desktop.notes();
    expect(note?.title).toBe('Nothing was copied yet');
    expect(note?.body).toContain('Press Enter in the quick picker');
    const [page] = desktop.windows();
    await page!.getByRole('combobox').waitFor();
    expect(await desktop.path(page!)).toMatch(/^\/picker\?connection=c_.+&format=token$/);
  });

  test('without any focus nothing is copied, and that is what is said', async ({ desktop }) => {
    await desktop.focus(false);
    await desktop.tray.press(WORK);
    await expect.poll(() => desktop.notes(), { timeout: 15_000 }).toHaveLength(1);
    const [note] = await desktop.notes();
    expect(note?.title).toBe('Nothing was copied yet');
    expect(note?.body).toContain('wl-clipboard');
    expect(await desktop.clipboard.formats()).toEqual({});
  });

  test('promise 163: a lock while the picker waits for its focus leaves nothing to write, and that is what is said', async ({
    desktop,
  }) => {
    await desktop.focus(false);
    await desktop.tray.press(WORK);
    await expect.poll(async () => (await desktop.states()).map(({ visible }) => visible)).toEqual([true]);
    await desktop.tray.press('Lock');
    await expect.poll(async () => (await desktop.tray.rows())[0]?.label).toBe('– Locked');
    await desktop.focus(true);
    await expect.poll(() => desktop.notes()).toHaveLength(1);
    expect((await desktop.notes())[0]?.body).toContain('locked meanwhile');
    expect(await desktop.clipboard.formats()).toEqual({});
  });

  test('a window that has the focus is enough', async ({ desktop }) => {
    const page = await desktop.window();
    await desktop.tray.press(WORK);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    expect(desktop.windows()).toEqual([page]);
    expect(await desktop.notes()).toEqual([]);
  });
});
