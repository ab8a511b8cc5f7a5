// The endpoint's two listeners against raw sockets: limits, ports, the socket file, and an orderly end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type BoundDoor, type Listeners, type ListenOptions, listen } from '../../host/listeners.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const is =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof TokentrayError && error.code === code && words.test(error.message);

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'tokentray-doors-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function start(
  t: TestContext,
  more: Partial<ListenOptions> = {},
): Promise<Listeners & BoundDoor & { socketPath: string }> {
  const socketPath = more.socketPath ?? join(temporary(t), 'run', 't.sock');
  const listeners = await listen({
    handler: (_request, response, door) => response.end(door),
    port: 0,
    usualPort: 0,
    windowPort: 0,
    usualWindowPort: 0,
    log: createRecordingLog(),
    ...more,
    socketPath,
  });
  t.after(() => listeners.close());
  assert.ok(listeners.tcp);
  return { ...listeners, ...listeners.tcp, socketPath };
}

/** Sends raw bytes and gives back everything until the other side ends. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  return text(socket);
}

const HEAD = 'GET / HTTP/1.1\r\nHost: localhost\r\n';

function assertProblem(raw: string, status: number, code: string): void {
  const [head = '', body = ''] = raw.split('\r\n\r\n');
  assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
  assert.match(head, /content-type: application\/problem\+json/i);
  assert.match(head, /connection: close/i);
  const problem = JSON.parse(body);
  assert.equal(problem.status, status);
  assert.equal(problem.code, code);
  assert.equal(Number(/content-length: (\d+)/i.exec(head)?.[1]), Buffer.byteLength(body));
}

async function portInUse(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

test('a request is told apart by the door it came through', async (t) => {
  const { port, url, socketPath } = await start(t);
  assert.equal(url, `http://127.0.0.1:${port}`);
  assert.match(await exchange(port, `${HEAD}Connection: close\r\n\r\n`), /\r\n\r\ntcp$/);
  const request = httpRequest({ socketPath, path: '/' }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(await text(response), 'socket');
});

test('promise 132: TCP is bound to 127.0.0.1 and to no wider address', async (t) => {
  const { port } = await start(t);
  const others = Object.values(networkInterfaces())
    .flat()
    .flatMap((address) => (address !== undefined && address.address !== '127.0.0.1' ? address.address : []));
  for (const host of new Set(['127.0.0.2', '::1', ...others])) {
    const socket = connect(port, host);
    const [error] = await once(socket, 'error');
    assert.match(error.code, /^(ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|EINVAL)$/, host);
  }
});

test('promise 132: a port that was asked for and is taken is an error that names its holder', async (t) => {
  const port = await portInUse(t);
  const names = process.platform === 'linux' ? new RegExp(`"[^"]+" \\(pid ${process.pid}\\)`) : /./;
  await assert.rejects(start(t, { port }), is('port_taken', names));
  await assert.rejects(start(t, { port }), is('port_taken', new RegExp(`Port ${port} `)));
});

test('promise 132: the holder of a taken port is named when it is another process', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const script = `const s = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const [said] = await once(child.stdout, 'data');
  await assert.rejects(
    start(t, { port: Number(said) }),
    is('port_taken', new RegExp(`\\(pid ${child.pid}\\)`)),
  );
});

test('promise 132: the usual port taken means another one, reported with the holder and a warning', async (t) => {
  const taken = await portInUse(t);
  const log = createRecordingLog();
  const { port, moved } = await start(t, { port: null, usualPort: taken, log });
  assert.notEqual(port, taken);
  assert.equal(moved?.from, taken);
  assert.deepEqual(
    log.entries.map(({ level, event }) => [level, event]),
    [['warn', 'endpoint.port_moved']],
  );
  const free = await start(t, { port: null, usualPort: 0 });
  assert.equal(free.moved, undefined);
});

test('a failed start leaves no socket behind', async (t) => {
  const port = await portInUse(t);
  const socketPath = join(temporary(t), 'run', 't.sock');
  await assert.rejects(start(t, { port, socketPath }), is('port_taken'));
  assert.equal(existsSync(socketPath), false);
});

test('promise 121: headers above 16 KiB are answered 431', async (t) => {
  assert.equal(LIMITS.endpointHeaderBytes, 16_384);
  const { port } = await start(t);
  assertProblem(await exchange(port, `${HEAD}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`), 431, 'too_large');
  assertProblem(await exchange(port, `GET /${'a'.repeat(200_000)} HTTP/1.1\r\n\r\n`), 431, 'too_large');
  assert.match(
    await exchange(port, `${HEAD}X-Long: ${'a'.repeat(15_000)}\r\nConnection: close\r\n\r\n`),
    /^HTTP\/1.1 200/,
  );
});

test('promise 121: every header reaches the handler, however many there are', async (t) => {
  const handler: ListenOptions['handler'] = (request, response) =>
    response.end(`origin=${request.headers.origin}`);
  const { port } = await start(t, { handler });
  const padding = 'a:\r\n'.repeat(3_000);
  const answer = await exchange(
    port,
    `${HEAD}Connection: close\r\n${padding}Origin: https://evil.test\r\n\r\n`,
  );
  assert.match(answer, /origin=https:\/\/evil\.test$/);
});

test('promise 121: headers that take more than 10 s are answered 408', async (t) => {
  assert.equal(LIMITS.endpointHeaderMs, 10_000);
  const { port } = await start(t, { limits: { ...LIMITS, endpointHeaderMs: 100 } });
  assertProblem(await exchange(port, HEAD), 408, 'timeout');
  assertProblem(await exchange(port, ''), 408, 'timeout');
});

test('promise 121: a body that takes more than 30 s is answered 408, unless the answer has begun', async (t) => {
  assert.equal(LIMITS.endpointBodyMs, 30_000);
  const limits = { ...LIMITS, endpointHeaderMs: 100, endpointBodyMs: 150 };
  const waiting = await start(t, { limits, handler: (request) => request.resume() });
  const slow = `${HEAD}Content-Length: 10\r\n\r\n12345`;
  assertProblem(await exchange(waiting.port, slow), 408, 'timeout');
  const begun = await start(t, { limits, handler: (_request, response) => response.write('begun') });
  assert.doesNotMatch(await exchange(begun.port, slow), /408/);
});

test('promise 121, RFC 9112 6.3: Content-Length with Transfer-Encoding and other broken requests are answered 400', async (t) => {
  let handled = 0;
  const { port } = await start(t, {
    handler: (_request, response) => {
      handled += 1;
      response.end();
    },
  });
  const chunked = '0\r\n\r\n';
  for (const bytes of [
    `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunked}`,
    `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde`,
    `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
    `${HEAD}X-Bare: a\nb\r\n\r\n`,
    `${HEAD}X-Fold: a\r\n b\u0000\r\n\r\n`,
    'GET / HTTP/9.9\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
  ]) {
    assertProblem(await exchange(port, bytes), 400, 'bad_request');
  }
  assert.equal(handled, 0);
});

test('promise 121: connections above the limit are answered 503 with Retry-After, and the open ones go on', async (t) => {
  assert.equal(LIMITS.endpointConnections, 512);
  const { port } = await start(t, { limits: { ...LIMITS, endpointConnections: 3 } });
  const held: Socket[] = [];
  t.after(() => {
    for (const socket of held) socket.destroy();
  });
  for (let index = 0; index < 3; index += 1) {
    const socket = connect(port, '127.0.0.1');
    held.push(socket);
    socket.write(`${HEAD}\r\n`);
    await once(socket, 'data');
  }
  const refused = await exchange(port, `${HEAD}\r\n`);
  assertProblem(refused, 503, 'busy');
  assert.match(refused, /retry-after: 1\r\n/i);
  held[0]?.write(`${HEAD}\r\n`);
  await once(held[0]!, 'data');
  // A place that is given back is free again.
  held[1]?.destroy();
  let answer = '';
  const deadline = Date.now() + 5_000;
  while (!answer.startsWith('HTTP/1.1 200') && Date.now() < deadline) {
    answer = await exchange(port, `${HEAD}Connection: close\r\n\r\n`);
  }
  assert.match(answer, /^HTTP\/1.1 200/);
});

test('200 requests at once are all answered, on each door', async (t) => {
  const { port, socketPath } = await start(t);
  for (const target of [{ port, host: '127.0.0.1' }, { socketPath }]) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const request = httpRequest({ ...target, agent: false }).end();
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        await text(response);
        return response.statusCode;
      }),
    );
    assert.deepEqual(new Set(answers), new Set([200]));
  }
});

test('promise 128: the socket is 0600 in a 0700 folder under any umask', async (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const directory = temporary(t);
  const first = await start(t, { socketPath: join(directory, 'new', 't.sock') });
  assert.equal(statSync(first.socketPath).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory, 'new')).mode & 0o777, 0o700);
  assert.equal(process.umask(), 0);
  mkdirSync(join(directory, 'open'));
  chmodSync(join(directory, 'open'), 0o755);
  const log = createRecordingLog();
  await start(t, { socketPath: join(directory, 'open', 't.sock'), log });
  assert.equal(statSync(join(directory, 'open')).mode & 0o777, 0o700);
  assert.equal(log.entries[0]?.level, 'warn');
});

test('promise 128: a stale socket of ours is removed, a living one means that a host is running', async (t) => {
  const living = await start(t);
  await assert.rejects(start(t, { socketPath: living.socketPath }), is('host_running'));
  assert.equal(existsSync(living.socketPath), true);

  const socketPath = join(temporary(t), 't.sock');
  const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const stale = lstatSync(socketPath);
  assert.ok(stale.isSocket());
  const { port } = await start(t, { socketPath });
  assert.ok(port > 0);
  assert.equal(lstatSync(socketPath).mode & 0o777, 0o600);
});

test('promise 128: links and other files in the place of the socket are refused and left alone', async (t) => {
  const directory = temporary(t);
  const target = join(directory, 'target');
  writeFileSync(target, 'precious');
  const link = join(directory, 'link.sock');
  symlinkSync(target, link);
  await assert.rejects(start(t, { socketPath: link }), is('unsafe_path', /symbolic link/));
  const dangling = join(directory, 'dangling.sock');
  symlinkSync(join(directory, 'nowhere'), dangling);
  await assert.rejects(start(t, { socketPath: dangling }), is('unsafe_path', /symbolic link/));
  assert.equal(existsSync(join(directory, 'nowhere')), false);
  await assert.rejects(start(t, { socketPath: target }), is('unsafe_path', /not a socket/));
  const real = join(directory, 'real');
  mkdirSync(real, { mode: 0o700 });
  symlinkSync(real, join(directory, 'run'));
  await assert.rejects(start(t, { socketPath: join(directory, 'run', 't.sock') }), is('unsafe_path'));
  assert.equal(existsSync(join(real, 't.sock')), false);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
});

test('closing ends idle connections at once, lets an answer in flight finish, and removes the socket', async (t) => {
  let finish = () => {};
  const { port, socketPath, close } = await start(t, {
    handler: (request, response) => {
      if (request.url !== '/slow') return response.end('quick');
      finish = () => response.end('slow');
      started();
    },
  });
  let started = () => {};
  const begun = new Promise<void>((resolve) => {
    started = resolve;
  });
  const idle = connect(port, '127.0.0.1');
  idle.write(`${HEAD}\r\n`);
  await once(idle, 'data');
  const slow = exchange(port, 'GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await begun;
  const closed = close();
  await once(idle, 'close');
  await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'));
  finish();
  assert.match(await slow, /connection: close[\s\S]*slow$/i);
  await closed;
  assert.equal(existsSync(socketPath), false);
});
