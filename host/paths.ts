// Where everything of a host lies: decided once, from the environment alone. No file is touched here.

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join, posix, win32 } from 'node:path';
import { TokentrayError } from '../core/errors.ts';

export interface HostPaths {
  readonly home: string;
  readonly vault: string;
  readonly lock: string;
  readonly settings: string;
  readonly endpoint: string;
  readonly ownerKey: string;
  /** Digests of the window's sessions. */
  readonly sessions: string;
  readonly logs: string;
  readonly sandbox: string;
  /** Unix socket, or the name of a pipe on Windows. */
  readonly socket: string;
}

// sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included; a round number below both.
const SOCKET_PATH_BYTES = 100;

/**
 * `TOKENTRAY_HOME` if set, else the platform's data directory. Throws `invalid_field` for a home that is empty or not
 * absolute (commands run from many folders; each would find another vault) or cannot be derived, `unsafe_path` for a
 * socket path that is too long.
 */
export function resolvePaths(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): HostPaths {
  const { join } = platform === 'win32' ? win32 : posix;
  const home = homeOf(env, platform);
  return {
    home,
    vault: join(home, 'vault.db'),
    lock: join(home, 'host.lock'),
    settings: join(home, 'settings.json'),
    endpoint: join(home, 'endpoint.json'),
    ownerKey: join(home, 'owner.key'),
    sessions: join(home, 'sessions.json'),
    logs: join(home, 'logs'),
    sandbox: join(home, 'sandbox'),
    socket: socketOf(env, platform, home),
  };
}

/** Where a copy of what the vault does not take may be saved: beside it first, then on what may be another disk. */
export function rescueDirectories({ home, socket }: HostPaths): string[] {
  const runtime = process.platform === 'win32' ? [] : [dirname(socket)];
  // The folder for temporary files is everybody's, so in it is one of our own.
  return [home, ...runtime, join(tmpdir(), `tokentray-rescue-${process.getuid?.() ?? 'user'}`)];
}

function homeOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const { isAbsolute, join, normalize } = platform === 'win32' ? win32 : posix;
  const given = env.TOKENTRAY_HOME;
  if (given !== undefined) {
    if (!isAbsolute(given)) {
      throw new TokentrayError(
        'invalid_field',
        `TOKENTRAY_HOME is ${given === '' ? 'empty' : `"${given}"`}. Set it to an absolute path, or unset it to use the usual folder.`,
        { field: 'TOKENTRAY_HOME' },
      );
    }
    return normalize(given).replace(/(?<=[^/\\:])[/\\]+$/, '');
  }
  if (platform === 'win32') return join(required(env, 'APPDATA'), 'Tokentray');
  if (platform === 'darwin')
    return join(required(env, 'HOME'), 'Library', 'Application Support', 'Tokentray');
  // XDG Base Directory Specification: a relative value is to be ignored.
  const data = env.XDG_DATA_HOME;
  if (data !== undefined && isAbsolute(data)) return join(data, 'tokentray');
  return join(required(env, 'HOME'), '.local', 'share', 'tokentray');
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new TokentrayError(
    'invalid_field',
    `${name} is not set, so there is no usual folder for data. Set TOKENTRAY_HOME to an absolute path.`,
    { field: name },
  );
}

function socketOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  if (platform === 'win32') {
    const id = createHash('sha256').update(home.toLowerCase()).digest('hex').slice(0, 32);
    return `\\\\.\\pipe\\tokentray-${id}`;
  }
  const runtime = env.XDG_RUNTIME_DIR;
  const usesRuntime =
    env.TOKENTRAY_HOME === undefined &&
    platform !== 'darwin' &&
    runtime !== undefined &&
    posix.isAbsolute(runtime);
  const socket = usesRuntime ? posix.join(runtime, 'tokentray', 't.sock') : posix.join(home, 'run', 't.sock');
  const bytes = Buffer.byteLength(socket);
  if (bytes <= SOCKET_PATH_BYTES) return socket;
  throw new TokentrayError(
    'unsafe_path',
    `The path of the socket is ${bytes} bytes long and may have ${SOCKET_PATH_BYTES}: ${socket}. Set TOKENTRAY_HOME to a shorter path.`,
    { field: 'TOKENTRAY_HOME' },
  );
}
