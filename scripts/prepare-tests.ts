// Looks for the programs that tests need beside Node, gets what is missing where it can, and names what it cannot.
// It says what it installs before it does; where everything is there it starts nothing and prints nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Tool {
  readonly name: string;
  /** Debian package that brings it. */
  readonly package: string;
  readonly found: () => boolean;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
// A slow mirror needs minutes for a browser; after this the tests go on without.
const INSTALL_MS = 5 * 60_000;

const keyring: Tool = {
  name: 'gnome-keyring',
  package: 'gnome-keyring',
  found: () => onPath('gnome-keyring-daemon'),
};
const bus: Tool = {
  name: 'dbus',
  package: 'dbus',
  found: () => onPath('dbus-run-session') && onPath('dbus-daemon'),
};
const tracer: Tool = { name: 'strace', package: 'strace', found: () => onPath('strace') };
const browser: Tool = {
  name: 'chromium',
  package: 'chromium',
  found: () => onPath('chromium') || hasPlaywrightBrowser(),
};
/** What hands links to programs on a Linux desktop, and what says whether a desktop file is one. */
const links: readonly Tool[] = [
  { name: 'xdg-utils', package: 'xdg-utils', found: () => onPath('xdg-mime') },
  { name: 'gio', package: 'libglib2.0-bin', found: () => onPath('gio') },
  { name: 'desktop-file-utils', package: 'desktop-file-utils', found: () => onPath('desktop-file-validate') },
];
const agent: Tool = { name: 'oidc-agent', package: 'oidc-agent-cli', found: () => onPath('oidc-agent') };

/** Specs drive a browser; without any, none is needed. */
export function browserSpecs(): string[] {
  return globSync('test/**/*.spec.ts', { cwd: ROOT });
}

/** Names of the tools that are missing and could not be installed. `bench`: also what only the benchmarks need. */
export function prepareTests(options: { readonly bench?: boolean } = {}): string[] {
  const linux = process.platform === 'linux';
  const wanted = [
    ...(linux ? [keyring, bus, tracer, ...links] : []),
    ...(browserSpecs().length > 0 ? [browser] : []),
    ...(options.bench ? [agent] : []),
  ];
  const missing = () => wanted.filter((tool) => !tool.found());
  if (missing().length > 0 && linux && process.getuid?.() === 0 && onPath('apt-get'))
    installPackages(missing());
  if (missing().includes(browser)) downloadBrowser();
  return missing().map(({ name }) => name);
}

function installPackages(tools: readonly Tool[]): void {
  const packages = tools.map((tool) => tool.package);
  say(`The tests need ${packages.join(', ')}. Installing with apt-get; this can take a minute or two.`);
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (run('apt-get', install)) return;
  // The list of packages may be missing or old.
  say('Asking for the current list of packages, then trying again.');
  if (run('apt-get', ['update']) && run('apt-get', install)) return;
  say(`apt-get could not install ${packages.join(', ')}.`);
}

function downloadBrowser(): void {
  say('The browser tests need Chromium. Downloading it with Playwright, about 170 MB.');
  const playwright = join(ROOT, 'node_modules', '@playwright', 'test', 'cli.js');
  if (!run(process.execPath, [playwright, 'install', 'chromium']))
    say('Playwright could not download Chromium.');
}

/** True when it ended well. Its output is progress, so it goes to standard error. */
function run(command: string, args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { env, stdio: ['ignore', 2, 2], timeout: INSTALL_MS }).status === 0;
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Where Playwright keeps what it downloaded. */
function hasPlaywrightBrowser(): boolean {
  const usual =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches', 'ms-playwright')
      : join(process.env.LOCALAPPDATA ?? join(homedir(), '.cache'), 'ms-playwright');
  const folder = process.env.PLAYWRIGHT_BROWSERS_PATH ?? usual;
  return globSync('chromium-*/INSTALLATION_COMPLETE', { cwd: folder }).length > 0;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

if (import.meta.main) {
  const missing = prepareTests({ bench: process.argv.includes('--bench') });
  process.stdout.write(`${JSON.stringify({ missing })}\n`);
}
