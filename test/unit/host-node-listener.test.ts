// The handler behind a real Node server, spoken to in bytes: what no HTTP client can be made to send.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { createHandler } from '../../api/handle.ts';
import { Sessions } from '../../core/access/sessions.ts';
import { LIMITS } from '../../core/limits.ts';
import { toNodeListener } from '../../host/node-listener.ts';
import { systemRandom } from '../../host/random.ts';
import { type EngineDouble, engineDouble, handOut, KEYS } from '../support/engine-double.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { hostDouble } from '../support/host-double.ts';
import { inTime, until } from '../support/in-time.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const double: EngineDouble = engineDouble();
const log = createRecordingLog();
let server: Server;
let port = 0;

before(async () => {
  const clock = new FakeClock();
  const sessions = new Sessions(clock, systemRandom);
  const handle = createHandler({ engine: double.engine, host: hostDouble(), sessions, log, clock });
  // Without Node's own Host check, so that the guard is what answers.
  server = createServer(
    { requireHostHeader: false },
    toNodeListener(handle, 'tcp', () => port),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  port = address.port;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends bytes and reads until the peer closes. */
async function talk(...lines: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
  return inTime('the whole answer', read(socket));
}

async function read(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

const host = (): string => `Host: 127.0.0.1:${port}`;
const key = `Authorization: Bearer ${KEYS.admin}`;
const statusOf = (answer: string): number => Number(answer.slice(9, 12));
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

test('promise 109: over the wire, HTTP/1.0 without Host, two Host lines and a foreign absolute target get one 421', async () => {
  const bodies = new Set<string>();
  for (const lines of [
    ['GET /v1/status HTTP/1.0', key],
    ['GET /v1/status HTTP/1.1', key, 'Connection: close'],
    ['GET /v1/status HTTP/1.1', host(), 'Host: evil.test', key],
    ['GET /v1/status HTTP/1.1', 'Host: evil.test', host(), key],
    ['GET /v1/status HTTP/1.1', 'Host: evil-host.test', key],
    ['GET /v1/status HTTP/1.1', 'Host:', key],
    ['GET http://evil-host.test/v1/status HTTP/1.1', host(), key],
    ['GET /v1/health HTTP/1.1', 'Host: evil-host.test'],
  ]) {
    const answer = await talk(...lines);
    assert.equal(statusOf(answer), 421, lines.join(' | '));
    assert.doesNotMatch(answer, /evil/);
    bodies.add(bodyOf(answer));
  }
  assert.equal(bodies.size, 1);
});

test('promise 109: over the wire, the three names and an absolute target of ours are answered', async () => {
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
    const answer = await talk(
      'GET /v1/token/google/me HTTP/1.1',
      `Host: ${name}:${port}`,
      key,
      'Connection: close',
    );
    assert.equal(statusOf(answer), 200, name);
  }
  const absolute = await talk(
    `GET http://127.0.0.1:${port}/v1/status HTTP/1.1`,
    host(),
    key,
    'Connection: close',
  );
  assert.equal(statusOf(absolute), 200);
});

test('promise 110: over the wire, Origin and OPTIONS are refused without any CORS header', async () => {
  const asked = double.asked.length;
  const preflight = [
    'Origin: https://evil.test',
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Private-Network: true',
  ];
  for (const [lines, status] of [
    [['OPTIONS /v1/token/google/me HTTP/1.1', host(), ...preflight], 403],
    [['OPTIONS /v1/token/google/me HTTP/1.1', host()], 405],
    [['GET /v1/token/google/me HTTP/1.1', host(), key, 'Origin: null'], 403],
  ] as const) {
    const answer = await talk(...lines);
    assert.equal(statusOf(answer), status);
    assert.doesNotMatch(answer, /access-control|evil/i);
  }
  assert.equal(double.asked.length, asked);
});

test('promise 111: over the wire, a request a page started is refused', async () => {
  const answer = await talk('GET /v1/token/google/me HTTP/1.1', host(), key, 'Sec-Fetch-Site: cross-site');
  assert.equal(statusOf(answer), 403);
});

test('promise 115: over the wire, two Authorization lines get 400, and a key in the query is not repeated', async () => {
  const two = await talk('GET /v1/status HTTP/1.1', host(), key, 'Authorization: Bearer tt_other');
  assert.equal(statusOf(two), 400);
  const inQuery = await talk('GET /v1/status?x=tt_planted HTTP/1.1', host());
  assert.equal(statusOf(inQuery), 400);
  assert.doesNotMatch(inQuery, /planted/);
});

test('promise 121: over the wire, a body over 64 KiB gets 413, announced or in chunks', async () => {
  const post = ['POST /v1/keys HTTP/1.1', host(), key, 'Content-Type: application/json', 'Connection: close'];
  const announced = await talk(...post, `Content-Length: ${LIMITS.endpointBodyBytes + 1}`);
  assert.equal(statusOf(announced), 413);

  const socket = connect(port, '127.0.0.1');
  const answer = read(socket);
  socket.write(`${[...post, 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n`);
  const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
  for (let sent = 0; sent <= LIMITS.endpointBodyBytes; sent += 0x4000) socket.write(chunk);
  socket.end('0\r\n\r\n');
  assert.equal(statusOf(await inTime('the whole answer', answer)), 413);
});

test('a body in chunks and a POST without body or length are read', async () => {
  const post = ['POST /v1/keys HTTP/1.1', host(), key, 'Content-Type: application/json', 'Connection: close'];
  const body = '{"name":"backup"}';
  const chunked = await talk(
    ...post,
    'Transfer-Encoding: chunked',
    '',
    `${body.length.toString(16)}`,
    body,
    '0',
  );
  assert.equal(statusOf(chunked), 201);
  const empty = await talk('POST /v1/unlock HTTP/1.1', host(), key, 'Connection: close');
  assert.equal(statusOf(empty), 200);
});

test('targets nobody can parse get a problem, and the server goes on', async () => {
  for (const target of [
    '*',
    '/\\evil',
    'http://',
    '/%',
    '/%zz/%c0',
    '/v1/connections/%c3%28',
    `/${'a/'.repeat(2_000)}`,
  ]) {
    const answer = await talk(`GET ${target} HTTP/1.1`, host(), key, 'Connection: close');
    assert.ok([400, 404, 421].includes(statusOf(answer)), `${target}: ${answer.slice(0, 12)}`);
    assert.match(answer, /application\/problem\+json/);
  }
  assert.equal(statusOf(await talk('GET /v1/health HTTP/1.1', host(), 'Connection: close')), 200);
});

test('a caller that hangs up ends its wait', async () => {
  let gone: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const waiting = new Promise<void>((resolve) => {
    double.handOut = ({ signal }) => {
      signal?.addEventListener('abort', () => gone?.());
      resolve();
      return aborted.then(handOut);
    };
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /v1/token/google/me?wait=60 HTTP/1.1\r\n${host()}\r\n${key}\r\n\r\n`);
  await inTime('the hand-out', waiting);
  socket.destroy();
  await inTime('the abort', aborted);
});

test('events stream over the wire, and a reader that hangs up is forgotten without a word', async () => {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /v1/events HTTP/1.1\r\n${host()}\r\n${key}\r\n\r\n`);
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await until('the first bytes', () => text.includes(': ok'));
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*text\/event-stream/i);
  double.emit({ type: 'vault', state: 'open' });
  await until('the event', () => text.includes('event: vault'));
  assert.equal(double.listeners(), 1);
  socket.destroy();
  await until('the end of the subscription', () => double.listeners() === 0);
  assert.deepEqual(log.entries, []);
});
