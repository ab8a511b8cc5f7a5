// The tray: its rows and icon for every state, what a click on a row does, and the clipboard it copies to.
import { iconFile } from '../../electron/tray-icon-file.ts';
import type { TrayStatus } from '../../electron/tray-status.ts';
import { fillVault } from '../support/window-fill.ts';
import type { Desktop } from './desktop.ts';
import { has, needs } from './needs.ts';
import { preferring } from './preferring.ts';
import { endDesktop, expect, test } from './start.ts';
import { pictureOf } from './tray-picture.ts';

const MINUTE_MS = 60_000;
const FOUR = fillVault([
  { account: 'fresh', endsIn: 41 * MINUTE_MS },
  { account: 'expiring', endsIn: 3 * MINUTE_MS },
  { account: 'needs', endsIn: -MINUTE_MS, state: 'needs_consent' },
  { account: 'broken', endsIn: -MINUTE_MS, state: 'error' },
]);
const FRESH = '● acme/fresh · fresh';
const NEEDS = '○ acme/needs · consent needed';
/** What tells histories of this system not to keep a text: name of the format, and its bytes. */
const KEEP_NOT: Partial<Record<NodeJS.Platform, Readonly<Record<string, string>>>> = {
  linux: { 'x-kde-passwordManagerHint': 'secret' },
  darwin: { 'org.nspasteboard.ConcealedType': '\u0001', 'org.nspasteboard.TransientType': '\u0001' },
  win32: {
    ExcludeClipboardContentFromMonitorProcessing: '\u0001',
    CanIncludeInClipboardHistory: '\0\0\0\0',
    CanUploadToCloudClipboard: '\0\0\0\0',
  },
};

async function labels(desktop: Desktop): Promise<string[]> {
  return (await desktop.tray.rows()).map(({ label, type }) => (type === 'separator' ? '—' : label));
}

async function icon(desktop: Desktop): Promise<string> {
  return (await desktop.tray.icon()).split(/[\\/]/).at(-1) ?? '';
}

/** A real bar has the colour that it has. */
async function expectIcon(desktop: Desktop, status: TrayStatus, darkBar: boolean): Promise<void> {
  const files = (has('theme') ? [darkBar] : [true, false]).map((dark) =>
    iconFile(status, process.platform, dark),
  );
  await expect.poll(async () => files.includes(await icon(desktop)), { message: files.join() }).toBe(true);
}

async function handOuts(desktop: Desktop): Promise<unknown[]> {
  const { entries } = (await desktop.call('GET', '/v1/activity?kind=hand_out')) as { entries: unknown[] };
  return entries;
}

test.describe('four connections in four states', () => {
  let desktop: Desktop;
  test.beforeAll(async ({ startDesktop }) => {
    desktop = await startDesktop({ fill: FOUR, prepare: preferring({ clipboard_seconds: 5 }) });
  });
  test.afterAll(() => endDesktop(desktop));

  test('AC-NP-01: fresh, expiring, needs consent and error are four rows with the right marks, and the icon shows the worst', async ({
    page,
  }) => {
    await expect
      .poll(() => labels(desktop))
      .toEqual([
        '! acme/broken · refresh fails',
        NEEDS,
        '—',
        '◐ acme/expiring · expiring',
        FRESH,
        '—',
        'Copy as header',
        '—',
        'Open Tokentray',
        'Add provider…',
        'Pause refresh',
        'Lock',
        '—',
        'Settings',
        'Quit',
      ]);
    await expectIcon(desktop, 'error', false);
    expect(await desktop.tray.tooltip()).not.toContain('acme');
    await pictureOf(page, desktop, 'states');
  });

  test('AC-NP-01: a click on the fresh row puts its token in the clipboard, and a second click asks no provider', async () => {
    await desktop.tray.press(FRESH);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    const token = await desktop.clipboard.text();
    expect(desktop.secrets().has(token)).toBe(true);
    await desktop.tray.press(FRESH);
    // Its provider is an address where nobody answers: a request would fail, and be said.
    await expect.poll(async () => (await handOuts(desktop)).length).toBe(2);
    expect(await desktop.clipboard.text()).toBe(token);
    expect(await desktop.notes()).not.toContainEqual(expect.objectContaining({ title: /copied/ }));
  });

  test('promise 162: the same write tells histories not to keep it: on Linux KDE, by the bytes of "secret"', async () => {
    await desktop.tray.press(FRESH);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    const marks = Object.entries(KEEP_NOT[process.platform] ?? {}).map(([name, bytes]) => [
      `electron application/osclipboard;format="${name}"`,
      bytes,
    ]);
    expect(await desktop.clipboard.formats()).toEqual({
      'text/plain': expect.stringMatching(/^access-/),
      ...Object.fromEntries(marks),
    });
  });

  test('promise 163: the token leaves the clipboard after the time that was set, and a text of the user stays', async () => {
    await desktop.tray.press('Copy as header', 'acme/fresh');
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^Authorization: Bearer access-/);
    const copiedAt = performance.now();
    await expect.poll(() => desktop.clipboard.formats(), { timeout: 10_000 }).toEqual({});
    expect(performance.now() - copiedAt).toBeGreaterThan(4_000);

    await desktop.tray.press(FRESH);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    await desktop.clipboard.put('written by the user');
    await desktop.tray.press('Lock');
    await expect.poll(() => labels(desktop)).toContain('– Locked');
    expect(await desktop.clipboard.text()).toBe('written by the user');
  });

  test('locking from the tray hides every name and clears the clipboard, and unlocking brings the rows back', async ({
    page,
  }) => {
    await expectIcon(desktop, 'locked', false);
    expect((await labels(desktop)).join()).not.toContain('acme');
    await pictureOf(page, desktop, 'locked');
    await desktop.tray.press('Unlock');
    await expect.poll(() => labels(desktop)).toContain(FRESH);
    await desktop.tray.press(FRESH);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    await desktop.tray.press('Lock');
    await expect.poll(() => desktop.clipboard.formats()).toEqual({});
    await desktop.tray.press('Unlock');
    await expect.poll(() => labels(desktop)).toContain(FRESH);
  });

  test('pausing is a row that turns into its opposite, and the tooltip says so', async ({ page }) => {
    await desktop.tray.press('Pause refresh');
    await expect.poll(() => labels(desktop)).toContain('Resume refresh');
    expect(await desktop.tray.tooltip()).toContain('refresh paused');
    await pictureOf(page, desktop, 'paused');
    await desktop.tray.press('Resume refresh');
    await expect.poll(() => labels(desktop)).toContain('Pause refresh');
  });

  test('a row that needs consent opens it in the browser, and chosen again opens that very consent again', async ({
    page,
  }) => {
    await desktop.tray.press(NEEDS);
    await expect.poll(() => desktop.opened()).toHaveLength(1);
    await desktop.tray.press('○ acme/needs · consent open');
    await expect.poll(() => desktop.opened()).toHaveLength(2);
    const [first, second] = await desktop.opened();
    expect(first).toMatch(/^http:\/\/127\.0\.0\.1:9\/none\?/);
    expect(second).toBe(first);
    await pictureOf(page, desktop, 'waiting');
  });

  test('the icon is light on a dark bar, and falls back from state to state as each is mended', async ({
    page,
  }) => {
    needs('theme');
    await desktop.theme('dark');
    await expectIcon(desktop, 'error', true);
    for (const [account, next] of [
      ['broken', 'expiring'],
      ['expiring', 'fresh'],
    ] as const) {
      await desktop.call('DELETE', `/v1/connections/${await idOf(desktop, account)}?force=true`);
      await expectIcon(desktop, next, true);
      await pictureOf(page, desktop, next);
    }
    await desktop.theme('light');
    await expectIcon(desktop, 'fresh', false);
  });

  test('promise 163: quitting clears the clipboard before it ends', async () => {
    needs('clipboard');
    await desktop.tray.press(FRESH);
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    expect(await desktop.quit()).toEqual({ code: 0 });
    expect(await desktop.clipboard.formats()).toEqual({});
  });
});

async function idOf(desktop: Desktop, account: string): Promise<string> {
  const { connections } = (await desktop.call('GET', '/v1/connections')) as {
    connections: { id: string; account: string }[];
  };
  return connections.find((connection) => connection.account === account)?.id ?? '';
}

test.describe('25 connections', () => {
  const accounts = Array.from({ length: 25 }, (_, at) => `a${String(at).padStart(2, '0')}`);
  test.use({
    desktopChoice: { fill: fillVault(accounts.map((account) => ({ account, endsIn: 41 * MINUTE_MS }))) },
  });

  test('past twenty each provider is a menu of its own, and its rows copy', async ({ desktop, page }) => {
    await desktop.tray.press('● acme (25)', '● a07 · fresh');
    await expect.poll(() => desktop.clipboard.text()).toMatch(/^access-/);
    await pictureOf(page, desktop, 'many');
    const changes = await desktop.tray.changes();
    const id = await idOf(desktop, 'a07');
    for (const name of ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8'])
      await desktop.call('PATCH', `/v1/connections/${id}`, { account: name });
    await desktop.tray.press('● acme (25)', '● b8 · fresh');
    // Eight renames in a moment; the menu is replaced at most every 250 ms.
    expect(await desktop.tray.changes()).toBeLessThan(changes + 8);
  });
});

test.describe('a tray that was just installed', () => {
  test.use({ desktopChoice: { keySource: 'none' } });

  test('it says that the vault must be set up, and opens the window for it', async ({ desktop, page }) => {
    await desktop.closeWindow(await desktop.window());
    await pictureOf(page, desktop, 'setup');
    await desktop.tray.press('Set up the vault…');
    await desktop.window();
    await desktop.call('POST', '/v1/vault/slots', {
      kind: 'passphrase',
      passphrase: 'correct horse battery',
    });
    await expect.poll(async () => (await labels(desktop))[0]).toBe('No connections yet');
    await pictureOf(page, desktop, 'empty');
  });
});
