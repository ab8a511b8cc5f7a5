// The shape of desktop/preferences.json: what a person prefers, as on the wire, and what the window remembers. Pure.
import { z } from 'zod';
import { desktopPreferences, USUAL_PREFERENCES } from '../api/desktop.ts';

const bounds = z.strictObject({ x: z.int(), y: z.int(), width: z.int().min(1), height: z.int().min(1) });

export const storedPreferences = desktopPreferences().extend({
  /** Where the window was when it was last closed. */
  window: bounds.optional(),
  /** The first start opens the window; later ones stay in the tray. */
  started: z.boolean(),
});

export type StoredPreferences = z.infer<typeof storedPreferences>;

export const USUAL_STORED: StoredPreferences = { ...USUAL_PREFERENCES, started: false };

/** The same as JSON schema, for the library that keeps the file: the properties, and nothing beside them. */
export function storedSchema(): Readonly<Record<string, unknown>> {
  const { properties } = z.toJSONSchema(storedPreferences);
  return properties ?? {};
}

/** The name a file that cannot be used is given: beside it, with the date. */
export function asideName(path: string, now: Date): string {
  return `${path}.unusable-${now.toISOString().replace(/[:.]/g, '-')}`;
}
