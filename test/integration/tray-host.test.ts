// A host as a tray makes it, over the real engine: a window without a listener, a desktop, a TCP door that is off.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DesktopSeat } from '../../host/start.ts';
import { startHost } from '../../host/start.ts';
import { fieldsOf } from '../support/api-door.ts';
import { runTokentray } from '../support/cli-process.ts';
import { desktopDouble } from '../support/desktop-double.ts';
import { until } from '../support/in-time.ts';
import { startRunningHost } from '../support/running-host.ts';
import { MemoryKeychain } from '../support/vault-keychain.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

async function tray(t: Cleanup, home: string) {
  const keychain = new MemoryKeychain();
  let seat: DesktopSeat | undefined;
  const desktop = desktopDouble(() => seat?.changed());
  const host = await startHost({
    env: { PATH: process.env.PATH, TOKENTRAY_HOME: home },
    port: null,
    sandbox: false,
    sandboxScript: 'none',
    windowDirectory: join(home, 'none'),
    version: '0.0.0-test',
    window: 'none',
    desktop: (given) => {
      seat = given;
      return desktop.controls;
    },
    ports: { keychain },
  });
  t.after(() => host.close());
  const ask = (line: string, json?: unknown, headers: Record<string, string> = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const own = { 'x-tokentray-window': '1', 'content-type': 'application/json' };
    return host.window(
      new Request(`tokentray-ui://app${path}`, {
        method,
        headers: { ...(method === 'GET' ? {} : own), ...headers },
        ...body,
      }),
    );
  };
  return { host, desktop, ask, keychain };
}

/** A home that a headless host has made, with the TCP door off. */
async function homeWithoutTcp(t: Cleanup): Promise<string> {
  const first = await startRunningHost();
  t.after(() => first.remove());
  const changed = await first.call('PATCH', '/v1/settings', { body: { endpoint_enabled: false } });
  assert.deepEqual([changed.json.endpoint_enabled, changed.json.restart_needed], [false, true]);
  await first.stop();
  return first.home;
}

test('a tray has no listener for its window, and none for TCP when that is off; commands come by the socket', async (t) => {
  const home = await homeWithoutTcp(t);
  const { host, desktop } = await tray(t, home);
  const endpoint = JSON.parse(readFileSync(join(home, 'endpoint.json'), 'utf8'));
  assert.deepEqual([endpoint.url, endpoint.window, host.url], [null, null, null]);
  assert.throws(() => host.windowLink(), { code: 'not_found' });
  const env = { PATH: process.env.PATH, TOKENTRAY_HOME: home };
  const status = await runTokentray(['status'], env);
  assert.match(status.stdout, /Address +off/);
  const opened = await runTokentray(['open'], env);
  assert.deepEqual([opened.code, opened.stdout], [0, '']);
  assert.match(opened.stderr, /The tray shows its window/);
  assert.deepEqual(desktop.asked, [['show', undefined]]);
  // Who names a port wants the door.
  await host.close();
  const named = await startRunningHost({ home });
  assert.match(named.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  await named.stop();
});

test("the tray's window: guard first, then the same handler, and an answer whatever comes", async (t) => {
  const { host, ask } = await tray(t, await homeWithoutTcp(t));
  assert.equal((await fieldsOf(await ask('GET /v1/status'))).state, 'open');
  assert.equal((await ask('POST /v1/lock')).status, 200);
  const json = { kind: 'nothing' };
  assert.equal((await ask('POST /v1/vault/slots', json)).status, 423);
  const foreign = await ask('POST /v1/lock', undefined, { origin: 'https://evil.test' });
  assert.deepEqual([foreign.status, foreign.headers.get('cache-control')], [403, 'no-store']);
  assert.equal((await ask('POST /v1/unlock', undefined, { 'x-tokentray-window': '' })).status, 403);
  const form = new Request('tokentray-ui://app/v1/lock', {
    method: 'POST',
    body: new URLSearchParams('a=1'),
  });
  assert.equal((await host.window(form)).status, 403);
  assert.equal((await host.window(new Request('tokentray-ui://other/v1/status'))).status, 421);
  assert.equal((await host.window(new Request('tokentray-ui://app'))).status, 503, 'the window is not built');
  assert.equal((await ask('GET /window/nothing')).status, 404);
});

test('what changes on the desktop is told to open windows, also while the vault is locked', async (t) => {
  const { ask } = await tray(t, await homeWithoutTcp(t));
  await ask('POST /v1/lock');
  const stream = await ask('GET /v1/events');
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  let seen = '';
  const reading = (async () => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) seen += next.value;
  })();
  await until('the first words', () => seen.includes(': ok'));
  assert.equal((await ask('PATCH /window/desktop', { theme: 'dark' })).status, 200);
  await until('the event', () => /event: desktop\ndata: \{.*"type":"desktop"\}/.test(seen));
  await reader.cancel();
  await reading;
});
