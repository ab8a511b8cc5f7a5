// Starting, starting again, closing the windows, a page that dies, quitting.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Desktop } from './desktop.ts';
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
    await desktop.focus(false);
    await desktop.focus(true);
    expect(await desktop.secondStart([])).toEqual({ code: 0 });
    expect(desktop.windows()).toEqual([page]);
    await expect
      .poll(() => desktop.states())
      .toEqual([expect.objectContaining({ visible: true, focused: true })]);
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

  test('fault 72: when the process of the page is killed, the host goes on and the window comes back by itself', async () => {
    const page = await desktop.window();
    await desktop.crash(page);
    await expect.poll(() => desktop.windows().filter((other) => other !== page).length).toBe(1);
    await desktop.window();
    expect(await visible(desktop)).toBe(1);
    expect(await desktop.call('GET', '/v1/connections')).toEqual({ connections: [] });
  });

  test('a page that dies three times within a minute stays closed until somebody asks for it', async () => {
    // Once before, in the test above.
    for (const _ of [2, 3]) {
      const page = await desktop.window();
      await desktop.crash(page);
      await expect.poll(() => desktop.windows().includes(page)).toBe(false);
    }
    await expect.poll(() => desktop.states()).toEqual([]);
    await desktop.tray.press('Open Tokentray');
    await desktop.window();
  });

  test('quitting from the tray ends with 0, takes the endpoint away, and a later start stays in the tray', async () => {
    await desktop.url();
    await desktop.tray.press('Quit');
    expect(await desktop.ended).toEqual({ code: 0 });
    expect(existsSync(join(desktop.home, 'endpoint.json'))).toBe(false);
    desktop = await startAgain(desktop);
    await desktop.url();
    await expect.poll(() => desktop.tray.rows()).not.toEqual([]);
    expect(desktop.windows()).toEqual([]);
  });
});
