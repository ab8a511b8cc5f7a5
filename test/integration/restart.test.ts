// Stopping and starting: everything that was agreed stays, nothing that was only under way is half there.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConsentJson } from '../../api/wire.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { scanForCanaries } from '../support/canary-scan.ts';
import { commandEnvironment, startTokentray } from '../support/cli-process.ts';
import { after, answering, HostileProvider, honestly } from '../support/hostile-provider.ts';
import { inTime, until } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionOf,
  openWorld,
  tokenOf,
} from '../support/integration-world.ts';

test('a restart keeps providers, connections, keys and tokens; nothing is asked of the provider', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  const client_secret = provider.secret('client-secret');
  const method = { token_endpoint_auth_method: 'client_secret_basic', client_secret };
  await addProvider(world, provider.entry('acme', { ...method, scopes: ['openid', 'read'] }));
  const connection = await connect(world, 'acme');
  const added = await world.call('POST', '/v1/keys', {
    body: { name: 'script', rights: ['token'], connections: ['acme'] },
  });
  const key: string = added.json.key;
  const token = await tokenOf(world, 'acme');
  const { ownerKey } = world.host;

  provider.requests.length = 0;
  await world.restart();
  assert.equal(world.host.ownerKey, ownerKey);
  const shown = (await world.call('GET', '/v1/providers/acme')).json;
  assert.deepEqual([shown.client_secret, shown.connections], ['set', 1]);
  assert.deepEqual(await connectionOf(world, 'acme'), connection);
  const again = await world.call('GET', '/v1/token/acme', { key });
  assert.deepEqual([again.status, again.json.access_token], [200, token.access_token]);
  assert.equal((await world.call('GET', '/v1/providers', { key })).status, 403);
  assert.deepEqual(provider.requests, []);
});

test('after a restart the first token request refreshes when the token has ended in between', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const before = await tokenOf(world, 'acme');
  await world.host.stop();
  world.clock.advance(7_200_000);
  await world.restart();
  const token = await tokenOf(world, 'acme');
  assert.notEqual(token.access_token, before.access_token);
  assert.equal(token.expires_in, 3_600);
  assert.equal(provider.refreshes.length, 1);
});

test('promise 173: a host that is told to stop during a refresh waits for the answer and keeps it', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const held = Promise.withResolvers<void>();
  provider.onToken(after(held.promise, honestly()));
  const asked = askToken(world, 'acme', 'force').catch(() => undefined);
  await until('the refresh request', () => provider.refreshes.length === 1);
  const restarted = world.restart();
  held.resolve();
  await inTime('the restart', restarted);
  await inTime('the end of the request', asked);
  const [first = ''] = provider.refreshTokensSeen;
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  assert.equal((await askToken(world, 'acme', 'force')).status, 200);
  const successor = provider.refreshTokensSeen.at(-1);
  assert.notEqual(successor, first);
  assert.equal(provider.refreshes.length, 2);
});

test('a connection that needs consent, one in trouble and one that was revoked are the same after a restart', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  const answers = {
    gone: answering(400, { error: 'invalid_grant' }),
    trouble: answering(401, { error: 'invalid_client' }),
  };
  for (const id of ['gone', 'trouble', 'revoked']) {
    await addProvider(world, provider.entry(id));
    await connect(world, id);
  }
  for (const [id, answer] of Object.entries(answers)) {
    provider.onToken(answer);
    await askToken(world, id, 'force');
  }
  await world.call('POST', '/v1/revoke/revoked');
  const before = (await world.call('GET', '/v1/connections')).json;
  assert.deepEqual(
    before.connections.map(({ status }: { status: string }) => status),
    ['needs_consent', 'revoked', 'error'],
  );
  await world.restart();
  assert.deepEqual((await world.call('GET', '/v1/connections')).json, before);
});

test('promise 24: of a host that is killed in mid-consent nothing readable is left, and the next one says start again', async (t) => {
  const provider = await HostileProvider.start();
  const home = mkdtempSync(join(tmpdir(), 'tt-killed-'));
  const keyHome = mkdtempSync(join(tmpdir(), 'tt-killed-key-'));
  t.after(async () => {
    await provider.close();
    for (const folder of [home, keyHome]) rmSync(folder, { recursive: true, force: true });
  });
  const env = commandEnvironment(home, {
    TOKENTRAY_KEY_SOURCE: 'file',
    TOKENTRAY_KEY_FILE: join(keyHome, 'vault.key'),
  });
  const serve = async () => {
    const running = startTokentray(['serve', '--port', '0'], env);
    await running.says('Stop it with Ctrl-C.');
    const { url }: { url: string } = JSON.parse(readFileSync(join(home, 'endpoint.json'), 'utf8'));
    const authorization = `Bearer ${readFileSync(join(home, 'owner.key'), 'utf8').trim()}`;
    const ask = (path: string, body?: object) =>
      fetch(`${url}${path}`, {
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
    return { running, ask };
  };
  const first = await serve();
  assert.equal((await first.ask('/v1/providers', provider.entry('acme'))).status, 201);
  const started = await first.ask('/v1/connections', { provider: 'acme' });
  const { consent } = (await started.json()) as { consent: ConsentJson };
  first.running.child.kill('SIGKILL');
  await first.running.ended;

  const { searchParams } = new URL(consent.authorization_url ?? '');
  const secrets = ['state', 'nonce', 'code_challenge'].map((name) => searchParams.get(name) ?? '');
  assert.deepEqual(scanForCanaries([home], secrets), []);
  await assert.rejects(createUserAgent().open(searchParams.get('redirect_uri') ?? ''), {
    code: 'ECONNREFUSED',
  });
  const second = await serve();
  const answer = await second.ask(`/v1/consents/${consent.id}`);
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /start it again/);
  second.running.child.kill('SIGTERM');
  assert.equal((await second.running.ended).code, 0);
});

test('a stopped host leaves no endpoint file, socket or lock behind, and its port is closed', async (t) => {
  const world = await openWorld(t);
  const { home, socketPath, url } = world.host;
  await world.host.stop();
  assert.equal(existsSync(join(home, 'endpoint.json')), false);
  assert.equal(existsSync(socketPath), false);
  await assert.rejects(fetch(`${url}/v1/health`));
  await world.restart();
  assert.equal((await world.call('GET', '/v1/health')).status, 200);
});

test('a locked vault gives 423 at every door without a name, and the same token when it is open again', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const token = await tokenOf(world, 'acme');
  assert.equal((await world.call('POST', '/v1/lock')).json.state, 'locked');
  for (const door of ['tcp', 'socket'] as const) {
    for (const path of ['/v1/token/acme', '/v1/token/nothing', '/v1/connections', '/v1/providers']) {
      const reply = await world.call('GET', path, { door });
      assertProblem(reply, 423, 'locked');
      assert.ok(!reply.body.includes('acme'), reply.body);
    }
  }
  world.assertNothingLeaked();
  assert.equal((await world.call('POST', '/v1/unlock')).json.state, 'open');
  assert.equal((await tokenOf(world, 'acme')).access_token, token.access_token);
});
