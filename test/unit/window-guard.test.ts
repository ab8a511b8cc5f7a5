// The guard of the window's door on raw heads. The cases are data, so that guards that are wrong on purpose meet them too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Head, type HttpDoor, judgeHead } from '../../api/guard.ts';
import type { Problem } from '../../core/errors.ts';

type Judge = (head: Head, door: HttpDoor, port: number) => Problem | undefined;

const PORT = 9598;
const OURS = `127.0.0.1:${PORT}`;
const ORIGIN = `http://${OURS}`;

interface Case {
  readonly name: string;
  readonly head: Partial<Head>;
  /** undefined: goes on. */
  readonly code: Problem['code'] | undefined;
}

const headOf = (given: Partial<Head>): Head => ({
  httpVersion: '1.1',
  method: 'GET',
  target: '/v1/status',
  rawHeaders: ['Host', OURS],
  ...given,
});

const read = (target: string, ...lines: string[]): Partial<Head> => ({
  target,
  rawHeaders: ['Host', OURS, ...lines],
});

/** What our own page sends to change something. */
const WRITE = {
  Host: OURS,
  Origin: ORIGIN,
  'Sec-Fetch-Site': 'same-origin',
  'Content-Type': 'application/json',
  'Content-Length': '2',
  'X-Tokentray-Session': 's',
} as const;

/** undefined takes a header away. */
const write = (
  change: Partial<Record<keyof typeof WRITE, string | undefined>>,
  method = 'POST',
  target = '/v1/keys',
) => ({
  method,
  target,
  rawHeaders: Object.entries({ ...WRITE, ...change }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  ),
});

function failures(judge: Judge, cases: readonly Case[]): string[] {
  return cases
    .filter(({ head, code }) => judge(headOf(head), 'window-http', PORT)?.code !== code)
    .map(({ name }) => name);
}

const SAME = ['Sec-Fetch-Site', 'same-origin'];

const HOSTS: readonly Case[] = [
  ...[OURS, `localhost:${PORT}`, `[::1]:${PORT}`].map(
    (host): Case => ({ name: host, head: { rawHeaders: ['Host', host, ...SAME] }, code: undefined }),
  ),
  ...[
    '127.0.0.1',
    'localhost',
    '127.0.0.1:9595',
    `evil.test:${PORT}`,
    `0.0.0.0:${PORT}`,
    `127.0.0.2:${PORT}`,
    '',
  ].map(
    (host): Case => ({
      name: `Host ${host}`,
      head: { rawHeaders: ['Host', host, ...SAME] },
      code: 'misdirected',
    }),
  ),
  ...['X-Forwarded-Host', 'X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded'].map(
    (name): Case => ({
      name: `${name} makes no Host ours`,
      head: { rawHeaders: ['Host', `evil.test:${PORT}`, name, OURS, ...SAME] },
      code: 'misdirected',
    }),
  ),
  ...['X-Forwarded-Host', 'X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded'].map(
    (name): Case => ({
      name: `${name} does not make ours foreign`,
      head: { rawHeaders: ['Host', OURS, name, 'evil.test', ...SAME] },
      code: undefined,
    }),
  ),
];

const READS: readonly Case[] = [
  { name: 'our page', head: read('/v1/status', ...SAME), code: undefined },
  { name: 'a program', head: read('/v1/status'), code: 'denied' },
  ...['none', 'same-site', 'cross-site', '', 'Same-Origin'].map(
    (site): Case => ({
      name: `data, ${site}`,
      head: read('/v1/status', 'Sec-Fetch-Site', site),
      code: 'denied',
    }),
  ),
  {
    name: 'data, two lines',
    head: read('/v1/status', ...SAME, 'sec-fetch-site', 'cross-site'),
    code: 'denied',
  },
  { name: 'another Origin', head: read('/v1/status', ...SAME, 'Origin', 'http://evil.test'), code: 'denied' },
  { name: 'Origin null', head: read('/v1/status', ...SAME, 'Origin', 'null'), code: 'denied' },
  {
    name: 'the scripts port is another origin',
    head: read('/v1/status', ...SAME, 'Origin', 'http://127.0.0.1:9595'),
    code: 'denied',
  },
  {
    name: 'localhost is another origin than 127.0.0.1',
    head: read('/v1/status', ...SAME, 'Origin', `http://localhost:${PORT}`),
    code: 'denied',
  },
  ...['/', '/assets/main.js', '/connections/c_x', '/settings'].flatMap((target): Case[] => [
    { name: `${target}, typed`, head: read(target, 'Sec-Fetch-Site', 'none'), code: undefined },
    { name: `${target}, of our page`, head: read(target, ...SAME), code: undefined },
    ...['script', 'image', 'iframe', 'style', 'empty', 'document'].map(
      (dest): Case => ({
        name: `${target} as ${dest} of another page`,
        head: read(
          target,
          'Sec-Fetch-Site',
          'cross-site',
          'Sec-Fetch-Mode',
          'no-cors',
          'Sec-Fetch-Dest',
          dest,
        ),
        code: 'denied',
      }),
    ),
    {
      name: `${target} in a frame`,
      head: read(
        target,
        'Sec-Fetch-Site',
        'cross-site',
        'Sec-Fetch-Mode',
        'navigate',
        'Sec-Fetch-Dest',
        'iframe',
      ),
      code: 'denied',
    },
    {
      name: `${target} by a link`,
      head: read(
        target,
        'Sec-Fetch-Site',
        'cross-site',
        'Sec-Fetch-Mode',
        'navigate',
        'Sec-Fetch-Dest',
        'document',
      ),
      code: undefined,
    },
  ]),
  // However data is spelled, it is not a page.
  ...[
    '/v1',
    '/v1/',
    '/./v1/status',
    '/x/../v1/status',
    '/%761/status',
    '/v1%2Fstatus',
    '/window/sessions',
    '\\v1',
  ].map(
    (target): Case => ({
      name: `${target}, typed`,
      head: read(target, 'Sec-Fetch-Site', 'none'),
      code: target.startsWith('/') ? 'denied' : 'misdirected',
    }),
  ),
  {
    name: 'an absolute target',
    head: read(`http://${OURS}/v1/status`, 'Sec-Fetch-Site', 'none'),
    code: 'denied',
  },
];

const WRITES: readonly Case[] = [
  ...(['POST', 'PATCH', 'DELETE', 'PUT'] as const).flatMap((method): Case[] => [
    { name: `${method} of our page`, head: write({}, method), code: undefined },
    { name: `${method} without Origin`, head: write({ Origin: undefined }, method), code: 'denied' },
    { name: `${method} from elsewhere`, head: write({ Origin: 'http://evil.test' }, method), code: 'denied' },
    { name: `${method} from null`, head: write({ Origin: 'null' }, method), code: 'denied' },
    { name: `${method} from https`, head: write({ Origin: `https://${OURS}` }, method), code: 'denied' },
    {
      name: `${method} from another port`,
      head: write({ Origin: 'http://127.0.0.1:9595' }, method),
      code: 'denied',
    },
    { name: `${method} cross-site`, head: write({ 'Sec-Fetch-Site': 'cross-site' }, method), code: 'denied' },
    { name: `${method} same-site`, head: write({ 'Sec-Fetch-Site': 'same-site' }, method), code: 'denied' },
    {
      name: `${method} of an older browser`,
      head: write({ 'Sec-Fetch-Site': undefined }, method),
      code: undefined,
    },
    {
      name: `${method} without a session`,
      head: write({ 'X-Tokentray-Session': undefined }, method),
      code: 'denied',
    },
    {
      name: `${method} without a body`,
      head: write({ 'Content-Type': undefined, 'Content-Length': undefined }, method),
      code: undefined,
    },
    {
      name: `${method} with an empty body`,
      head: write({ 'Content-Type': undefined, 'Content-Length': '0' }, method),
      code: undefined,
    },
    {
      name: `${method} with a body of no type`,
      head: write({ 'Content-Type': undefined }, method),
      code: 'denied',
    },
    ...[
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/jsonx',
    ].map(
      (type): Case => ({
        name: `${method} as ${type}`,
        head: write({ 'Content-Type': type }, method),
        code: 'denied',
      }),
    ),
    {
      name: `${method} as ${'application/json; charset=utf-8'}`,
      head: write({ 'Content-Type': 'application/json; charset=utf-8' }, method),
      code: undefined,
    },
  ]),
  {
    name: 'a login has no session yet',
    head: write({ 'X-Tokentray-Session': undefined }, 'POST', '/window/session'),
    code: undefined,
  },
  {
    name: 'a login from elsewhere',
    head: write({ 'X-Tokentray-Session': undefined, Origin: 'http://evil.test' }, 'POST', '/window/session'),
    code: 'denied',
  },
  {
    name: 'a logout needs the session',
    head: write({ 'X-Tokentray-Session': undefined }, 'DELETE', '/window/session'),
    code: 'denied',
  },
  {
    name: 'a preflight',
    head: { method: 'OPTIONS', rawHeaders: ['Host', OURS, 'Origin', 'http://evil.test'] },
    code: 'denied',
  },
  { name: 'our own OPTIONS', head: write({}, 'OPTIONS'), code: 'method_not_allowed' },
  { name: 'a key in the address', head: write({}, 'POST', '/v1/keys?x=tt_abc'), code: 'key_in_query' },
];

test('promise 168: only an exact Host of the window passes, and forwarded headers change nothing', () => {
  assert.deepEqual(failures(judgeHead, HOSTS), []);
});

test('promise 112: what another page starts reads nothing at the window, whatever it is loaded as', () => {
  assert.deepEqual(failures(judgeHead, READS), []);
});

test('promise 167: a change without our Origin, our session header and a JSON body is refused with 403', () => {
  assert.deepEqual(failures(judgeHead, WRITES), []);
  for (const { head, code } of WRITES.filter((one) => one.code === 'denied'))
    assert.equal(judgeHead(headOf(head), 'window-http', PORT)?.status, 403, code);
});

test('promise 167: no Origin but our own passes, whatever its characters', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.string({ maxLength: 4 }), (text, tail) => {
      for (const origin of [text, `${ORIGIN}${tail}`, `${tail}${ORIGIN}`]) {
        const refused = judgeHead(headOf(write({ Origin: origin })), 'window-http', PORT) !== undefined;
        assert.equal(refused, origin !== ORIGIN);
      }
    }),
  );
});

test('the refusals of the window repeat nothing of the request and name no session', () => {
  for (const { head } of [...READS, ...WRITES]) {
    const text = JSON.stringify(judgeHead(headOf(head), 'window-http', PORT) ?? {});
    assert.doesNotMatch(text, /evil|c_x/);
  }
});

test('promises 112, 167, 168: a guard that forgets one rule fails these cases', () => {
  const without =
    (name: string, value: string): Judge =>
    (head, door, port) =>
      judgeHead(
        {
          ...head,
          rawHeaders: [
            ...head.rawHeaders.flatMap((line, at, all) =>
              at % 2 === 0 && line.toLowerCase() !== name ? [line, all[at + 1] ?? ''] : [],
            ),
            name,
            value,
          ],
        },
        door,
        port,
      );
  const twins: readonly {
    readonly forgets: string;
    readonly judge: Judge;
    readonly cases: readonly Case[];
  }[] = [
    { forgets: 'Host', judge: without('host', OURS), cases: HOSTS },
    { forgets: 'Sec-Fetch-Site', judge: without('sec-fetch-site', 'same-origin'), cases: READS },
    { forgets: 'Origin', judge: without('origin', ORIGIN), cases: WRITES },
    { forgets: 'the session', judge: without('x-tokentray-session', 's'), cases: WRITES },
    { forgets: 'the type', judge: without('content-type', 'application/json'), cases: WRITES },
    {
      forgets: 'spellings',
      judge: (head, door, port) => judgeHead({ ...head, target: '/' }, door, port),
      cases: READS,
    },
  ];
  for (const { forgets, judge, cases } of twins) assert.notDeepEqual(failures(judge, cases), [], forgets);
});
