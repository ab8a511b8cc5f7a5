// The routes of the desktop side: preferences and facts, and the quick picker. Not found in a host without a tray.
import { z } from 'zod';
import { TokentrayError } from '../core/errors.ts';
import { desktopPreferences } from './desktop.ts';
import type { DesktopControls } from './desktop-controls.ts';
import type { HostControls } from './host-controls.ts';
import type { WindowRouteName } from './rights.ts';
import { type Route, route } from './route.ts';
import type { DesktopJson } from './wire.ts';

/** Throws `not_found` in a host without a desktop. */
export function desktopOf({ desktop }: HostControls): DesktopControls {
  if (desktop !== undefined) return desktop;
  throw new TokentrayError('not_found', 'This host has no tray. Its settings are at /v1/settings.');
}

const answer = (desktop: DesktopControls): DesktopJson => ({
  preferences: desktop.preferences(),
  facts: desktop.facts(),
});

export const desktopRoutes = {
  'GET /window/desktop': route('GET /window/desktop', {
    summary: 'Preferences of the tray, and what this desktop can do',
    answer: 'Desktop',
    handle: ({ host }) => answer(desktopOf(host)),
  }),
  'PATCH /window/desktop': route('PATCH /window/desktop', {
    summary: 'Change preferences of the tray',
    body: () => desktopPreferences().partial(),
    answer: 'Desktop',
    handle: async ({ host, body }) => {
      const desktop = desktopOf(host);
      await desktop.change(body);
      return answer(desktop);
    },
  }),
  'POST /window/desktop/picker': route('POST /window/desktop/picker', {
    summary: 'Close the quick picker',
    body: () => z.strictObject({ action: z.literal('close') }),
    answer: 'Done',
    handle: ({ host }) => {
      desktopOf(host).closePicker();
      return { done: true };
    },
  }),
} satisfies Partial<Readonly<Record<WindowRouteName, Route>>>;
