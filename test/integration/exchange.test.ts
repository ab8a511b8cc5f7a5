// Export and import between two real hosts, by the command line: what travels, what does not, and what an import refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { scanText } from '../support/canary-scan.ts';
import { CLI, runTokentray, startOnTerminal } from '../support/cli-process.ts';
import type { Fields, HostileProvider } from '../support/hostile-provider.ts';
import { addProvider, assertProblem, connect, openWorld, type World } from '../support/integration-world.ts';
import { type RunningHost, startRunningHost } from '../support/running-host.ts';

const PASSPHRASE = 'correct horse battery staple';

interface Stage {
  readonly world: World;
  readonly provider: HostileProvider;
  /** Another machine. */
  readonly other: RunningHost;
  readonly outside: string;
}

/** A host with a provider that has a secret, one that has none, connections of both, and a script's key; and an empty host. */
async function stage(t: TestContext): Promise<Stage> {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const client_secret = provider.secret('client-secret');
  const token_endpoint_auth_method = 'client_secret_post';
  await addProvider(world, provider.entry('acme', { client_secret, token_endpoint_auth_method }));
  await addProvider(world, provider.entry('plain', { authorization_parameters: { b: '1', a: '2' } }));
  for (const [id, account] of [
    ['acme', 'me'],
    ['acme', 'boss'],
    ['plain', 'me'],
  ] as const) {
    provider.user = { sub: account, email: `${account}@example.test` };
    await connect(world, id, { account });
    await world.call('POST', `/v1/refresh/${id}/${account}`);
  }
  const key = await world.call('POST', '/v1/keys', { body: { name: 'mail', connections: ['*'] } });
  world.secrets.add(key.json.key);
  const other = await startRunningHost({ ports: { http: world.http, log: world.log } });
  t.after(() => other.remove());
  return { world, provider, other, outside: mkdtempSync(join(tmpdir(), 'tt-out-')) };
}

const secretsOf = ({ world, provider }: Stage) => [
  ...world.secrets,
  ...provider.secrets,
  world.host.ownerKey,
];

async function exported({ world, outside }: Stage, ...args: string[]): Promise<string> {
  const path = join(outside, 'export');
  const sealing = args.includes('--secrets') ? ['--passphrase-stdin', '--yes'] : [];
  const all = ['export', '--force', ...args, ...sealing, path];
  const ended = await runTokentray(all, world.host.env, sealing.length > 0 ? `${PASSPHRASE}\n` : '');
  assert.deepEqual([ended.code, ended.stdout], [0, `${path}\n`], ended.stderr);
  return path;
}

const importInto = (host: RunningHost, path: string, ...args: string[]) =>
  runTokentray(['import-from', 'export', ...args, path], host.env, `${PASSPHRASE}\n`);

test('promise 186: an export holds no token, secret, key or script; the same vault gives the same bytes, names in order', async (t) => {
  const all = await stage(t);
  const path = await exported(all);
  const text = readFileSync(path, 'utf8');
  assert.deepEqual(scanText('export', text, secretsOf(all)), []);
  assert.doesNotMatch(text, /mail|example\.test|client_secret"|refresh_token/);
  const document = JSON.parse(text);
  assert.deepEqual(document.connections, [
    { account: 'boss', provider: 'acme', scopes: ['read', 'write'] },
    { account: 'me', provider: 'acme', scopes: ['read', 'write'] },
    { account: 'me', provider: 'plain', scopes: ['read', 'write'] },
  ]);
  const inOrder = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) assert.deepEqual(Object.keys(value), Object.keys(value).sort());
    for (const inner of Object.values(value)) inOrder(inner);
  };
  inOrder(document);
  await all.world.restart();
  await exported(all);
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('promise 187: secrets are exported sealed under a passphrase only, after a yes, to a file of its owner, from an open vault', async (t) => {
  const all = await stage(t);
  const { world, outside } = all;
  const path = await exported(all, '--secrets');
  const [head = '', body = '', end] = readFileSync(path, 'latin1').split('\n');
  const { tokentray_export, sealed, kdf } = JSON.parse(head);
  assert.deepEqual(
    [tokentray_export, sealed, kdf.name, kdf.N, kdf.r, kdf.p],
    [1, 'aes-256-gcm', 'scrypt', 2 ** 17, 8, 1],
  );
  assert.match(body, /^[\w-]{1000,}$/);
  assert.equal(end, '');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(scanText('sealed', body, secretsOf(all)), []);

  const run = (args: string[], stdin = '') => runTokentray(['export', ...args], world.host.env, stdin);
  const target = join(outside, 'no');
  const cases = [
    [['--secrets', target], '', 2, /Write every client secret and token .* Add --yes/],
    [['--secrets', '--yes', target], '', 2, /Give a passphrase for the file on standard input/],
    [['--secrets', '--yes', '--passphrase-stdin', target], 'short\n', 2, /at least 8 characters/],
    [['--secrets', '--passphrase=secret-passphrase', target], '', 2, /Secrets are not taken from arguments/],
    [['--secrets', '--yes', '--passphrase-stdin', '-'], `${PASSPHRASE}\n`, 2, /not taken here/],
    [['--secrets', '--yes', '--passphrase-stdin', '/dev/tty'], `${PASSPHRASE}\n`, 10, /not a plain file/],
    [['--passphrase-stdin', target], '', 2, /goes with --secrets/],
  ] as const;
  for (const [args, stdin, code, sentence] of cases) {
    const ended = await run([...args], stdin);
    assert.deepEqual([ended.code, ended.stdout], [code, ''], ended.stderr);
    assert.match(ended.stderr, sentence);
  }
  const admin = await world.call('POST', '/v1/keys', { body: { name: 'other', rights: ['admin'] } });
  world.secrets.add(admin.json.key);
  const asked = { body: { path: target, passphrase: PASSPHRASE }, key: admin.json.key };
  const refused = await world.call('POST', '/v1/vault/export', asked);
  assertProblem(refused, 403, 'denied');
  assert.throws(() => statSync(target));
  await world.call('POST', '/v1/lock');
  assert.equal((await run(['--secrets', '--yes', '--passphrase-stdin', target], `${PASSPHRASE}\n`)).code, 7);
  assert.equal((await run([target])).code, 7);
});

test('promise 188: an import shows everything first and changes nothing before a yes; then it changes what was shown, at once', async (t) => {
  const all = await stage(t);
  const { world, other } = all;
  const plain = await exported(all);
  const shown = await importInto(other, plain);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^\+ provider acme is new$/m);
  assert.match(shown.stdout, new RegExp(`^ {4}token_endpoint {2}"${all.provider.issuer}/token"$`, 'm'));
  assert.match(shown.stdout, /tokentray providers update acme --client-secret-stdin/);
  assert.match(
    shown.stdout,
    /^\? connection acme\/me needs your consent here\n {4}tokentray connect acme --account me$/m,
  );
  assert.match(shown.stdout, /^- setting redirect_port is left as it is$/m);
  assert.match(shown.stderr, /Nothing was changed\. Run it again with --yes/);
  assert.deepEqual((await other.call('GET', '/v1/providers')).json.providers, []);

  const imported = await importInto(other, plain, '--yes');
  assert.equal(imported.code, 0, imported.stderr);
  const { providers } = (await other.call('GET', '/v1/providers')).json;
  assert.deepEqual(
    providers.map(({ id, client_secret, authorization_parameters }: Fields) => [
      id,
      client_secret,
      authorization_parameters,
    ]),
    [
      ['acme', 'unset', {}],
      ['plain', 'unset', { b: '1', a: '2' }],
    ],
  );
  const again = await importInto(other, plain);
  assert.match(again.stdout, /^= provider acme is here already, the same$/m);

  // Somebody else changes something between the look and the yes.
  const body = { path: plain };
  const { confirm } = (await other.call('POST', '/v1/vault/import', { body })).json;
  await other.call('PATCH', '/v1/providers/plain', { body: { name: 'Plain' } });
  assertProblem(
    await other.call('POST', '/v1/vault/import', { body: { path: plain, confirm } }),
    409,
    'conflict',
  );
  assert.equal((await other.call('GET', '/v1/providers/plain')).json.name, 'Plain');
  assert.equal((await world.call('GET', '/v1/status')).json.state, 'open');
});

test('promises 108 and 188: connections of a sealed export work elsewhere at once, and are refreshed only after "use here"', async (t) => {
  const all = await stage(t);
  const { world, provider, other } = all;
  const sealed = await exported(all, '--secrets');
  const wrong = await runTokentray(
    ['import-from', 'export', '--passphrase-stdin', sealed],
    other.env,
    'another one\n',
  );
  assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
  assert.match(wrong.stderr, /does not open: the passphrase is not its own, or the file was changed/);
  const none = await runTokentray(['import-from', 'export', sealed], other.env);
  assert.match(none.stderr, /sealed under a passphrase/);

  const imported = await importInto(other, sealed, '--passphrase-stdin', '--yes');
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stdout, /^\+ connection acme\/me is new$/m);
  for (const { stdout, stderr } of [imported, wrong])
    assert.deepEqual(scanText('output', stdout + stderr, [...secretsOf(all), PASSPHRASE]), []);
  const token = (host: { call: World['call'] }) => host.call('GET', '/v1/token/acme/me');
  assert.equal((await token(other)).json.access_token, (await token(world)).json.access_token);
  const seen = provider.refreshTokensSeen.length;
  for (const [method, path] of [
    ['GET', '/v1/token/acme/me?force'],
    ['POST', '/v1/refresh/plain/me'],
  ] as const) {
    const refused = await other.call(method, path);
    assertProblem(refused, 409, 'needs_review');
    assert.match(refused.json.detail, /was imported, and the place it comes from may still use it/);
  }
  const reviewed = (await other.call('GET', '/v1/status')).json;
  assert.match(String(reviewed.warnings), /3 imported connections wait/);
  assert.equal(reviewed.needs_review, true);
  // A connection of its own is not held up by them.
  provider.user = { sub: 'new', email: 'new' };
  await connect({ ...world, call: other.call }, 'plain', { account: 'new' });
  assert.equal((await other.call('POST', '/v1/refresh/plain/new')).status, 200);
  // Neither is one that got a consent here.
  provider.user = { sub: 'boss', email: 'boss@example.test' };
  await connect({ ...world, call: other.call }, 'acme', { account: 'boss' });
  assert.equal((await other.call('POST', '/v1/refresh/acme/boss')).status, 200);
  assert.equal(provider.refreshTokensSeen.length, seen + 2);

  await world.host.stop();
  assert.equal((await runTokentray(['vault', 'use-here', '--yes'], other.env)).code, 0);
  assert.deepEqual((await other.call('GET', '/v1/status')).json.warnings, []);
  assert.equal(
    (await other.call('POST', '/v1/refresh/acme/me')).status,
    200,
    'with the client secret that travelled',
  );
  const { connections } = (await other.call('GET', '/v1/connections')).json;
  assert.deepEqual(connections.map(({ name, status }: Fields) => [name, status]).slice(0, 3), [
    ['acme/boss', 'active'],
    ['acme/me', 'active'],
    ['plain/me', 'active'],
  ]);
  const again = await importInto(other, sealed, '--passphrase-stdin');
  assert.match(
    again.stdout,
    /^- connection acme\/me is left as it is\n {4}It is here already and stays as it is\.$/m,
  );
  assert.doesNotMatch(again.stdout, /^\+/m);
});

test('promise 190: an import that moves an endpoint carries neither secret nor token there', async (t) => {
  const all = await stage(t);
  const { world, provider, outside } = all;
  const path = await exported(all);
  const text = readFileSync(path, 'utf8');
  const moved = join(outside, 'moved');
  const move = (field: string) =>
    writeFileSync(
      moved,
      text.replaceAll(`"${field}": "${provider.issuer}/`, `"${field}": "https://evil.example/`),
    );
  const look = () => runTokentray(['import-from', 'export', '--yes', moved], world.host.env);
  for (const field of ['token_endpoint', 'revocation_endpoint']) {
    move(field);
    const refused = await look();
    assert.equal(refused.code, 0, refused.stderr);
    assert.match(refused.stdout, /^! provider acme is refused$/m);
    assert.match(refused.stdout, new RegExp(`Its ${field} would change while it has connections here`));
    assert.match(refused.stderr, /nothing can be imported while something is refused/);
  }
  const { confirm } = (await world.call('POST', '/v1/vault/import', { body: { path: moved } })).json;
  assertProblem(
    await world.call('POST', '/v1/vault/import', { body: { path: moved, confirm } }),
    409,
    'conflict',
  );
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200, 'everything is as it was');

  // Without connections the entry moves, and its secret is forgotten.
  const unused = JSON.parse(text);
  unused.connections = [];
  for (const entry of unused.providers) {
    entry.authorization_endpoint = 'https://evil.example/authorize';
    entry.token_endpoint = 'https://evil.example/token';
    entry.revocation_endpoint = 'https://evil.example/revoke';
  }
  writeFileSync(moved, JSON.stringify(unused));
  for (const ref of ['acme%2Fme', 'acme%2Fboss', 'plain%2Fme'])
    await world.call('DELETE', `/v1/connections/${ref}`);
  const { stdout } = await look();
  assert.match(stdout, /client_secret {2}set -> unset/);
  assert.match(stdout, /the client secret that is kept here is forgotten/);
  const { client_secret, token_endpoint } = (await world.call('GET', '/v1/providers/acme')).json;
  assert.deepEqual([client_secret, token_endpoint], ['unset', 'https://evil.example/token']);
});

test('promises 188 and 192: an import that fails half-way, and a file with one bit changed, leave everything as it was', async (t) => {
  const all = await stage(t);
  const { other, outside } = all;
  const sealed = await exported(all, '--secrets');
  const sql = (statements: string) => {
    const database = new DatabaseSync(join(other.home, 'vault.db'));
    database.exec(statements);
    database.close();
  };
  const isEmpty = async () => {
    assert.deepEqual((await other.call('GET', '/v1/providers')).json.providers, []);
    assert.deepEqual((await other.call('GET', '/v1/connections')).json.connections, []);
  };
  const bytes = readFileSync(sealed);
  bytes[bytes.length - 9]! ^= 1;
  const broken = join(outside, 'broken');
  writeFileSync(broken, bytes);
  const refused = await importInto(other, broken, '--passphrase-stdin', '--yes');
  assert.deepEqual([refused.code, refused.stdout], [2, '']);
  assert.match(refused.stderr, /^tokentray: The export does not open.*Nothing was imported\.\n$/);
  await isEmpty();

  // The third row of connections cannot be written.
  sql(`CREATE TRIGGER full BEFORE INSERT ON connection WHEN (SELECT count(*) FROM connection) = 2
       BEGIN SELECT RAISE(ABORT, 'full'); END`);
  const failed = await importInto(other, sealed, '--passphrase-stdin', '--yes');
  assert.equal(failed.code, 10, failed.stderr);
  await isEmpty();
  sql('DROP TRIGGER full');
  assert.equal((await importInto(other, sealed, '--passphrase-stdin', '--yes')).code, 0);
  assert.equal((await other.call('GET', '/v1/connections')).json.connections.length, 3);
});

test('promise 188: on a terminal the list comes first and a no changes nothing', async (t) => {
  const all = await stage(t);
  const path = await exported(all);
  const asking = startOnTerminal(`${process.execPath} ${CLI} import-from export ${path}`, all.other.env);
  await asking.says('Import this?');
  assert.match(asking.stdout(), /\+ provider acme is new/);
  asking.child.stdin?.write('n');
  const { stdout } = await asking.ended;
  assert.match(stdout, /Nothing was changed\./);
  assert.deepEqual((await all.other.call('GET', '/v1/providers')).json.providers, []);
});
