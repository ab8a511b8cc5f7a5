// The loopback listener through real sockets: what it binds, what it lets through, and when it is gone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { RedirectListeners, type Route } from '../../core/consent/redirect/listener.ts';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LoopbackRedirect } from '../../core/model/provider.ts';
import { refusedWith } from '../support/errors.ts';
import {
  type Asking,
  ask,
  askRaw,
  connected,
  freePort,
  holdPort,
  listeningOn,
  NAVIGATION,
  outsideAddresses,
  refuses,
} from '../support/loopback.ts';

const STATE = 'state-canary-6610';
const CODE = 'code-canary-2b9d';
const DONE = '/done/0123456789';

/** A consent as the listener sees it, counting what reaches it. */
function route(name = 'acme', state = STATE) {
  const arrived: URL[] = [];
  const shown: number[] = [];
  const self: Route = {
    path: `/callback/${name}`,
    ownsState: (given) => given === state,
    arrive(url) {
      arrived.push(url);
      return { kind: 'taken', donePath: DONE };
    },
    donePath: () => (arrived.length > 0 ? DONE : undefined),
    result: () =>
      Promise.resolve({ title: `${name}/jo is connected`, text: 'You can close this page.', good: true }),
    shown: () => shown.push(arrived.length),
  };
  return { route: self, arrived, shown };
}

type Rule = LoopbackRedirect;
const detachers: Array<() => void> = [];
after(() => {
  for (const detach of detachers) detach();
});

async function attach(
  rule: Rule = { host: '127.0.0.1', port: 'any' },
  listeners = new RedirectListeners(() => 1),
  as = route(),
) {
  const { redirectUri, detach } = await listeners.attach(rule, as.route);
  detachers.push(detach);
  const port = Number(redirectUri.port);
  const callback = `${redirectUri.href}?code=${CODE}&state=${STATE}`;
  return { ...as, redirectUri, detach, port, callback };
}

const HOSTS: readonly [Rule['host'], readonly string[]][] = [
  ['127.0.0.1', ['127.0.0.1']],
  ['[::1]', ['::1']],
  ['localhost', ['127.0.0.1', '::1']],
];

for (const [host, addresses] of HOSTS) {
  test(`promise 2: for a redirect to ${host} the socket table shows only ${addresses.join(' and ')}`, async () => {
    const { port, detach } = await attach({ host, port: 'any' });
    assert.deepEqual(listeningOn(port).sort(), [...addresses]);
    for (const address of outsideAddresses()) assert.ok(await refuses(port, address), address);
    detach();
    assert.deepEqual(listeningOn(port), []);
  });

  test(`promise 3: for a redirect to ${host} the address sent names ${host} and the port that is really bound`, async () => {
    const { redirectUri, port, callback, arrived } = await attach({ host, port: 'any' });
    assert.equal(redirectUri.href, `http://${host}:${port}/callback/acme`);
    for (const address of addresses) assert.equal(await refuses(port, address), false);
    assert.equal((await ask(callback)).status, 303);
    assert.equal(arrived.length, 1);
  });
}

test('promise 4: another program on the other family of localhost stops the consent, and nothing stays bound', async () => {
  for (const [held, ours] of [
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '::1'],
  ] as const) {
    const port = await freePort();
    const foreign = await holdPort(port, held);
    const listeners = new RedirectListeners(() => port);
    const error = await refusedWith('redirect_port_taken', () =>
      attach({ host: 'localhost', port: 'fixed' }, listeners),
    );
    assert.match(error.message, new RegExp(`${port}`));
    assert.ok(await refuses(port, ours));
    await foreign.free();
    assert.equal((await attach({ host: 'localhost', port: 'fixed' }, listeners)).port, port);
  }
});

test('promise 5: every consent with an ephemeral port has a port of its own', async () => {
  const ports = await Promise.all(Array.from({ length: 10 }, async () => (await attach()).port));
  assert.equal(new Set(ports).size, 10);
});

test('promise 6: a fixed port that is taken is named, and no other port is used in its place', async () => {
  const foreign = await holdPort(0);
  const error = await refusedWith('redirect_port_taken', () =>
    attach({ host: '127.0.0.1', port: 'fixed' }, new RedirectListeners(() => foreign.port)),
  );
  assert.match(error.message, new RegExp(`port ${foreign.port} .*another program`));
  assert.equal(error.details.field, 'redirect_port');
  await foreign.free();
});

test('promise 6, fault 69: while another program takes and leaves the fixed port, a consent has it or is refused, and nothing is in between', async () => {
  const port = await freePort();
  const outcomes = new Set<string>();
  for (let turn = 0; turn < 30; turn += 1) {
    const hold = () =>
      holdPort(port).then(
        ({ free }) => free,
        () => undefined,
      );
    // Who is first changes from turn to turn.
    const early = turn % 2 === 0 ? hold() : undefined;
    const ours = attach({ host: '127.0.0.1', port: 'fixed' }, new RedirectListeners(() => port)).then(
      (attached) => attached,
      (error: unknown) => error,
    );
    const free = await (early ?? hold());
    const got = await ours;
    if (free === undefined) {
      assert.ok(typeof got === 'object' && got !== null && 'port' in got && got.port === port);
      assert.deepEqual(listeningOn(port), ['127.0.0.1']);
      detachers.pop()?.();
    } else assert.ok(got instanceof TokentrayError && got.code === 'redirect_port_taken');
    outcomes.add(free === undefined ? 'ours' : 'refused');
    await free?.();
  }
  assert.equal(outcomes.size, 2);
});

test('promise 13: a callback under another Host is refused and not taken', async () => {
  const { callback, arrived, port } = await attach();
  const hosts = [
    `localhost:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
    `127.0.0.1.evil.test:${port}`,
    `evil.test:${port}`,
    `127.1:${port}`,
    `0.0.0.0:${port}`,
    `[::1]:${port}`,
    `127.0.0.1:${port}.`,
    `user@127.0.0.1:${port}`,
    `127.0.0.1:0${port}`,
  ];
  for (const host of hosts) {
    assert.equal((await ask(callback, { headers: { host } })).status, 421, host);
  }
  const path = new URL(callback).pathname + new URL(callback).search;
  for (const head of [`GET ${path} HTTP/1.1\r\nHost:`, `GET ${path} HTTP/1.1`, `GET ${path} HTTP/1.0`]) {
    assert.match(await askRaw(port, `${head}\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 4(00|21) /, head);
  }
  assert.equal(arrived.length, 0);
  assert.equal((await ask(callback)).status, 303);
});

test('promise 13: a callback with two Host lines is refused and not taken, whichever comes first', async () => {
  const { callback, arrived, port } = await attach();
  const { pathname, search } = new URL(callback);
  const [ours, theirs] = [`Host: 127.0.0.1:${port}`, 'hOST: evil.test'];
  for (const lines of [
    [ours, theirs],
    [theirs, ours],
    [ours, ours],
  ]) {
    const head = [`GET ${pathname}${search} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n');
    assert.match(await askRaw(port, head), /^HTTP\/1\.1 421 /, lines.join());
  }
  assert.equal(arrived.length, 0);
  assert.equal((await ask(callback)).status, 303);
});

const NOT_A_NAVIGATION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an image': { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  'a fetch': { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
  'a frame': { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  'an embedded object': { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' },
  'a script': { 'sec-fetch-dest': 'script' },
  'a web socket': { 'sec-fetch-mode': 'websocket' },
  'an empty mode': { 'sec-fetch-mode': '' },
};

for (const [what, headers] of Object.entries(NOT_A_NAVIGATION)) {
  test(`promise 14: a callback asked for as ${what} is refused and not taken`, async () => {
    const { callback, arrived } = await attach();
    assert.equal((await ask(callback, { headers })).status, 403);
    assert.equal(arrived.length, 0);
    assert.equal((await ask(callback, { headers: NAVIGATION })).status, 303);
  });
}

test('promise 15: HEAD, prefetch and preview get no answer to speak of and take nothing', async () => {
  const { callback, arrived } = await attach();
  const asked: Asking[] = [
    { method: 'HEAD' },
    { headers: { 'sec-purpose': 'prefetch' } },
    { headers: { 'sec-purpose': 'prefetch;prerender' } },
    { headers: { purpose: 'preview' } },
    { headers: { purpose: 'prefetch' } },
    { headers: { 'x-moz': 'prefetch' } },
  ];
  for (const asking of asked) {
    const { status, body } = await ask(callback, asking);
    assert.ok(status === 204 || status === 405, `${status}`);
    assert.equal(body, '');
  }
  assert.equal(arrived.length, 0);
  assert.equal((await ask(callback)).status, 303);
});

test('promise 16: no method but GET is taken, as no form post was asked for', async () => {
  const { callback, arrived } = await attach();
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'QUERY']) {
    const { status, headers } = await ask(callback, { method });
    assert.equal(status, 405, method);
    assert.ok(!Object.keys(headers).some((name) => name.startsWith('access-control-')));
  }
  assert.equal(arrived.length, 0);
});

test('promise 17: every other path gets one and the same 404, and nothing happens', async () => {
  const { redirectUri, arrived } = await attach();
  const paths = [
    '/',
    '/favicon.ico',
    '/callback',
    '/callback/',
    '/callback/acme/',
    '/callback/Acme',
    '/callback/acme2',
    '/callback/%61cme',
    '/done/',
    DONE,
    '/robots.txt',
    '/callback/acme%00',
  ];
  const bodies = new Set<string>();
  for (const path of paths) {
    const { status, body } = await ask(`${redirectUri.origin}${path}?code=${CODE}&state=${STATE}`);
    assert.equal(status, 404, path);
    assert.ok(!body.includes(CODE) && !body.includes(path.slice(1) || CODE));
    bodies.add(body);
  }
  assert.equal(bodies.size, 1);
  assert.equal(arrived.length, 0);
});

test('promise 8: a callback whose state is wrong, missing or repeated reaches no consent', async () => {
  const { redirectUri, arrived } = await attach();
  for (const query of [
    `code=${CODE}`,
    `code=${CODE}&state=x`,
    `state=${STATE}&state=${STATE}`,
    'error=access_denied',
    '',
  ]) {
    assert.equal((await ask(`${redirectUri.href}?${query}`)).status, 400, query);
  }
  assert.equal(arrived.length, 0);
});

test('malformed requests are refused and do not end the listener', async () => {
  const { callback, port, arrived } = await attach();
  const host = `Host: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
  const path = new URL(callback).pathname + new URL(callback).search;
  const lines = [
    `GET http://127.0.0.1:${port}${path} HTTP/1.1`,
    `GET http://evil.test${path} HTTP/1.1`,
    `GET //evil.test${path} HTTP/1.1`,
    `GET /\\evil.test${path} HTTP/1.1`,
    `GET //[ HTTP/1.1`,
    `GET ${path.slice(1)} HTTP/1.1`,
    `OPTIONS * HTTP/1.1`,
    `CONNECT 127.0.0.1:${port} HTTP/1.1`,
    `GET ${path}&x=${'y'.repeat(LIMITS.redirectUrlBytes)} HTTP/1.1`,
    `GET ${path}&x=${'y'.repeat(LIMITS.endpointHeaderBytes)} HTTP/1.1`,
    `GET ${path} HTTP/9.9`,
    'nonsense',
    '\u0000\u0016\u0003\u0001',
  ];
  for (const line of lines) {
    const answer = await askRaw(port, `${line}\r\n${host}`);
    assert.ok(
      answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer),
      `${line.slice(0, 60)}: ${answer.slice(0, 60)}`,
    );
  }
  assert.equal(arrived.length, 0);
  assert.equal((await ask(callback)).status, 303);
});

test('promise 18: every answer forbids storing, referrers, sniffing and any content but its own style', async () => {
  const { callback, redirectUri } = await attach();
  const answers = [
    await ask(`${redirectUri.origin}/favicon.ico`),
    await ask(redirectUri.href),
    await ask(callback, { method: 'POST' }),
    await ask(callback, { headers: { host: 'evil.test' } }),
    await ask(callback),
    await ask(`${redirectUri.origin}${DONE}`),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 400, 405, 421, 303, 200],
  );
  for (const { headers, body } of answers) {
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/);
    assert.equal(headers['access-control-allow-origin'], undefined);
    for (const secret of [CODE, STATE]) assert.ok(!body.includes(secret));
  }
});

test('promise 19: the browser is moved on by 303 to an address without parameters', async () => {
  const { callback, redirectUri, shown } = await attach();
  const { status, headers, body } = await ask(callback, { headers: NAVIGATION });
  assert.deepEqual([status, headers.location, body], [303, DONE, '']);
  const page = await ask(`${redirectUri.origin}${headers.location}`, { headers: NAVIGATION });
  assert.match(page.body, /acme\/jo is connected/);
  assert.deepEqual(shown, [1]);
});

test('promise 22: behind 200 idle half-open connections a genuine callback is still served, and the end cuts them off', async () => {
  const { callback, detach, port, arrived } = await attach();
  const idle = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const socket = await connected(port);
      // Some say nothing at all, some begin a request and never end it.
      if (index % 2 === 0) socket.write('GET /callback/acme?code=x HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
      return socket;
    }),
  );
  assert.equal((await ask(callback, { headers: NAVIGATION })).status, 303);
  assert.equal(arrived.length, 1);
  const ended = Promise.all(idle.map((socket) => once(socket.resume(), 'close')));
  detach();
  assert.ok(await refuses(port));
  await ended;
});

test('promise 21: once its consent has ended the port refuses new connections at once', async () => {
  for (const [host, addresses] of HOSTS) {
    const { detach, port } = await attach({ host, port: 'any' });
    detach();
    detach();
    for (const address of addresses) assert.ok(await refuses(port, address), address);
  }
});

test('two consents share the fixed port, are told apart by path and state, and the port closes with the last', async () => {
  const fixed = await freePort();
  const listeners = new RedirectListeners(() => fixed);
  const rule: Rule = { host: '127.0.0.1', port: 'fixed' };
  const [one, two, three] = await Promise.all([
    attach(rule, listeners, route('acme', 'state-1')),
    attach(rule, listeners, route('acme', 'state-2')),
    attach(rule, listeners, route('other', 'state-3')),
  ]);
  assert.deepEqual([one.port, two.port, three.port], [fixed, fixed, fixed]);
  const origin = one.redirectUri.origin;
  assert.equal((await ask(`${origin}/callback/acme?code=x&state=state-2`)).status, 303);
  assert.equal((await ask(`${origin}/callback/other?code=x&state=state-1`)).status, 400);
  assert.equal((await ask(`${origin}/callback/other?code=x&state=state-3`)).status, 303);
  assert.deepEqual([one.arrived.length, two.arrived.length, three.arrived.length], [0, 1, 1]);
  two.detach();
  three.detach();
  assert.equal((await ask(`${origin}/callback/other?code=x&state=state-3`)).status, 404);
  assert.equal((await ask(`${origin}/callback/acme?code=x&state=state-1`)).status, 303);
  one.detach();
  assert.ok(await refuses(fixed));
  const again = await attach(rule, listeners);
  assert.equal((await ask(again.callback)).status, 303);
});

test('a consent that joins the fixed port while the last one leaves it gets a port that is open', async () => {
  const fixed = await freePort();
  const listeners = new RedirectListeners(() => fixed);
  const rule: Rule = { host: '127.0.0.1', port: 'fixed' };
  const first = await attach(rule, listeners);
  const joining = attach(rule, listeners);
  first.detach();
  const { callback, arrived } = await joining;
  assert.equal((await ask(callback)).status, 303);
  assert.equal(arrived.length, 1);
});
