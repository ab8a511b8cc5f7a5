// The Unix socket of the endpoint: in a folder only its owner may enter, itself 0600, never through a link. A file that
// is in the way is removed only when it is a socket of ours that nobody listens on (promise 128).

import { lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { look, prepareDirectory } from '../core/vault/file-safety.ts';

// Anything that listens accepts within microseconds; silence means a host that is stopped or overwhelmed, but alive.
const PROBE_MS = 1_000;

/** Listens on `path` (a pipe name on Windows). Throws `host_running`, `unsafe_path` or `storage`. */
export async function listenOnSocket(server: Server, path: string, log: LogPort): Promise<void> {
  if (process.platform !== 'win32') {
    prepareDirectory(dirname(path), log);
    await clear(path);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The file is made inside listen(), so there is no moment at which it is open to others.
    const mask = process.umask(0o177);
    try {
      server.listen({ path }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw running(path);
    throw new TokentrayError('storage', `The socket ${path} could not be made (${error.code}).`);
  });
}

async function clear(path: string): Promise<void> {
  const found = look(path);
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw unsafe(`${path} is a symbolic link. Remove it: links are not followed.`);
  if (!found.isSocket()) throw unsafe(`${path} is not a socket. Move it away.`);
  if (found.uid !== process.getuid?.()) throw unsafe(`${path} belongs to another user (uid ${found.uid}).`);
  if (await isAlive(path)) throw running(path);
  // Still the same one: a host that started meanwhile has made its own.
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now !== undefined && now.ino === found.ino) unlinkSync(path);
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    const settle = (alive: boolean) => {
      clearTimeout(patience);
      probe.destroy();
      resolve(alive);
    };
    const patience = setTimeout(() => settle(true), PROBE_MS);
    probe.once('connect', () => settle(true));
    probe.once('error', (error: NodeJS.ErrnoException) =>
      settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

function running(path: string): TokentrayError {
  return new TokentrayError(
    'host_running',
    `Another Tokentray answers at ${path}. Use that one, or stop it first.`,
  );
}

function unsafe(message: string): TokentrayError {
  return new TokentrayError('unsafe_path', message);
}
