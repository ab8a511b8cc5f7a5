// The whole life of connections, then a search for every secret that took part in it; and proof that the search finds.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../host/log.ts';
import { scanForCanaries, scanText } from '../support/canary-scan.ts';
import { runTokentray } from '../support/cli-process.ts';
import { answering, honestly } from '../support/hostile-provider.ts';
import {
  addProvider,
  askToken,
  connect,
  consentAt,
  openWorld,
  startConsent,
  tokenOf,
} from '../support/integration-world.ts';

const SECRET = 'ya29.A0-secret_of/a+token~1234567890=';

test('promise 65: after consents, refreshes, refusals, a revocation, an import and a restart no secret is readable in any file, log or output', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const provider = await world.hostile();
  const client_secret = provider.secret('client-secret');
  const method = { token_endpoint_auth_method: 'client_secret_basic', client_secret };
  await addProvider(world, provider.entry('acme', { ...method, scopes: ['openid', 'read'] }));
  const names = ['one', 'two', 'three', 'four'];
  for (const sub of names) {
    provider.user = { sub, email: sub };
    await connect(world, 'acme');
    await world.call('POST', `/v1/refresh/acme/${sub}`);
  }
  await connect(world, 'sandbox', { username: 'user1' });
  await world.call('POST', '/v1/refresh/sandbox/user1');
  provider.onToken(
    answering(400, { error: 'invalid_grant', error_description: provider.secret('told') }),
    honestly({ access_token: undefined }),
    answering(500, provider.secret('page')),
  );
  const replies = [];
  for (const name of ['two', 'three', 'four']) {
    // The result of a moment ago would be reused.
    await world.restart();
    replies.push(await askToken(world, `acme/${name}`, 'force'));
  }
  assert.deepEqual(
    replies.map(({ status }) => status),
    [409, 502, 502],
  );
  provider.onAuthorize((redirect) => {
    redirect.searchParams.delete('code');
    redirect.searchParams.set('error', 'access_denied');
    redirect.searchParams.set('error_description', provider.secret('told'));
  });
  const denied = await consentAt(world, 'acme');
  assert.equal(denied.status, 'failed');
  const imported = { refresh_token: provider.grantElsewhere('client-of-acme', 'read'), account: 'five' };
  await world.call('POST', '/v1/providers/acme/import', { body: imported });
  await world.call('POST', '/v1/revoke/acme/one');
  const added = await world.call('POST', '/v1/keys', {
    body: { name: 'script', rights: ['token'], connections: ['sandbox/user1'] },
  });
  world.secrets.add(added.json.key);
  await startConsent(world, 'acme');
  const given = await tokenOf(world, 'sandbox/user1');
  const command = await runTokentray(['token', 'sandbox/user1'], world.host.env);
  assert.equal(command.stdout, `${given.access_token}\n`);

  assert.ok(world.secrets.has(given.access_token), 'the search knows the tokens');
  assert.ok(world.secrets.size >= 20, String(world.secrets.size));
  // Running: the write-ahead log is full. Locked: the buffers have been given up. Stopped: everything is on disk.
  world.assertNothingLeaked();
  await world.call('POST', '/v1/lock');
  world.assertNothingLeaked();
  await world.host.stop();
  world.assertNothingLeaked();
});

test('promise 65: the search finds a secret in a file in every form that programs leave behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tt-canary-'));
  const below = join(folder, 'deep', 'down');
  mkdirSync(below, { recursive: true });
  const bytes = Buffer.from(SECRET);
  const left: Record<string, string | Buffer> = {
    plain: SECRET,
    base64: bytes.toString('base64'),
    'base64url, inside a longer text': Buffer.from(`x${SECRET}yz`).toString('base64url'),
    'base64 of a request body': Buffer.from(`{"refresh_token":"${SECRET}"}`).toString('base64'),
    'base64 of an Authorization header': Buffer.from(`id:${SECRET}`).toString('base64'),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
    'percent-encoded': encodeURIComponent(SECRET),
    'a form': new URLSearchParams({ token: SECRET }).toString(),
    'UTF-16LE': Buffer.from(SECRET, 'utf16le'),
    'UTF-16BE': Buffer.from(SECRET, 'utf16le').swap16(),
    'JSON that escapes slashes': JSON.stringify({ SECRET }).replaceAll('/', '\\/'),
    'JSON that escapes letters': [...SECRET]
      .map((char) => `\\u00${char.charCodeAt(0).toString(16)}`)
      .join(''),
    reversed: [...SECRET].reverse().join(''),
  };
  try {
    for (const [form, text] of Object.entries(left)) {
      const file = join(below, 'left.bin');
      writeFileSync(file, Buffer.concat([Buffer.alloc(7), Buffer.from(text), Buffer.alloc(9)]));
      const hits = scanForCanaries([folder], [SECRET]);
      assert.ok(hits.length > 0, form);
      assert.equal(hits[0]?.where, file);
      assert.deepEqual(
        scanForCanaries([folder], [SECRET], [join(folder, 'deep')]),
        [],
        'left out on purpose',
      );
      assert.deepEqual(scanForCanaries([folder], ['another-secret-of-this-length']), []);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('promise 65: a host whose log writes a token is caught by the search that every test ends with', async () => {
  // A test of its own, that must fail: the real host with a log that says too much.
  const ends: Array<() => unknown> = [];
  const world = await openWorld({ after: (fn) => ends.push(fn) });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const { access_token } = await tokenOf(world, 'acme');
  world.assertNothingLeaked();

  world.log.warn('refresh_answer_invalid', { body: access_token });
  assert.throws(() => world.assertNothingLeaked(), /log/);
  for (const end of ends) await assert.rejects(async () => end(), /log/);
});

test('promise 65: a host that leaves a token in a file, readable or as base64, is caught in the same way', async () => {
  const ends: Array<() => unknown> = [];
  const world = await openWorld({ after: (fn) => ends.push(fn) });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme');
  const { access_token } = await tokenOf(world, 'acme');
  for (const text of [access_token, Buffer.from(`cache:${access_token}`).toString('base64')]) {
    writeFileSync(join(world.host.home, 'logs', 'cache.json'), text);
    assert.throws(() => world.assertNothingLeaked(), /cache\.json/);
  }
  rmSync(join(world.host.home, 'logs', 'cache.json'));
  for (const end of ends) await end();
});

test('promise 65: what is printed is searched as well', () => {
  assert.deepEqual(scanText('output', 'Connected acme/me.', [SECRET]), []);
  assert.equal(scanText('output', `token ${SECRET}`, [SECRET])[0]?.form, 'plain');
});

test('promise 195: the second net of the log takes out a token that the first let through', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tt-canary-'));
  try {
    const log = createLog({ directory: folder, level: 'debug' });
    log.debug('odd', {
      access_token: SECRET,
      header: `Bearer ${SECRET}`,
      url: `https://x.test/?code=${SECRET}`,
    });
    log.close();
    assert.deepEqual(scanForCanaries([folder], [SECRET]), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
