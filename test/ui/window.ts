// What every spec of the window begins with: a built renderer (once per run), a real host, a browser that has opened the
// one-time link. And what every one ends with: nothing complained, no page asked anywhere but at home, and no secret is
// left in page, storage, history, console or requests (promise 65 for the browser).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, type Page } from '@playwright/test';
import { build } from 'vite';
import { startWindowHost, type WindowHost, type WindowHostOptions } from '../support/window-host.ts';
import { Watch } from './watch.ts';

type HostChoice = Omit<WindowHostOptions, 'windowDirectory'>;

interface Fixtures {
  readonly hostChoice: HostChoice;
  readonly host: WindowHost;
  readonly watch: Watch;
  /** A page with a session of its own, at the start of the window. */
  readonly openWindow: () => Promise<Page>;
}

export const test = base.extend<Fixtures, { readonly built: string }>({
  built: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures here, and there are none
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'tt-renderer-'));
      await build({
        configFile: 'vite.renderer.config.ts',
        build: { outDir: folder, emptyOutDir: true },
      });
      await use(folder);
      rmSync(folder, { recursive: true });
    },
    { scope: 'worker' },
  ],

  hostChoice: [{ sandbox: true }, { option: true }],

  host: async ({ built, hostChoice }, use) => {
    const host = await startWindowHost({ ...hostChoice, windowDirectory: built });
    await use(host);
    await host.remove();
  },

  watch: async ({ context, host }, use) => {
    const watch = new Watch(host);
    await watch.follow(context);
    await use(watch);
    await watch.end();
  },

  openWindow: async ({ context, host, watch }, use) => {
    await use(async () => {
      const page = await context.newPage();
      watch.window(page);
      await page.goto(host.link());
      return page;
    });
  },
});

export { expect } from '@playwright/test';
