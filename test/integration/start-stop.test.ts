// How a host starts, ends and starts again, as processes on one machine.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runTokentray } from '../support/cli-process.ts';
import { launchHost, startHostProcess } from '../support/host-process.ts';
import { after, HostileProvider, honestly } from '../support/hostile-provider.ts';
import { until } from '../support/in-time.ts';
import { holdPort, listeningOn, refuses } from '../support/loopback.ts';
import { connectTo, readAnswer, speak } from '../support/raw-http.ts';
import { newHostHome } from '../support/running-host.ts';

test('a second host on the same files says which process has them, where, and ends with 1; the first goes on', async (t) => {
  const first = await startHostProcess(t);
  const before = readFileSync(join(first.home, 'endpoint.json'), 'utf8');
  const { running } = await launchHost(t, { home: first.home });
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    new RegExp(`process ${first.pid}, ${first.url}\\) owns this vault\\. Use it, or stop it first\\.`),
  );
  assert.equal(readFileSync(join(first.home, 'endpoint.json'), 'utf8'), before);
  assert.equal((await first.call('GET', '/v1/status')).json.pid, first.pid);
  assert.equal((await first.call('GET', '/v1/status', { door: 'socket' })).json.pid, first.pid);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`promise 131: on ${signal} the host ends with 0 and leaves no endpoint.json, no socket and no open port`, async (t) => {
    const host = await startHostProcess(t, { args: ['--port', '0', '--sandbox'] });
    const { issuer } = (await host.call('GET', '/v1/sandbox')).json;
    const ports = [Number(new URL(host.url).port), Number(new URL(issuer).port)];
    const { code, stderr } = await host.end(signal);
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.deepEqual(
      [existsSync(join(host.home, 'endpoint.json')), existsSync(host.socketPath)],
      [false, false],
    );
    for (const port of ports) assert.equal(await refuses(port), true);
    const { code: exit } = await runTokentray(['status'], host.env);
    assert.equal(exit, 8);
  });
}

test('promise 131: a host that was killed leaves files that mislead nobody, and the next one starts over them at once', async (t) => {
  const first = await startHostProcess(t);
  const key = first.ownerKey;
  await first.end('SIGKILL');
  assert.ok(existsSync(join(first.home, 'endpoint.json')) && existsSync(first.socketPath));
  assert.equal((await runTokentray(['status'], first.env)).code, 8);
  const second = await startHostProcess(t, { home: first.home });
  assert.equal(second.ownerKey, key);
  assert.equal((await second.call('GET', '/v1/status', { door: 'socket' })).json.pid, second.pid);
  const found = JSON.parse(readFileSync(join(first.home, 'endpoint.json'), 'utf8'));
  const { window, ...others } = found;
  assert.match(window, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.deepEqual(others, { url: second.url, socket: second.socketPath, pid: second.pid });
  assert.equal((await runTokentray(['status'], second.env)).code, 0);
});

test('promise 131: endpoint.json is user-only and names addresses and a process, no key', async (t) => {
  const host = await startHostProcess(t);
  const path = join(host.home, 'endpoint.json');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const text = readFileSync(path, 'utf8');
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), ['pid', 'socket', 'url', 'window']);
  assert.doesNotMatch(text, /tt_/);
});

test('promise 173: on SIGTERM a refresh in flight is finished and kept, its caller answered, and the exit code is 0', async (t) => {
  const provider = await HostileProvider.start();
  t.after(() => provider.close());
  const host = await startHostProcess(t);
  assert.equal((await host.call('POST', '/v1/providers', { body: provider.entry('acme') })).status, 201);
  const body = { refresh_token: provider.grantElsewhere('client-of-acme'), account: 'me' };
  const imported = await host.call('POST', '/v1/providers/acme/import', { body });
  assert.equal(imported.status, 201, imported.body);
  const gate = Promise.withResolvers<void>();
  provider.onToken(after(gate.promise, honestly()));
  const asked = host.call('POST', '/v1/refresh/acme/me');
  await until('the refresh', () => provider.refreshes.length === 2);
  const ended = host.end('SIGTERM');
  await host.running.says('Stopping.');
  gate.resolve();
  assert.equal((await asked).status, 200);
  assert.equal((await ended).code, 0);
  const next = await startHostProcess(t, { home: host.home });
  const refreshed = await next.call('POST', '/v1/refresh/acme/me');
  assert.equal(refreshed.status, 200, refreshed.body);
  // A strict provider ends the grant when a used refresh token comes again: the one it gave last was kept.
  assert.equal(new Set(provider.refreshTokensSeen).size, 3);
});

test('promise 132, fault 68: a port that was named and is taken is an error with its holder and exit code 1, however it was named', async (t) => {
  const taken = await holdPort(0);
  t.after(() => taken.free());
  const port = String(taken.port);
  for (const [args, env] of [
    [['--port', port], {}],
    [[], { TOKENTRAY_PORT: port }],
  ] as const) {
    const { home, running } = await launchHost(t, { args, env });
    const { code, stderr } = await running.ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`Port ${port} is taken by ".+" \\(pid ${process.pid}\\)\\. Choose another with --port`),
    );
    assert.deepEqual(
      [existsSync(join(home, 'endpoint.json')), existsSync(join(home, 'run', 't.sock'))],
      [false, false],
    );
  }
});

test('promise 132, fault 68: the usual port taken means a free one, kept for later starts and said in the status', async (t) => {
  const taken = await holdPort(0);
  const home = await newHostHome();
  const settings = JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'));
  const text = JSON.stringify({ ...settings, endpoint_port: taken.port });
  writeFileSync(join(home, 'settings.json'), text, { mode: 0o600 });
  const host = await startHostProcess(t, { home, args: [] });
  const port = Number(new URL(host.url).port);
  assert.notEqual(port, taken.port);
  assert.deepEqual(listeningOn(port), ['127.0.0.1']);
  const warning = new RegExp(
    `Port ${taken.port} is taken by ".+" \\(pid ${process.pid}\\).*${host.url}.*stranger`,
  );
  assert.match(host.running.stdout(), warning);
  assert.match(String((await host.call('GET', '/v1/status')).json.warnings), warning);
  assert.match((await runTokentray(['status'], host.env)).stdout, warning);
  assert.equal(JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')).endpoint_port, port);
  await host.end();
  await taken.free();
  const again = await startHostProcess(t, { home, args: [] });
  assert.equal(again.url, host.url);
  const standing = new RegExp(`moved from port ${taken.port} to ${host.url}.*stranger`);
  assert.match(String((await again.call('GET', '/v1/status')).json.warnings), standing);
  const chosen = await again.call('PATCH', '/v1/settings', { body: { endpoint_port: port } });
  assert.equal(chosen.status, 200);
  await again.end();
  const settled = await startHostProcess(t, { home, args: [] });
  assert.doesNotMatch(String((await settled.call('GET', '/v1/status')).json.warnings), /stranger/);
});

test('a port or a home that makes no sense is named, and the exit code is 2', async (t) => {
  for (const [args, env, sentence] of [
    [[], { TOKENTRAY_PORT: 'x' }, /TOKENTRAY_PORT must be a number/],
    [[], { TOKENTRAY_PORT: '70000' }, /TOKENTRAY_PORT must be a number/],
    [['--port', '70000'], {}, /--port/],
    [
      ['--port', '0'],
      { TOKENTRAY_HOME: 'relative' },
      /TOKENTRAY_HOME is "relative"\. Set it to an absolute path/,
    ],
  ] as const) {
    const { running } = await launchHost(t, { args, env });
    const { code, stderr } = await running.ended;
    assert.deepEqual([code, sentence.test(stderr)], [2, true], stderr);
  }
});

test('promise 128: a socket path that is too long, or leads through a link, stops the start with exit code 10 and its name', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tt-long-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const long = join(folder, 'x'.repeat(90));
  const { running } = await launchHost(t, { env: { TOKENTRAY_HOME: long } });
  const refused = await running.ended;
  assert.equal(refused.code, 10);
  assert.match(
    refused.stderr,
    /The path of the socket is \d+ bytes long and may have 100: .*x{90}\/run\/t\.sock\. Set TOKENTRAY_HOME/,
  );
  assert.equal(existsSync(long), false);

  const home = join(folder, 'home');
  mkdirSync(join(folder, 'elsewhere'));
  mkdirSync(home, { mode: 0o700 });
  symlinkSync(join(folder, 'elsewhere'), join(home, 'run'));
  const linked = await (await launchHost(t, { env: { TOKENTRAY_HOME: home } })).running.ended;
  assert.equal(linked.code, 10);
  assert.match(linked.stderr, /run is a symbolic link/);
  assert.deepEqual(readdirSync(join(folder, 'elsewhere')), []);
});

test('promise 128: another user of the machine cannot connect to the socket, not even with its folders open', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const host = await startHostProcess(t);
  const folder = join(host.home, 'run');
  assert.deepEqual([statSync(folder).mode & 0o777, statSync(host.socketPath).mode & 0o777], [0o700, 0o600]);
  const asNobody = async () => {
    process.seteuid?.(65_534);
    try {
      const [error] = await once(connect(host.socketPath), 'error');
      return error.code;
    } finally {
      process.seteuid?.(0);
    }
  };
  assert.equal(await asNobody(), 'EACCES');
  for (const open of [host.home, folder]) chmodSync(open, 0o711);
  assert.equal(await asNobody(), 'EACCES');
  assert.equal((await host.call('GET', '/v1/status', { door: 'socket' })).status, 200);
});

test('promise 129: the command line sends no key to a running host whose socket or folder others could replace', async (t) => {
  const host = await startHostProcess(t);
  const folder = join(host.home, 'run');
  for (const [path, mode] of [
    [folder, 0o777],
    [folder, 0o755],
    [host.socketPath, 0o666],
    [host.home, 0o770],
    [join(host.home, 'owner.key'), 0o644],
    [join(host.home, 'endpoint.json'), 0o622],
  ] as const) {
    const before = statSync(path).mode & 0o777;
    chmodSync(path, mode);
    const { code, stdout, stderr } = await runTokentray(['status'], host.env);
    assert.deepEqual([code, stdout], [10, ''], path);
    assert.match(stderr, /so no key was sent/);
    chmodSync(path, before);
  }
  assert.equal((await runTokentray(['status'], host.env)).code, 0);
});

test('promise 113: every socket of a host with an open consent, and of its practice server, is on loopback', async (t) => {
  const host = await startHostProcess(t, { args: ['--port', '0', '--sandbox'] });
  const { json } = await host.call('POST', '/v1/connections', { body: { provider: 'sandbox' } });
  const redirect = new URL(new URL(json.consent.authorization_url).searchParams.get('redirect_uri') ?? '');
  const { issuer } = (await host.call('GET', '/v1/sandbox')).json;
  // Connected ones too, not only those that listen.
  const held = connectTo(Number(redirect.port));
  t.after(() => held.destroy());
  const sandboxPid = childrenOf(host.pid);
  assert.equal(sandboxPid.length, 1);
  const found = [host.pid, ...sandboxPid].flatMap(socketsOf);
  const listening = found.filter(({ listens }) => listens).map(({ local }) => local);
  const { window } = JSON.parse(readFileSync(join(host.home, 'endpoint.json'), 'utf8'));
  const expected = [host.url, window, redirect.href, issuer].map((url) => `127.0.0.1:${new URL(url).port}`);
  assert.deepEqual(listening.sort(), expected.sort());
  for (const { local } of found) assert.match(local, /^(?:127\.0\.0\.1|::1):\d+$/);
});

interface OpenSocket {
  readonly local: string;
  readonly listens: boolean;
}

/** TCP and UDP sockets of a process, from the kernel's tables. */
function socketsOf(pid: number): OpenSocket[] {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => own.has(`socket:[${columns[9]}]`))
      .map(([, local = '', , state]) => ({ local: readable(local), listens: state === '0A' })),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since the folder was read.
    return '';
  }
}

/** `0100007F:1F90` is 127.0.0.1:8080. */
function readable(local: string): string {
  const [address = '', port = ''] = local.split(':');
  const number = Number.parseInt(port, 16);
  if (address === '00000000000000000000000001000000') return `::1:${number}`;
  const bytes = Buffer.from(address, 'hex').reverse();
  return `${address.length === 8 ? bytes.join('.') : address}:${number}`;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

test('promise 121: with 512 open connections the next one is answered 503, the other way in still works, and a place given back is free', async (t) => {
  const host = await startHostProcess(t);
  const port = Number(new URL(host.url).port);
  const name = `Host: 127.0.0.1:${port}`;
  const held = await Promise.all(
    Array.from({ length: 512 }, async () => {
      const socket = connectTo(port);
      await new Promise((resolve) => socket.once('connect', resolve));
      return socket;
    }),
  );
  t.after(() => {
    for (const socket of held) socket.destroy();
  });
  // Connected for the kernel is not yet accepted by the host.
  const accepted = () =>
    socketsOf(host.pid).filter(({ local, listens }) => local.endsWith(`:${port}`) && !listens);
  await until('the host to have them all', () => accepted().length === 512);
  const refused = await speak(port, 'GET /v1/health HTTP/1.1', name, 'Connection: close');
  assert.deepEqual([refused.status, refused.header('retry-after')], [503, '1']);
  assert.equal(JSON.parse(refused.body).code, 'busy');
  // Those that are in are served, and leave a place behind.
  held[0]!.write(`GET /v1/health HTTP/1.1\r\n${name}\r\nConnection: close\r\n\r\n`);
  assert.equal((await readAnswer(held[0]!)).status, 200);
  await until('the place to be given back', () => accepted().length === 511);
  assert.equal((await speak(port, 'GET /v1/health HTTP/1.1', name, 'Connection: close')).status, 200);
  assert.equal((await host.call('GET', '/v1/status', { door: 'socket' })).status, 200);
});
