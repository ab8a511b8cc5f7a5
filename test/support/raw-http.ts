// HTTP spoken in bytes over a real socket, for requests that no client can be made to send and for answers that a client
// would tidy up. Each exchange has a connection of its own and ends within five seconds.
import { connect, type Socket } from 'node:net';
import { inTime } from './in-time.ts';

/** A loopback port, or the path of a Unix socket. */
export type Where = number | string;

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case, as they were sent, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Every byte, as latin1. */
  readonly bytes: string;
  header(name: string): string | undefined;
}

export function connectTo(where: Where): Socket {
  const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
  // The other side may hang up on us while we still write: that is an answer too.
  socket.on('error', () => socket.destroy());
  return socket;
}

/** Sends these lines as the head of a request, without adding any, and reads until the other side ends. */
export function speak(where: Where, ...lines: readonly string[]): Promise<RawAnswer> {
  return exchange(where, `${lines.join('\r\n')}\r\n\r\n`);
}

/** Sends bytes as they are and reads until the other side ends. */
export async function exchange(where: Where, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = connectTo(where);
  socket.write(bytes);
  return readAnswer(socket);
}

/** Everything until the other side ends. */
export async function readAnswer(socket: Socket): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  const all = async () => {
    for await (const chunk of socket) chunks.push(chunk);
  };
  await inTime('the end of the answer', all());
  return parseAnswer(Buffer.concat(chunks).toString('latin1'));
}

function parseAnswer(bytes: string): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.slice(0, end < 0 ? undefined : end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]),
    headers,
    body: end < 0 ? '' : bytes.slice(end + 4),
    bytes,
    header: (name) => headers.find(([known]) => known === name)?.[1],
  };
}
