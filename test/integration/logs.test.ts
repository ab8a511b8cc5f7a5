// What a host writes about its work at the finest level, after a day on which everything happens to it: consents, refreshes,
// hostile answers, strangers at the door, and a fault of its own.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HttpPort } from '../../core/ports.ts';
import { createLog } from '../../host/log.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { scanForCanaries, scanText } from '../support/canary-scan.ts';
import { runTokentray } from '../support/cli-process.ts';
import { startHostProcess } from '../support/host-process.ts';
import {
  answering,
  breakingOff,
  HostileProvider,
  hangingUp,
  honestly,
  losingTheAnswer,
} from '../support/hostile-provider.ts';
import { inTime } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  connect,
  consentAt,
  openWorld,
  startConsent,
  type World,
} from '../support/integration-world.ts';
import { recordingHttp } from '../support/recording-http.ts';

/** Sent as header values by callers and by the provider; no log line may repeat one. */
const HEADER = 'header-value-CANARY-6Yt1';
/** Sent as text by the provider, as nobody should. */
const TEXT = 'provider-text-CANARY-9Qm4';
const FORGED = `${TEXT}\r\n{"level":"error","event":"forged"}\n\u001b[31m\u202e`;

test('what a host writes at level debug about a day on which everything happens to it', async (t) => {
  const network = recordingHttp(new Set(), []);
  let broken = false;
  // A fault of our own, with a secret in its text: what a crash would print.
  const http: HttpPort = {
    send(request) {
      if (broken) throw new TypeError(`cannot read ${request.body} of ${request.url.href}`);
      return network.send(request);
    },
  };
  const folder = mkdtempSync(join(tmpdir(), 'tt-debug-log-'));
  const log = createLog({ directory: folder, level: 'debug' });
  const world = await openWorld(t, { ports: { http, log } });
  const provider = await world.hostile();
  world.secrets.add(HEADER).add(TEXT);
  log.debug('debug_is_on');

  await aDayOf(world, provider);
  broken = true;
  const fault = await world.call('POST', '/v1/refresh/acme/me');
  assert.equal(fault.status, 500);
  assert.doesNotMatch(fault.body, /cannot read|refresh_token/);
  await consentAt(world, 'acme', { account: 'second' });
  broken = false;
  await world.call('POST', '/v1/lock');
  await world.call('POST', '/v1/unlock', { body: { passphrase: 'wrong-passphrase-CANARY' } });
  await world.call('POST', '/v1/unlock');

  // The engine wrote to the one, the doors to the other.
  const folders = [folder, join(world.host.home, 'logs')];
  const text = folders.map((at) => readFileSync(join(at, 'host.log'), 'utf8')).join('');
  const lines: Record<string, unknown>[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const events = () => new Set(lines.map(({ event }) => event));

  await t.test(
    'promise 195: at level debug, through consents, refreshes, hostile answers and a fault of its own, no secret is in the log',
    () => {
      // The log is about all of it…
      for (const event of [
        'debug_is_on',
        'consent_started',
        'consent_ended',
        'refreshed',
        'refresh_failed',
        'bad_keys',
        'unexpected',
      ]) {
        assert.ok(events().has(event), `${event} in ${[...events()]}`);
      }
      // … and holds none of it; nor does anything else that the host left behind or printed.
      const secrets = [...world.secrets, ...provider.secrets];
      assert.ok(secrets.length > 50);
      assert.deepEqual(scanText('host.log', text, secrets), []);
      world.assertNothingLeaked();
    },
  );

  await t.test('promise 196: a fault is logged by its name and place, without its text', () => {
    const faults = lines.filter(({ event }) => event === 'unexpected' || event === 'consent_unexpected');
    assert.deepEqual([...new Set(faults.map(({ event }) => event))].sort(), [
      'consent_unexpected',
      'unexpected',
    ]);
    for (const { event, error, frames } of faults) {
      assert.equal(error, 'TypeError');
      if (event === 'unexpected') assert.match(String(frames), /^at .*logs\.test\.ts:\d+/);
    }
    assert.doesNotMatch(text, /cannot read|refresh_token=|grant_type/);
  });

  await t.test('promise 197: no address in the log has a query or a fragment with values', () => {
    assert.doesNotMatch(text, /[?&#](?:code|state|iss|error|key|scope|redirect_uri|access_token)=/);
    assert.doesNotMatch(text, /https?:\/\/[^"\s]*[?#][^"\s]*=/);
  });

  await t.test(
    'promise 198: text of a provider forges no line: each is one JSON object with a known event',
    () => {
      for (const line of text.trimEnd().split('\n'))
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
      for (const { event } of lines) assert.match(String(event), /^[a-z_.]+$/);
      assert.ok(!events().has('forged'));
      for (const value of lines.flatMap((line) => Object.values(line))) {
        if (typeof value === 'string') assert.ok(value.length <= 1_000);
      }
    },
  );

  await t.test(
    'promise 199: of headers, those of callers and those of providers, no value is in the log',
    () => {
      assert.deepEqual(scanText('host.log', text, [HEADER]), []);
      assert.doesNotMatch(text, /Bearer |Basic /);
    },
  );

  await t.test('the log is a file of its owner, one line a happening, with its time', () => {
    assert.equal(statSync(join(folder, 'host.log')).mode & 0o777, 0o600);
    for (const { time, level } of lines) {
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(String(level), /^(?:debug|info|warn|error)$/);
    }
  });
});

async function aDayOf(at: World, hostile: HostileProvider): Promise<void> {
  const clientSecret = hostile.secret('client-secret');
  await addProvider(at, hostile.entry('acme', { scopes: ['openid', 'read'] }));
  const closed = { client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_basic' };
  await addProvider(at, hostile.entry('closed', closed));
  await connect(at, 'acme', { account: 'me' });
  await connect(at, 'closed', { account: 'me' });
  const { key } = (await at.call('POST', '/v1/keys', { body: { name: 'script', connections: ['acme'] } }))
    .json;
  at.secrets.add(key);
  await askToken(at, 'acme/me', 'force');
  await at.call('POST', '/v1/refresh/closed/me');

  const bad = { error: 'invalid_client', error_description: FORGED, error_uri: `https://x.test/?${TEXT}` };
  const answers = [
    answering(400, bad),
    answering(401, { error: FORGED }, { 'www-authenticate': `Bearer realm="${HEADER}"`, 'x-odd': HEADER }),
    answering(500, `<html>${FORGED}</html>`, { 'retry-after': '1' }),
    answering(200, `not json ${TEXT}`),
    answering(200, { access_token: hostile.secret('access'), token_type: FORGED }),
    honestly({ id_token: `${hostile.secret('id')}.${hostile.secret('id')}.x`, scope: TEXT }),
    honestly({ token_type: 'DPoP' }),
    hangingUp,
    breakingOff,
    losingTheAnswer,
  ];
  for (const answer of answers) {
    hostile.onToken(answer);
    await consentAt(at, 'acme', { account: 'third' });
  }
  for (const answer of answers.slice(0, 7)) {
    hostile.onToken(answer);
    await at.call('POST', '/v1/refresh/acme/me');
  }
  hostile.onAuthorize((redirect) => {
    redirect.search = new URLSearchParams({
      error: 'access_denied',
      error_description: FORGED,
      state: redirect.searchParams.get('state') ?? '',
      iss: hostile.issuer,
    }).toString();
  });
  await consentAt(at, 'acme');
  const open = await startConsent(at, 'acme');
  const url = `http://127.0.0.1:1/callback/acme?code=${hostile.secret('code')}&state=${hostile.secret('state')}`;
  await at.call('POST', `/v1/consents/${open.id}/redirect`, { body: { url } });
  const redirect = new URL(new URL(open.authorization_url ?? '').searchParams.get('redirect_uri') ?? '');
  redirect.search = `?code=${hostile.secret('code')}&state=${hostile.secret('state')}`;
  await createUserAgent().open(redirect.href);
  await at.call('DELETE', `/v1/consents/${open.id}`);
  hostile.onToken(answering(400, bad));
  await at.call('POST', '/v1/providers/acme/import', { body: { refresh_token: hostile.secret('refresh') } });
  hostile.onRevoke(answering(503, FORGED));
  await at.call('POST', '/v1/revoke/closed/me');

  for (let count = 0; count < 12; count += 1) {
    await at.call('GET', '/v1/status', {
      key: `tt_${hostile.secret('guess')}`,
      headers: { 'x-odd': HEADER },
    });
  }
  await at.call('GET', `/v1/token/acme/me?key=${key}`, {
    key,
    headers: { cookie: HEADER, 'user-agent': HEADER },
  });
  await at.call('GET', `/v1/token/${TEXT}/me?scope=${TEXT}`, {
    key,
    headers: { referer: `http://x.test/?${HEADER}` },
  });
  await at.call('POST', '/v1/keys', { body: `{"name": "${TEXT}` });
}

test('promise 195: a host process, killed in the middle of a refresh and started again, leaves no secret in its files, its log or its output', async (t) => {
  const hostile = await HostileProvider.start();
  t.after(() => hostile.close());
  const printed: string[] = [];
  let host = await startHostProcess(t);
  const secret = hostile.secret('client-secret');
  const entry = { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' };
  const added = await host.call('POST', '/v1/providers', { body: hostile.entry('acme', entry) });
  assert.equal(added.status, 201, added.body);
  const { consent } = (
    await host.call('POST', '/v1/connections', { body: { provider: 'acme', account: 'me' } })
  ).json;
  await createUserAgent().open(consent.authorization_url);
  const done = (await host.call('GET', `/v1/consents/${consent.id}?wait=10`)).json;
  assert.equal(done.status, 'done', done.reason);
  for (const answer of [answering(500, FORGED), honestly({ token_type: FORGED })]) {
    hostile.onToken(answer);
    await host.call('POST', '/v1/refresh/acme/me');
  }
  const sent = Promise.withResolvers<void>();
  hostile.onToken(({ honest }) => {
    // It has rotated; the answer never comes.
    honest();
    sent.resolve();
  });
  const asked = host.call('POST', '/v1/refresh/acme/me').catch(() => undefined);
  await inTime('the refresh', sent.promise);
  const killed = await host.end('SIGKILL');
  await asked;
  printed.push(killed.stdout, killed.stderr);
  host = await startHostProcess(t, { home: host.home });
  printed.push((await runTokentray(['status'], host.env)).stdout);
  printed.push((await runTokentray(['connections', 'list', '--json'], host.env)).stdout);
  printed.push((await runTokentray(['doctor'], host.env)).stdout);
  const stopped = await host.end();
  printed.push(stopped.stdout, stopped.stderr);
  const secrets = [...hostile.secrets, TEXT];
  assert.deepEqual(scanForCanaries([host.home], secrets), []);
  assert.deepEqual(scanText('output', printed.join('\n'), [...secrets, host.ownerKey]), []);
  assert.match(readFileSync(join(host.home, 'logs', 'host.log'), 'utf8'), /"event":"consent_ended"/);
});
