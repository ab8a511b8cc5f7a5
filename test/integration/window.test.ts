// The window's door of a real host: its own loopback port, its files, a login, live events, copying, what happened.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, connect as tcpConnect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WIRE } from '../../api/wire.ts';
import { type Host, startHost } from '../../host/start.ts';
import { fieldsOf } from '../support/api-door.ts';
import { DEADLINE_MS, runTokentray } from '../support/cli-process.ts';
import { inTime } from '../support/in-time.ts';
import { MemoryKeychain } from '../support/vault-keychain.ts';

const SANDBOX = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));

interface Place {
  readonly home: string;
  readonly windowDirectory: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A home with a key file outside of it, and a window of two files. */
function newPlace(t: TestContext): Place {
  const root = mkdtempSync(join(tmpdir(), 'tt-window-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [home, windowDirectory] = [join(root, 'home'), join(root, 'renderer')];
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(join(windowDirectory, 'assets'), { recursive: true });
  writeFileSync(join(windowDirectory, 'index.html'), '<!doctype html><title>Tokentray</title>');
  writeFileSync(join(windowDirectory, 'assets', 'main-1a2b.js'), 'export {};');
  writeFileSync(join(windowDirectory, 'assets', 'main-1a2b.js.map'), '{}');
  writeFileSync(join(root, 'beside.txt'), 'not of the window');
  const env = {
    PATH: process.env.PATH,
    TOKENTRAY_HOME: home,
    TOKENTRAY_KEY_SOURCE: 'file',
    TOKENTRAY_KEY_FILE: join(root, 'vault.key'),
  };
  return { home, windowDirectory, env };
}

interface Started {
  readonly host: Host;
  readonly opened: readonly string[];
}

async function start(t: TestContext, place: Place, port: number | null = 0): Promise<Started> {
  const keychain = new MemoryKeychain();
  keychain.mood = 'unreachable';
  const opened: string[] = [];
  const host = await startHost({
    env: place.env,
    port,
    sandbox: false,
    sandboxScript: SANDBOX,
    windowDirectory: place.windowDirectory,
    version: '0.0.0-test',
    ports: { keychain, browser: { open: async (url) => void opened.push(url.href) } },
  });
  t.after(() => host.close());
  return { host, opened };
}

/** A browser's page of that host: fetch with the headers a browser adds by itself. */
function pageOf(host: Host) {
  const url = host.controls.window.url();
  const origin = new URL(url).origin;
  let session = '';
  const ask = (method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${origin}${path}`, {
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(method === 'GET' ? {} : { origin }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(session === '' ? {} : { 'x-tokentray-session': session }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  const login = async (link: URL = host.windowLink()) => {
    const code = /^#code=([\w-]+)$/.exec(link.hash)?.[1];
    const answer = await ask('POST', '/window/session', { code });
    if (answer.status === 201) session = WIRE.NewSession.parse(await answer.json()).session;
    return answer.status;
  };
  /** The same window after a restart: it has its session and nothing else. */
  const movedTo = (next: Host) => {
    const page = pageOf(next);
    const held = { 'x-tokentray-session': session };
    return { ...page, ask: (method: string, path: string) => page.ask(method, path, undefined, held) };
  };
  return { url, origin, ask, login, movedTo };
}

async function canConnect(host: string, port: number): Promise<boolean> {
  const socket = tcpConnect({ host, port });
  return inTime(
    'an answer of the port',
    new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    }),
  ).finally(() => socket.destroy());
}

test('promise 165: the window listens on loopback alone, and no setting or option can widen that', async (t) => {
  const place = newPlace(t);
  const bind = { window_host: '0.0.0.0', host: '0.0.0.0', bind: '0.0.0.0' };
  const env = { ...place.env, HOST: '0.0.0.0', TOKENTRAY_HOST: '0.0.0.0', TOKENTRAY_BIND: '0.0.0.0' };
  writeFileSync(join(place.home, 'settings.json'), JSON.stringify({ version: 1, ...bind }), { mode: 0o600 });
  const { host } = await start(t, { ...place, env });
  const port = Number(new URL(host.controls.window.url()).port);
  assert.equal(await canConnect('127.0.0.1', port), true);
  const others = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid);
  for (const { address } of [...others, { address: '127.0.0.2' }])
    assert.equal(await canConnect(address, port), false, address);
  for (const option of ['--host', '--bind', '--address']) {
    const { code, stdout, stderr } = await runTokentray(['serve', option, '0.0.0.0'], env);
    assert.deepEqual([code, stdout], [2, ''], option);
    assert.match(stderr, /^tokentray: Unknown option '[^\n]+\n$/, 'a reason of one line');
  }
});

test('promise 165: there is no default password: without a link nothing lets anybody in', async (t) => {
  const { host } = await start(t, newPlace(t));
  const { ask } = pageOf(host);
  // Each is answered later than the one before, so two must do.
  for (const code of ['', 'admin'])
    assert.equal((await ask('POST', '/window/session', { code })).status, 401);
  assert.equal((await ask('GET', '/v1/status', undefined, { 'x-tokentray-session': 'admin' })).status, 401);
});

test('the window has a port of its own, named in endpoint.json, and serves its files from memory', async (t) => {
  const place = newPlace(t);
  const { host } = await start(t, place);
  const { url, ask } = pageOf(host);
  const endpoint = JSON.parse(readFileSync(join(place.home, 'endpoint.json'), 'utf8'));
  assert.equal(endpoint.window, url);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.notEqual(new URL(url).port, new URL(host.url ?? '').port);
  const page = await ask('GET', '/');
  assert.equal(await page.text(), '<!doctype html><title>Tokentray</title>');
  assert.equal((await ask('GET', '/assets/main-1a2b.js')).status, 200);
  for (const path of ['/assets/main-1a2b.js.map', '/beside.txt', '/..%2fbeside.txt']) {
    assert.notEqual((await ask('GET', path)).status, 200, path);
  }
  rmSync(place.windowDirectory, { recursive: true });
  assert.equal((await ask('GET', '/')).status, 200);
});

test('a window that is not built says how to build it', async (t) => {
  const place = newPlace(t);
  rmSync(place.windowDirectory, { recursive: true });
  const { host } = await start(t, place);
  const { ask } = pageOf(host);
  const answer = await ask('GET', '/');
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /npm run build/);
  mkdirSync(place.windowDirectory);
  writeFileSync(join(place.windowDirectory, 'index.html'), '<!doctype html>');
  assert.equal((await ask('GET', '/')).status, 200, 'once it is built, loading the page again is enough');
});

test('promise 166: over the wire a link lets in once, and the login sets no cookie', async (t) => {
  const { host, opened } = await start(t, newPlace(t));
  const key = readFileSync(host.paths.ownerKey, 'utf8').trim();
  const answer = await fetch(`${host.url}/v1/window/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{"open":true}',
  });
  const link = WIRE.WindowLink.parse(await answer.json());
  assert.deepEqual([answer.status, link.opened], [201, true]);
  assert.deepEqual(opened, [link.url]);
  const page = pageOf(host);
  assert.equal(await page.login(new URL(link.url ?? '')), 201);
  const status = await page.ask('GET', '/v1/status');
  assert.equal(status.status, 200);
  assert.equal(status.headers.get('set-cookie'), null);
  assert.equal(await pageOf(host).login(new URL(link.url ?? '')), 401);
});

test('promise 167: over the wire a change from another origin, or as plain text, is 403 and changes nothing', async (t) => {
  const { host } = await start(t, newPlace(t));
  const { ask, login } = pageOf(host);
  await login();
  const body = { name: 'stolen', rights: ['admin'] };
  const cases: Record<string, string>[] = [
    { origin: 'http://evil.test' },
    { origin: host.url ?? '' },
    { 'sec-fetch-site': 'same-site' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'multipart/form-data; boundary=x' },
  ];
  for (const headers of cases) {
    assert.equal((await ask('POST', '/v1/keys', body, headers)).status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(host.engine.callers.list(), []);
  assert.equal((await ask('POST', '/v1/keys', body)).status, 201);
});

test('promise 168: over the wire a foreign Host is 421, whatever forwarded headers say', async (t) => {
  const { host } = await start(t, newPlace(t));
  const port = Number(new URL(host.controls.window.url()).port);
  const socket = tcpConnect(port, '127.0.0.1');
  socket.end(
    `GET / HTTP/1.1\r\nHost: evil.test:${port}\r\nX-Forwarded-Host: 127.0.0.1:${port}\r\nX-Forwarded-For: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  );
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 421 /);
  assert.doesNotMatch(text, /evil|<!doctype/);
});

test('promise 170: over the wire a logout ends the event stream, and the session is gone', async (t) => {
  const { host } = await start(t, newPlace(t));
  const { ask, login } = pageOf(host);
  await login();
  const stream = await ask('GET', '/v1/events');
  assert.equal(stream.status, 200);
  const text = stream.text();
  assert.equal((await ask('DELETE', '/window/session')).status, 200);
  assert.match(await inTime('the end of the stream', text), /^: ok/);
  assert.equal((await ask('GET', '/v1/status')).status, 401);
});

test('promise 170: a session outlives a restart of the host as a digest, and ends all the same when a person ends it', async (t) => {
  const place = newPlace(t);
  const { host } = await start(t, place);
  const page = pageOf(host);
  await page.login();
  await host.close();
  const kept = readFileSync(join(place.home, 'sessions.json'), 'utf8');
  assert.equal(statSync(join(place.home, 'sessions.json')).mode & 0o777, 0o600);
  const { host: second } = await start(t, place);
  const again = page.movedTo(second);
  assert.equal((await again.ask('GET', '/v1/status')).status, 200);
  assert.equal((await again.ask('DELETE', '/window/session')).status, 200);
  await second.close();
  // A file that cannot be used ends sessions and nothing else.
  writeFileSync(join(place.home, 'sessions.json'), kept.replace(/"digest":"./, '"digest":"?'), {
    mode: 0o600,
  });
  const { host: third } = await start(t, place);
  assert.equal((await page.movedTo(third).ask('GET', '/v1/status')).status, 401);
});

test('promise 171: the window answers no callback and redirects nowhere', async (t) => {
  const { host } = await start(t, newPlace(t));
  const { ask, login } = pageOf(host);
  await login();
  const evil = encodeURIComponent('http://evil.test/');
  for (const path of [
    '/callback/google?code=c&state=s',
    `/?next=${evil}`,
    `/settings?next=${evil}&redirect=${evil}&return_to=${evil}`,
    '//evil.test/',
    '/\\evil.test/',
    `/done/x?next=${evil}`,
  ]) {
    const answer = await ask('GET', path);
    assert.ok(answer.status === 200 || answer.status === 404, `${path}: ${answer.status}`);
    assert.equal(answer.redirected, false);
    assert.equal(answer.headers.get('location'), null);
    if (answer.status === 200) assert.equal(await answer.text(), '<!doctype html><title>Tokentray</title>');
    else assert.doesNotMatch(await answer.text(), /evil/);
  }
});

test('a usual port that is taken is left alone: the window takes a free one and keeps it', async (t) => {
  const place = newPlace(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(address !== null && typeof address === 'object');
  const settings = { version: 1, endpoint_port: await freePort(), window_port: address.port };
  writeFileSync(join(place.home, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  const { host } = await start(t, place, null);
  const { url, ask, login } = pageOf(host);
  assert.notEqual(new URL(url).port, String(address.port));
  await login();
  const kept = WIRE.Settings.parse(await (await ask('GET', '/v1/settings')).json());
  assert.deepEqual([String(kept.window_port), kept.restart_needed], [new URL(url).port, false]);
});

test('ports are chosen in the window, told apart, kept, and taken at the next start', async (t) => {
  const place = newPlace(t);
  const { host } = await start(t, place);
  const { ask, login } = pageOf(host);
  await login();
  const change = async (json: unknown) => {
    const answer = await ask('PATCH', '/v1/settings', json);
    return { status: answer.status, body: await fieldsOf(answer) };
  };
  const redirect = await change({ redirect_port: 9700 });
  assert.deepEqual([redirect.status, redirect.body.restart_needed], [200, false]);
  const moved = await change({ window_port: 9701 });
  assert.deepEqual([moved.body.window_port, moved.body.restart_needed], [9701, true]);
  for (const json of [
    { window_port: 9700 },
    { window_port: 0 },
    { redirect_port: 70_000 },
    { redirect_port: '1' },
  ]) {
    const refused = await change(json);
    assert.deepEqual([refused.status, refused.body.code], [400, 'invalid_field'], JSON.stringify(json));
    assert.equal(refused.body.field, Object.keys(json)[0]);
  }
  assert.equal((await change({ sandbox_port: 1 })).body.code, 'unknown_field');
  const file = JSON.parse(readFileSync(join(place.home, 'settings.json'), 'utf8'));
  assert.deepEqual([file.redirect_port, file.window_port], [9700, 9701]);
});

const PROVIDER = {
  id: 'acme',
  client_id: 'client',
  authorization_endpoint: 'https://acme.test/authorize',
  token_endpoint: 'https://acme.test/token',
};

test('what happened is kept over a restart, newest first, by pages and kinds, and locked with the vault', async (t) => {
  const place = newPlace(t);
  const first = await start(t, place);
  const page = pageOf(first.host);
  await page.login();
  assert.equal((await page.ask('POST', '/v1/providers', PROVIDER)).status, 201);
  assert.equal((await page.ask('POST', '/v1/keys', { name: 'backup', connections: ['acme'] })).status, 201);
  const consent = WIRE.ConsentStarted.parse(
    await (await page.ask('POST', '/v1/connections', { provider: 'acme' })).json(),
  ).consent;
  await page.ask('DELETE', `/v1/consents/${consent.id}`);
  await page.ask('POST', '/v1/lock');
  assert.equal((await page.ask('GET', '/v1/activity')).status, 423);
  await page.ask('POST', '/v1/unlock');
  await first.host.close();

  const { ask, login } = pageOf((await start(t, place)).host);
  await login();
  const read = async (query: string) => {
    const answer = await ask('GET', `/v1/activity${query}`);
    assert.equal(answer.status, 200);
    return WIRE.Activity.parse(await answer.json());
  };
  const { entries } = await read('');
  assert.deepEqual(
    entries.map(({ kind, outcome, provider, caller, code }) => [kind, outcome, provider ?? caller, code]),
    [
      ['vault', 'open', null, null],
      ['vault', 'open', null, null],
      ['vault', 'locked', null, null],
      ['consent', 'cancelled', 'acme', 'consent_cancelled'],
      ['consent', 'started', 'acme', null],
      ['key', 'added', 'backup', null],
      ['provider', 'added', 'acme', null],
      ['vault', 'open', null, null],
    ],
  );
  assert.deepEqual(
    (await read('?kind=consent')).entries,
    entries.filter(({ kind }) => kind === 'consent'),
  );
  assert.equal((await read('?caller=backup')).entries.length, 1);
  const paged: unknown[] = [];
  for (let after = ''; ; ) {
    const { entries: some, next } = await read(`?limit=3${after}`);
    paged.push(...some);
    if (next === undefined) break;
    assert.equal(some.length, 3);
    after = `&after=${next}`;
  }
  assert.deepEqual(paged, entries);
  for (const query of [
    '?kind=x',
    '?limit=0',
    '?limit=201',
    '?after=-1',
    '?connection=acme/nobody',
    '?more=1',
  ])
    assert.ok([400, 404].includes((await ask('GET', `/v1/activity${query}`)).status), query);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
