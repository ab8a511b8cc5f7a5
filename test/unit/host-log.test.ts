// What reaches a log line, and what must not.

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { TokentrayError } from '../../core/errors.ts';
import type { LogFields } from '../../core/ports.ts';
import { createLog } from '../../host/log.ts';
import { openLogFile } from '../../host/log-file.ts';
import { headerNames, providerText, safeError, safeUrl } from '../../host/log-safety.ts';

const CANARY = 'canary-Rt7f3Kq9Zx';

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'tokentray-log-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What one line looks like in the file. */
function written(t: TestContext, fields: LogFields, event = 'event'): string {
  const directory = join(temporary(t), 'logs');
  const log = createLog({ directory, level: 'debug' });
  log.info(event, fields);
  log.close();
  return readFileSync(join(directory, 'host.log'), 'utf8');
}

test('a line is one JSON object with its time, level, event and fields, and levels below the chosen one are left out', (t) => {
  const directory = join(temporary(t), 'logs');
  const log = createLog({ directory });
  log.debug('too.fine');
  log.warn('endpoint.port_moved', { from: 9595, holder: null, names: ['a', 'b'], on: true });
  log.close();
  const [line, ...rest] = readFileSync(join(directory, 'host.log'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(rest, []);
  const { time, ...entry } = JSON.parse(line ?? '');
  assert.deepEqual(entry, {
    level: 'warn',
    event: 'endpoint.port_moved',
    from: 9595,
    holder: null,
    names: ['a', 'b'],
    on: true,
  });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
});

const foreign: readonly (readonly [string, Error])[] = (() => {
  const response = new Response(CANARY, { status: 400, headers: { 'www-authenticate': CANARY } });
  const cause = { error: 'invalid_grant', error_description: CANARY, refresh_token: CANARY };
  const parameters = new URLSearchParams({ error: 'access_denied', error_description: CANARY, code: CANARY });
  return [
    ['ResponseBodyError', new oauth.ResponseBodyError(CANARY, { cause, response })],
    ['AuthorizationResponseError', new oauth.AuthorizationResponseError(CANARY, { cause: parameters })],
    [
      'WWWAuthenticateChallengeError',
      new oauth.WWWAuthenticateChallengeError(CANARY, {
        cause: [{ scheme: 'bearer', parameters: { error_description: CANARY } }],
        response,
      }),
    ],
    [
      'OperationProcessingError',
      new oauth.OperationProcessingError(CANARY, { code: 'OAUTH_INVALID_RESPONSE', cause: { body: CANARY } }),
    ],
    ['UnsupportedOperationError', new oauth.UnsupportedOperationError(CANARY, { cause: { body: CANARY } })],
    ['TypeError', new TypeError(`first line\n    at ${CANARY} (/x.js:1:1)`, { cause: new Error(CANARY) })],
    ['AggregateError', new AggregateError([new Error(CANARY)], CANARY)],
  ];
})();

for (const [name, error] of foreign) {
  test(`promise 196: of ${name} the log keeps the name, the code and the place, and no text of others`, (t) => {
    const fields = safeError(error);
    const line = written(t, fields);
    assert.ok(!line.includes(CANARY), line);
    assert.equal(fields.error, name);
    assert.match(String(fields.stack), /host-log\.test\.ts:\d+/);
  });
}

test('promise 196: an error that disguises itself is kept out of the log', (t) => {
  const changed = new Error(`${CANARY}\n    at ${CANARY}`);
  changed.message = 'other';
  const named = Object.assign(new Error(CANARY), { name: `${CANARY} x`, code: CANARY, body: CANARY });
  for (const error of [changed, named, CANARY, { message: CANARY }, undefined]) {
    assert.ok(!written(t, safeError(error)).includes(CANARY));
  }
});

test('of our own errors the log keeps the code and the sentence', () => {
  const fields = safeError(new TokentrayError('port_taken', 'Port 9595 is taken.'));
  assert.equal(fields.code, 'port_taken');
  assert.equal(fields.detail, 'Port 9595 is taken.');
});

test('promise 197: an address is logged with the names of its parameters and none of their values', (t) => {
  for (const [address, expected] of [
    ['https://a.test/cb?code=canary&state=canary', 'https://a.test/cb?code&state'],
    [
      'http://127.0.0.1:9597/cb/x?code=canary#access_token=canary',
      'http://127.0.0.1:9597/cb/x?code#access_token',
    ],
    ['https://user:canary@a.test/', 'https://a.test/'],
    ['tokentray://callback?code=canary', 'tokentray://callback?code'],
    ['https://a.test/#canary', 'https://a.test/#'],
    ['https://a.test:canary/', '[address]'],
  ] as const) {
    assert.equal(safeUrl(address), expected);
    const line = written(t, { url: `see ${address} for more` }, `opened ${address}`);
    assert.ok(!line.includes('canary'), line);
    assert.equal(JSON.parse(line).url, `see ${expected} for more`);
  }
});

test('promise 198: provider text stays on one line, inert and at most 200 characters long', (t) => {
  const forged = `bad\r\n{"level":"info","event":"forged"}\u001b[31m\u202e${'x'.repeat(500)}`;
  assert.match(providerText(forged), /^bad\\u\{d\}\\u\{a\}\{/);
  const line = written(t, { text: providerText(forged) });
  assert.equal(line.split('\n').length, 2);
  assert.doesNotMatch(line.trimEnd(), /[\u0000-\u001f\u202e]/);
  assert.ok(providerText('x'.repeat(500)).length <= 200);
  // Text that was passed as it is cannot forge a line either.
  assert.equal(written(t, { text: forged, [forged]: 1 }, forged).split('\n').length, 2);
});

test('promise 199: of headers the log keeps the names', () => {
  const names = ['authorization', 'x-custom'];
  assert.deepEqual(
    headerNames(new Headers({ 'X-Custom': CANARY, Authorization: `Bearer ${CANARY}` })),
    names,
  );
  assert.deepEqual(headerNames({ 'X-Custom': CANARY, Authorization: [CANARY] }), names);
});

test('promise 195: what looks like a secret is struck out wherever it was put', (t) => {
  const random = 'kX9vT2mQ7pL4wR8sN1bJ6hF3cD5gA0zYeUiO';
  for (const text of [
    `Authorization: Bearer ${CANARY}`,
    `Basic ${CANARY}==`,
    `tt_${random}`,
    `eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.${random}`,
    `token is ${random}!`,
  ]) {
    const line = written(t, { text, list: [text] }, `event ${text}`);
    for (const secret of [CANARY, random, 'eyJzdWIi']) assert.ok(!line.includes(secret), line);
  }
  const fields = {
    access_token: 'abc',
    refresh_token: 'abc',
    client_secret: 'abc',
    code: 'abc',
    state: 'abc',
    key: 'abc',
  };
  const { time, level, event, ...rest } = JSON.parse(written(t, fields));
  assert.ok(time && level && event);
  assert.deepEqual(new Set(Object.values(rest)), new Set(['[redacted]']));
});

test('what is no secret stays readable: error codes, ids, paths and digests', (t) => {
  const fields = {
    code: 'port_taken',
    id: 'c_01JD8Z6Q4M',
    path: '/home/somebody/.local/share/tokentray/vault.db',
    uuid: '2f1c8e34-9b7a-4c1e-8d55-0a9b3c7d6e21',
    digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    connection: 'example/somebody@example.com',
  };
  const { time, level, event, ...rest } = JSON.parse(written(t, fields));
  assert.ok(time && level && event);
  assert.deepEqual(rest, fields);
  assert.equal(JSON.parse(written(t, { code: 'ECONNREFUSED' })).code, 'ECONNREFUSED');
});

test('promise 200: log files are 0600 in a 0700 folder, and links are not followed', (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const directory = join(temporary(t), 'logs');
  const file = openLogFile(directory);
  file.write('a\n');
  file.close();
  assert.equal(statSync(join(directory, 'host.log')).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  chmodSync(join(directory, 'host.log'), 0o644);
  const again = openLogFile(directory);
  again.write('b\n');
  again.close();
  assert.equal(statSync(join(directory, 'host.log')).mode & 0o777, 0o600);

  const linked = join(temporary(t), 'logs');
  mkdirSync(linked, { mode: 0o700 });
  symlinkSync(join(linked, 'elsewhere'), join(linked, 'host.log'));
  const refused = openLogFile(linked);
  refused.write('c\n');
  refused.close();
  assert.equal(existsSync(join(linked, 'elsewhere')), false);
});

test('promise 200: the log is rotated by size and its total is bounded', (t) => {
  const directory = join(temporary(t), 'logs');
  const file = openLogFile(directory, 100);
  for (let line = 0; line < 50; line += 1) file.write(`${String(line).padStart(2, '0')} ${'x'.repeat(26)}\n`);
  file.close();
  assert.deepEqual(readdirSync(directory).sort(), ['host.log', 'host.log.1', 'host.log.2']);
  for (const name of readdirSync(directory)) assert.ok(statSync(join(directory, name)).size <= 100);
  assert.match(readFileSync(join(directory, 'host.log'), 'utf8'), /^49 /m);
});

test('promise 200, fault 74: a log that cannot be written loses lines, counts them, and stops nothing', (t) => {
  const directory = join(temporary(t), 'logs');
  // A file in the place of the folder: not writable for anybody, root included.
  writeFileSync(directory, '');
  const log = createLog({ directory });
  log.info('first');
  log.info('second');
  rmSync(directory);
  log.info('third');
  log.close();
  const events = readFileSync(join(directory, 'host.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ event, count }) => [event, count]),
    [
      ['log.lines_lost', 2],
      ['third', undefined],
    ],
  );
});
