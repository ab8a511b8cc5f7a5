// The desktop side of a host with a tray, as data: what a person prefers there, and what the desktop can do. Once for the
// host's file of preferences, the wire and the window.
import { z } from 'zod';

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
