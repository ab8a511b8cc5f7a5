// A consent through the real doors: the request the provider gets, the answer the browser brings back, the code exchange.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { createUserAgent } from '../../sandbox/user-agent.ts';
import { answering, breakingOff, hangingUp, honestly, losingTheAnswer } from '../support/hostile-provider.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionOf,
  connectionsOf,
  consentAt,
  finishConsent,
  openWorld,
  startConsent,
  tokenOf,
} from '../support/integration-world.ts';

test('promise 36: the provider sees a fresh state of at least 128 bit and an S256 challenge, and later the one verifier that fits', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  for (const account of ['one', 'two', 'three']) {
    provider.user = { sub: account, email: account };
    await connect(world, 'acme', { account });
  }
  const asked = provider.at('/authorize').map(({ query }) => query);
  const sent = provider.tokenRequests.map(({ form }) => form);
  for (const query of asked) {
    assert.equal(query.get('response_type'), 'code');
    assert.equal(query.get('code_challenge_method'), 'S256');
    assert.match(query.get('code_challenge') ?? '', /^[\w-]{43}$/);
    assert.ok(Buffer.from(query.get('state') ?? '', 'base64url').length >= 16);
  }
  for (const form of sent) {
    assert.match(form.get('code_verifier') ?? '', /^[A-Za-z0-9._~-]{43,128}$/);
    assert.equal(form.get('client_id'), 'client-of-acme');
  }
  // The server compares each verifier with its challenge; here it counts that none was used twice.
  assert.equal(new Set(asked.map((query) => query.get('state'))).size, 3);
  assert.equal(new Set(asked.map((query) => query.get('code_challenge'))).size, 3);
  assert.equal(new Set(sent.map((form) => form.get('code_verifier'))).size, 3);
});

test('promise 36: a nonce is sent with openid, and the token request repeats the exact redirect address', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  await connect(world, 'acme');
  const [asked] = provider.at('/authorize');
  const [sent] = provider.tokenRequests;
  assert.ok((asked?.query.get('nonce') ?? '').length >= 22);
  assert.equal(sent?.form.get('redirect_uri'), asked?.query.get('redirect_uri'));
  assert.match(asked?.query.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback\/acme$/);
});

test('promise 37: with PKCE switched off by hand no challenge is sent, a warning stands on the entry, and a wrong state is still refused', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('old', { pkce: 'off' }));
  const entry = (await world.call('GET', '/v1/providers/old')).json;
  assert.ok(
    entry.warnings.some((warning: string) => /PKCE/i.test(warning)),
    entry.warnings.join(),
  );

  provider.onAuthorize((redirect) => redirect.searchParams.set('state', 'another'));
  const consent = await startConsent(world, 'old');
  const page = await createUserAgent().open(consent.authorization_url ?? '');
  assert.equal(page.status, 400);
  assert.equal((await finishConsent(world, consent)).status, 'done');
  for (const { query } of provider.at('/authorize')) {
    assert.equal(query.get('code_challenge'), null);
    assert.equal(query.get('code_challenge_method'), null);
  }
  assert.equal(provider.tokenRequests.length, 1);
  assert.equal(provider.tokenRequests[0]?.form.get('code_verifier'), null);
});

test('promise 39: a response without iss from a provider that promises it ends the consent, and no code is exchanged', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  provider.onAuthorize((redirect) => redirect.searchParams.delete('iss'));
  const consent = await consentAt(world, 'acme');
  assert.deepEqual([consent.status, consent.code], ['failed', 'issuer_mismatch']);
  assert.equal(provider.tokenRequests.length, 0);
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
});

for (const advertised of [true, false]) {
  for (const [how, change] of [
    ['one letter', (issuer: string) => issuer.replace('127.0.0.1', '127.0.0.2')],
    ['a last slash', (issuer: string) => `${issuer}/`],
    ['capital letters', (issuer: string) => issuer.replace('http', 'HTTP')],
  ] as const) {
    test(`promise 40: an iss that differs by ${how} is refused, support advertised or not (${advertised})`, async (t) => {
      const world = await openWorld(t);
      const provider = await world.hostile();
      await addProvider(
        world,
        provider.entry('acme', { authorization_response_iss_parameter_supported: advertised }),
      );
      provider.onAuthorize((redirect) => redirect.searchParams.set('iss', change(provider.issuer)));
      const consent = await consentAt(world, 'acme');
      assert.deepEqual([consent.status, consent.code], ['failed', 'issuer_mismatch']);
      assert.equal(provider.tokenRequests.length, 0);
    });
  }
}

test('promise 43: each provider has a redirect path of its own, and an answer on the path of another one is refused', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const plain = { issuer: undefined, authorization_response_iss_parameter_supported: false };
  // Both on the one fixed port, where only path and state tell them apart.
  for (const id of ['left', 'right']) {
    await addProvider(
      world,
      provider.entry(id, { ...plain, redirect: { host: '127.0.0.1', port: 'fixed' } }),
    );
  }
  const [left, right] = [await startConsent(world, 'left'), await startConsent(world, 'right')];
  const redirectOf = (address = '') => new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
  const [toLeft, toRight] = [redirectOf(left.authorization_url), redirectOf(right.authorization_url)];
  assert.equal(toLeft.host, toRight.host);
  assert.deepEqual([toLeft.pathname, toRight.pathname], ['/callback/left', '/callback/right']);

  provider.onAuthorize((redirect) => {
    redirect.pathname = toRight.pathname;
  });
  const page = await createUserAgent().open(left.authorization_url ?? '');
  assert.equal(page.status, 400);
  assert.equal(provider.tokenRequests.length, 0);
  // Neither consent was disturbed.
  assert.equal((await finishConsent(world, left)).status, 'done');
  assert.equal((await finishConsent(world, right)).status, 'done');
});

test('promise 23: of two consents at two providers at once, each answer is matched by its own state, verifier and issuer', async (t) => {
  const world = await openWorld(t);
  const [left, right] = [await world.hostile(), await world.hostile()];
  await addProvider(world, left.entry('left'));
  await addProvider(world, right.entry('right'));
  const [toLeft, toRight] = [await startConsent(world, 'left'), await startConsent(world, 'right')];
  // The later one comes back first.
  assert.equal((await finishConsent(world, toRight)).status, 'done');
  assert.equal((await finishConsent(world, toLeft)).status, 'done');
  // Each server takes only its own code with the verifier of its own challenge.
  assert.deepEqual([left.tokenRequests.length, right.tokenRequests.length], [1, 1]);
  const names = (await world.call('GET', '/v1/connections')).json.connections.map(
    ({ provider }: { provider: string }) => provider,
  );
  assert.deepEqual(names, ['left', 'right']);
});

test('promise 23: when the codes of two consents are swapped, both fail and no token comes of either', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('left'));
  await addProvider(world, provider.entry('right', { client_id: 'client-of-right' }));
  const [left, right] = [await startConsent(world, 'left'), await startConsent(world, 'right')];
  // A man in the middle holds both answers back and exchanges their codes.
  const held: URL[] = [];
  const hold = (redirect: URL) => {
    held.push(new URL(redirect));
    redirect.href = `${provider.issuer}/held`;
  };
  provider.onAuthorize(hold, hold);
  for (const consent of [left, right]) await createUserAgent().open(consent.authorization_url ?? '');
  const [first, second] = held as [URL, URL];
  const codes = [first, second].map((url) => url.searchParams.get('code') ?? '') as [string, string];
  first.searchParams.set('code', codes[1]);
  second.searchParams.set('code', codes[0]);
  for (const url of [first, second]) await createUserAgent().open(url.href);
  for (const consent of [left, right]) {
    const ended = (await world.call('GET', `/v1/consents/${consent.id}?wait=5`)).json;
    assert.deepEqual([ended.status, ended.code], ['failed', 'consent_failed']);
  }
  assert.equal(provider.tokenRequests.length, 2);
  assert.deepEqual((await world.call('GET', '/v1/connections')).json.connections, []);
});

test('promise 24: after an exit in mid-consent nothing of it is on disk, its port is closed, and a new host says start again', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  const consent = await startConsent(world, 'acme');
  const { searchParams } = new URL(consent.authorization_url ?? '');
  const redirect = new URL(searchParams.get('redirect_uri') ?? '');
  world.assertNothingLeaked();
  await world.restart();
  world.assertNothingLeaked();

  redirect.search = new URLSearchParams({
    code: provider.secret('code'),
    state: searchParams.get('state') ?? '',
    iss: provider.issuer,
  }).toString();
  await assert.rejects(createUserAgent().open(redirect.href), { code: 'ECONNREFUSED' });
  const reply = await world.call('GET', `/v1/consents/${consent.id}`);
  assertProblem(reply, 404, 'not_found');
  assert.match(reply.json.detail, /start it again/i);
  assert.equal(provider.tokenRequests.length, 0);
});

for (const [how, granted] of [
  ['narrower', 'read'],
  ['wider', 'read write admin'],
] as const) {
  test(`promise 47: a scope ${how} than asked is stored as granted, shown beside what was asked, and what scripts see`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    provider.onToken(honestly({ scope: granted }));
    const connection = await connect(world, 'acme');
    assert.deepEqual(connection.scopes, granted.split(' '));
    assert.deepEqual(connection.scopes_asked, ['read', 'write']);
    assert.equal((await tokenOf(world, 'acme')).scope, granted);
    const reply = await askToken(world, 'acme', 'scope=write');
    if (how === 'narrower') assertProblem(reply, 409, 'scope_not_granted');
    else assert.equal(reply.status, 200);
  });
}

for (const [how, script] of [
  ['is cut before the answer', losingTheAnswer],
  ['is cut in the middle of the answer', breakingOff],
  ['is cut at once', hangingUp],
] as const) {
  test(`promise 48: a code whose exchange ${how} is not sent again; a new consent is offered and works`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    provider.onToken(script);
    const consent = await consentAt(world, 'acme');
    assert.deepEqual([consent.status, consent.code], ['failed', 'consent_failed']);
    assert.match(consent.reason ?? '', /Start the consent again/);
    assert.equal(provider.tokenRequests.length, 1);
    await connect(world, 'acme');
    const codes = provider.tokenRequests.map(({ form }) => form.get('code'));
    assert.equal(new Set(codes).size, 2);
  });
}

test('promise 48: a code whose exchange gets no answer in time is not sent again', async (t) => {
  const world = await openWorld(t, { limits: { totalMs: 1_000 } });
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  provider.onToken(() => {});
  const consent = await consentAt(world, 'acme');
  assert.deepEqual([consent.status, consent.code], ['failed', 'consent_failed']);
  assert.equal(provider.tokenRequests.length, 1);
});

test('promise 48: a token endpoint that is not there makes the consent fail as offline', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const port = await closedPort();
  await addProvider(world, provider.entry('acme', { token_endpoint: `http://127.0.0.1:${port}/token` }));
  const consent = await consentAt(world, 'acme');
  assert.deepEqual([consent.status, consent.code], ['failed', 'offline']);
});

test('a consent that the person denies says so and stores nothing', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  provider.onAuthorize((redirect) => {
    redirect.searchParams.delete('code');
    redirect.searchParams.set('error', 'access_denied');
  });
  const consent = await consentAt(world, 'acme');
  assert.deepEqual([consent.status, consent.code], ['failed', 'consent_failed']);
  assert.match(consent.reason ?? '', /denied/);
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
});

for (const [what, script] of [
  ['an error', answering(400, { error: 'invalid_grant' })],
  ['an error of our registration', answering(401, { error: 'invalid_client' })],
  ['a broken server', answering(500, '<h1>Oops</h1>')],
  ['a captive portal', answering(200, '<h1>Log in to the hotel</h1>')],
  ['half a document', answering(200, '{"access_token":', { 'content-type': 'application/json' })],
] as const) {
  test(`a code exchange that is answered by ${what} stores nothing`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    provider.onToken(script);
    const consent = await consentAt(world, 'acme');
    assert.equal(consent.status, 'failed');
    assert.deepEqual(await connectionsOf(world, 'acme'), []);
    assert.equal(provider.tokenRequests.length, 1);
  });
}

test('a consent at the practice server makes a connection whose token opens its contacts', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const connection = await connect(world, 'sandbox', { username: 'user1' });
  assert.deepEqual([connection.name, connection.status], ['sandbox/user1', 'active']);
  const token = await tokenOf(world, 'sandbox/user1');
  const contacts = await fetch(`${connection.issuer}/contacts`, {
    headers: { Authorization: `Bearer ${token.access_token}` },
  });
  assert.equal(contacts.status, 200);
  assert.equal((await connectionOf(world, 'sandbox')).id, connection.id);
});

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

test('an open consent is on the list until it ends, for whoever asks, with nothing that would let them take it over', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme', { account: 'me' });
  const started = await startConsent(world, 'acme', { account: 'me' });
  const { consents } = (await world.call('GET', '/v1/consents')).json;
  assert.deepEqual(consents, [
    {
      id: started.id,
      provider: 'acme',
      account: 'me',
      connection: 'acme/me',
      status: 'pending',
      expires_at: started.expires_at,
    },
  ]);
  await world.call('DELETE', `/v1/consents/${started.id}`);
  assert.deepEqual((await world.call('GET', '/v1/consents')).json.consents, []);
});
