// Secrets and states of the command line against a real host: what is in the process list, what is on a terminal, and what
// `status` says in every state.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { CLI, runTokentray, startOnTerminal, startTokentray } from '../support/cli-process.ts';
import { type HostProcess, startHostProcess } from '../support/host-process.ts';
import { after, HostileProvider, honestly } from '../support/hostile-provider.ts';
import { until } from '../support/in-time.ts';

interface Stage {
  readonly host: HostProcess;
  readonly provider: HostileProvider;
}

async function stage(t: TestContext): Promise<Stage> {
  const provider = await HostileProvider.start();
  t.after(() => provider.close());
  return { host: await startHostProcess(t), provider };
}

/** Arguments and environment of every process that this user may look at. */
function processList(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => readOr(`/proc/${pid}/${file}`)))
    .join('\n');
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Ended since the folder was read.
    return '';
  }
}

test('promise 177: while secrets are piped in, no argument and no environment of any process holds one', async (t) => {
  const { host, provider } = await stage(t);
  const secret = provider.secret('client-secret');
  const add = ['providers', 'add', '--id', 'acme', '--client-id', 'client', '--client-secret-stdin'];
  for (const name of ['authorization_endpoint', 'token_endpoint'])
    add.push(
      '--set',
      `${name}=${provider.issuer}/${name.split('_')[0]?.replace('authorization', 'authorize')}`,
    );
  const added = await runTokentray([...add, '--json'], host.env, `${secret}\n`);
  assert.equal(added.code, 0, added.stderr);
  assert.equal(JSON.parse(added.stdout).client_secret, 'set');

  const token = provider.grantElsewhere('client');
  const gate = Promise.withResolvers<void>();
  provider.onToken(after(gate.promise, honestly()));
  const importing = startTokentray(
    ['import', 'acme', '--refresh-token-stdin', '--account', 'me'],
    host.env,
    `${token}\n`,
  );
  await until('the import at the provider', () => provider.refreshes.length === 1);
  const seen = processList();
  assert.match(seen, /--refresh-token-stdin/);
  gate.resolve();
  const imported = await importing.ended;
  assert.deepEqual([imported.code, imported.stdout], [0, 'acme/me\n'], imported.stderr);
  assert.equal(provider.refreshTokensSeen[0], token);

  const passphrase = provider.secret('passphrase');
  const slot = ['vault', 'slots', 'add', '--kind', 'passphrase', '--passphrase-stdin'];
  const adding = startTokentray(slot, host.env, `${passphrase}\n`);
  const lists = [seen];
  const watching = until('the end of the command', () => {
    if (lists.length < 20) lists.push(processList());
    return adding.child.exitCode !== null;
  });
  assert.equal((await adding.ended).code, 0);
  await watching;
  for (const list of lists) {
    for (const value of [...provider.secrets, host.ownerKey]) assert.ok(!list.includes(value));
  }
  for (const { stdout, stderr } of [added, imported]) {
    for (const value of [secret, token]) assert.ok(!(stdout + stderr).includes(value));
  }
});

test('promise 177: a secret given as an argument is refused before the host hears of it, and is not repeated', async (t) => {
  const { host } = await stage(t);
  for (const args of [
    ['import', 'acme', '--refresh-token', 'secret-CANARY-argument'],
    ['import', 'acme', '--refresh-token=secret-CANARY-argument'],
    ['providers', 'add', '--id', 'x', '--client-id', 'c', '--client-secret', 'secret-CANARY-argument'],
    ['unlock', '--passphrase', 'secret-CANARY-argument'],
  ]) {
    const { code, stdout, stderr } = await runTokentray(args, host.env);
    assert.deepEqual([code, stdout], [2, '']);
    assert.doesNotMatch(stderr, /CANARY/);
    assert.match(stderr, /-stdin/);
  }
});

test('promise 178: on a terminal a token comes with a warning, unless --show says that it is meant to be seen', async (t) => {
  const { host, provider } = await stage(t);
  const body = provider.entry('acme');
  assert.equal((await host.call('POST', '/v1/providers', { body })).status, 201);
  const refresh_token = provider.grantElsewhere('client-of-acme');
  await host.call('POST', '/v1/providers/acme/import', { body: { refresh_token, account: 'me' } });
  const command = `${process.execPath} ${CLI} token acme/me`;
  const warned = await startOnTerminal(command, host.env).ended;
  assert.match(warned.stdout, /This token opens acme\/me to whoever sees it\. Add --show/);
  assert.match(warned.stdout, /access-/);
  const shown = await startOnTerminal(`${command} --show`, host.env).ended;
  assert.doesNotMatch(shown.stdout, /whoever sees it/);
  assert.match(shown.stdout, /^access-\S+\r?\n$/);
  const piped = await runTokentray(['token', 'acme/me'], host.env);
  assert.equal(piped.stderr, '');
});

test('status says setup, locked, open and "no host", each with what to do, and ends with 0, 0, 0 and 8', async (t) => {
  const none = {
    TOKENTRAY_KEY_SOURCE: undefined,
    TOKENTRAY_KEY_FILE: undefined,
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
  };
  const host = await startHostProcess(t, { env: none });
  const status = () => runTokentray(['status'], host.env);
  const setup = await status();
  assert.deepEqual([setup.code, /^Vault +setup$/m.test(setup.stdout)], [0, true], setup.stdout);
  assert.match(setup.stderr, /tokentray vault slots add/);
  const add = ['vault', 'slots', 'add', '--kind', 'passphrase', '--passphrase-stdin'];
  assert.equal((await runTokentray(add, host.env, 'correct horse battery\n')).code, 0);
  const open = await status();
  assert.deepEqual([open.code, /^Vault +open$/m.test(open.stdout), open.stderr], [0, true, ''], open.stdout);
  assert.equal((await runTokentray(['lock'], host.env)).code, 0);
  const locked = await status();
  assert.deepEqual([locked.code, /^Vault +locked$/m.test(locked.stdout)], [0, true], locked.stdout);
  assert.match(locked.stderr, /tokentray unlock/);
  await host.end();
  const gone = await status();
  assert.deepEqual([gone.code, gone.stdout], [8, '']);
  assert.match(gone.stderr, /No Tokentray host is running\. Start one with `tokentray serve`\./);
});

test('doctor in the command line names where the key comes from, and `events` tells what other commands do', async (t) => {
  const { host } = await stage(t);
  const doctor = await runTokentray(['doctor'], host.env);
  assert.equal(doctor.code, 0, doctor.stderr);
  assert.match(doctor.stdout, /The key comes from the key file \/.*vault\.key/);
  const events = startTokentray(['events', '--json'], host.env);
  await events.says('Following events');
  assert.equal((await runTokentray(['keys', 'add', 'script', '--right', 'admin'], host.env)).code, 0);
  assert.equal((await runTokentray(['lock'], host.env)).code, 0);
  await events.says('"locked"');
  events.child.kill('SIGINT');
  const { code, stdout } = await events.ended;
  assert.equal(code, 130);
  const told = stdout
    .split('\n')
    .slice(0, 2)
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    told.map(({ type, action, name, state }) => [type, action ?? state, name]),
    [
      ['key', 'added', 'script'],
      ['vault', 'locked', undefined],
    ],
  );
});
