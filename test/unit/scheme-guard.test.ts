// The guard of the tray's own window: a table of what may pass, and a broken twin for each rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeScheme } from '../../api/scheme-guard.ts';

const OURS = 'tokentray-ui://app';
const WRITE = { 'x-tokentray-window': '1', 'content-type': 'application/json' };

interface Case {
  readonly name: string;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData | URLSearchParams;
  readonly code: string | undefined;
}

const write = (headers: Record<string, string>, body?: Case['body'], method = 'POST') => ({
  url: `${OURS}/v1/lock`,
  method,
  headers,
  body,
});

const PLACES: readonly Case[] = [
  ...['', '/', '/v1/status', '/v1/connections?x=1', '/assets/main-1.js'].map((path) => ({
    name: `our address with "${path}"`,
    url: OURS + path,
    code: undefined,
  })),
  ...[
    'tokentray-ui://other/',
    'tokentray-ui://app.evil.test/',
    'tokentray-ui://app:80/',
    'tokentray-ui://APP/',
    'tokentray-ui://app%2f/',
    'tokentray-ui:/app/',
    'tokentray-ui:app/',
    'tokentray://app/v1/status',
    'http://app/v1/status',
    'https://app/',
    'http://127.0.0.1:9595/v1/status',
    'file:///app/',
  ].map((url) => ({ name: url, url, code: 'misdirected' })),
];

const ORIGINS: readonly Case[] = [
  { name: 'a read of ours', headers: { origin: OURS }, code: undefined },
  { name: 'a write of ours', ...write({ ...WRITE, origin: OURS }, '{}'), code: undefined },
  ...[
    'null',
    'http://127.0.0.1:9598',
    'https://evil.test',
    'tokentray-ui://other',
    `${OURS}/`,
    'tokentray-ui://APP',
    '',
  ].flatMap((origin) => [
    { name: `a read of "${origin}"`, headers: { origin }, code: 'denied' },
    { name: `a write of "${origin}"`, ...write({ ...WRITE, origin }, '{}'), code: 'denied' },
  ]),
];

const WRITES: readonly Case[] = [
  { name: 'without a body', ...write({ 'x-tokentray-window': '1' }), code: undefined },
  { name: 'deleting', ...write({ 'x-tokentray-window': '1' }, undefined, 'DELETE'), code: undefined },
  {
    name: 'JSON with a charset',
    ...write({ ...WRITE, 'content-type': 'application/json; charset=utf-8' }, '{}', 'PATCH'),
    code: undefined,
  },
  { name: 'no header of ours', ...write({ 'content-type': 'application/json' }, '{}'), code: 'denied' },
  { name: 'no header and no body', ...write({}), code: 'denied' },
  { name: 'another value of it', ...write({ ...WRITE, 'x-tokentray-window': '0' }, '{}'), code: 'denied' },
  { name: 'the header twice', ...write({ ...WRITE, 'x-tokentray-window': '1, 1' }, '{}'), code: 'denied' },
  { name: 'plain text', ...write({ ...WRITE, 'content-type': 'text/plain' }, '{}'), code: 'denied' },
  { name: 'another type', ...write({ ...WRITE, 'content-type': 'application/jsonp' }, '{}'), code: 'denied' },
  { name: 'a form', ...write({ 'x-tokentray-window': '1' }, new URLSearchParams('a=1')), code: 'denied' },
  { name: 'a form of parts', ...write({ 'x-tokentray-window': '1' }, new FormData()), code: 'denied' },
  { name: 'a form without our header', ...write({}, new URLSearchParams('a=1')), code: 'denied' },
];

const REST: readonly Case[] = [
  { name: 'OPTIONS', method: 'OPTIONS', code: 'method_not_allowed' },
  { name: 'PUT', ...write(WRITE, '{}', 'PUT'), code: 'method_not_allowed' },
  { name: 'a key in the query', url: `${OURS}/v1/status?key=x`, code: 'key_in_query' },
  { name: 'a key of ours', url: `${OURS}/v1/status?a=tt_abc`, code: 'key_in_query' },
];

function codeOf({ url = `${OURS}/v1/status`, method = 'GET', headers = {}, body }: Case): string | undefined {
  return judgeScheme(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }))?.code;
}

const wrong = (cases: readonly Case[]) =>
  cases.filter((one) => codeOf(one) !== one.code).map(({ name }) => name);

test("promise 157: the tray's window door serves its own address alone", () =>
  assert.deepEqual(wrong(PLACES), []));

test("promise 157: the tray's window door refuses every Origin but its own", () =>
  assert.deepEqual(wrong(ORIGINS), []));

test("promise 157: at the tray's window door a change needs our header and JSON, so no form and no image makes one", () =>
  assert.deepEqual(wrong(WRITES), []));

test("the tray's window door takes four methods and no key in an address", () =>
  assert.deepEqual(wrong(REST), []));

test('promise 157: no text after the scheme but our host and a path passes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 20 }),
        fc.string({ maxLength: 8 }).map((end) => `app${end}`),
      ),
      (text) => {
        const url = `tokentray-ui://${text}`;
        if (!URL.canParse(url)) return;
        const { host, username, password } = new URL(url);
        // The platform makes no request of those.
        if (username !== '' || password !== '') return;
        const ours = host === 'app';
        assert.equal(codeOf({ name: '', url, code: undefined }) === 'misdirected', !ours, url);
      },
    ),
    { numRuns: 2_000 },
  );
});
