// Where the running host listens and the key to speak to it with. Nothing is sent here.
// A key goes only to a socket, folder and address that nobody else on the machine can replace (promise 129).
import { lstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, join, posix, win32 } from 'node:path';
import { failure, usage } from './problem.ts';

export interface HostAddress {
  /** Unix socket or named pipe; used before TCP, because no stranger can listen there. */
  readonly socket?: string;
  /** Loopback address, where there is no socket. */
  readonly url?: URL;
  readonly key: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `$TOKENTRAY_HOME`, else the platform's data directory: the same rules as the host's. Throws `usage`. */
export function dataDirectory(env: Environment = process.env, platform: string = process.platform): string {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  const given = env.TOKENTRAY_HOME;
  if (given !== undefined) {
    if (isAbsolute(given)) return given;
    throw usage(
      'TOKENTRAY_HOME is not an absolute path. Set it to one, or unset it to use the usual folder.',
    );
  }
  if (platform === 'win32') return join(required(env, 'APPDATA'), 'Tokentray');
  if (platform === 'darwin')
    return join(required(env, 'HOME'), 'Library', 'Application Support', 'Tokentray');
  // XDG Base Directory Specification: a relative value is to be ignored.
  const data = env.XDG_DATA_HOME;
  if (data !== undefined && isAbsolute(data)) return join(data, 'tokentray');
  return join(required(env, 'HOME'), '.local', 'share', 'tokentray');
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value) return value;
  throw usage(
    `${name} is not set, so there is no usual folder for data. Set TOKENTRAY_HOME to an absolute path.`,
  );
}

export function noHost(): Error {
  return failure(
    'no_host',
    'No Tokentray host is running. Start one with `tokentray serve`.',
    'tokentray serve',
  );
}

/** Reads `endpoint.json` and `owner.key`. Throws `no_host`, `unsafe_path` or `unauthorized`. */
export function findHost(env: Environment = process.env): HostAddress {
  const home = dataDirectory(env);
  const file = join(home, 'endpoint.json');
  // The folder may be a link (a moved home); what is in it may not.
  const folder = stats(home, statSync);
  if (folder === undefined) throw noHost();
  checkPrivate(home, folder, 0o022, 'changed');
  const text = readPrivate(file, 0o022, 'changed');
  if (text === undefined) throw noHost();
  const { socket, url, pid } = parseEndpoint(text);

  if (socket !== undefined) {
    checkSocket(socket);
    return { socket, key: findKey(home, env) };
  }
  // Without a socket, a stranger may have taken the port since: a host that left no process is not there.
  if (url === undefined || !isLoopback(url) || !isAlive(pid)) throw noHost();
  return { url, key: findKey(home, env) };
}

function findKey(home: string, env: Environment): string {
  const given = env.TOKENTRAY_KEY;
  if (given) return given.trim();
  const key = readPrivate(join(home, 'owner.key'), 0o077, 'read');
  if (key !== undefined) return key.trim();
  throw failure(
    'unauthorized',
    'The key of the command line, owner.key, is missing from the data directory. Restart the host, or set TOKENTRAY_KEY.',
  );
}

function parseEndpoint(text: string): { socket?: string; url?: URL; pid?: number } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Half written or damaged: as good as absent, and the host writes it anew when it starts.
    throw noHost();
  }
  if (typeof document !== 'object' || document === null) throw noHost();
  const { socket, url, pid } = document as Record<string, unknown>;
  return {
    ...(typeof socket === 'string' && socket !== '' ? { socket } : {}),
    ...(typeof url === 'string' && URL.canParse(url) ? { url: new URL(url) } : {}),
    ...(typeof pid === 'number' ? { pid } : {}),
  };
}

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: gone. EPERM: not a process of ours, so not our host either.
    return false;
  }
}

/** Promise 129: the folder and the socket are ours and closed to others. Pipes of Windows have no such modes. */
function checkSocket(socket: string): void {
  if (socket.startsWith('\\\\')) return;
  const folder = stats(dirname(socket), lstatSync);
  const entry = stats(socket, lstatSync);
  if (folder === undefined || entry === undefined) throw noHost();
  checkPrivate(dirname(socket), folder, 0o077, 'reached');
  if (!folder.isDirectory()) throw unsafe(dirname(socket), 'is not a folder');
  checkPrivate(socket, entry, 0o077, 'reached');
  if (!entry.isSocket()) throw unsafe(socket, 'is not a socket');
}

function readPrivate(path: string, mask: number, verb: string): string | undefined {
  const entry = stats(path, lstatSync);
  if (entry === undefined) return undefined;
  if (!entry.isFile()) throw unsafe(path, 'is not a plain file');
  checkPrivate(path, entry, mask, verb);
  return readFileSync(path, 'utf8');
}

function checkPrivate(path: string, entry: Stats, mask: number, verb: string): void {
  const me = process.getuid?.();
  if (me === undefined) return;
  if (entry.uid !== me) throw unsafe(path, 'belongs to another user');
  // A link's own mode is always 777 and means nothing; the type checks refuse links.
  if (entry.isSymbolicLink() || (entry.mode & mask) === 0) return;
  const mode = entry.isDirectory() ? '700' : '600';
  throw unsafe(path, `can be ${verb} by other users of this machine`, `chmod ${mode} '${path}'`);
}

function unsafe(path: string, what: string, command?: string): Error {
  return failure(
    'unsafe_path',
    `${path} ${what}, so no key was sent. Check it, then restart the host.`,
    command,
  );
}

function stats(path: string, read: (path: string) => Stats): Stats | undefined {
  try {
    return read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unsafe(path, 'cannot be looked at');
  }
}
