// A TCP server whose every byte the test decides: for answers that no HTTP library would send. It counts connections and
// keeps what it was sent, which is how a test shows that something never left.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface ScriptedPeer {
  readonly port: number;
  readonly connections: number;
  /** Everything received so far, all connections together. */
  readonly received: string;
  close(): Promise<void>;
}

/** Calls `behave` for each connection; `whenRequested` runs once, after the blank line that ends a request's headers. */
export async function startPeer(
  behave: (socket: Socket, whenRequested: (act: () => void) => void) => void,
): Promise<ScriptedPeer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let received = '';
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let mine = '';
    let act: (() => void) | undefined;
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      mine += chunk.toString('latin1');
      if (act === undefined || !mine.includes('\r\n\r\n')) return;
      act();
      act = undefined;
    });
    // A peer that misbehaves is reset by the other side now and then.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    behave(socket, (later) => {
      act = later;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get received() {
      return received;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
