// A client for loopback listeners that can say what no browser would, and looks at what listens where.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

const DEADLINE_MS = 5_000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a browser sends when a person follows a link. */
export const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } as const;

/** One request on a connection of its own; redirects are answers. */
export async function ask(url: URL | string, { method = 'GET', headers = {} }: Asking = {}): Promise<Answer> {
  const sent = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(DEADLINE_MS) });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

/** Sends these bytes as they are and returns all that comes back until the other side closes. */
export async function askRaw(port: number, text: string, host = '127.0.0.1'): Promise<string> {
  const socket = await connected(port, host);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    answer += chunk;
  });
  socket.write(text);
  await once(socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
  return answer;
}

export async function connected(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host });
  // Being cut off is what some tests wait for.
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
  return socket;
}

/** True when nobody accepts connections there. */
export function refuses(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, timeout: DEADLINE_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('error', (error) =>
      'code' in error && error.code === 'ECONNREFUSED' ? resolve(true) : reject(error),
    );
  });
}

/** Something else on the machine that holds a port; 0 takes a free one. */
export async function holdPort(
  port: number,
  host = '127.0.0.1',
): Promise<{ port: number; free(): Promise<void> }> {
  const server: Server = createServer((socket) => socket.destroy());
  server.listen({ port, host, exclusive: true, ipv6Only: true });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const free = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, free };
}

/** A port that was free a moment ago in both families. */
export async function freePort(): Promise<number> {
  const four = await holdPort(0);
  const six = await holdPort(four.port, '::1').catch(() => undefined);
  await Promise.all([four.free(), six?.free()]);
  return six === undefined ? freePort() : four.port;
}

/** Local addresses in LISTEN on this port, from the kernel's socket table (Linux). */
export function listeningOn(port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${wanted}`))
      .map(([, local]) => addressOf(local!.slice(0, -5))),
  );
}

/** The table writes addresses as hexadecimal words in the byte order of the machine (little-endian wherever we run). */
function addressOf(hex: string): string {
  if (hex.length === 8) {
    return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
  }
  return hex === '00000000000000000000000001000000' ? '::1' : hex;
}

/** Addresses of this machine that others can reach. */
export function outsideAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}
