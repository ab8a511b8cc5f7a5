// The desktop file that takes tokentray:// links on Linux, for those who run us without a package: an AppImage, or a
// checkout. Written again when the program has moved; the system's own programs are then told, as far as they are there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { writePrivateFile } from '../core/vault/file-safety.ts';
import { DESKTOP_ID, desktopEntry } from './desktop-entry.ts';

const FILE = `${DESKTOP_ID}.desktop`;
const SCHEME_TYPE = 'x-scheme-handler/tokentray';
/** By this our own files are known: a person may have written another of that name. */
const COMMENT = 'Takes the answers of sign-ins';
// A cold xdg-mime starts half a desktop's worth of shell scripts.
const TOOL_MS = 10_000;

/**
 * What starts this program again: the AppImage itself (its contents lie on a mount that goes away), else what runs. A
 * terminal that is an AppImage leaves its own in the environment: ours is the one on whose mount we run.
 */
export function programOf(env: NodeJS.ProcessEnv, running: readonly string[]): readonly string[] {
  const { APPIMAGE: image = '', APPDIR: mount = '' } = env;
  const [program = ''] = running;
  const isOurs = isAbsolute(mount) && !relative(mount, program).startsWith('..');
  return isAbsolute(image) && isOurs ? [image] : running;
}

/** True when a package has installed our desktop file for everybody: then it is the one that counts. */
export function isInstalled(env: NodeJS.ProcessEnv): boolean {
  const directories = (env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':').filter(isAbsolute);
  return directories.some((directory) => existsSync(join(directory, 'applications', FILE)));
}

/**
 * Writes the file if it is not the same already, and makes it known. Throws `storage` or `unsafe_path` when it cannot be
 * written, RangeError for a path no such file can name.
 */
export async function writeLinkEntry(env: NodeJS.ProcessEnv, program: readonly string[]): Promise<void> {
  const directory = entryDirectory(env);
  const path = join(directory, FILE);
  const text = desktopEntry({ exec: program, link: true, comment: COMMENT });
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(directory, { recursive: true });
  writePrivateFile(path, text);
  // Without it, what opens links by this cache does not see the file; many look for themselves.
  await runTool('update-desktop-database', [directory], env);
}

/**
 * Takes away the file that an AppImage or a checkout wrote before there was a package: it would hide the package's entry
 * from the menus, and start the old program for every link.
 */
export async function removeLinkEntry(env: NodeJS.ProcessEnv): Promise<void> {
  const directory = entryDirectory(env);
  const path = join(directory, FILE);
  if (!existsSync(path) || !readFileSync(path, 'utf8').includes(`\nComment=${COMMENT}\n`)) return;
  rmSync(path);
  await runTool('update-desktop-database', [directory], env);
}

/** Makes our desktop file the one for our links. False when the system did not take it. */
export function takeLinks(env: NodeJS.ProcessEnv): Promise<boolean> {
  return runTool('xdg-mime', ['default', FILE, SCHEME_TYPE], env);
}

/** XDG Base Directory Specification: a relative value is to be ignored. */
function entryDirectory(env: NodeJS.ProcessEnv): string {
  const given = env.XDG_DATA_HOME;
  const data = given !== undefined && isAbsolute(given) ? given : join(env.HOME ?? '/', '.local', 'share');
  return join(data, 'applications');
}

/** False when it is not there, fails or takes too long. */
async function runTool(tool: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn(tool, args, { stdio: 'ignore', shell: false, env, timeout: TOOL_MS });
  try {
    const [code] = await once(child, 'exit');
    return code === 0;
  } catch {
    // Not installed: the desktop finds the file by itself, or the user has none.
    return false;
  }
}
