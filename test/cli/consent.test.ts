// The whole way once: the real host, its sandbox, a person with a browser, and nothing but commands in between.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { consentAs, createUserAgent, walkConsent } from '../../sandbox/user-agent.ts';
import { commandEnvironment, runTokentray, startTokentray } from '../support/cli-process.ts';
import { type RealHost, startRealHost } from '../support/cli-real-host.ts';

const PERSON = { username: 'user1', password: 'password', decision: 'allow' } as const;

suite('connect against the sandbox', () => {
  let host: RealHost;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    host = await startRealHost('--sandbox');
    env = commandEnvironment(host.home);
  });
  after(async () => assert.equal(await host.stop(), 0));

  const addressOf = (talk: string): string =>
    /^http\S+authorize\S+$/m.exec(talk)?.[0] ?? 'no address was printed';

  test('a consent in the browser ends with the name of the connection, and `token` prints a token that works', async () => {
    const connecting = startTokentray(['connect', 'sandbox', '--no-open'], env);
    await connecting.says('authorize');
    await connecting.says('\n');
    const page = await consentAs({ ...PERSON, authorizationUrl: addressOf(connecting.stderr()) });
    assert.equal(page.status, 200);
    const { code, stdout, stderr } = await connecting.ended;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'sandbox/user1\n');
    assert.match(stderr, /Connected sandbox\/user1\.\n$/);

    const token = await runTokentray(['token', 'sandbox'], env);
    assert.match(token.stdout, /^\S{20,}\n$/, token.stderr);
    const info = JSON.parse((await runTokentray(['sandbox', 'info', '--json'], env)).stdout);
    const header = await runTokentray(['token', 'sandbox/user1', '--format', 'header'], env);
    const authorization = header.stdout.trim().replace('Authorization: ', '');
    const contacts = await fetch(`${info.issuer}/contacts`, {
      headers: { authorization, connection: 'close' },
    });
    assert.equal(contacts.status, 200);
  });

  test('a consent by paste ends with the name of the connection', async () => {
    const connecting = startTokentray(['connect', 'sandbox', '--via', 'paste'], env);
    await connecting.says('press Enter');
    const authorizationUrl = addressOf(connecting.stderr());
    const { origin } = new URL(authorizationUrl);
    const agent = createUserAgent({ stopBefore: (url) => url.origin !== origin });
    const page = await walkConsent(agent, { ...PERSON, username: 'user2', authorizationUrl });
    connecting.child.stdin?.end(`${page.stoppedBefore}\n`);
    const { code, stdout, stderr } = await connecting.ended;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'sandbox/user2\n');
  });

  test('a consent that is denied ends with 4 and says why', async () => {
    const connecting = startTokentray(['connect', 'sandbox', '--no-open', '--json'], env);
    await connecting.says('authorize');
    await connecting.says('\n');
    const authorizationUrl = addressOf(connecting.stderr());
    await consentAs({ ...PERSON, username: 'user3', decision: 'deny', authorizationUrl });
    const { code, stdout, stderr } = await connecting.ended;
    assert.equal(code, 4, stderr);
    assert.equal(JSON.parse(stdout).exit, 4);
  });

  test('connections are renamed, refreshed, revoked and removed by name', async () => {
    const does = async (...args: string[]) => {
      const { code, stdout, stderr } = await runTokentray(args, env);
      assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    assert.match(
      await does('connections', 'list'),
      /sandbox\/user1 +active +expires in [^\n]*\nsandbox\/user2 /,
    );
    assert.equal(await does('connections', 'rename', 'sandbox/user2', 'work'), 'sandbox/work\n');
    const before = await does('token', 'sandbox/work');
    await does('connections', 'refresh', 'sandbox/work');
    assert.notEqual(await does('token', 'sandbox/work'), before);
    await does('connections', 'revoke', 'sandbox/work');
    assert.equal((await runTokentray(['token', 'sandbox/work'], env)).code, 3);
    await does('connections', 'remove', 'sandbox/work', '--yes');
    assert.equal((await runTokentray(['connections', 'show', 'sandbox/work'], env)).code, 5);
  });
});
