// What a person prefers at this desktop, kept in desktop/preferences.json by electron-store under a schema. Never a secret.
// A file that cannot be used is set aside under a name with the date, and said; it is never a reason not to start.
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ipcMain } from 'electron';
import Store, { type Options } from 'electron-store';
import type { DesktopPreferences } from '../api/desktop.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { prepareFile } from '../core/vault/file-safety.ts';
import {
  asideName,
  type StoredPreferences,
  storedPreferences,
  storedSchema,
  USUAL_STORED,
} from './preferences-file.ts';
import type { Bounds } from './window-bounds.ts';

export interface Preferences {
  read(): DesktopPreferences;
  /** Keeps them at once. Throws `storage`. */
  change(patch: Partial<DesktopPreferences>): void;
  bounds(): Bounds | undefined;
  /** What the window remembers; lost without a word when it cannot be written. */
  keepBounds(bounds: Bounds): void;
  /** True once in the life of this file. */
  takeFirstStart(): boolean;
  /** Sentences about a file that could not be used. */
  readonly warnings: readonly string[];
}

const NAME = 'preferences';

/** `directory` is the application's own (userData). Throws `storage` for a file that can be neither used nor moved away. */
export function openPreferences(directory: string, log: LogPort): Preferences {
  const path = join(directory, `${NAME}.json`);
  const warnings: string[] = [];
  let store = open(directory, path, log, warnings);
  // It would tell any page where the data lies. No page of ours can ask, and none shall.
  ipcMain.removeAllListeners('electron-store-get-data');

  const keep = (patch: Partial<StoredPreferences>): void => {
    try {
      store.set(patch);
    } catch {
      throw new TokentrayError('storage', `${path} could not be written. Check the disk.`, {
        field: 'preferences',
      });
    }
  };
  const quietly = (patch: Partial<StoredPreferences>): void => {
    try {
      keep(patch);
    } catch {
      log.warn('preferences_not_kept', { fields: Object.keys(patch) });
    }
  };
  const read = (): StoredPreferences => {
    try {
      // Looked at again each time: the file may have been changed by hand since.
      return storedPreferences.parse(store.store);
    } catch (error) {
      setAside(path, error, log, warnings);
      store = open(directory, path, log, warnings);
      return USUAL_STORED;
    }
  };
  return {
    read() {
      const { window: _window, started: _started, ...preferences } = read();
      return preferences;
    },
    change: keep,
    bounds: () => read().window,
    keepBounds: (window) => quietly({ window }),
    takeFirstStart() {
      if (read().started) return false;
      quietly({ started: true });
      return true;
    },
    warnings,
  };
}

function open(directory: string, path: string, log: LogPort, warnings: string[]): Store<StoredPreferences> {
  const options: Options<StoredPreferences> = {
    cwd: directory,
    name: NAME,
    schema: storedSchema(),
    rootSchema: { additionalProperties: false },
    defaults: USUAL_STORED,
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
  };
  try {
    prepareFile(path, log);
    // Before the library, which writes what it lacks into the file at once. What its schema cannot say is said here.
    if (existsSync(path)) storedPreferences.partial().parse(JSON.parse(readFileSync(path, 'utf8')));
    return new Store<StoredPreferences>(options);
  } catch (error) {
    setAside(path, error, log, warnings);
    return new Store<StoredPreferences>(options);
  }
}

function setAside(path: string, error: unknown, log: LogPort, warnings: string[]): void {
  log.warn('preferences_not_used', { error: error instanceof Error ? error.name : 'unknown' });
  const aside = asideName(path, new Date());
  try {
    renameSync(path, aside);
  } catch {
    throw new TokentrayError(
      'storage',
      `${path} cannot be used and could not be moved away. Correct or remove it.`,
    );
  }
  warnings.push(
    `${path} could not be used and was moved to ${aside}. The usual preferences are used; compare and correct.`,
  );
}
