// The two ways in for scripts: loopback TCP and the Unix socket. TCP is bound to 127.0.0.1 and nothing wider, ever; which
// port is taken is decided here, never silently.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { listenOnSocket } from './endpoint-socket.ts';
import { createLimitedServer, type LimitedServer, type ServerLimits } from './limited-server.ts';
import { portHolder } from './port-holder.ts';

const LOOPBACK = '127.0.0.1';
// How long a stopping host waits for answers in flight.
const CLOSE_GRACE_MS = 10_000;

export interface ListenOptions {
  readonly handler: (request: IncomingMessage, response: ServerResponse, door: 'tcp' | 'socket') => void;
  /** The port the user named (0 = any free one); null when none was named. */
  readonly port: number | null;
  /** The port scripts know, from the settings: taken when none was named. */
  readonly usualPort: number;
  readonly socketPath: string;
  readonly log: LogPort;
  /** Tests shorten these. */
  readonly limits?: ServerLimits;
}

export interface Listeners {
  readonly url: string;
  readonly port: number;
  /**
   * Set when the usual port was taken and `port` was chosen instead. The host keeps the new one in its settings and says
   * so until the user has seen it: scripts must not go on sending keys to whoever holds the old one.
   */
  readonly moved?: { readonly from: number; readonly holder?: string };
  close(): Promise<void>;
}

/** Opens both doors or none. Throws `port_taken`, `host_running`, `unsafe_path` or `storage`. */
export async function listen(options: ListenOptions): Promise<Listeners> {
  const { handler, limits, log } = options;
  const socket = createLimitedServer((request, response) => handler(request, response, 'socket'), limits);
  // The socket first: a living one means another host, which is the better news to give than "port taken".
  await listenOnSocket(socket.server, options.socketPath, log);
  const tcp = createLimitedServer((request, response) => handler(request, response, 'tcp'), limits);
  try {
    const bound = await choosePort(tcp.server, options);
    for (const { server } of [tcp, socket]) {
      // No descriptor left for one more connection: that one is lost, the others go on.
      server.on('error', (error: NodeJS.ErrnoException) =>
        log.error('endpoint.accept', { code: error.code }),
      );
    }
    return { ...bound, url: `http://${LOOPBACK}:${bound.port}`, close: () => closeAll([tcp, socket]) };
  } catch (error) {
    await socket.close(0);
    throw error;
  }
}

/**
 * Binds a server to a loopback port and returns its number; 0 takes a free one. Throws `port_taken` naming the holder
 * where that can be told.
 */
async function listenOnPort(server: Server, port: number): Promise<number> {
  try {
    return await bind(server, port);
  } catch (error) {
    throw error instanceof PortTaken ? error.asTokentrayError() : error;
  }
}

async function closeAll(servers: readonly LimitedServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close(CLOSE_GRACE_MS)));
}

async function choosePort(
  server: Server,
  options: ListenOptions,
): Promise<Pick<Listeners, 'port' | 'moved'>> {
  if (options.port !== null) return { port: await listenOnPort(server, options.port) };
  try {
    return { port: await bind(server, options.usualPort) };
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const { port: from, holder } = error;
    const port = await listenOnPort(server, 0);
    options.log.warn('endpoint.port_moved', { from, to: port, holder });
    return { port, moved: { from, ...(holder === undefined ? {} : { holder }) } };
  }
}

class PortTaken extends Error {
  readonly port: number;
  readonly holder: string | undefined;

  constructor(port: number) {
    super(`port ${port} is taken`);
    this.port = port;
    this.holder = portHolder(port);
  }

  asTokentrayError(): TokentrayError {
    return new TokentrayError(
      'port_taken',
      `Port ${this.port} is taken by ${this.holder ?? 'another program'}. Choose another with --port, or stop that program.`,
      { field: 'port' },
    );
  }
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off('listening', bound);
      if (error.code === 'EADDRINUSE') return reject(new PortTaken(port));
      reject(
        new TokentrayError(
          'port_taken',
          `Port ${port} cannot be used (${error.code}). Choose another with --port.`,
          {
            field: 'port',
          },
        ),
      );
    };
    const bound = () => {
      server.off('error', failed);
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    };
    server.once('error', failed).once('listening', bound);
    server.listen({ host: LOOPBACK, port, exclusive: true });
  });
}
