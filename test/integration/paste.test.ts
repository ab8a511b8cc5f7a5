// A consent without a browser on this machine: the person pastes the address that theirs was sent to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsentJson } from '../../api/wire.ts';
import { createUserAgent, walkConsent } from '../../sandbox/user-agent.ts';
import { startTokentray } from '../support/cli-process.ts';
import {
  addProvider,
  assertProblem,
  connectionOf,
  openWorld,
  startConsent,
  type World,
} from '../support/integration-world.ts';

/** The address a browser on another machine ends at: nobody listens there. */
async function addressAfter(consent: ConsentJson): Promise<URL> {
  const agent = createUserAgent({ stopBefore: (url) => url.pathname.startsWith('/callback/') });
  const page = await walkConsent(agent, {
    authorizationUrl: consent.authorization_url ?? '',
    username: 'user1',
    password: 'password',
    decision: 'allow',
  });
  return new URL(page.stoppedBefore ?? '');
}

function paste(world: World, id: string, url: string) {
  return world.call('POST', `/v1/consents/${id}/redirect`, { body: { url } });
}

test('promise 56: the pasted redirect address of the open consent makes the connection', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const consent = await startConsent(world, 'acme');
  const address = await addressAfter(consent);
  const reply = await paste(world, consent.id, ` ${address.href}\n`);
  assert.deepEqual([reply.status, reply.json.status], [200, 'done'], reply.body);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
});

test('promise 56: a pasted address with another state, host, port, path or scheme is refused, and the right one still works', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const [consent, other] = [await startConsent(world, 'acme'), await startConsent(world, 'acme')];
  const address = await addressAfter(consent);
  const state = new URL(other.authorization_url ?? '').searchParams.get('state') ?? '';
  const change = (edit: (url: URL) => void) => {
    const url = new URL(address);
    edit(url);
    return url.href;
  };
  const wrong = {
    'state of another consent': change((url) => url.searchParams.set('state', state)),
    'state cut short': change((url) => url.searchParams.set('state', state.slice(0, -1))),
    'no state': change((url) => url.searchParams.delete('state')),
    'two states': change((url) => url.searchParams.append('state', state)),
    'two codes': change((url) => url.searchParams.append('code', 'x')),
    'code and error': change((url) => url.searchParams.append('error', 'access_denied')),
    'neither code nor error': change((url) => url.searchParams.delete('code')),
    'another host': change((url) => {
      url.hostname = 'evil.test';
    }),
    'another name of the same host': change((url) => {
      url.hostname = 'localhost';
    }),
    'another port': change((url) => {
      url.port = String(Number(url.port) - 1);
    }),
    'another path': change((url) => {
      url.pathname = '/callback/other';
    }),
    'a longer path': change((url) => {
      url.pathname += '/x';
    }),
    'another scheme': address.href.replace('http:', 'https:'),
    'a user name': change((url) => {
      url.username = 'me';
    }),
    'the address that was opened': consent.authorization_url ?? '',
    'the code alone': address.searchParams.get('code') ?? '',
    nothing: '',
    'words and the address': `here it is: ${address.href}`,
    'the parameters in the fragment': address.href.replace('?', '#'),
  };
  for (const [what, url] of Object.entries(wrong)) {
    const reply = await paste(world, consent.id, url);
    assert.ok(reply.status === 400, `${what}: ${reply.body}`);
    assert.ok(!reply.body.includes(address.searchParams.get('code') ?? ''), what);
  }
  assert.equal(provider.tokenRequests.length, 0);
  assert.equal((await paste(world, consent.id, address.href)).json.status, 'done');
});

test('promise 56: a pasted address is taken once, and not for another consent', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const [consent, other] = [await startConsent(world, 'acme'), await startConsent(world, 'acme')];
  const address = await addressAfter(consent);
  assertProblem(await paste(world, other.id, address.href), 400, 'callback_refused');
  assert.equal((await paste(world, consent.id, address.href)).status, 200);
  assertProblem(await paste(world, consent.id, address.href), 409, 'conflict');
  assert.equal(provider.tokenRequests.length, 1);
});

test('promise 56: a pasted answer of another issuer, or with an error, ends the consent without a code exchange', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  for (const [edit, code] of [
    [(url: URL) => url.searchParams.set('iss', 'https://evil.test'), 'issuer_mismatch'],
    [(url: URL) => url.searchParams.delete('iss'), 'issuer_mismatch'],
    [denied, 'consent_failed'],
  ] as const) {
    const consent = await startConsent(world, 'acme');
    const address = await addressAfter(consent);
    edit(address);
    const reply = await paste(world, consent.id, address.href);
    assert.deepEqual([reply.json.status, reply.json.code], ['failed', code]);
  }
  assert.equal(provider.tokenRequests.length, 0);
});

test('promise 56: the command asks for the address with a warning, takes it from standard input and never shows it again', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const command = startTokentray(['connect', 'sandbox', '--via', 'paste'], world.host.env);
  await command.says('/authorize?');
  await command.says('It opens your account: paste it nowhere but here.');
  const [url = ''] = /http:\/\/\S+\/authorize\?\S+/.exec(command.stdout() + command.stderr()) ?? [];
  const address = await addressAfter({ authorization_url: url } as ConsentJson);
  for (const name of ['code', 'state']) world.secrets.add(address.searchParams.get(name) ?? '');
  command.child.stdin?.end(`${address.href}\n`);
  const ended = await command.ended;
  assert.deepEqual([ended.code, ended.stdout], [0, 'sandbox/user1\n'], ended.stderr);
  assert.ok(!`${ended.stdout}${ended.stderr}`.includes(address.searchParams.get('code') ?? ''));
});

function denied(url: URL): void {
  url.searchParams.delete('code');
  url.searchParams.set('error', 'access_denied');
}
