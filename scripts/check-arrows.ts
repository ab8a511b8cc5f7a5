// The arrows between the rooms, as a check that fails the build: who may import whom, and the habits of files.
// One table says it all. What is not in the table is refused, so that a new library or arrow is somebody's decision.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, posix, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Import, readImports, readTokens, type Token } from './read-imports.ts';

type Room = keyof typeof ROOMS;

interface Rules {
  /** Other rooms, or single files of them; `types`: nothing of theirs is loaded. A room may import itself. */
  readonly rooms: Readonly<Record<string, 'values' | 'types'>>;
  /** `any`: whatever is installed. */
  readonly packages: readonly string[] | 'any';
  readonly node: boolean;
}

const host = { host: 'values', core: 'values', api: 'values', 'package.json': 'values' } as const;

const ROOMS = {
  core: { rooms: {}, packages: ['oauth4webapi', 'zod'], node: true },
  api: { rooms: { core: 'values' }, packages: ['hono', '@hono/zod-openapi', 'zod'], node: false },
  host: {
    rooms: { core: 'values', api: 'values', 'package.json': 'values' },
    packages: ['@hono/node-server', '@napi-rs/keyring', 'pino'],
    node: true,
  },
  electron: { rooms: host, packages: ['electron', 'electron-store', 'electron-updater', 'zod'], node: true },
  // What electron-builder runs while it makes a package.
  build: { rooms: {}, packages: ['@electron/fuses', 'electron-builder'], node: true },
  bridges: { rooms: host, packages: ['ws', 'ioredis'], node: true },
  // cli/serve.ts and its parts, cli/serve-*.ts, are the headless host; the commands speak HTTP to a running one.
  'cli/serve': { rooms: { ...host, cli: 'values' }, packages: ['@clack/prompts'], node: true },
  cli: {
    rooms: { api: 'types', 'cli/serve': 'values', 'package.json': 'values' },
    packages: ['commander', '@clack/prompts', 'qrcode'],
    node: true,
  },
  renderer: {
    rooms: { api: 'types' },
    packages: [
      'react',
      'react-dom',
      '@base-ui/react',
      'lucide-react',
      '@tanstack/react-query',
      '@tanstack/react-virtual',
    ],
    node: false,
  },
  sandbox: { rooms: {}, packages: ['oidc-provider'], node: true },
  scripts: {
    rooms: { 'sandbox/user-agent.ts': 'values', 'package.json': 'values' },
    packages: ['@playwright/test'],
    node: true,
  },
  test: {
    rooms: {
      ...host,
      cli: 'values',
      'cli/serve': 'values',
      electron: 'values',
      build: 'values',
      bridges: 'values',
      renderer: 'values',
      sandbox: 'values',
      scripts: 'values',
    },
    packages: 'any',
    node: true,
  },
} as const satisfies Record<string, Rules>;

/** Names that say nothing about what is inside, and the names of barrels. */
const EMPTY_NAMES = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'misc',
  'shared',
  'lib',
  'index',
  'mod',
]);

const NODE = new Set(builtinModules);

/** Every breach as a sentence that begins with its place, sorted; empty when all is well. `root`: of the project. */
export function checkArrows(root: string): string[] {
  const files = globSync(
    '{core,api,host,electron,build,bridges,cli,renderer,sandbox,scripts,test}/**/*.{ts,tsx,mts,cts}',
    {
      cwd: root,
    },
  );
  return files
    .map((file) => file.split(sep).join('/'))
    .sort()
    .flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8')));
}

function checkFile(file: string, source: string): string[] {
  const tokens = readTokens(source);
  return [
    ...checkName(file),
    ...checkHeader(file, source),
    ...checkExports(file, tokens),
    ...readImports(tokens).flatMap((found) => checkImport(file, found)),
  ];
}

function checkName(file: string): string[] {
  const parts = file.split('/');
  return parts
    .map((part, at) => (at === parts.length - 1 ? part.replace(/\..*$/, '') : part))
    .flatMap((part) => {
      if (EMPTY_NAMES.has(part)) return [`${file}:1 is called ${part}; say what is inside`];
      return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part) ? [] : [`${file}:1 is not in kebab-case: ${part}`];
    });
}

function checkHeader(file: string, source: string): string[] {
  const first = source.replace(/^#![^\n]*\n/, '');
  return /^(?:\/\/ ?\S|\/\*)/.test(first)
    ? []
    : [`${file}:1 has no header comment; say what it owns and what must stay true`];
}

function checkExports(file: string, tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, at) => {
    const before = tokens[at - 1];
    const isDefault =
      token.kind === 'word' &&
      token.text === 'default' &&
      before?.kind === 'word' &&
      ['export', 'as'].includes(before.text);
    return isDefault ? [`${file}:${token.line} has a default export; give it its name`] : [];
  });
}

function checkImport(file: string, { from, line, typeOnly }: Import): string[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  const place = `${file}:${line}`;
  if (from === undefined) return [`${place} computes what it imports; write the name out`];
  const rules: Rules = ROOMS[room];

  if (from.startsWith('.')) {
    const target = posix.join(posix.dirname(file), from);
    const other = target === 'package.json' ? target : roomOf(target);
    if (other === room) return checkEnding(place, from);
    const allowed = rules.rooms[target] ?? rules.rooms[other ?? ''];
    if (allowed === undefined) return [`${place} imports ${target}; ${room} may not`];
    if (allowed === 'types' && !typeOnly)
      return [`${place} imports ${target}; ${room} may import its types only`];
    return checkEnding(place, from);
  }

  const name = from.startsWith('node:') ? from : packageOf(from);
  if (name.startsWith('node:'))
    return rules.node || typeOnly ? [] : [`${place} imports ${name}; ${room} may not`];
  if (NODE.has(name)) return [`${place} imports ${name}; write node:${name}`];
  if (name === 'electron' && !typeOnly && room !== 'electron') {
    return [`${place} imports electron, which downloads a binary; only electron/ may`];
  }
  if (rules.packages === 'any' || rules.packages.includes(name)) return [];
  return [`${place} imports ${name}; ${room} may not`];
}

/** Sources run unbuilt, so an import names its file. */
function checkEnding(place: string, from: string): string[] {
  return /\.(?:tsx?|json|css)$/.test(from) ? [] : [`${place} imports ${from}; end it in .ts`];
}

function roomOf(path: string): Room | undefined {
  if (/^cli\/serve(?:-[a-z-]+)?\.ts$/.test(path)) return 'cli/serve';
  const first = path.slice(0, path.indexOf('/'));
  return isRoom(first) ? first : undefined;
}

function isRoom(name: string): name is Room {
  return name in ROOMS;
}

function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

if (import.meta.main) {
  const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
  if (!existsSync(join(root, 'package.json'))) {
    process.stderr.write(`${basename(root)} holds no package.json. Give the folder of the project.\n`);
    process.exitCode = 2;
  } else {
    const breaches = checkArrows(root);
    process.stdout.write(breaches.map((breach) => `${breach}\n`).join(''));
    if (breaches.length > 0) process.exitCode = 1;
  }
}
