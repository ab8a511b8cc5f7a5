// The fetch adapter against real sockets: what it says about a request must be exactly what happened to it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from 'node:zlib';
import { LIMITS } from '../../core/limits.ts';
import type { HttpOutcome, HttpRequest } from '../../core/ports.ts';
import { createHttp } from '../../host/fetch.ts';
import { startPeer } from '../support/scripted-peer.ts';

const http = createHttp({ env: {} });

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function peer(t: TestContext, behave: Parameters<typeof startPeer>[0]) {
  const started = await startPeer(behave);
  t.after(() => started.close());
  return started;
}

const post = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url: new URL(url),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'grant_type=refresh_token',
  ...more,
});

const answered = (outcome: HttpOutcome) => {
  assert.equal(outcome.kind, 'answered');
  assert.ok(outcome.kind === 'answered');
  return outcome.response;
};

const answerWith =
  (head: string, body: Uint8Array | string = '') =>
  (socket: Socket, requested: (act: () => void) => void) =>
    requested(() => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
      socket.end(body);
    });

test('a complete answer comes back with its status, headers and body, and the request with its own', async (t) => {
  let seen = '';
  const port = await listen(
    t,
    createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen = `${request.method} ${request.url} ${request.headers.host} ${request.headers['x-extra']} ${body}`;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    }),
  );
  const request = post(`http://127.0.0.1:${port}/token?a=b`, { headers: { 'x-extra': 'yes' } });
  const response = answered(await http.send(request));
  assert.equal(response.status, 400);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(Buffer.from(response.body).toString(), '{"error":"invalid_grant"}');
  assert.equal(seen, `POST /token?a=b 127.0.0.1:${port} yes grant_type=refresh_token`);
});

test('an empty answer is an answer, whatever encoding it claims', async (t) => {
  for (const head of ['Content-Length: 0', 'Connection: close']) {
    const server = await peer(t, answerWith(`Content-Encoding: gzip\r\n${head}`));
    const response = answered(await http.send(post(`http://localhost:${server.port}/`)));
    assert.equal(response.body.length, 0);
  }
});

for (const [encoding, encode] of [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['gzip, br', (text: string) => brotliCompressSync(gzipSync(text))],
  ['identity', (text: string) => Buffer.from(text)],
] as const) {
  test(`RFC 9110 8.4: an answer encoded with ${encoding} is decoded`, async (t) => {
    const server = await peer(t, answerWith(`Content-Encoding: ${encoding}`, encode('{"ok":true}')));
    const response = answered(await http.send(post(`http://127.0.0.1:${server.port}/`)));
    assert.equal(Buffer.from(response.body).toString(), '{"ok":true}');
  });
}

test('plain http leaves for exactly 127.0.0.1, [::1] and localhost, and nothing but https for any other name', async (t) => {
  const server = await peer(t, answerWith('Content-Length: 0'));
  for (const address of [
    'http://example.com/',
    'http://127.0.0.2/',
    'http://0.0.0.0/',
    'http://localhost./',
    'http://localhost.example/',
    'http://[::ffff:127.0.0.1]/',
    'http://user@localhost/',
    'http://:password@127.0.0.1/',
    'https://user:password@example.com/',
    'ftp://localhost/',
    'file:///etc/passwd',
    'ws://localhost/',
    'data:text/plain,x',
  ]) {
    const url = new URL(address);
    if (url.protocol === 'http:') url.port = String(server.port);
    assert.deepEqual(await http.send(post(url.href)), { kind: 'not_sent', fault: 'unsafe_url' }, address);
  }
  assert.equal(server.connections, 0);
});

test('fault 42: a refused connection was not sent', async () => {
  const server = await startPeer(() => {});
  await server.close();
  assert.deepEqual(await http.send(post(`http://127.0.0.1:${server.port}/`)), {
    kind: 'not_sent',
    fault: 'refused',
  });
});

test('fault 42: a name that does not resolve was not sent', async () => {
  // RFC 6761 section 6.4: .invalid never resolves.
  const outcome = await http.send(post('https://provider.invalid/token'));
  assert.deepEqual(outcome, { kind: 'not_sent', fault: 'dns' });
});

test('promise 104: a connection that does not come up ends at the connect time-out and was not sent', async (t) => {
  assert.equal(LIMITS.connectMs, 10_000);
  // Accepts and never speaks TLS: connecting includes the handshake.
  const silent = await peer(t, () => {});
  const quick = createHttp({ env: {}, limits: { connectMs: 80 } });
  const outcome = await quick.send(post(`https://127.0.0.1:${silent.port}/`));
  assert.deepEqual(outcome, { kind: 'not_sent', fault: 'connect_timeout' });
});

test('fault 43: a reset after the request, after the headers or after half a body may have been sent', async (t) => {
  const after = async (act: (socket: Socket) => void) => {
    const server = await peer(t, (socket, requested) => requested(() => act(socket)));
    return http.send(post(`http://127.0.0.1:${server.port}/`));
  };
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"access_token"';
  const reset = { kind: 'maybe_sent', fault: 'reset' };
  assert.deepEqual(await after((socket) => socket.resetAndDestroy()), reset);
  assert.deepEqual(await after((socket) => socket.end()), reset);
  assert.deepEqual(
    await after((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')),
    reset,
  );
  assert.deepEqual(await after((socket) => socket.end(half)), reset);
  assert.deepEqual(
    await after((socket) => socket.write(half, () => setImmediate(() => socket.resetAndDestroy()))),
    reset,
  );
});

test('fault 44: an answer that drips ends at the total time-out and may have been sent', async (t) => {
  assert.equal(LIMITS.totalMs, 30_000);
  const server = await peer(t, (socket, requested) => {
    requested(() => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(drip));
    });
  });
  const quick = createHttp({ env: {}, limits: { totalMs: 150 } });
  const outcome = await quick.send(post(`http://127.0.0.1:${server.port}/`));
  assert.deepEqual(outcome, { kind: 'maybe_sent', fault: 'timeout' });
});

test('promise 104: a body is cut at the cap, and a body of exactly the cap is not', async (t) => {
  assert.equal(LIMITS.providerBodyBytes, 1_048_576);
  const big = await peer(t, answerWith('X: y', Buffer.alloc(5 * 1_048_576, 0x20)));
  assert.deepEqual(await http.send(post(`http://127.0.0.1:${big.port}/`)), {
    kind: 'maybe_sent',
    fault: 'too_large',
  });
  const exact = await peer(t, answerWith('X: y', Buffer.alloc(1_048_576, 0x20)));
  const response = answered(await http.send(post(`http://127.0.0.1:${exact.port}/`)));
  assert.equal(response.body.length, 1_048_576);
});

test('fault 45: a compressed bomb is cut at the cap without filling memory', async (t) => {
  // 200 MB of blanks, compressed a megabyte at a time so that making it leaves no room to hide in.
  const megabyte = Buffer.alloc(1_048_576, 0x20);
  const bomb = await buffer(Readable.from(Array(200).fill(megabyte)).pipe(createGzip()).pipe(createGzip()));
  assert.ok(bomb.length < 50_000);
  const server = await peer(t, answerWith('Content-Encoding: gzip, gzip', bomb));
  const before = process.memoryUsage().rss;
  const outcome = await http.send(post(`http://127.0.0.1:${server.port}/`));
  assert.deepEqual(outcome, { kind: 'maybe_sent', fault: 'too_large' });
  assert.ok(process.memoryUsage().rss - before < 50 * 1_048_576);
});

test('promise 104: more than two content encodings, unknown ones and broken ones are refused', async (t) => {
  const thrice = gzipSync(gzipSync(gzipSync('{}')));
  for (const [head, body] of [
    ['Content-Encoding: gzip, gzip, gzip', thrice],
    [`Content-Encoding: ${Array(30).fill('gzip').join(',')}`, thrice],
    ['Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip', thrice],
    ['Content-Encoding: compress', '{}'],
    ['Content-Encoding: gzip', '{"not":"gzip"}'],
    ['Content-Encoding: br', '{"not":"brotli"}'],
    ['Content-Encoding: gzip', gzipSync('{"cut":"short"}').subarray(0, 20)],
  ] as const) {
    const server = await peer(t, answerWith(head, body));
    const outcome = await http.send(post(`http://127.0.0.1:${server.port}/`));
    assert.deepEqual(outcome, { kind: 'maybe_sent', fault: 'encoding' }, head);
  }
});

test('an answer that is not HTTP, or with headers above 16 KiB, may have been sent', async (t) => {
  const portal = await peer(t, (socket, requested) => requested(() => socket.end('SSH-2.0-hello\r\n\r\n')));
  assert.deepEqual(await http.send(post(`http://127.0.0.1:${portal.port}/`)), {
    kind: 'maybe_sent',
    fault: 'other',
  });
  const wordy = await peer(t, answerWith(`X-Long: ${'a'.repeat(20_000)}`));
  assert.deepEqual(await http.send(post(`http://127.0.0.1:${wordy.port}/`)), {
    kind: 'maybe_sent',
    fault: 'too_large',
  });
});

test('promise 45: a redirect is an answer; its target never hears of it', async (t) => {
  const target = await peer(t, answerWith('Content-Length: 0'));
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await peer(t, (socket, requested) =>
      requested(() =>
        socket.end(
          `HTTP/1.1 ${status} Moved\r\nLocation: http://127.0.0.1:${target.port}/token\r\nContent-Length: 0\r\n\r\n`,
        ),
      ),
    );
    const response = answered(await http.send(post(`http://127.0.0.1:${server.port}/`)));
    assert.equal(response.status, status);
    assert.equal(response.headers.get('location'), `http://127.0.0.1:${target.port}/token`);
  }
  assert.equal(target.connections, 0);
});

test('no cookie is sent back and no connection is used twice', async (t) => {
  const server = await peer(t, (socket, requested) => {
    requested(() => socket.write('HTTP/1.1 200 OK\r\nSet-Cookie: id=canary\r\nContent-Length: 2\r\n\r\nok'));
  });
  answered(await http.send(post(`http://127.0.0.1:${server.port}/`)));
  answered(await http.send(post(`http://127.0.0.1:${server.port}/`)));
  assert.equal(server.connections, 2);
  assert.doesNotMatch(server.received, /cookie/i);
});

test('a cancelled request says whether it had left', async (t) => {
  const silent = await peer(t, () => {});
  const early = AbortSignal.abort();
  const url = `http://127.0.0.1:${silent.port}/`;
  assert.deepEqual(await http.send(post(url, { signal: early })), { kind: 'not_sent', fault: 'aborted' });

  const late = new AbortController();
  const server = await peer(t, (_socket, requested) => requested(() => late.abort()));
  const outcome = await http.send(post(`http://127.0.0.1:${server.port}/`, { signal: late.signal }));
  assert.deepEqual(outcome, { kind: 'maybe_sent', fault: 'aborted' });
});

test('a header that cannot be sent is not sent, and nothing is thrown', async (t) => {
  const server = await peer(t, answerWith('Content-Length: 0'));
  const outcome = await http.send(
    post(`http://127.0.0.1:${server.port}/`, { headers: { 'x-bad': 'a\r\nb: c' } }),
  );
  assert.deepEqual(outcome, { kind: 'not_sent', fault: 'other' });
  assert.equal(server.received, '');
});
