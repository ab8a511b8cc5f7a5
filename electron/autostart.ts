// Starting at login, off until asked: a desktop file in XDG autostart on Linux, the system's own list elsewhere. The system
// is the truth: who takes us off its list by its own means has turned it off.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { writePrivateFile } from '../core/vault/file-safety.ts';
import { DESKTOP_ID, desktopEntry } from './desktop-entry.ts';

/** Of Electron's `app`; on Linux it has none of this. */
export interface LoginItems {
  setLoginItemSettings(settings: { openAtLogin: boolean; path?: string; args?: string[] }): void;
  getLoginItemSettings(options?: { path?: string; args?: string[] }): { readonly openAtLogin: boolean };
}

export interface AutostartOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** Program and arguments that start us again. */
  readonly program: readonly string[];
  readonly items: LoginItems;
}

/** Puts it in force, or up to date. Throws `storage` when the file cannot be written, RangeError for an impossible path. */
export function setAutostart(enabled: boolean, options: AutostartOptions): void {
  const { env, platform, program, items } = options;
  if (platform === 'linux') setEntry(enabled, entryPath(env), program);
  else items.setLoginItemSettings({ openAtLogin: enabled, ...loginItem(options) });
}

function setEntry(enabled: boolean, path: string, program: readonly string[]): void {
  if (!enabled) {
    rmSync(path, { force: true });
    return;
  }
  const text = desktopEntry({ exec: program, link: false, comment: 'Starts Tokentray at login' });
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writePrivateFile(path, text);
}

/** What the system will do at the next login. */
export function isAutostart(options: AutostartOptions): boolean {
  const { env, platform, items } = options;
  if (platform !== 'linux') return items.getLoginItemSettings(loginItem(options)).openAtLogin;
  const path = entryPath(env);
  // Desktops turn an entry off by a line in it.
  return (
    existsSync(path) && !/^(?:Hidden=true|X-GNOME-Autostart-enabled=false)$/m.test(readFileSync(path, 'utf8'))
  );
}

/** Windows compares path and arguments with what was set. macOS knows the application by itself. */
function loginItem({ platform, program }: AutostartOptions): { path?: string; args?: string[] } {
  const [path = process.execPath, ...args] = program;
  return platform === 'win32' ? { path, args: [...args, '--'] } : {};
}

/** XDG Base Directory Specification: a relative value is to be ignored. */
function entryPath(env: NodeJS.ProcessEnv): string {
  const given = env.XDG_CONFIG_HOME;
  const home = given !== undefined && isAbsolute(given) ? given : join(env.HOME ?? '/', '.config');
  return join(home, 'autostart', `${DESKTOP_ID}.desktop`);
}
