// The guard on raw heads. The cases are data, so that the same cases can be held against guards that are wrong on purpose.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Head, type HttpDoor, judgeHead } from '../../api/guard.ts';
import type { Problem } from '../../core/errors.ts';

type Judge = (head: Head, door: HttpDoor, port: number) => Problem | undefined;

const PORT = 9595;
const GOOD_HOST = `127.0.0.1:${PORT}`;

interface Case {
  readonly name: string;
  readonly door?: HttpDoor;
  readonly head: Partial<Head>;
  /** undefined: goes on. */
  readonly code: Problem['code'] | undefined;
}

const headOf = (given: Partial<Head>): Head => ({
  httpVersion: '1.1',
  method: 'GET',
  target: '/v1/status',
  rawHeaders: ['Host', GOOD_HOST],
  ...given,
});

const host = (...values: string[]): Partial<Head> => ({
  rawHeaders: values.flatMap((value) => ['Host', value]),
});
const headers = (...lines: string[]): Partial<Head> => ({ rawHeaders: ['Host', GOOD_HOST, ...lines] });

function failures(judge: Judge, cases: readonly Case[]): string[] {
  return cases
    .filter(({ head, door = 'tcp', code }) => judge(headOf(head), door, PORT)?.code !== code)
    .map(({ name }) => name);
}

const HOST_CASES: readonly Case[] = [
  { name: 'the address itself', head: host(GOOD_HOST), code: undefined },
  { name: 'localhost', head: host(`localhost:${PORT}`), code: undefined },
  { name: 'IPv6 loopback', head: host(`[::1]:${PORT}`), code: undefined },
  { name: 'header name in another case', head: { rawHeaders: ['hOsT', GOOD_HOST] }, code: undefined },
  { name: 'HTTP/1.0 with Host', head: { ...host(GOOD_HOST), httpVersion: '1.0' }, code: undefined },
  ...[
    'evil.test',
    `evil.test:${PORT}`,
    '127.0.0.1.evil.test',
    `127.0.0.1.evil.test:${PORT}`,
    'localhost.',
    `localhost.:${PORT}`,
    `LOCALHOST:${PORT}`,
    `Localhost:${PORT}`,
    `0.0.0.0:${PORT}`,
    `127.1:${PORT}`,
    `2130706433:${PORT}`,
    `0x7f.0.0.1:${PORT}`,
    `127.0.0.2:${PORT}`,
    `[::ffff:7f00:1]:${PORT}`,
    `[::ffff:127.0.0.1]:${PORT}`,
    `[0:0:0:0:0:0:0:1]:${PORT}`,
    `[::]:${PORT}`,
    `::1:${PORT}`,
    '127.0.0.1',
    'localhost',
    'tokentray',
    '127.0.0.1:9596',
    '127.0.0.1:959',
    `127.0.0.1:0${PORT}`,
    `127.0.0.1:${PORT}0`,
    `127.0.0.1:${PORT} `,
    `user@127.0.0.1:${PORT}`,
    `127.0.0.1:${PORT},evil.test`,
    `127.0.0.1:${PORT}/`,
    '',
    ':9595',
  ].map((value): Case => ({ name: `Host ${JSON.stringify(value)}`, head: host(value), code: 'misdirected' })),
  { name: 'no Host', head: { rawHeaders: [] }, code: 'misdirected' },
  { name: 'HTTP/1.0 without Host', head: { rawHeaders: [], httpVersion: '1.0' }, code: 'misdirected' },
  { name: 'two Host lines, good first', head: host(GOOD_HOST, 'evil.test'), code: 'misdirected' },
  { name: 'two Host lines, good last', head: host('evil.test', GOOD_HOST), code: 'misdirected' },
  { name: 'two equal Host lines', head: host(GOOD_HOST, GOOD_HOST), code: 'misdirected' },
  {
    name: 'two Host lines in two cases',
    head: { rawHeaders: ['Host', GOOD_HOST, 'HOST', 'evil.test'] },
    code: 'misdirected',
  },
  {
    name: 'Host refused before anything else',
    head: { rawHeaders: ['Host', 'evil.test', 'Origin', 'null'], method: 'OPTIONS' },
    code: 'misdirected',
  },
];

const TARGET_CASES: readonly Case[] = [
  { name: 'absolute target of ours', head: { target: `http://${GOOD_HOST}/v1/status` }, code: undefined },
  { name: 'absolute target without path', head: { target: `http://${GOOD_HOST}` }, code: undefined },
  {
    name: 'absolute target, scheme in capitals',
    head: { target: `HTTP://${GOOD_HOST}/v1/status` },
    code: undefined,
  },
  ...[
    'http://evil.test/v1/status',
    `http://${GOOD_HOST}.evil.test/v1/status`,
    `http://${GOOD_HOST}@evil.test/v1/status`,
    `http://evil.test@${GOOD_HOST}/v1/status`,
    `http://localhost:${PORT}/v1/status`,
    `http://${GOOD_HOST}0/v1/status`,
    `http://${GOOD_HOST}\\@evil.test/`,
    `https://${GOOD_HOST}/v1/status`,
    `ftp://${GOOD_HOST}/v1/status`,
    'evil.test:80',
    '',
  ].map(
    (target): Case => ({ name: `target ${JSON.stringify(target)}`, head: { target }, code: 'misdirected' }),
  ),
];

const SOCKET_CASES: readonly Case[] = [
  { name: 'localhost', door: 'socket', head: host('localhost'), code: undefined },
  { name: 'tokentray', door: 'socket', head: host('tokentray'), code: undefined },
  {
    name: 'absolute target of ours',
    door: 'socket',
    head: { ...host('tokentray'), target: 'http://tokentray/v1/status' },
    code: undefined,
  },
  ...['Tokentray', 'tokentray.', 'localhost:80', GOOD_HOST, 'evil.test', ''].map(
    (value): Case => ({
      name: `socket Host ${JSON.stringify(value)}`,
      door: 'socket',
      head: host(value),
      code: 'misdirected',
    }),
  ),
  {
    name: 'absolute target of another',
    door: 'socket',
    head: { ...host('tokentray'), target: 'http://localhost/' },
    code: 'misdirected',
  },
];

const BROWSER_CASES: readonly Case[] = [
  ...['https://evil.test', 'null', '', `http://${GOOD_HOST}`].map(
    (origin): Case => ({
      name: `Origin ${JSON.stringify(origin)}`,
      head: headers('Origin', origin),
      code: 'denied',
    }),
  ),
  { name: 'Origin in capitals', head: headers('ORIGIN', 'null'), code: 'denied' },
  {
    name: 'Origin with OPTIONS',
    head: { ...headers('Origin', 'https://evil.test'), method: 'OPTIONS' },
    code: 'denied',
  },
  { name: 'OPTIONS', head: { method: 'OPTIONS' }, code: 'method_not_allowed' },
  { name: 'OPTIONS *', head: { method: 'OPTIONS', target: '*' }, code: 'method_not_allowed' },
];

const FETCH_CASES: readonly Case[] = [
  { name: 'none', head: headers('Sec-Fetch-Site', 'none'), code: undefined },
  ...['cross-site', 'same-origin', 'same-site', '', 'None', 'none, none'].map(
    (site): Case => ({
      name: `Sec-Fetch-Site ${JSON.stringify(site)}`,
      head: headers('Sec-Fetch-Site', site),
      code: 'denied',
    }),
  ),
  {
    name: 'two lines',
    head: headers('Sec-Fetch-Site', 'none', 'sec-fetch-site', 'cross-site'),
    code: 'denied',
  },
  {
    name: 'two lines, other order',
    head: headers('Sec-Fetch-Site', 'cross-site', 'sec-fetch-site', 'none'),
    code: 'denied',
  },
];

const KEY_CASES: readonly Case[] = [
  { name: 'one Authorization', head: headers('Authorization', 'Bearer tt_a'), code: undefined },
  {
    name: 'two Authorization lines',
    head: headers('Authorization', 'Bearer tt_a', 'authorization', 'Bearer tt_b'),
    code: 'bad_request',
  },
  {
    name: 'two equal lines',
    head: headers('Authorization', 'Bearer tt_a', 'Authorization', 'Bearer tt_a'),
    code: 'bad_request',
  },
  ...['?min_valid=60', '?', '?scope=a+b', '?scope=att_x', '?force'].map(
    (query): Case => ({ name: `query ${query}`, head: { target: `/v1/token/p${query}` }, code: undefined }),
  ),
  ...[
    '?x=tt_abc',
    '?min_valid=1&x=tt_abc',
    '?x=Bearer%20tt_abc',
    '?x=Bearer+tt_abc',
    '?x=%74t_abc',
    '?x=tt%5Fabc',
    '?tt_abc',
    '?tt_abc=1',
    '?key=1',
    '?KEY=1',
    '?access_token=1',
    '?token',
    '?api_key=',
    '?Authorization=x',
    '?acces%73_token=1',
    '?a=1?key=2&key=3',
  ].map(
    (query): Case => ({
      name: `query ${query}`,
      head: { target: `/v1/token/p${query}` },
      code: 'key_in_query',
    }),
  ),
  {
    name: 'key in an absolute target',
    head: { target: `http://${GOOD_HOST}/v1/status?key=1` },
    code: 'key_in_query',
  },
];

const METHOD_CASES: readonly Case[] = [
  { name: 'TRACE', head: { method: 'TRACE' }, code: 'method_not_allowed' },
  { name: 'CONNECT', head: { method: 'CONNECT', target: GOOD_HOST }, code: 'method_not_allowed' },
  { name: 'CONNECT elsewhere', head: { method: 'CONNECT', target: 'evil.test:443' }, code: 'misdirected' },
  { name: 'HTTP/2.0 on this port', head: { httpVersion: '2.0' }, code: 'bad_request' },
  ...['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD'].map(
    (method): Case => ({ name: method, head: { method }, code: undefined }),
  ),
];

test('promise 109: only an exact Host of the TCP door passes, and exactly one Host line', () => {
  assert.deepEqual(failures(judgeHead, HOST_CASES), []);
});

test('promise 109: an absolute target must name the same authority as Host', () => {
  assert.deepEqual(failures(judgeHead, TARGET_CASES), []);
});

test('promise 109: the socket door is called localhost or tokentray and nothing else', () => {
  assert.deepEqual(failures(judgeHead, SOCKET_CASES), []);
});

test('promise 109: every misdirected request gets the same 421, whatever it said', () => {
  const refused = [...HOST_CASES, ...TARGET_CASES].filter(({ code }) => code === 'misdirected');
  const answers = new Set(refused.map(({ head }) => JSON.stringify(judgeHead(headOf(head), 'tcp', PORT))));
  assert.equal(answers.size, 1);
  assert.equal(judgeHead(headOf(host('evil.test')), 'tcp', PORT)?.status, 421);
});

test('promise 109: no Host but the three passes, whatever its characters', () => {
  const ours = new Set([GOOD_HOST, `localhost:${PORT}`, `[::1]:${PORT}`]);
  const parts = fc.constantFrom(
    '127.0.0.1',
    'localhost',
    '[::1]',
    ':',
    '9595',
    '.',
    '@',
    'evil',
    ' ',
    '\t',
    '%00',
  );
  const hosts = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 6 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(hosts, (value) => {
      const refused = judgeHead(headOf(host(value)), 'tcp', PORT)?.code === 'misdirected';
      assert.equal(refused, !ours.has(value));
    }),
  );
});

test('promise 110: any Origin is refused with 403, and OPTIONS is never answered', () => {
  assert.deepEqual(failures(judgeHead, BROWSER_CASES), []);
});

test('promise 111: Sec-Fetch-Site other than none is refused', () => {
  assert.deepEqual(failures(judgeHead, FETCH_CASES), []);
});

test('promise 115: two Authorization lines and a key in the query are refused', () => {
  assert.deepEqual(failures(judgeHead, KEY_CASES), []);
});

test('promise 115: the refusal of a key in the query does not repeat it', () => {
  const problem = judgeHead(headOf({ target: '/v1/status?access_token=tt_very-secret' }), 'tcp', PORT);
  assert.equal(problem?.status, 400);
  assert.doesNotMatch(JSON.stringify(problem), /tt_|very-secret/);
});

test('TRACE, CONNECT and unknown HTTP versions are refused, the methods of the routes pass', () => {
  assert.deepEqual(failures(judgeHead, METHOD_CASES), []);
});

// Each twin makes one mistake that real servers have made. The cases must notice every one of them.
const withHosts =
  (change: (hosts: string[]) => string[]): Judge =>
  (head, door, port) => {
    const hosts = head.rawHeaders.filter(
      (_, i) => i % 2 === 1 && head.rawHeaders[i - 1]!.toLowerCase() === 'host',
    );
    const others = head.rawHeaders.filter((_, i) => head.rawHeaders[i - (i % 2)]!.toLowerCase() !== 'host');
    return judgeHead(
      { ...head, rawHeaders: [...change(hosts).flatMap((value) => ['Host', value]), ...others] },
      door,
      port,
    );
  };
const without =
  (name: string, value?: string): Judge =>
  (head, door, port) => {
    const kept = head.rawHeaders.filter((_, i, all) => {
      const at = i - (i % 2);
      return all[at]!.toLowerCase() !== name || (value !== undefined && all[at + 1] !== value);
    });
    return judgeHead({ ...head, rawHeaders: kept }, door, port);
  };

const TWINS: readonly { readonly mistake: string; readonly judge: Judge; readonly cases: readonly Case[] }[] =
  [
    {
      mistake: 'keeps the first of two Host lines, as Node does',
      judge: withHosts((hosts) => hosts.slice(0, 1)),
      cases: HOST_CASES,
    },
    {
      mistake: 'compares Host without case',
      judge: withHosts((hosts) => hosts.map((value) => value.toLowerCase())),
      cases: HOST_CASES,
    },
    {
      mistake: 'ignores a trailing dot',
      judge: withHosts((hosts) => hosts.map((value) => value.replace('localhost.', 'localhost'))),
      cases: HOST_CASES,
    },
    {
      mistake: 'takes any port',
      judge: withHosts((hosts) => hosts.map((value) => value.replace(/:\d+$/, `:${PORT}`))),
      cases: HOST_CASES,
    },
    {
      mistake: 'takes a missing Host for ours',
      judge: withHosts((hosts) => (hosts.length === 0 ? [GOOD_HOST] : hosts)),
      cases: HOST_CASES,
    },
    {
      mistake: 'looks at the path of an absolute target only',
      judge: (head, door, port) =>
        judgeHead({ ...head, target: head.target.replace(/^\w+:\/\/[^/]*/, '') || '/' }, door, port),
      cases: TARGET_CASES,
    },
    { mistake: 'takes Origin null for no Origin', judge: without('origin', 'null'), cases: BROWSER_CASES },
    {
      mistake: 'answers OPTIONS',
      judge: (head, door, port) => judgeHead({ ...head, method: 'GET' }, door, port),
      cases: BROWSER_CASES,
    },
    { mistake: 'trusts same-origin', judge: without('sec-fetch-site', 'same-origin'), cases: FETCH_CASES },
    {
      mistake: 'keeps the first of two Authorization lines',
      judge: without('authorization'),
      cases: KEY_CASES,
    },
    {
      mistake: 'looks for keys in the undecoded query',
      judge: (head, door, port) =>
        judgeHead({ ...head, target: head.target.replaceAll('%', '-') }, door, port),
      cases: KEY_CASES,
    },
  ];

test('the cases of promises 109, 110, 111 and 115 notice guards that are wrong on purpose', () => {
  const unnoticed = TWINS.filter(({ judge, cases }) => failures(judge, cases).length === 0);
  assert.deepEqual(
    unnoticed.map(({ mistake }) => mistake),
    [],
  );
});
