// Opens the connection a request will travel on: TCP, through a proxy where one is set, then TLS. Until the returned
// promise is fulfilled nothing of the request has left, so every failure here means "not sent".

import { request as httpRequest } from 'node:http';
import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { faultOf, NetworkFailure } from './network-fault.ts';

// Node gives each address of a name 250 ms before it tries the next. A phone link needs longer than that for one answer,
// and would fail on every address in turn.
const ADDRESS_ATTEMPT_MS = 1_000;

const LOCALHOST = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

let trust: SecureContext | undefined;

// Reading the system's certificates takes about 60 ms and building the context 20 ms: once, on the first https request.
// `default` is Node's bundled set with NODE_EXTRA_CA_CERTS.
function systemTrust(): SecureContext {
  trust ??= createSecureContext({
    ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])],
    minVersion: 'TLSv1.2',
  });
  return trust;
}

/**
 * A socket to the origin of `url`, TLS finished for https. Rejects with a NetworkFailure; the abort reason of `signal`
 * when that comes first. The caller destroys the socket.
 */
export async function openConnection(url: URL, proxy: URL | null, signal: AbortSignal): Promise<Socket> {
  const tcp = proxy === null ? await openTcp(url, signal) : await openTunnel(url, proxy, signal);
  return url.protocol === 'https:' ? await openTls(url, tcp, signal) : tcp;
}

function openTcp(url: URL, signal: AbortSignal): Promise<Socket> {
  const socket = tcpConnect({
    host: bareHost(url),
    port: portOf(url),
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
    // "localhost" is this machine whatever a resolver says.
    ...(url.hostname === 'localhost' ? { lookup: (_name, _options, done) => done(null, LOCALHOST) } : {}),
  });
  return arrival(socket, 'connect', signal);
}

function openTls(url: URL, tcp: Socket, signal: AbortSignal): Promise<TLSSocket> {
  const host = bareHost(url);
  const socket = tlsConnect({
    socket: tcp,
    host,
    // RFC 6066 section 3: no literal addresses in the server name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext: systemTrust(),
    ALPNProtocols: ['http/1.1'],
    // Said aloud so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment cannot turn it off.
    rejectUnauthorized: true,
  });
  return arrival(socket, 'secureConnect', signal).catch((error: unknown) => {
    tcp.destroy();
    const fault = faultOf(error);
    throw fault === 'other' ? new NetworkFailure('tls') : error;
  });
}

// RFC 9110 section 9.3.6. Whatever goes wrong with the proxy is the proxy's fault, and is not worked around.
async function openTunnel(url: URL, proxy: URL, signal: AbortSignal): Promise<Socket> {
  let tcp: Socket | undefined;
  try {
    tcp = await openTcp(proxy, signal);
    await requestTunnel(url, proxy, tcp, signal);
    return tcp;
  } catch {
    tcp?.destroy();
    // Only a cancel or a time-out of the whole connection keeps its own name.
    signal.throwIfAborted();
    throw new NetworkFailure('proxy');
  }
}

function requestTunnel(url: URL, proxy: URL, tcp: Socket, signal: AbortSignal): Promise<void> {
  const authority = `${url.hostname}:${portOf(url)}`;
  const call = httpRequest({
    createConnection: () => tcp,
    method: 'CONNECT',
    path: authority,
    setHost: false,
    headers: { host: authority, ...proxyCredentials(proxy) },
    signal,
  });
  return new Promise((resolve, reject) => {
    call.once('connect', (response, _socket, head) => {
      // Node reports every answer to CONNECT here, 407 "credentials needed" included.
      if (response.statusCode !== 200) return reject(new NetworkFailure('proxy'));
      if (head.length > 0) tcp.unshift(head);
      resolve();
    });
    call.on('error', reject);
    call.end();
  });
}

// RFC 7617, from the user-info of the proxy's address.
function proxyCredentials(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

// One event or a failure, whichever comes first; afterwards the socket can no longer crash the process by an error that
// nobody listens to.
function arrival<S extends Socket>(
  socket: S,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const closed = () => fail(new NetworkFailure('reset'));
    const cancelled = () => fail(signal.reason);
    const arrived = () => {
      settle();
      resolve(socket);
    };
    const settle = () => {
      socket.off(event, arrived).off('error', fail).off('close', closed);
      // What happens to it later is reported by whoever reads and writes it.
      socket.on('error', () => {});
      signal.removeEventListener('abort', cancelled);
    };
    socket.once(event, arrived).once('error', fail).once('close', closed);
    signal.addEventListener('abort', cancelled);
    if (signal.aborted) cancelled();
  });
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
