// The command line from the first consent to a revoked grant, against a real host and practice server as processes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { consentAs, createUserAgent, walkConsent } from '../../sandbox/user-agent.ts';
import { type Ended, type Running, runTokentray, startTokentray } from '../support/cli-process.ts';
import { type HostProcess, startHostProcess } from '../support/host-process.ts';
import { inTime } from '../support/in-time.ts';

let host: HostProcess;
const undo: (() => unknown)[] = [];
before(async () => {
  host = await startHostProcess({ after: (fn) => undo.push(fn) }, { args: ['--port', '0', '--sandbox'] });
});

const tokentray = (...args: string[]): Promise<Ended> => runTokentray(args, host.env);

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tokentray(...args);
  assert.equal(code, 0, stderr);
  return stdout.trimEnd();
}

after(async () => {
  for (const step of undo) await step();
});

/** The address that a running `connect` printed. */
async function addressOf(connecting: Running): Promise<string> {
  await connecting.says('http://127.0.0.1:');
  await inTime('the whole line', connecting.says('\n'));
  return /^http:\/\/127\.0\.0\.1:\S+\/authorize\?\S+$/m.exec(connecting.stderr())?.[0] ?? '';
}

async function connectAs(username: string, decision: 'allow' | 'deny', ...args: string[]): Promise<Ended> {
  const connecting = startTokentray(['connect', 'sandbox', '--no-open', ...args], host.env);
  const authorizationUrl = await addressOf(connecting);
  await consentAs({ authorizationUrl, username, password: 'password', decision });
  return connecting.ended;
}

const apiStatus = async (path: string, token: string) =>
  (
    await fetch(new URL(path, JSON.parse(await ok('sandbox', 'info', '--json')).issuer), {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    })
  ).status;

test('connect: the address is talk, the name of the connection is data, and its token opens the API', async () => {
  const { code, stdout, stderr } = await connectAs('user1', 'allow');
  assert.deepEqual([code, stdout], [0, 'sandbox/user1\n']);
  assert.match(stderr, /^To give your consent, open this address:\nhttp.*\nConnected sandbox\/user1\.\n$/);
  assert.equal(await apiStatus('/contacts', await ok('token', 'sandbox')), 200);
});

test('connect again as the same user renews the connection; another user makes a second one', async () => {
  assert.equal((await connectAs('user1', 'allow')).stdout, 'sandbox/user1\n');
  assert.equal((await connectAs('user2', 'allow', '--json')).code, 0);
  const { connections } = JSON.parse(await ok('connections', 'list', '--json'));
  assert.deepEqual(
    connections.map(({ name }: { name: string }) => name),
    ['sandbox/user1', 'sandbox/user2'],
  );
});

test('connect --account as another user than asked for is refused with 4, and changes nothing', async () => {
  const before = await ok('token', 'sandbox/user1');
  const { code, stdout, stderr } = await connectAs('user2', 'allow', '--account', 'user1');
  assert.deepEqual([code, stdout], [4, ''], stderr);
  assert.equal(await ok('token', 'sandbox/user1'), before);
});

test('connect that is denied at the provider ends with 4 and says why', async () => {
  const { code, stdout, stderr } = await connectAs('user3', 'deny');
  assert.deepEqual([code, stdout], [4, '']);
  assert.match(stderr, /tokentray: The provider answered access_denied: The user did not allow this\.\n$/);
});

test('connect --via paste: the address that a browser elsewhere was sent to makes the connection', async () => {
  const connecting = startTokentray(['connect', 'sandbox', '--via', 'paste'], host.env);
  const authorizationUrl = await addressOf(connecting);
  const redirect = new URL(authorizationUrl).searchParams.get('redirect_uri') ?? '';
  const agent = createUserAgent({ stopBefore: (url) => url.href.startsWith(redirect) });
  const page = await walkConsent(agent, {
    authorizationUrl,
    username: 'user3',
    password: 'password',
    decision: 'allow',
  });
  await connecting.says('Paste it and press Enter:');
  connecting.child.stdin?.end(`${page.stoppedBefore}\n`);
  const { code, stdout, stderr } = await connecting.ended;
  assert.deepEqual([code, stdout], [0, 'sandbox/user3\n'], stderr);
  assert.ok(!stderr.includes(new URL(page.stoppedBefore ?? '').searchParams.get('code') ?? 'no code'));
});

test('connect with Ctrl-C cancels the consent at the host, closes its port and ends with 130', async () => {
  const connecting = startTokentray(['connect', 'sandbox', '--no-open'], host.env);
  const address = new URL(await addressOf(connecting));
  connecting.child.kill('SIGINT');
  assert.equal((await connecting.ended).code, 130);
  const redirect = new URL(address.searchParams.get('redirect_uri') ?? '');
  await assert.rejects(fetch(redirect));
});

test('promise 176: `token` prints exactly the token and one newline, and talks on stderr alone', async () => {
  const first = await tokentray('token', 'sandbox/user1');
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(first.stdout, /^[\w-]{20,}\n$/);
  const header = await tokentray('token', 'sandbox/user1', '--format', 'header');
  assert.equal(header.stdout, `Authorization: Bearer ${first.stdout}`);
  const json = JSON.parse(await ok('token', 'sandbox/user1', '--format', 'json'));
  assert.equal(`${json.access_token}\n`, first.stdout);
  const forced = await tokentray('token', 'sandbox/user1', '--force');
  assert.notEqual(forced.stdout, first.stdout);
});

test('promise 176: every reason why there is no token has its own exit code, and nothing on stdout', async () => {
  const cases = [
    [['token', 'sandbox'], 2, /fits more than one|has \d connections: .*Name one of them/],
    [['token', 'sandbox/user1', '--min-valid', '99999999'], 2, /min_valid|--min-valid/],
    [['token', 'sandbox/user1', '--scope', 'admin'], 2, /not granted/],
    [['token', 'sandbox/nobody'], 5, /no connection by that name/],
    [['token', 'nobody'], 5, /no connection by that name/],
  ] as const;
  for (const [args, code, sentence] of cases) {
    const ended = await tokentray(...args);
    assert.deepEqual([ended.code, ended.stdout], [code, ''], ended.stderr);
    assert.match(ended.stderr, sentence);
  }
  const denied = await runTokentray(['token', 'sandbox/user1'], { ...host.env, TOKENTRAY_KEY: 'tt_unknown' });
  assert.deepEqual([denied.code, denied.stdout], [6, '']);
  assert.equal((await tokentray('lock')).code, 0);
  const locked = await tokentray('token', 'sandbox/user1');
  assert.deepEqual([locked.code, locked.stdout], [7, '']);
  assert.match(locked.stderr, /The vault is locked\. Unlock it first\.\n {2}Run: tokentray unlock\n/);
  assert.equal((await tokentray('unlock')).code, 0);
  assert.equal((await tokentray('token', 'sandbox/user1')).code, 0);
});

test('promise 123: keys: what a script may and may not do, from `keys add` to `keys remove`', async () => {
  const key = await ok('keys', 'add', 'script', '--connection', 'sandbox/user1', '--expires', '30d');
  assert.match(key, /^tt_[\w-]{43}$/);
  const asScript = (...args: string[]) => runTokentray(args, { ...host.env, TOKENTRAY_KEY: key });
  assert.equal((await asScript('token', 'sandbox')).stdout, `${await ok('token', 'sandbox/user1')}\n`);
  assert.equal((await asScript('token', 'sandbox/user2')).code, 5);
  assert.equal((await asScript('keys', 'list')).code, 6);
  assert.equal((await asScript('lock')).code, 6);
  const list = await ok('keys', 'list');
  assert.ok(list.includes(`${key.slice(0, 7)}…`) && !list.includes(key));
  assert.match(list, /script +tt_.{4}… +token +sandbox\/user1 +(?:just now|\d+ s ago) +in (?:29|30) d/);
  assert.equal((await tokentray('keys', 'remove', 'script')).code, 0);
  assert.equal((await asScript('token', 'sandbox')).code, 6);
});

test('rename, revoke and remove: a connection to its end', async () => {
  const token = await ok('token', 'sandbox/user2');
  const renamed = await tokentray('connections', 'rename', 'sandbox/user2', 'second');
  assert.equal(renamed.code, 0, renamed.stderr);
  assert.equal(await ok('token', 'sandbox/second'), token);
  const revoked = await tokentray('connections', 'revoke', 'sandbox/second');
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.equal(await apiStatus('/profile', token), 401);
  const needed = await tokentray('token', 'sandbox/second');
  assert.deepEqual([needed.code, needed.stdout], [3, '']);
  assert.match(needed.stderr, /tokentray connect sandbox/);
  assert.equal((await tokentray('connections', 'remove', 'sandbox/second', '--yes')).code, 0);
  assert.equal((await tokentray('token', 'sandbox/second')).code, 5);
});

test('AC-HF-16: sandbox start, info, reset and stop each end with 0; a second start tells of the one that runs', async () => {
  const info = JSON.parse(await ok('sandbox', 'info', '--json'));
  assert.equal(info.running, true);
  assert.deepEqual(JSON.parse(await ok('sandbox', 'start', '--json')), info);
  const token = await ok('token', 'sandbox/user1');
  const ids = async (bearer: string) => {
    const answer = await fetch(`${info.issuer}/contacts`, {
      headers: { authorization: `Bearer ${bearer}`, connection: 'close' },
    });
    const { contacts } = (await answer.json()) as { contacts: { id: number }[] };
    return contacts.map(({ id }) => id);
  };
  assert.deepEqual(await ids(token), [2, 3, 4]);
  assert.equal((await tokentray('sandbox', 'reset')).code, 0);
  // Nothing that was issued is left, and the rows are the first ones again.
  assert.equal(await apiStatus('/contacts', token), 401);
  for (const [user, contacts] of [
    ['user1', [2, 3, 4]],
    ['user2', [1, 4]],
    ['user3', [2]],
    ['user4', [1]],
  ] as const) {
    const { stdout, stderr } = await connectAs(user, 'allow');
    assert.equal(stdout, `sandbox/${user}\n`, stderr);
    assert.deepEqual(await ids(await ok('token', `sandbox/${user}`)), contacts);
  }
  assert.match(await ok('sandbox', 'stop'), /^The sandbox is not running\.$/);
  assert.equal(JSON.parse(await ok('sandbox', 'info', '--json')).running, false);
  assert.equal((await tokentray('sandbox', 'stop')).code, 0);
  const offline = await tokentray('token', 'sandbox/user1', '--force');
  assert.deepEqual([offline.code, offline.stdout], [9, ''], offline.stderr);
  assert.equal(JSON.parse(await ok('sandbox', 'start', '--json')).issuer, info.issuer);
  assert.equal((await tokentray('token', 'sandbox/user1', '--force')).code, 0);
});
