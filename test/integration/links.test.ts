// Consents whose answer comes by a link of our scheme, through a real host: who may be called for it, what a link can do
// (deliver the answer that is waited for), and what it cannot (anything else).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsentJson } from '../../api/wire.ts';
import { LIMITS } from '../../core/limits.ts';
import type { LinksOwner } from '../../core/ports.ts';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import type { HostileProvider } from '../support/hostile-provider.ts';
import {
  addProvider,
  assertProblem,
  connectionsOf,
  openWorld,
  startConsent,
  type World,
} from '../support/integration-world.ts';

interface Linked {
  readonly world: World;
  readonly provider: HostileProvider;
  readonly opened: URL[];
  owner: LinksOwner;
  arrive(link: string | URL): string;
}

async function linked(t: { after(fn: () => unknown): void }, fakeTime = false): Promise<Linked> {
  const opened: URL[] = [];
  const given: { owner: LinksOwner } = { owner: { kind: 'ours' } };
  const world = await openWorld(t, {
    fakeTime,
    ports: {
      links: { owner: async () => given.owner },
      browser: { open: async (url) => void opened.push(url) },
    },
  });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { redirect: { scheme: 'tokentray' } }));
  return Object.assign(given, {
    world,
    provider,
    opened,
    arrive: (link: string | URL) => world.host.host.engine.links.arrive(new URL(link)),
  });
}

/** Opens the address of the consent as a browser and answers the link that it is sent to. */
async function linkOf(consent: ConsentJson): Promise<URL> {
  const agent = createUserAgent({ stopBefore: (url) => url.protocol === 'tokentray:' });
  const page = await agent.open(consent.authorization_url ?? '');
  return new URL(page.stoppedBefore ?? '');
}

const consentOf = async (world: World, id: string, wait = 0) =>
  (await world.call('GET', `/v1/consents/${id}?wait=${wait}`)).json;

test('a consent over our scheme: the redirect names the provider, and the link that comes back finishes it', async (t) => {
  const { world, provider, arrive } = await linked(t);
  const shown = (await world.call('GET', '/v1/providers/acme')).json;
  assert.deepEqual(
    [shown.redirect, shown.redirect_uri],
    [{ scheme: 'tokentray' }, 'tokentray://callback/acme'],
  );
  const consent = await startConsent(world, 'acme');
  const link = await linkOf(consent);
  assert.equal(link.href.split('?')[0], 'tokentray://callback/acme');
  assert.equal(arrive(link), 'taken');
  assert.equal((await consentOf(world, consent.id, 10)).status, 'done');
  assert.equal(provider.requests.filter(({ path }) => path === '/token').length, 1);
  assert.equal((await connectionsOf(world, 'acme')).length, 1);
  assert.equal(arrive(link), 'ignored');
});

const SCHEMES = [
  'http',
  'https',
  'file',
  'mailto',
  'ftp',
  'data',
  'javascript',
  'about',
  'blob',
  'ws',
  'wss',
  'ms-settings',
  'shell',
  'vscode',
  'slack',
  'myapp',
  'com.example.app',
  'Tokentray',
  'tokentray:',
  'tokentray-ui',
  '1tokentray',
  '',
];

test('promise 25: an entry takes our own scheme and no other, added or changed', async (t) => {
  const { world, provider } = await linked(t);
  for (const scheme of SCHEMES) {
    const body = provider.entry('other', { redirect: { scheme } });
    const added = await world.call('POST', '/v1/providers', { body });
    assertProblem(added, 400, 'invalid_field');
    assert.equal(added.json.field, 'redirect.scheme', scheme);
    const changed = await world.call('PATCH', '/v1/providers/acme', { body: { redirect: { scheme } } });
    assertProblem(changed, 400, 'invalid_field');
  }
  const mixed = { redirect: { scheme: 'tokentray', port: 'any' } };
  assertProblem(await world.call('PATCH', '/v1/providers/acme', { body: mixed }), 400, 'unknown_field');
  // And back to a loopback address, of which half may be given.
  const back = await world.call('PATCH', '/v1/providers/acme', { body: { redirect: { port: 'fixed' } } });
  assert.deepEqual(back.json.redirect, { host: '127.0.0.1', port: 'fixed' });
});

test('promise 26: when links go to another program, or to none, no browser opens; the owner is named; pasting works', async (t) => {
  const place = await linked(t);
  const { world, opened } = place;
  const owners: readonly [LinksOwner, RegExp][] = [
    [{ kind: 'other', name: 'Evil Links' }, /^Evil Links takes tokentray:\/\/ links/],
    [{ kind: 'none' }, /^No program of this machine takes tokentray:\/\/ links/],
  ];
  for (const [owner, sentence] of owners) {
    place.owner = owner;
    for (const via of ['browser', undefined]) {
      const reply = await world.call('POST', '/v1/connections', { body: { provider: 'acme', via } });
      assertProblem(reply, 409, 'links_not_ours');
      assert.match(reply.json.detail, sentence);
    }
  }
  assert.deepEqual(opened, []);
  const reply = await world.call('POST', '/v1/connections', { body: { provider: 'acme', via: 'paste' } });
  const { consent } = reply.json;
  const pasted = await linkOf(consent);
  world.secrets.add(pasted.searchParams.get('state') ?? '');
  const done = await world.call('POST', `/v1/consents/${consent.id}/redirect`, {
    body: { url: pasted.href },
  });
  assert.equal(done.json.status, 'done', done.body);
});

test('promise 26: a headless host is called for no link, and says what to do', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { redirect: { scheme: 'tokentray' } }));
  const reply = await world.call('POST', '/v1/connections', { body: { provider: 'acme' } });
  assertProblem(reply, 409, 'links_not_ours');
  assert.match(reply.json.detail, /Start the tray.*--via paste/);
});

test('promise 29: a link that nobody waits for changes nothing', async (t) => {
  const { world, provider, arrive } = await linked(t);
  const before = (await world.call('GET', '/v1/activity')).body;
  const sent = provider.requests.length;
  for (const state of [
    '',
    '?code=c',
    '?code=c&state=',
    '?code=c&state=not-ours',
    '?error=access_denied&state=x',
  ])
    assert.equal(arrive(`tokentray://callback/acme${state}`), 'ignored', state);
  assert.equal((await world.call('GET', '/v1/activity')).body, before);
  assert.equal(provider.requests.length, sent);
});

test('promise 30: a link that names an action is ignored, whatever it carries, and the open consent stays', async (t) => {
  const { world, arrive } = await linked(t);
  const consent = await startConsent(world, 'acme');
  const good = await linkOf(consent);
  for (const place of [
    'import',
    'add-provider',
    'approve',
    'copy/acme',
    'open',
    'callback',
    'callback/',
    'callback/other',
    'callback/acme/copy',
    'callback/acme/',
    'callback/ACME',
    'callback/%61cme',
    'callback/../import',
    'CALLBACK/acme',
    'callback:80/acme',
    'callback.evil.test/acme',
  ]) {
    assert.equal(arrive(`tokentray://${place}${good.search}`), 'ignored', place);
  }
  for (const scheme of ['tokentray-ui', 'tokentrayx', 'http', 'https'])
    assert.equal(arrive(`${scheme}://callback/acme${good.search}`), 'ignored', scheme);
  assert.equal((await consentOf(world, consent.id)).status, 'pending');
  assert.equal(arrive(good), 'taken');
  assert.equal((await consentOf(world, consent.id, 10)).status, 'done');
});

test('promises 8 and 10: a repeated or missing parameter is ignored and the right link still works, once', async (t) => {
  const { world, arrive, provider } = await linked(t);
  const consent = await startConsent(world, 'acme');
  const good = await linkOf(consent);
  for (const more of ['&code=x', '&state=x', '&iss=x', '&error=access_denied', '&error=a&error=b'])
    assert.equal(arrive(`${good.href}${more}`), 'ignored', more);
  assert.deepEqual([arrive(good), arrive(good)], ['taken', 'ignored']);
  assert.equal((await consentOf(world, consent.id, 10)).status, 'done');
  assert.equal(provider.requests.filter(({ path }) => path === '/token').length, 1);
});

test('promise 40: a link that names another issuer ends the consent, and its code goes nowhere', async (t) => {
  const { world, arrive, provider } = await linked(t);
  const consent = await startConsent(world, 'acme');
  const link = await linkOf(consent);
  link.searchParams.set('iss', 'https://evil.test');
  assert.equal(arrive(link), 'taken');
  const ended = await consentOf(world, consent.id, 10);
  assert.deepEqual([ended.status, ended.code], ['failed', 'issuer_mismatch']);
  assert.equal(provider.requests.filter(({ path }) => path === '/token').length, 0);
});

test('promise 43: the answer of one provider is not taken on the link of another, nor at a loopback consent', async (t) => {
  const { world, arrive, provider } = await linked(t);
  await addProvider(world, provider.entry('twin', { client_id: 'twin', redirect: { scheme: 'tokentray' } }));
  await addProvider(world, provider.entry('loop', { client_id: 'loop' }));
  const [acme, twin] = [await startConsent(world, 'acme'), await startConsent(world, 'twin')];
  const crossed = await linkOf(acme);
  crossed.pathname = '/twin';
  assert.equal(arrive(crossed), 'ignored');
  const loop = new URL((await startConsent(world, 'loop')).authorization_url ?? '');
  const state = loop.searchParams.get('state');
  assert.equal(arrive(`tokentray://callback/loop?code=c&state=${state}&iss=${provider.issuer}`), 'ignored');
  for (const consent of [acme, twin]) assert.equal((await consentOf(world, consent.id)).status, 'pending');
});

test('promise 32: of a thousand links in a second two lines are logged, and the open consent is not disturbed', async (t) => {
  const { world, arrive } = await linked(t, true);
  const consent = await startConsent(world, 'acme');
  for (let n = 0; n < 1_000; n += 1)
    assert.equal(arrive(`tokentray://callback/acme?code=canary-${n}&state=s${n}`), 'ignored');
  world.clock.advance(1_000);
  assert.equal(arrive('tokentray://callback/acme'), 'ignored');
  const lines = world.log.entries.filter(({ event }) => event === 'link_ignored');
  assert.deepEqual(
    lines.map(({ fields }) => fields?.links),
    [1, 1_000],
  );
  assert.doesNotMatch(JSON.stringify(lines), /canary/);
  assert.equal(arrive(await linkOf(consent)), 'taken');
});

test('promise 33: a link too long, badly encoded, with control characters or a user name is dropped, and no value is logged', async (t) => {
  const { world, arrive } = await linked(t, true);
  const { search } = await linkOf(await startConsent(world, 'acme'));
  const long = 'x'.repeat(LIMITS.redirectUrlBytes);
  const links: readonly [string, string][] = [
    ['too_long', `tokentray://callback/acme${search}&canary=${long}`],
    ['encoding', `tokentray://callback/acme${search}&canary=%`],
    ['encoding', `tokentray://callback/acme${search}&canary=%ff`],
    ['characters', `tokentray://callback/acme${search}&canary=%00`],
    ['characters', `tokentray://callback/acme${search}&canary=%0d%0a`],
    ['characters', `tokentray://callback/acme${search}&canary=%c2%85`],
    ['place', `tokentray://me@callback/acme${search}`],
    ['place', `tokentray://me:canary@callback/acme${search}`],
    ['place', `tokentray://canary/acme${search}`],
  ];
  for (const [why, link] of links) {
    world.clock.advance(1_000);
    assert.equal(arrive(link), 'ignored', why);
    const last = world.log.entries.at(-1);
    assert.deepEqual([last?.event, last?.fields?.why], ['link_ignored', why]);
    assert.doesNotMatch(JSON.stringify(last), /canary/);
  }
});

test('promise 35: a link that comes while the vault is locked is not kept; after unlocking a new consent works', async (t) => {
  const { world, arrive, provider } = await linked(t);
  const consent = await startConsent(world, 'acme');
  const link = await linkOf(consent);
  assert.equal((await world.call('POST', '/v1/lock')).status, 200);
  assert.equal(arrive(link), 'ignored');
  assert.equal((await world.call('POST', '/v1/unlock')).status, 200);
  assert.equal((await consentOf(world, consent.id)).status, 'cancelled');
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
  assert.equal(provider.requests.filter(({ path }) => path === '/token').length, 0);
  const again = await startConsent(world, 'acme');
  assert.equal(arrive(await linkOf(again)), 'taken');
  assert.equal((await consentOf(world, again.id, 10)).status, 'done');
});

test('the browser is told which connection a consent is to renew, and of a new one nothing', async (t) => {
  const about: unknown[] = [];
  const world = await openWorld(t, {
    ports: { browser: { open: async (_url, given) => void about.push(given) } },
  });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const start = async (account?: string) => {
    const reply = await world.call('POST', '/v1/connections', {
      body: { provider: 'acme', account, via: 'browser' },
    });
    assert.equal(reply.status, 202, reply.body);
    return reply.json.consent;
  };
  const first = await start('me');
  await createUserAgent().open(first.authorization_url);
  const { connection_id: id } = await consentOf(world, first.id, 10);
  world.secrets.add(new URL((await start('me')).authorization_url).searchParams.get('state') ?? '');
  assert.deepEqual(about, [{}, { connection: id }]);
});
