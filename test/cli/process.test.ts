// The command line as a process among others: arguments, signals, closed pipes, and hosts that come and go.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../cli/client.ts';
import { findHost } from '../../cli/find-host.ts';
import { type CliHost, type CliHostOptions, startCliHost } from '../support/cli-host.ts';
import { commandEnvironment, runTokentray, startTokentray } from '../support/cli-process.ts';

async function hostFor(t: TestContext, options: CliHostOptions = {}): Promise<CliHost> {
  const host = await startCliHost(options);
  t.after(() => host.stop());
  return host;
}

test('promise 177: a secret given by stdin is in no argument, environment or output of the process', async (t) => {
  const host = await hostFor(t);
  const args = ['import', 'sandbox', '--refresh-token-stdin', '--account', 'slow'];
  const running = startTokentray(args, commandEnvironment(host.home));
  t.after(() => running.child.kill('SIGKILL'));
  const asked = host.asked();
  running.child.stdin?.end('canary-refresh-token\n');
  await asked;
  const proc = `/proc/${running.child.pid}`;
  assert.match(readFileSync(`${proc}/cmdline`, 'utf8'), /--refresh-token-stdin/);
  for (const file of ['cmdline', 'environ', 'comm']) {
    assert.ok(!readFileSync(`${proc}/${file}`, 'utf8').includes('canary'), file);
  }
  assert.ok(host.requests[0]?.includes('canary-refresh-token'), 'the host got it');
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 130);
  assert.ok(!(stdout + stderr).includes('canary'));
});

test('promise 182: SIGINT while waiting cancels the consent, ends with 130 and shows no stack', async (t) => {
  const host = await hostFor(t);
  const running = startTokentray(['connect', 'hanging', '--json'], commandEnvironment(host.home));
  while (!host.requests.some((line) => line.startsWith('GET /v1/consents'))) await host.asked();
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 130);
  assert.equal(JSON.parse(stdout).code, 'interrupted');
  assert.match(stderr, /tokentray: Interrupted\.\n$/);
  assert.equal(host.requests.at(-1), 'DELETE /v1/consents/consent-hanging');
});

test('SIGTERM while waiting cancels the consent and ends with 143', async (t) => {
  const host = await hostFor(t);
  const running = startTokentray(['connect', 'hanging'], commandEnvironment(host.home));
  while (!host.requests.some((line) => line.startsWith('GET /v1/consents'))) await host.asked();
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 143);
  assert.equal(host.requests.at(-1), 'DELETE /v1/consents/consent-hanging');
});

test('promise 182: a reader that closes the pipe (head -1) ends the command silently', async (t) => {
  const host = await hostFor(t);
  const running = startTokentray(['events'], commandEnvironment(host.home));
  await running.says('Following events');
  running.child.stdout?.destroy();
  const stream = host.streams[0]!.response;
  for (let seq = 1; seq <= 3; seq += 1) stream.write(frame(seq, 'vault', { state: 'open' }));
  const { code, stderr } = await running.ended;
  assert.equal(code, 0);
  assert.equal(stderr, 'Following events. Ctrl-C ends.\n');
});

test('promise 129: no key is sent through a folder that is a link', async (t) => {
  const host = await hostFor(t);
  renameSync(join(host.home, 'run'), join(host.home, 'elsewhere'));
  symlinkSync(join(host.home, 'elsewhere'), join(host.home, 'run'));
  const { code, stderr } = await runTokentray(['status'], commandEnvironment(host.home));
  assert.equal(code, 10);
  assert.match(stderr, /run is not a folder, so no key was sent\./);
  assert.deepEqual(host.keys, []);
});

test('promise 129: no key is sent when endpoint.json can be changed by others or names another machine', async (t) => {
  const host = await hostFor(t, { doors: 'tcp' });
  const file = join(host.home, 'endpoint.json');
  const asked = async (endpoint: object) => {
    writeFileSync(file, JSON.stringify(endpoint));
    return (await runTokentray(['status'], commandEnvironment(host.home))).code;
  };
  assert.equal(await asked({ url: 'http://192.0.2.1:9595', pid: process.pid }), 8);
  assert.equal(
    await asked({ url: host.url.replace('127.0.0.1', '127.0.0.1.example.com'), pid: process.pid }),
    8,
  );
  chmodSync(file, 0o666);
  assert.equal(await asked({ url: host.url, pid: process.pid }), 10);
  assert.deepEqual(host.keys, []);
});

test('promise 131: the port of a host that is gone is not asked, whoever listens there now', async (t) => {
  const host = await hostFor(t, { doors: 'tcp' });
  // No process can have this id: Linux stops at 2^22.
  writeFileSync(join(host.home, 'endpoint.json'), JSON.stringify({ url: host.url, pid: 2 ** 22 + 1 }));
  const { code } = await runTokentray(['status'], commandEnvironment(host.home));
  assert.equal(code, 8);
  assert.deepEqual(host.keys, []);
});

test('a host that does not answer in time is told apart from no host', async (t) => {
  const host = await hostFor(t);
  const client = createClient(() => findHost({ TOKENTRAY_HOME: host.home }), 50);
  await assert.rejects(client.call('GET', '/v1/token/slow/me'), { name: 'CommandError', exit: 9 });
});

test('a host that stops before it answers counts as no host', async (t) => {
  const host = await hostFor(t);
  const running = startTokentray(['token', 'slow/me'], commandEnvironment(host.home));
  await host.asked();
  await host.stop();
  const { code, stderr } = await running.ended;
  assert.equal(code, 8);
  assert.match(stderr, /The host went away before it answered\./);
});

const frame = (seq: number, type: string, fields: object): string =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, at: '2026-01-31T12:00:00.000Z', type, ...fields })}\n\n`;

test('events are one line each, with names made inert', async (t) => {
  const host = await hostFor(t);
  const running = startTokentray(['events'], commandEnvironment(host.home));
  await running.says('Following events');
  const stream = host.streams[0]!.response;
  stream.write(frame(1, 'vault', { state: 'open' }));
  stream.write(': beat\n\n');
  stream.write(
    frame(2, 'connection', {
      action: 'needs_consent',
      connection: 'google/me',
      id: 'c_1',
      status: 'needs_consent',
    }),
  );
  stream.write(frame(3, 'hand_out', { caller: 'backup', connection: '\u001b[2Jx', id: 'c_2' }));
  await running.says('backup');
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  assert.equal(code, 130);
  assert.deepEqual(stdout.split('\n'), [
    '12:00:00  vault  open',
    '12:00:00  connection  google/me  needs_consent',
    '12:00:00  hand_out  \\u{1b}[2Jx  backup',
    '',
  ]);
});

test('events come back after the host does, from the last one seen, and say what was missed', async (t) => {
  const host = await hostFor(t);
  const running = startTokentray(['events', '--json'], commandEnvironment(host.home));
  t.after(() => running.child.kill('SIGKILL'));
  await running.says('Following events');
  host.streams[0]!.response.write(frame(7, 'vault', { state: 'locked' }));
  await running.says('locked');
  host.streams[0]!.response.end();
  await running.says('The host stopped. Trying again in 1 s.');
  await running.says('The host is back.');
  assert.equal(host.streams[1]?.lastEventId, '7');
  host.streams[1]!.response.write('event: reset\ndata: {}\n\n');
  host.streams[1]!.response.write(frame(9, 'vault', { state: 'open' }));
  await running.says('"open"');
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 130);
  assert.match(stderr, /Some events were missed\./);
  const types = stdout
    .trim()
    .split('\n')
    .slice(0, 3)
    .map((line) => JSON.parse(line).type);
  assert.deepEqual(types, ['vault', 'reset', 'vault']);
});
