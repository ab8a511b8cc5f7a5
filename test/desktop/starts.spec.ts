// Starting, starting again, closing the windows, a page that dies, quitting.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { acquireHostLock } from '../../host/lock.ts';
import { resolvePaths } from '../../host/paths.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import type { Desktop } from './desktop.ts';
import { has, needs } from './needs.ts';
import { endDesktop, expect, startAgain, test } from './start.ts';

async function visible(desktop: Desktop): Promise<number> {
  return (await desktop.states()).filter((window) => window.visible).length;
}

test.describe('one tray', () => {
  let desktop: Desktop;
  test.beforeAll(async ({ startDesktop }) => {
    desktop = await startDesktop();
  });
  test.afterAll(() => endDesktop(desktop));

  test('the first start opens the window, and a second start brings it to the front and ends with 0', async () => {
    const page = await desktop.window();
    if (has('focus')) {
      await desktop.focus(false);
      await desktop.focus(true);
    }
    expect(await desktop.secondStart([])).toEqual({ code: 0 });
    expect(desktop.windows()).toEqual([page]);
    await expect
      .poll(() => desktop.states())
      // A screen without a window manager focuses nothing.
      .toEqual([expect.objectContaining({ visible: true, ...(has('focus') ? { focused: true } : {}) })]);
  });

  test('a window of a checkout or an AppImage brings its icon along on Linux, where no desktop file names one', async () => {
    needs('linux', 'insides');
    await desktop.window();
    expect(await desktop.ask('window.icons')).toEqual(['window.png']);
  });

  test('closing the window leaves tray and endpoint running, and a second start or the row in the tray opens it again', async () => {
    await desktop.closeWindow(await desktop.window());
    expect(desktop.windows()).toEqual([]);
    expect(await desktop.call('GET', '/v1/health')).toEqual({ status: 'ok' });
    await desktop.tray.press('Open Tokentray');
    await desktop.closeWindow(await desktop.window());
    expect(await desktop.secondStart([])).toEqual({ code: 0 });
    await desktop.window();
    expect(await visible(desktop)).toBe(1);
  });

  test('a click on the icon itself opens the window, where a desktop keeps the menu for another button', async () => {
    // Elsewhere the menu opens.
    needs('linux');
    await desktop.closeWindow(await desktop.window());
    await desktop.tray.click();
    await expect.poll(() => visible(desktop)).toBe(1);
  });

  test('fault 72: when the process of the page is killed the host goes on, and the window comes back by itself twice within a minute, then only when asked for', async () => {
    for (const time of [1, 2, 3]) {
      const page = await desktop.window();
      await desktop.crash(page);
      await expect.poll(() => desktop.windows().includes(page)).toBe(false);
      if (time < 3)
        await expect.poll(() => desktop.windows().length, { message: `after death ${time}` }).toBe(1);
    }
    expect(await desktop.call('GET', '/v1/connections')).toEqual({ connections: [] });
    await expect.poll(() => desktop.states()).toEqual([]);
    await desktop.tray.press('Open Tokentray');
    await desktop.window();
    expect(await visible(desktop)).toBe(1);
  });
});

test('quitting from the tray ends with 0 and takes the endpoint away, and a later start stays in the tray', async ({
  desktop,
}) => {
  await desktop.window();
  await desktop.tray.press('Quit');
  expect(await desktop.ended).toEqual({ code: 0 });
  expect(existsSync(join(desktop.home, 'endpoint.json'))).toBe(false);
  const later = await startAgain(desktop);
  if (has('linux'))
    await expect.poll(() => later.busCalls().split('IsStatusNotifierHostRegistered').length).toBe(3);
  await expect.poll(() => later.tray.rows()).not.toEqual([]);
  expect(await later.states()).toEqual([]);
  expect(await later.facts()).toMatchObject({ tray: 'shown' });
});

test('beside a headless host the tray does not start, says how to open the window of that one, and ends with 1', async ({
  startDesktop,
}) => {
  needs('refusal');
  let release = (): void => {};
  const desktop = await startDesktop({
    prepare({ home }) {
      const lock = acquireHostLock(resolvePaths({ TOKENTRAY_HOME: home }).lock, createRecordingLog());
      release = () => lock.release();
    },
  });
  expect(await desktop.ended).toEqual({ code: 1 });
  expect(desktop.output()).toContain('To have the tray, end that host');
  release();
  await endDesktop(desktop);
});
