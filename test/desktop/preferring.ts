// Preferences of a person who has used the tray before: written before it starts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DesktopPreferences } from '../../api/desktop.ts';
import { USUAL_STORED } from '../../electron/preferences-file.ts';
import type { Folders } from './desktop.ts';

/** For `prepare` of a choice. Later starts stay in the tray, so this one does too. */
export function preferring(changes: Partial<DesktopPreferences> = {}): (folders: Folders) => void {
  return ({ home }) => {
    const folder = join(home, 'desktop');
    mkdirSync(folder, { mode: 0o700 });
    const preferences = { ...USUAL_STORED, ...changes, started: true };
    writeFileSync(join(folder, 'preferences.json'), JSON.stringify(preferences), { mode: 0o600 });
  };
}
