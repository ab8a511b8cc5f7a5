// The browsers a consent can be sent to, and their profiles, as found on this machine. Pure but for two questions to the
// disk, which are given. What is not in this table is never started.
import { posix, win32 } from 'node:path';
import { z } from 'zod';

export interface FoundBrowser {
  readonly id: string;
  readonly name: string;
  /** Full path of the program. */
  readonly program: string;
  readonly family: Family;
  readonly profiles: readonly { readonly id: string; readonly name: string }[];
}

type Family = 'chromium' | 'firefox';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly exists: (path: string) => boolean;
  /** The text of a file; undefined when it cannot be read or is unreasonably large. */
  readonly read: (path: string) => string | undefined;
}

interface KnownBrowser {
  readonly id: string;
  readonly name: string;
  readonly family: Family;
  /** Names looked for on PATH. */
  readonly linux: readonly string[];
  /** The bundle and the program in it. */
  readonly mac: string;
  /** Below the folders of programs. */
  readonly windows: string;
  /** Where its profiles are listed: below the folder of configuration, of applications' data, of local data. */
  readonly profiles: { readonly linux: string; readonly mac: string; readonly windows: string };
}

const chromium = (
  id: string,
  name: string,
  linux: readonly string[],
  mac: string,
  windows: string,
  profiles: { readonly linux: string; readonly mac: string; readonly windows: string },
): KnownBrowser => ({ id, name, family: 'chromium', linux, mac, windows, profiles });

const KNOWN: readonly KnownBrowser[] = [
  {
    id: 'firefox',
    name: 'Firefox',
    family: 'firefox',
    linux: ['firefox', 'firefox-esr'],
    mac: 'Firefox.app/Contents/MacOS/firefox',
    windows: 'Mozilla Firefox\\firefox.exe',
    profiles: { linux: '.mozilla/firefox', mac: 'Firefox', windows: 'Mozilla\\Firefox' },
  },
  chromium(
    'chrome',
    'Google Chrome',
    ['google-chrome', 'google-chrome-stable'],
    'Google Chrome.app/Contents/MacOS/Google Chrome',
    'Google\\Chrome\\Application\\chrome.exe',
    { linux: 'google-chrome', mac: 'Google/Chrome', windows: 'Google\\Chrome\\User Data' },
  ),
  chromium(
    'chromium',
    'Chromium',
    ['chromium', 'chromium-browser'],
    'Chromium.app/Contents/MacOS/Chromium',
    'Chromium\\Application\\chrome.exe',
    { linux: 'chromium', mac: 'Chromium', windows: 'Chromium\\User Data' },
  ),
  chromium(
    'brave',
    'Brave',
    ['brave-browser', 'brave'],
    'Brave Browser.app/Contents/MacOS/Brave Browser',
    'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
    {
      linux: 'BraveSoftware/Brave-Browser',
      mac: 'BraveSoftware/Brave-Browser',
      windows: 'BraveSoftware\\Brave-Browser\\User Data',
    },
  ),
  chromium(
    'edge',
    'Microsoft Edge',
    ['microsoft-edge', 'microsoft-edge-stable'],
    'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    'Microsoft\\Edge\\Application\\msedge.exe',
    { linux: 'microsoft-edge', mac: 'Microsoft Edge', windows: 'Microsoft\\Edge\\User Data' },
  ),
  chromium(
    'vivaldi',
    'Vivaldi',
    ['vivaldi', 'vivaldi-stable'],
    'Vivaldi.app/Contents/MacOS/Vivaldi',
    'Vivaldi\\Application\\vivaldi.exe',
    { linux: 'vivaldi', mac: 'Vivaldi', windows: 'Vivaldi\\User Data' },
  ),
];

/** The browsers that are installed, in the order of the table. */
export function findBrowsers(machine: Machine): FoundBrowser[] {
  return KNOWN.flatMap((known) => {
    const program = candidates(known, machine).find((path) => machine.exists(path));
    if (program === undefined) return [];
    const { id, name, family } = known;
    return [{ id, name, family, program, profiles: profilesOf(known, machine) }];
  });
}

/** The arguments that open an address there: no shell, the address last, never an option by its form. */
export function openArguments(browser: FoundBrowser, profile: string | undefined, address: string): string[] {
  if (profile === undefined) return [address];
  return browser.family === 'firefox'
    ? ['-P', profile, address]
    : [`--profile-directory=${profile}`, address];
}

function candidates(known: KnownBrowser, { platform, env }: Machine): string[] {
  if (platform === 'win32') {
    const roots = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA];
    return roots
      .filter((root) => root !== undefined && root !== '')
      .map((root) => win32.join(root!, known.windows));
  }
  if (platform === 'darwin') {
    const roots = ['/Applications', posix.join(env.HOME ?? '/', 'Applications')];
    return roots.map((root) => posix.join(root, known.mac));
  }
  // A relative entry of PATH would be looked for in whatever folder we run in.
  const folders = (env.PATH ?? '').split(':').filter((folder) => posix.isAbsolute(folder));
  return known.linux.flatMap((name) => folders.map((folder) => posix.join(folder, name)));
}

function profilesOf(known: KnownBrowser, machine: Machine): { id: string; name: string }[] {
  const root = profileRoot(known, machine);
  if (root === undefined) return [];
  const { join } = machine.platform === 'win32' ? win32 : posix;
  const found =
    known.family === 'firefox'
      ? firefoxProfiles(machine.read(join(root, 'profiles.ini')) ?? '')
      : chromiumProfiles(machine.read(join(root, 'Local State')) ?? '');
  return found.filter(({ id }) => SAFE_PROFILE.test(id)).slice(0, PROFILES_MAX);
}

// A name that would be taken for an option, or hides something, is not offered.
const SAFE_PROFILE = /^[^\p{Cc}-][^\p{Cc}]{0,99}$/u;
/** More than anybody chooses from a list. */
const PROFILES_MAX = 50;
const NAME_CHARS = 100;

function profileRoot({ family, profiles }: KnownBrowser, { platform, env }: Machine): string | undefined {
  if (platform === 'win32') {
    const root = family === 'firefox' ? env.APPDATA : env.LOCALAPPDATA;
    return root === undefined ? undefined : win32.join(root, profiles.windows);
  }
  const { HOME } = env;
  if (HOME === undefined) return undefined;
  if (platform === 'darwin') return posix.join(HOME, 'Library', 'Application Support', profiles.mac);
  if (family === 'firefox') return posix.join(HOME, profiles.linux);
  return posix.join(env.XDG_CONFIG_HOME || posix.join(HOME, '.config'), profiles.linux);
}

const localState = z.object({
  profile: z.object({ info_cache: z.record(z.string(), z.object({ name: z.string() })) }),
});

function chromiumProfiles(text: string): { id: string; name: string }[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Missing or half written: the browser still opens, with its last profile.
    return [];
  }
  const parsed = localState.safeParse(document);
  if (!parsed.success) return [];
  return Object.entries(parsed.data.profile.info_cache).map(([id, { name }]) => ({
    id,
    name: name.slice(0, NAME_CHARS) || id,
  }));
}

/** `[Profile0]` sections with `Name=`; `-P` takes the name. */
function firefoxProfiles(text: string): { id: string; name: string }[] {
  return text
    .split(/^\[/m)
    .filter((section) => section.startsWith('Profile'))
    .flatMap((section) => {
      const name = /^Name=(.*)$/m.exec(section)?.[1]?.trim() ?? '';
      return name === '' ? [] : [{ id: name, name }];
    });
}
