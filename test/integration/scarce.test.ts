// A host that runs short of what the system gives: descriptors, and a place for its log. Refreshes are whole or not begun.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { HostileProvider } from '../support/hostile-provider.ts';
import { inTime } from '../support/in-time.ts';
import { readVaultRows } from '../support/vault-rows.ts';
import { startVictim, type Victim, victimPlace } from '../support/victim.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

async function withConnection(t: Cleanup, host: Victim): Promise<HostileProvider> {
  const provider = await HostileProvider.start();
  t.after(() => provider.close());
  assert.equal((await host.call('POST', '/v1/providers', { body: provider.entry('acme') })).status, 201);
  const body = { refresh_token: provider.grantElsewhere('client-of-acme'), account: 'me' };
  const imported = await host.call('POST', '/v1/providers/acme/import', { body });
  assert.equal(imported.status, 201, imported.body);
  return provider;
}

test('fault 70: with every descriptor taken the host goes on: what is open works, no refresh is half done, and all is well when some are free again', async (t) => {
  const place = await victimPlace(t);
  const host = await startVictim(t, place, { through: ['prlimit', '--nofile=64:64'] });
  const provider = await withConnection(t, host);
  // A way in that was open before.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = async (method: string, path: string) => {
    const sent = request(new URL(path, host.url), { agent, method, headers: host.authorization });
    sent.end();
    const [response] = await inTime('the answer', once(sent, 'response'));
    return { status: response.statusCode, json: JSON.parse(await text(response)) };
  };
  assert.equal((await ask('GET', '/v1/token/acme/me')).status, 200);
  const flood: Socket[] = [];
  t.after(() => {
    for (const socket of flood) socket.destroy();
  });
  for (let number = 0; number < 80; number += 1) {
    const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
    socket.on('error', () => socket.destroy());
    flood.push(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  }
  const sent = provider.refreshes.length;
  assert.equal((await ask('GET', '/v1/token/acme/me')).status, 200);
  const refused = await ask('POST', '/v1/refresh/acme/me');
  assert.deepEqual([refused.status, refused.json.code, provider.refreshes.length], [503, 'offline', sent]);
  for (const socket of flood.splice(0)) socket.destroy();
  await until(async () => (await ask('POST', '/v1/refresh/acme/me')).status === 200);
  assert.equal((await host.call('POST', '/v1/refresh/acme/me')).status, 200);
  assert.equal(provider.refreshes.length, sent + 2);
  assert.deepEqual(await host.end(), { code: 0, signal: null });
  const { rows, sound } = await readVaultRows(place.vault, place.keyFile);
  assert.deepEqual([sound, rows[0]?.intent], [true, null]);
});

test('promise 200, fault 74: a host whose log has no place runs and refreshes as ever', async (t) => {
  const place = await victimPlace(t);
  // Where the folder should be; another mode would not stop root.
  writeFileSync(join(place.home, 'logs'), '');
  const host = await startVictim(t, place);
  const provider = await withConnection(t, host);
  const sent = provider.refreshes.length;
  assert.equal((await host.call('POST', '/v1/refresh/acme/me')).status, 200);
  assert.equal(provider.refreshes.length, sent + 1);
  assert.equal((await host.call('GET', '/v1/token/acme/me')).status, 200);
});

/** The host closes what was let go in its own time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await condition())) assert.ok(performance.now() < deadline, 'it did not happen in time');
}
