// The doors of a running host, spoken to in bytes: who may come in at all, before any key is looked at.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exchange, type RawAnswer, speak, type Where } from '../support/raw-http.ts';
import { type RunningHost, startRunningHost } from '../support/running-host.ts';

let host: RunningHost;
let port = 0;
/** Where it listens, and what it is called there. */
let doors: readonly (readonly [where: Where, name: string])[] = [];
let key = '';

before(async () => {
  host = await startRunningHost();
  port = Number(new URL(host.url).port);
  doors = [
    [port, `127.0.0.1:${port}`],
    [host.socketPath, 'localhost'],
  ];
  key = `Authorization: Bearer ${host.ownerKey}`;
});
after(() => host.remove());

/** What must not tell one refusal from another: everything but the time of day. */
const sameness = ({ bytes }: RawAnswer): string => bytes.replace(/^date:.*\r\n/im, '');
const close = 'Connection: close';

test('promise 109: a name that is not exactly ours, on either way in, gets one constant 421 before any key is looked at', async () => {
  const names = [
    'evil.test',
    `evil.test:${port}`,
    '127.0.0.1.evil.test',
    'localhost.',
    `localhost.:${port}`,
    `0.0.0.0:${port}`,
    `127.1:${port}`,
    `127.0.0.01:${port}`,
    `2130706433:${port}`,
    `[::ffff:7f00:1]:${port}`,
    `[::]:${port}`,
    `127.0.0.1:${port + 1}`,
    `localhost:${port + 1}`,
    `127.0.0.1:0${port}`,
    '127.0.0.1',
    `LOCALHOST:${port}`,
    `user@localhost:${port}`,
    `localhost:${port}, evil.test`,
    '',
  ];
  const answers = new Set<string>();
  for (const [where] of doors) {
    for (const name of names) {
      for (const credential of [key, 'X-None: 1']) {
        const answer = await speak(where, 'GET /v1/status HTTP/1.1', `Host: ${name}`, credential);
        assert.equal(answer.status, 421, `${where} ${name}`);
        assert.ok(name === '' || !answer.bytes.includes('evil'), name);
        answers.add(sameness(answer));
      }
    }
  }
  assert.equal(answers.size, 1);
});

test('promise 109: no Host, two Host lines and a target that names another host get the same 421', async () => {
  const answers = new Set<string>();
  for (const [where, name] of doors) {
    for (const lines of [
      ['GET /v1/status HTTP/1.0', key],
      ['GET /v1/status HTTP/1.1', key],
      ['GET /v1/status HTTP/1.1', `Host: ${name}`, 'Host: evil.test', key],
      ['GET /v1/status HTTP/1.1', 'Host: evil.test', `Host: ${name}`, key],
      ['GET /v1/status HTTP/1.1', `Host: ${name}`, `Host: ${name}`, key],
      ['GET http://evil.test/v1/status HTTP/1.1', `Host: ${name}`, key],
      [`GET http://evil.test:${port}/v1/status HTTP/1.1`, `Host: ${name}`, key],
      [`GET http://${name}@evil.test/v1/status HTTP/1.1`, `Host: ${name}`, key],
      [`GET https://${name}/v1/status HTTP/1.1`, `Host: ${name}`, key],
      ['GET /v1/health HTTP/1.1', 'Host: evil.test'],
    ]) {
      const answer = await speak(where, ...lines);
      assert.equal(answer.status, 421, lines.join(' | '));
      answers.add(sameness(answer));
    }
  }
  assert.equal(answers.size, 1);
});

test('promise 109: exactly our own names are answered', async () => {
  const ours: readonly (readonly [Where, string])[] = [
    [port, `127.0.0.1:${port}`],
    [port, `localhost:${port}`],
    [port, `[::1]:${port}`],
    [host.socketPath, 'localhost'],
    [host.socketPath, 'tokentray'],
  ];
  for (const [where, name] of ours) {
    const head = [`Host: ${name}`, key, close];
    assert.equal((await speak(where, 'GET /v1/status HTTP/1.1', ...head)).status, 200, name);
    assert.equal((await speak(where, `GET http://${name}/v1/status HTTP/1.1`, ...head)).status, 200, name);
    assert.equal((await speak(where, 'GET /v1/status HTTP/1.0', ...head)).status, 200, name);
  }
});

test('promise 110: any Origin is refused, also `null` and our own, and no answer ever has a CORS header', async () => {
  for (const [where, name] of doors) {
    for (const origin of ['https://evil.test', 'null', `http://${name}`, '']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const lines = [`${method} /v1/status HTTP/1.1`, `Host: ${name}`, key, `Origin: ${origin}`, close];
        const answer = await speak(where, ...lines);
        assert.equal(answer.status, 403, lines.join(' | '));
        assert.doesNotMatch(answer.bytes, /access-control-|evil/i);
      }
    }
    const preflight = await speak(
      where,
      'OPTIONS /v1/token/google/me HTTP/1.1',
      `Host: ${name}`,
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Headers: authorization',
      'Access-Control-Request-Private-Network: true',
    );
    assert.equal(preflight.status, 405);
    assert.doesNotMatch(preflight.bytes, /access-control-/i);
  }
});

test('promise 111: a request that a web page started is refused, whatever page it was', async () => {
  for (const [where, name] of doors) {
    const ask = (site: string) =>
      speak(where, 'GET /v1/status HTTP/1.1', `Host: ${name}`, key, `Sec-Fetch-Site: ${site}`, close);
    for (const site of ['cross-site', 'same-site', 'same-origin', 'None', 'none, cross-site', '']) {
      assert.equal((await ask(site)).status, 403, site);
    }
    assert.equal((await ask('none')).status, 200);
  }
});

test('promise 115: a key in the address is refused and does not come back, not even with a valid key beside it', async () => {
  for (const [where, name] of doors) {
    for (const query of [
      `key=${host.ownerKey}`,
      `access_token=${host.ownerKey}`,
      `anything=${host.ownerKey}`,
      `${host.ownerKey}=1`,
      `Authorization=Bearer%20${host.ownerKey}`,
      'api_key=x',
    ]) {
      for (const credential of [key, 'X-None: 1']) {
        const answer = await speak(
          where,
          `GET /v1/status?${query} HTTP/1.1`,
          `Host: ${name}`,
          credential,
          close,
        );
        assert.equal(answer.status, 400, query);
        assert.equal(JSON.parse(answer.body).code, 'key_in_query');
        assert.ok(!answer.bytes.includes(host.ownerKey));
      }
    }
  }
});

test('promise 115: two Authorization lines are refused, whichever of them is valid', async () => {
  const other = 'authorization: Bearer tt_unknown';
  for (const [where, name] of doors) {
    for (const pair of [
      [key, other],
      [other, key],
      [key, key],
    ]) {
      const answer = await speak(where, 'GET /v1/status HTTP/1.1', `Host: ${name}`, ...pair, close);
      assert.equal(answer.status, 400);
    }
  }
});

test('promise 115: a key counts only in the Authorization header', async () => {
  for (const [where, name] of doors) {
    const { ownerKey } = host;
    for (const lines of [
      [`Cookie: Authorization=Bearer ${ownerKey}; key=${ownerKey}`],
      [`Proxy-Authorization: Bearer ${ownerKey}`],
      [`X-Api-Key: ${ownerKey}`],
      [`Authorization: ${ownerKey}`],
      [`Authorization: Basic ${Buffer.from(`x:${ownerKey}`).toString('base64')}`],
    ]) {
      const answer = await speak(where, 'GET /v1/status HTTP/1.1', `Host: ${name}`, ...lines, close);
      assert.ok([401, 429].includes(answer.status), `${lines}: ${answer.status}`);
    }
    const body = JSON.stringify({ key: ownerKey, access_token: ownerKey });
    const inBody = await exchange(
      where,
      `POST /v1/lock HTTP/1.1\r\nHost: ${name}\r\n${close}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    assert.ok([401, 429].includes(inBody.status));
  }
  assert.equal(host.host.engine.state(), 'open');
});

test('promise 121: a body over 64 KiB is answered 413, announced, in pieces, or as one long chunk', async () => {
  const large = JSON.stringify({ name: 'x'.repeat(70_000) });
  for (const [where, name] of doors) {
    const head = `POST /v1/keys HTTP/1.1\r\nHost: ${name}\r\n${key}\r\n${close}\r\nContent-Type: application/json\r\n`;
    const announced = await exchange(where, `${head}Content-Length: ${large.length}\r\n\r\n${large}`);
    assert.equal(announced.status, 413);
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    const chunked = await exchange(where, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`);
    assert.equal(chunked.status, 413);
    assert.equal(JSON.parse(announced.body).code, 'too_large');
  }
});

test('promise 121: headers over 16 KiB are answered 431 and a target as long as that too', async () => {
  for (const [where, name] of doors) {
    const headers = await speak(
      where,
      'GET /v1/status HTTP/1.1',
      `Host: ${name}`,
      key,
      `X: ${'a'.repeat(17_000)}`,
    );
    assert.equal(headers.status, 431);
    assert.equal(JSON.parse(headers.body).code, 'too_large');
    const target = await speak(
      where,
      `GET /v1/status?${'a'.repeat(17_000)} HTTP/1.1`,
      `Host: ${name}`,
      key,
      close,
    );
    assert.equal(target.status, 431);
  }
});

test('promise 121, RFC 9112 6.3: Content-Length with Transfer-Encoding is answered 400, and what follows is not a request', async () => {
  for (const [where, name] of doors) {
    const smuggled = `POST /v1/lock HTTP/1.1\r\nHost: ${name}\r\n${key}\r\n\r\n`;
    const head = `POST /v1/lock HTTP/1.1\r\nHost: ${name}\r\n${key}\r\n`;
    for (const framing of [
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
      'Content-Length: 0\r\nContent-Length: 44\r\n',
      'Transfer-Encoding: identity, chunked\r\nTransfer-Encoding: identity\r\n',
    ]) {
      const answer = await exchange(where, `${head}${framing}\r\n0\r\n\r\n${smuggled}`);
      assert.equal(answer.status, 400, framing);
    }
  }
  assert.equal(host.host.engine.state(), 'open');
});

test('promise 133: no refusal of a door holds a stack, a path of this machine or what was sent', async () => {
  const marks = [host.home, 'node:internal', '    at ', 'file:///', 'sent-by-the-stranger'];
  for (const [where, name] of doors) {
    const host = `Host: ${name}`;
    for (const lines of [
      ['GET /v1/sent-by-the-stranger HTTP/1.1', host, key, close],
      ['PUT /v1/status?sent-by-the-stranger HTTP/1.1', host, key, close],
      ['GET /v1/token/sent-by-the-stranger/%E0%A4%A HTTP/1.1', host, key, close],
      ['GET /v1/connections/%00sent-by-the-stranger HTTP/1.1', host, key, close],
      ['GET /v1/status?sent-by-the-stranger=1 HTTP/1.1', 'Host: sent-by-the-stranger'],
      ['GET //sent-by-the-stranger HTTP/1.1', host, key, close],
      ['POST /v1/keys HTTP/1.1', host, key, close, 'Content-Length: 0'],
      ['sent-by-the-stranger'],
    ]) {
      const answer = await speak(where, ...lines);
      assert.ok(answer.status >= 400 && answer.status < 500, `${lines[0]}: ${answer.status}`);
      const problem = JSON.parse(answer.body);
      assert.match(problem.type, /^urn:tokentray:error:[a-z_]+$/);
      assert.equal(answer.header('content-type'), 'application/problem+json');
      for (const mark of marks) {
        // The name of an unknown parameter is repeated on purpose: it is what is wrong.
        if (problem.code === 'unknown_field') continue;
        assert.ok(!answer.bytes.includes(mark), `${lines[0]}: ${answer.bytes}`);
      }
    }
  }
});
