// The fetch adapter over TLS and through a proxy. The test authority is put into the system's store (SSL_CERT_FILE) before
// the first https request, which is also the proof that the system's certificates count.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { HttpRequest } from '../../core/ports.ts';
import { createHttp } from '../../host/fetch.ts';
import { createAuthority, type TestCertificate } from '../support/certificate.ts';
import { startPeer } from '../support/scripted-peer.ts';

const authority = createAuthority();
const directory = mkdtempSync(join(tmpdir(), 'tokentray-tls-'));
writeFileSync(join(directory, 'authority.pem'), authority.cert);
process.env.SSL_CERT_FILE = join(directory, 'authority.pem');
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
after(() => rmSync(directory, { recursive: true }));

const NAME = 'provider.test';
const good = authority.issue({ names: [NAME, 'localhost'], addresses: ['127.0.0.1'] });

const get = (url: string): HttpRequest => ({ method: 'GET', url: new URL(url), headers: {} });

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const provider = (t: TestContext, certificate: TestCertificate) =>
  listen(
    t,
    createServer(certificate, (request, response) => response.end(`hello ${request.headers.host}`)),
  );

/** A forward proxy: tunnels every authority to one port, and remembers what it was asked. */
async function proxy(t: TestContext, target: number) {
  const asked: { authority: string; credentials: string | undefined }[] = [];
  const server = createHttpServer((_request, response) => response.writeHead(500).end());
  server.on('connect', (request, client) => {
    asked.push({ authority: request.url ?? '', credentials: request.headers['proxy-authorization'] });
    const upstream = connect(target, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  return { asked, port: await listen(t, server) };
}

test("a certificate of the system's store is accepted, for a name and for an address", async (t) => {
  const port = await provider(t, good);
  const http = createHttp({ env: {} });
  for (const host of ['localhost', '127.0.0.1']) {
    const outcome = await http.send(get(`https://${host}:${port}/`));
    assert.ok(outcome.kind === 'answered');
    assert.equal(Buffer.from(outcome.response.body).toString(), `hello ${host}:${port}`);
  }
});

test('fault 54: expired, misnamed and unknown certificates are not sent anything, even when the environment says otherwise', async (t) => {
  assert.equal(process.env.NODE_TLS_REJECT_UNAUTHORIZED, '0');
  const http = createHttp({ env: {} });
  for (const certificate of [
    authority.issue({ names: ['localhost'], expired: true }),
    authority.issue({ names: ['other.test'] }),
    createAuthority().issue({ names: ['localhost'] }),
  ]) {
    const port = await provider(t, certificate);
    assert.deepEqual(await http.send(get(`https://localhost:${port}/`)), { kind: 'not_sent', fault: 'tls' });
  }
});

test('fault 54: a reset or plain text during the handshake was not sent', async (t) => {
  const http = createHttp({ env: {} });
  const hangUp = await startPeer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  t.after(() => hangUp.close());
  assert.deepEqual(await http.send(get(`https://localhost:${hangUp.port}/`)), {
    kind: 'not_sent',
    fault: 'reset',
  });
  const plain = await startPeer((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 no\r\n\r\n')));
  t.after(() => plain.close());
  assert.deepEqual(await http.send(get(`https://localhost:${plain.port}/`)), {
    kind: 'not_sent',
    fault: 'tls',
  });
});

test('HTTPS_PROXY is honoured, with its credentials, and the provider still proves itself end to end', async (t) => {
  const forward = await proxy(t, await provider(t, good));
  const http = createHttp({ env: { HTTPS_PROXY: `http://user:p%40ss@127.0.0.1:${forward.port}` } });
  const outcome = await http.send(get(`https://${NAME}/token`));
  assert.ok(outcome.kind === 'answered');
  assert.equal(Buffer.from(outcome.response.body).toString(), `hello ${NAME}`);
  assert.deepEqual(forward.asked, [
    { authority: `${NAME}:443`, credentials: `Basic ${Buffer.from('user:p@ss').toString('base64')}` },
  ]);
  const stranger = await proxy(t, await provider(t, authority.issue({ names: ['other.test'] })));
  const through = createHttp({ env: { https_proxy: `127.0.0.1:${stranger.port}` } });
  assert.deepEqual(await through.send(get(`https://${NAME}/`)), { kind: 'not_sent', fault: 'tls' });
});

test('fault 59: a proxy that refuses, asks for credentials, dies or cannot be used is a proxy fault and is not gone round', async (t) => {
  const target = await startPeer((socket) => socket.destroy());
  t.after(() => target.close());
  const answers = [
    'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
    'HTTP/1.1 502 no\r\n\r\n',
    'nonsense\r\n\r\n',
    '',
  ];
  const settings: string[] = [
    'socks5://127.0.0.1:1080',
    'https://127.0.0.1:1',
    'http://%',
    'http://user:%zz@127.0.0.1:1',
  ];
  for (const text of answers) {
    const peer = await startPeer((socket, requested) => requested(() => socket.end(text)));
    t.after(() => peer.close());
    settings.push(`http://127.0.0.1:${peer.port}`);
  }
  const dead = await startPeer(() => {});
  await dead.close();
  settings.push(`http://127.0.0.1:${dead.port}`);
  for (const setting of settings) {
    const http = createHttp({ env: { HTTPS_PROXY: setting } });
    const outcome = await http.send(get(`https://${NAME}:${target.port}/`));
    assert.deepEqual(outcome, { kind: 'not_sent', fault: 'proxy' }, setting);
  }
  assert.equal(target.connections, 0);
});

test('a proxy that never answers ends at the connect time-out', async (t) => {
  const silent = await startPeer(() => {});
  t.after(() => silent.close());
  const http = createHttp({
    env: { HTTPS_PROXY: `http://127.0.0.1:${silent.port}` },
    limits: { connectMs: 80 },
  });
  assert.deepEqual(await http.send(get(`https://${NAME}/`)), { kind: 'not_sent', fault: 'connect_timeout' });
});

test('loopback addresses and names in NO_PROXY are reached directly', async (t) => {
  const forward = await proxy(t, await provider(t, good));
  const direct = await provider(t, good);
  const HTTPS_PROXY = `http://127.0.0.1:${forward.port}`;
  const local = createHttp({ env: { HTTPS_PROXY } });
  assert.equal((await local.send(get(`https://localhost:${direct}/`))).kind, 'answered');
  for (const NO_PROXY of ['*', NAME, '.test', 'other.example, provider.test', `${NAME}:443`]) {
    const http = createHttp({ env: { HTTPS_PROXY, NO_PROXY } });
    // No resolver knows the name, so going directly shows as a DNS fault.
    assert.deepEqual(await http.send(get(`https://${NAME}/`)), { kind: 'not_sent', fault: 'dns' }, NO_PROXY);
  }
  assert.equal(forward.asked.length, 0);
  for (const NO_PROXY of ['', 'test.example', 'rovider.test', `${NAME}:8443`]) {
    const http = createHttp({ env: { HTTPS_PROXY, NO_PROXY } });
    assert.equal((await http.send(get(`https://${NAME}/`))).kind, 'answered', NO_PROXY);
  }
  assert.equal(forward.asked.length, 4);
});

test("the system's word about proxies is asked for each request, and its first proxy that can be spoken is used", async (t) => {
  const forward = await proxy(t, await provider(t, good));
  const direct = await provider(t, good);
  const asked: string[] = [];
  let word = '';
  const http = createHttp({
    // Not looked at: the system knows better.
    env: { HTTPS_PROXY: 'socks5://127.0.0.1:1' },
    proxyOf: async (url) => {
      asked.push(url.href);
      return word;
    },
  });
  const ours = `127.0.0.1:${forward.port}`;
  for (word of [
    `PROXY ${ours}`,
    `proxy ${ours}; DIRECT`,
    `  PROXY  ${ours} ;SOCKS5 127.0.0.1:1`,
    `SOCKS5 127.0.0.1:1; PROXY ${ours}`,
    `HTTPS 127.0.0.1:1; SOCKS 127.0.0.1:1; PROXY ${ours}; DIRECT`,
  ]) {
    assert.equal((await http.send(get(`https://${NAME}/`))).kind, 'answered', word);
  }
  assert.equal(forward.asked.length, 5);
  assert.ok(asked.every((url) => url === `https://${NAME}/`) && asked.length === 5);
  for (word of ['DIRECT', 'DIRECT; PROXY 127.0.0.1:1', ' ;direct']) {
    // No resolver knows the name, so going directly shows as a DNS fault.
    assert.deepEqual(await http.send(get(`https://${NAME}/`)), { kind: 'not_sent', fault: 'dns' }, word);
  }
  word = 'SOCKS5 127.0.0.1:1';
  assert.equal((await http.send(get(`https://localhost:${direct}/`))).kind, 'answered');
});

test('fault 59: a proxy of the system that cannot be used, or a system that cannot say, is a proxy fault and is not gone round', async (t) => {
  const target = await startPeer((socket) => socket.destroy());
  t.after(() => target.close());
  const words = [
    'SOCKS5 127.0.0.1:1080',
    'SOCKS 127.0.0.1:1080; DIRECT',
    'HTTPS 127.0.0.1:1; DIRECT',
    'PROXY user:pass@127.0.0.1:1',
    'PROXY 127.0.0.1:1/path',
    'PROXY http://127.0.0.1:1',
    'PROXY',
    'PROXY a b; DIRECT',
    'QUIC 127.0.0.1:1',
    '',
    ' ; ',
  ];
  const ways: Array<() => Promise<string>> = words.map((word) => async () => word);
  ways.push(() => Promise.reject(new Error('no session')));
  for (const proxyOf of ways) {
    const outcome = await createHttp({ proxyOf }).send(get(`https://${NAME}:${target.port}/`));
    assert.deepEqual(outcome, { kind: 'not_sent', fault: 'proxy' }, await proxyOf().catch(() => 'rejected'));
  }
  assert.equal(target.connections, 0);
  const silent = createHttp({ proxyOf: () => new Promise(() => {}), limits: { connectMs: 50 } });
  assert.deepEqual(await silent.send(get(`https://${NAME}/`)), {
    kind: 'not_sent',
    fault: 'connect_timeout',
  });
});
