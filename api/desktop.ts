// The desktop side of a host with a tray: what a person prefers there, what the desktop can do, and the routes for both.
// The shapes stand here once: the host's file of preferences, the wire and the window all take them from here.
import { z } from 'zod';
import { TokentrayError } from '../core/errors.ts';
import type { DesktopControls } from './desktop-controls.ts';
import type { HostControls } from './host-controls.ts';
import type { WindowRouteName } from './rights.ts';
import { type Route, route } from './route.ts';
import type { DesktopJson } from './wire.ts';

/** Longer than any accelerator, browser id or profile name. */
const NAME_CHARS = 100;
/** Less is gone before a person has pasted; more is forgotten. */
const CLIPBOARD_SECONDS_MIN = 5;
const CLIPBOARD_SECONDS_MAX = 600;

const shortText = (min: number) =>
  z
    .string()
    .min(min, 'must not be empty')
    .max(NAME_CHARS)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters');

/** What a person prefers; the names are those of the wire and of the host's file. */
export const desktopPreferences = () =>
  z.strictObject({
    theme: z.enum(['system', 'light', 'dark']),
    shortcut: shortText(0).meta({
      description: 'Of the quick picker, e.g. CommandOrControl+Shift+T; empty: none',
    }),
    autostart: z.boolean().meta({ description: 'Start at login' }),
    clipboard_seconds: z
      .int()
      .max(CLIPBOARD_SECONDS_MAX)
      .refine((seconds) => seconds === 0 || seconds >= CLIPBOARD_SECONDS_MIN, {
        error: `must be 0 or from ${CLIPBOARD_SECONDS_MIN} to ${CLIPBOARD_SECONDS_MAX}`,
      })
      .meta({ description: 'A copied token leaves the clipboard after so long; 0: never' }),
    notify_consent: z.boolean(),
    notify_failing: z.boolean(),
    notify_expiring: z.boolean(),
    updates: z.boolean().meta({ description: 'Look for new versions' }),
    browsers: z
      .record(
        z.string().regex(/^c_[\w-]{1,64}$/, 'must be the id of a connection'),
        z.strictObject({ browser: shortText(1), profile: shortText(1).optional() }),
      )
      .meta({ description: 'By connection: the browser its consent opens in' }),
    start_hidden: z.boolean().meta({ description: 'Start in the tray, without the window' }),
  });

export type DesktopPreferences = z.infer<ReturnType<typeof desktopPreferences>>;

/** Before a person has chosen anything. */
export const USUAL_PREFERENCES: DesktopPreferences = {
  theme: 'system',
  shortcut: '',
  autostart: false,
  clipboard_seconds: 30,
  notify_consent: true,
  notify_failing: true,
  notify_expiring: true,
  updates: true,
  browsers: {},
  start_hidden: true,
};

/** What this desktop and this build can do, as far as it can be told. */
export const desktopFacts = () =>
  z.strictObject({
    platform: z.string().meta({ example: 'linux' }),
    session_type: z.enum(['wayland', 'x11', 'other']),
    tray: z.enum(['shown', 'no_host', 'unknown']),
    screen_lock: z.enum(['seen', 'not_seen']),
    links: z.enum(['ours', 'other', 'none']).meta({ description: 'Who takes tokentray:// links' }),
    links_owner: z.string().optional(),
    sandboxed: z.boolean(),
    packaged: z.boolean(),
    updates: z.enum(['off', 'idle', 'checking', 'available', 'ready', 'failed']),
    browsers: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        profiles: z.array(z.strictObject({ id: z.string(), name: z.string() })),
      }),
    ),
    clipboard_way: z.enum(['direct', 'wl-copy', 'picker']),
    warnings: z.array(z.string()),
  });

export type DesktopFacts = z.infer<ReturnType<typeof desktopFacts>>;

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
