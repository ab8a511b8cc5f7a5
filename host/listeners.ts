// The ways in: loopback TCP and the Unix socket for scripts, and the window on a port of its own (browsers send what they
// keep for a host to all its ports). TCP is bound to 127.0.0.1 and nothing wider, ever; which port is taken is decided
// here, never silently.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HttpDoor } from '../api/guard.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { listenOnSocket } from './endpoint-socket.ts';
import { createLimitedServer, type LimitedServer, type ServerLimits } from './limited-server.ts';
import { portHolder } from './port-holder.ts';

const LOOPBACK = '127.0.0.1';
// How long a stopping host waits for answers in flight.
const CLOSE_GRACE_MS = 10_000;

export interface ListenOptions {
  readonly handler: (request: IncomingMessage, response: ServerResponse, door: HttpDoor) => void;
  /** The port the user named (0 = any free one); null when none was named, `off`: no TCP door. */
  readonly port: number | null | 'off';
  /** The port scripts know, from the settings: taken when none was named. */
  readonly usualPort: number;
  /** The same for the window. */
  readonly windowPort: number | null | 'off';
  readonly usualWindowPort: number;
  readonly socketPath: string;
  readonly log: LogPort;
  /** Tests shorten these. */
  readonly limits?: ServerLimits;
}

export interface BoundPort {
  readonly port: number;
  /**
   * Set when the usual port was taken and `port` was chosen instead. The host keeps the new one in its settings and says
   * so until the user has seen it: scripts must not go on sending keys to whoever holds the old one.
   */
  readonly moved?: { readonly from: number; readonly holder?: string };
}

/** `url`: of the endpoint without, of the window with a slash at the end. */
export type BoundDoor = BoundPort & { readonly url: string };

export interface Listeners {
  /** Undefined where it is off. */
  readonly tcp: BoundDoor | undefined;
  readonly window: BoundDoor | undefined;
  close(): Promise<void>;
}

/** Opens all doors or none. Throws `port_taken`, `host_running`, `unsafe_path` or `storage`. */
export async function listen(options: ListenOptions): Promise<Listeners> {
  const { handler, limits, log } = options;
  const serverOf = (door: HttpDoor) =>
    createLimitedServer((request, response) => handler(request, response, door), limits);
  const socket = serverOf('socket');
  // The socket first: a living one means another host, which is the better news to give than "port taken".
  await listenOnSocket(socket.server, options.socketPath, log);
  const opened = [socket];
  const open = async (door: 'tcp' | 'window-http', named: number | null | 'off', usual: number) => {
    if (named === 'off') return undefined;
    const limited = serverOf(door);
    const bound = await choosePort(limited.server, named, usual, log);
    opened.push(limited);
    return { ...bound, url: `http://${LOOPBACK}:${bound.port}${door === 'tcp' ? '' : '/'}` };
  };
  try {
    const tcp = await open('tcp', options.port, options.usualPort);
    const window = await open('window-http', options.windowPort, options.usualWindowPort);
    for (const { server } of opened) {
      // No descriptor left for one more connection: that one is lost, the others go on.
      server.on('error', (error: NodeJS.ErrnoException) =>
        log.error('endpoint.accept', { code: error.code }),
      );
    }
    return { tcp, window, close: () => closeAll(opened) };
  } catch (error) {
    await Promise.all(opened.map((server) => server.close(0)));
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

/** `named`: by the user, so taken or refused; null: the usual one, or a free one. */
async function choosePort(
  server: Server,
  named: number | null,
  usual: number,
  log: LogPort,
): Promise<BoundPort> {
  if (named !== null) return { port: await listenOnPort(server, named) };
  try {
    return { port: await bind(server, usual) };
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    const { port: from, holder } = error;
    const port = await listenOnPort(server, 0);
    log.warn('endpoint.port_moved', { from, to: port, holder });
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
