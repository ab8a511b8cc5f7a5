// Which of the two hosts `npm start` runs, and why. Pure but for questions to the disk.
// An Electron is looked for before anything imports it: the package would download one by itself, and hold everything up.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StartPlace {
  /** Folder of the electron package; undefined when it is not installed. */
  readonly electron: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

export type StartChoice =
  | { readonly kind: 'tray'; readonly binary: string }
  | { readonly kind: 'fetch' }
  /** `reason`: one sentence without its full stop. */
  | { readonly kind: 'headless'; readonly reason: string };

export function chooseStart(place: StartPlace): StartChoice {
  const { electron, env, platform } = place;
  if (env.CI !== undefined && env.CI !== '' && env.CI !== 'false')
    return { kind: 'headless', reason: 'CI is set, so no tray is started' };
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return { kind: 'headless', reason: 'There is no display here, so no tray' };
  if (electron === undefined)
    return { kind: 'headless', reason: 'Electron is not among the installed packages, so no tray' };
  const binary = findBinary(place);
  return binary === undefined ? { kind: 'fetch' } : { kind: 'tray', binary };
}

/** The Electron that is there: of the version wanted, or the one ELECTRON_OVERRIDE_DIST_PATH names. */
export function findBinary({ electron, env, platform }: StartPlace): string | undefined {
  if (electron === undefined) return undefined;
  const override = env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const binary = join(override, USUAL[platform] ?? 'electron');
    return existsSync(binary) ? binary : undefined;
  }
  const name = read(join(electron, 'path.txt'));
  const version = read(join(electron, 'dist', 'version'))?.replace(/^v/, '');
  if (name === undefined || version === undefined || version !== versionOf(electron)) return undefined;
  const binary = join(electron, 'dist', name);
  return existsSync(binary) ? binary : undefined;
}

const USUAL: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/** Of the package, so of the binary that belongs to it. */
export function versionOf(electron: string): string {
  const { version } = JSON.parse(readFileSync(join(electron, 'package.json'), 'utf8')) as { version: string };
  return version;
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

export interface StartArguments {
  /** For the headless host, as they came. */
  readonly serve: readonly string[];
  /** The same for the tray, which takes no options: a link could carry them. */
  readonly env: NodeJS.ProcessEnv;
}

/** `--sandbox` and `--port N` mean the same in both hosts. Undefined for anything else. */
export function readArguments(args: readonly string[]): StartArguments | undefined {
  const env: NodeJS.ProcessEnv = {};
  for (let at = 0; at < args.length; at += 1) {
    const [name, value = args[at + 1]] = args[at]!.split('=', 2);
    if (args[at] === '--sandbox') env.TOKENTRAY_SANDBOX = '1';
    else if (name === '--port' && value !== undefined && /^\d{1,5}$/.test(value)) {
      env.TOKENTRAY_PORT = value;
      if (!args[at]!.includes('=')) at += 1;
    } else return undefined;
  }
  return { serve: args, env };
}
