// Consents from the listener to the connection on disk, through real sockets and a real vault; the provider is a script.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Consents } from '../../core/consent/consents.ts';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { HttpRequest } from '../../core/ports.ts';
import { coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith, said } from '../support/errors.ts';
import { answered, maybeSent, notSent } from '../support/fake-http.ts';
import { newSigner } from '../support/id-tokens.ts';
import { ask, connected, freePort, holdPort, NAVIGATION, refuses } from '../support/loopback.ts';
import { acme, acmeOpenId } from '../support/provider-samples.ts';

after(endCoreWorlds);

const CODE = 'code-canary-d1f0';

/** The parts of the authorization request that a provider answers to. */
function requestOf(view: { readonly authorization_url?: string }) {
  const url = new URL(view.authorization_url!);
  const redirect = new URL(url.searchParams.get('redirect_uri')!);
  const state = url.searchParams.get('state')!;
  const callback = (parameters: Readonly<Record<string, string>> = { code: CODE }) => {
    const target = new URL(redirect);
    target.search = new URLSearchParams({ ...parameters, state }).toString();
    return target;
  };
  return { url, redirect, state, port: Number(redirect.port), callback };
}

/** Follows a callback as a browser does, to the last page. */
async function follow(callback: URL) {
  const moved = await ask(callback, { headers: NAVIGATION });
  assert.equal(moved.status, 303, moved.body);
  return ask(new URL(moved.headers.location!, callback), { headers: NAVIGATION });
}

async function begun(options: Parameters<typeof coreWorld>[0] = {}) {
  const world = await coreWorld(options);
  const view = await world.start();
  return { ...world, id: view.id, ...requestOf(view) };
}

const bodyOf = (request: HttpRequest | undefined) => Object.fromEntries(new URLSearchParams(request?.body));

test('a consent ends in a connection: one token request with code, verifier and redirect URI, then the last page', async () => {
  const { consents, id, callback, redirect, url, tokenRequests, connections } = await begun();
  const page = await follow(callback());
  assert.match(page.body, /acme\/account is connected/);
  const view = consents.show(id);
  assert.deepEqual(
    [view.status, view.connection, view.authorization_url],
    ['done', 'acme/account', undefined],
  );
  const [request, second] = tokenRequests();
  assert.equal(second, undefined);
  const { code_verifier, ...rest } = bodyOf(request);
  assert.deepEqual(rest, {
    grant_type: 'authorization_code',
    client_id: 'client-1',
    code: CODE,
    redirect_uri: redirect.href,
  });
  assert.match(code_verifier!, /^[A-Za-z0-9_-]{43}$/);
  assert.ok(!url.href.includes(code_verifier!));
  const row = connections.row(view.connection_id!);
  assert.deepEqual([row.doc.state.status, row.secrets.refresh_token], ['active', 'refresh-1']);
});

test('promise 1: the listener accepts connections before the browser is opened', async () => {
  const world = await coreWorld();
  let answer: number | undefined;
  world.browser.onOpen = async (url) => {
    answer = (await ask(new URL(url.searchParams.get('redirect_uri')!))).status;
  };
  const view = await world.start({ via: 'browser' });
  assert.equal(answer, 400);
  assert.deepEqual([view.status, world.opened.length], ['pending', 1]);
  world.consents.cancel(view.id);
});

test('an answer that comes before the browser says it is open is taken, and the events are in order', async () => {
  const world = await coreWorld();
  world.browser.onOpen = async (url) => {
    await follow(requestOf({ authorization_url: url.href }).callback());
  };
  const view = await world.start({ via: 'browser' });
  assert.equal(view.status, 'done');
  const actions = world.emitted
    .filter(({ type }) => type === 'consent')
    .map((event) => 'action' in event && event.action);
  assert.deepEqual(actions, ['started', 'done']);
});

test('promise 6: with its fixed port taken a consent fails before the browser opens and leaves nothing behind', async () => {
  const foreign = await holdPort(0);
  const provider = acme({ redirect: { host: '127.0.0.1', port: 'fixed' } });
  const world = await coreWorld({ providers: [provider], redirectPort: foreign.port });
  const error = await refusedWith('redirect_port_taken', () => world.start({ via: 'browser' }));
  assert.match(error.message, new RegExp(`${foreign.port}`));
  assert.deepEqual([world.opened.length, world.emitted.length, world.consents.openOf('acme')], [0, 0, false]);
  await foreign.free();
  const view = await world.start();
  assert.equal(requestOf(view).port, foreign.port);
  world.consents.cancel(view.id);
});

test('a browser that cannot be opened ends the consent at once and frees its port', async () => {
  const world = await coreWorld();
  world.browser.onOpen = () => Promise.reject(new TokentrayError('browser_unavailable', 'No browser.'));
  await refusedWith('browser_unavailable', () => world.start({ via: 'browser' }));
  const { port } = requestOf({ authorization_url: world.opened[0]!.href });
  assert.ok(await refuses(port));
  assert.equal(world.consents.openOf('acme'), false);
  assert.deepEqual(world.emitted.at(-1), {
    type: 'consent',
    action: 'failed',
    consent: 'consent' in world.emitted[0]! ? world.emitted[0].consent : '',
    provider: 'acme',
    code: 'browser_unavailable',
  });
});

const HARMLESS: Readonly<Record<string, (right: URL, state: string) => string>> = {
  'promise 8: a callback with the state of somebody else': (url) =>
    `${url.origin}${url.pathname}?code=${CODE}&state=x`,
  'promise 8: a callback without a state': (url) => `${url.origin}${url.pathname}?code=${CODE}`,
  'promise 9: a denial without the state': (url) => `${url.origin}${url.pathname}?error=access_denied`,
  'promise 9: a denial with another state': (url) =>
    `${url.origin}${url.pathname}?error=access_denied&state=x`,
  'promise 11: a callback with a repeated code': (url) => `${url.href}&code=2`,
  'promise 11: a callback with a repeated iss': (url) => `${url.href}&iss=a&iss=b`,
  'promise 12: a callback with code and error': (url) => `${url.href}&error=access_denied`,
  'a JARM response': (url) => `${url.href}&response=e30.e30.`,
  'a callback without code and error': (url, state) => `${url.origin}${url.pathname}?state=${state}`,
};

for (const [what, made] of Object.entries(HARMLESS)) {
  test(`${what} is answered 400, sends nothing, and the consent still completes`, async () => {
    const { callback, state, consents, id, tokenRequests } = await begun();
    const { status, body } = await ask(made(callback(), state), { headers: NAVIGATION });
    assert.equal(status, 400);
    assert.ok(!body.includes(CODE) && !body.includes(state));
    assert.deepEqual([consents.show(id).status, tokenRequests().length], ['pending', 0]);
    await follow(callback());
    assert.deepEqual([consents.show(id).status, tokenRequests().length], ['done', 1]);
  });
}

test('promise 9: an error without the right state is refused and does not end the consent', async () => {
  const { callback, consents, id, tokenRequests } = await begun();
  const stranger = callback({ error: 'access_denied' });
  stranger.searchParams.set('state', 'of-somebody-else');
  assert.equal((await ask(stranger, { headers: NAVIGATION })).status, 400);
  stranger.searchParams.delete('state');
  assert.equal((await ask(stranger, { headers: NAVIGATION })).status, 400);
  assert.equal(consents.show(id).status, 'pending');
  await follow(callback());
  assert.equal((await consents.wait(id, 5)).status, 'done');
  assert.equal(tokenRequests().length, 1);
});

test('promise 12: a code and an error together are refused without a token request', async () => {
  const { callback, consents, id, tokenRequests } = await begun();
  const both = callback({ code: CODE, error: 'access_denied' });
  assert.equal((await ask(both, { headers: NAVIGATION })).status, 400);
  assert.equal(consents.show(id).status, 'pending');
  assert.equal(tokenRequests().length, 0);
});

test('promise 10: a callback delivered twice, also at the same moment, makes one token request', async () => {
  const { callback, consents, id, tokenRequests } = await begun();
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => ask(callback(), { headers: NAVIGATION })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410, 410, 410, 410]);
  assert.equal((await consents.wait(id, 5)).status, 'done');
  assert.equal((await ask(callback())).status, 410);
  assert.equal(tokenRequests().length, 1);
});

test('promise 10: what was taken at the listener cannot be pasted again', async () => {
  const { callback, consents, id, tokenRequests } = await begun();
  await follow(callback());
  await refusedWith('conflict', () => consents.deliver(id, callback().href));
  assert.equal(tokenRequests().length, 1);
});

test('an open consent is shown in the browser once more, at the same address; a browser that does not open ends nothing', async () => {
  const { consents, id, url, opened, browser, callback } = await begun();
  assert.equal((await consents.reopen(id)).status, 'pending');
  assert.deepEqual(
    opened.map(({ href }) => href),
    [url.href],
  );
  browser.onOpen = () => Promise.reject(new TokentrayError('browser_unavailable', 'No browser.'));
  await refusedWith('browser_unavailable', () => consents.reopen(id));
  assert.equal(consents.show(id).status, 'pending');
  await follow(callback());
  assert.equal(consents.show(id).status, 'done');
  await refusedWith('conflict', () => consents.reopen(id));
  assert.equal(opened.length, 2);
});

test('promises 18 and 19: no answer to the browser holds code, state, token or text of the provider, in page or header', async () => {
  const text = 'text-of-the-provider';
  const tokens = { access_token: 'access-1', token_type: 'Bearer', refresh_token: 'refresh-1' };
  const { callback, state } = await begun({ answer: () => answered(200, { ...tokens, message: text }) });
  const moved = await ask(callback({ message: text }), { headers: NAVIGATION });
  const page = await ask(new URL(moved.headers.location!, callback()), { headers: NAVIGATION });
  assert.equal(new URL(moved.headers.location!, callback()).search, '');
  for (const { headers, body } of [moved, page]) {
    for (const secret of [CODE, state, 'access-1', 'refresh-1', text]) {
      assert.ok(!body.includes(secret) && !JSON.stringify(headers).includes(secret));
    }
  }
});

test('promise 20: a hostile error_description reaches page, view, event and log as short inert text', async () => {
  const { callback, consents, id, log, emitted } = await begun();
  const error_description = `\u202e<script>alert(1)</script>\r\n${'x'.repeat(3_000)}`;
  const page = await follow(callback({ error: 'access_denied', error_description }));
  assert.ok(page.body.includes('&lt;script&gt;') && !page.body.includes('<script'));
  assert.ok(page.body.length < 2_500);
  const { reason, code } = consents.show(id);
  assert.equal(code, 'consent_failed');
  assert.ok(reason!.length < 300);
  assert.doesNotMatch(page.body + reason, /[\u202e\r]/);
  for (const told of [JSON.stringify(log.entries), JSON.stringify(emitted)])
    assert.ok(!told.includes('script'));
});

test('promise 21: after success the port refuses connections within a second', async () => {
  const { callback, port, clock } = await begun();
  await follow(callback());
  clock.advance(1_000);
  assert.ok(await refuses(port));
});

test('promise 21: after a cancel and after five minutes the port refuses connections', async () => {
  const cancelled = await begun();
  assert.equal(cancelled.consents.cancel(cancelled.id).status, 'cancelled');
  assert.ok(await refuses(cancelled.port));
  const expired = await begun();
  expired.clock.advance(LIMITS.listenerLifeMs - 1);
  assert.equal(await refuses(expired.port), false);
  expired.clock.advance(1);
  assert.equal(expired.consents.show(expired.id).status, 'expired');
  assert.ok(await refuses(expired.port));
});

test('promise 21: a denial ends the consent and closes the port within a second', async () => {
  const { callback, port, clock, consents, id, tokenRequests } = await begun();
  const page = await follow(callback({ error: 'access_denied' }));
  assert.match(page.body, /Consent was denied at the provider/);
  assert.deepEqual([consents.show(id).status, tokenRequests().length], ['failed', 0]);
  clock.advance(1_000);
  assert.ok(await refuses(port));
});

test('the last page waits 8 s for a slow provider and then says that it is still working', async () => {
  const slow = Promise.withResolvers<ReturnType<typeof answered>>();
  const { callback, clock, consents, id } = await begun({ answer: () => slow.promise });
  const moved = await ask(callback(), { headers: NAVIGATION });
  const page = ask(new URL(moved.headers.location!, callback()), { headers: NAVIGATION });
  const waiting = clock.pending;
  // The page asks for its own timer once its request has arrived.
  while (clock.pending === waiting) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(LIMITS.resultPageWaitMs);
  assert.match((await page).body, /Still working/);
  slow.resolve(answered(200, { access_token: 'a', token_type: 'Bearer' }));
  assert.equal((await consents.wait(id, 60)).status, 'done');
});

const twoProviders = () => [
  acme(),
  acme({
    id: 'other',
    authorization_endpoint: 'https://as.other.test/authorize',
    token_endpoint: 'https://as.other.test/token',
  }),
];

/** Each provider takes only the code it gave, once. */
function honest() {
  const codes: Record<string, string> = { 'as.acme.test': 'code-acme', 'as.other.test': 'code-other' };
  return (request: HttpRequest) => {
    if (codes[request.url.host] !== bodyOf(request).code) return answered(400, { error: 'invalid_grant' });
    delete codes[request.url.host];
    return answered(200, { access_token: `for-${request.url.host}`, token_type: 'Bearer' });
  };
}

test('promise 23: two consents at once each get their own answer, with a verifier of their own', async () => {
  const world = await coreWorld({ providers: twoProviders(), answer: honest() });
  const views = await Promise.all(world.registry.all().map((provider) => world.start({ provider })));
  const [one, two] = views.map(requestOf);
  await Promise.all([
    follow(two!.callback({ code: 'code-other' })),
    follow(one!.callback({ code: 'code-acme' })),
  ]);
  assert.deepEqual(
    views.map(({ id }) => world.consents.show(id).status),
    ['done', 'done'],
  );
  const verifiers = world.tokenRequests().map((request) => bodyOf(request).code_verifier);
  assert.equal(new Set(verifiers).size, 2);
});

test('promise 23: with their codes swapped both consents fail', async () => {
  const world = await coreWorld({ providers: twoProviders(), answer: honest() });
  const views = await Promise.all(world.registry.all().map((provider) => world.start({ provider })));
  const [one, two] = views.map(requestOf);
  await follow(one!.callback({ code: 'code-other' }));
  await follow(two!.callback({ code: 'code-acme' }));
  assert.deepEqual(
    views.map(({ id }) => world.consents.show(id).status),
    ['failed', 'failed'],
  );
  assert.deepEqual(world.connections.all(), []);
});

test('promise 43: an answer with the state of one consent that arrives at the address of another is refused', async () => {
  const world = await coreWorld({ providers: twoProviders(), answer: honest() });
  const views = await Promise.all(world.registry.all().map((provider) => world.start({ provider })));
  const [one, two] = views.map(requestOf);
  const crossed = new URL(two!.redirect);
  crossed.search = one!.callback({ code: 'code-acme' }).search;
  assert.equal((await ask(crossed, { headers: NAVIGATION })).status, 400);
  assert.deepEqual(
    views.map(({ id }) => world.consents.show(id).status),
    ['pending', 'pending'],
  );
  await world.consents.endAll('over');
});

test('promise 43: on a shared fixed port the path of one provider is no address for the state of another', async () => {
  const redirect = { host: '127.0.0.1', port: 'fixed' };
  const [first, second] = twoProviders().map((provider) => ({ ...provider, redirect }) as typeof provider);
  const world = await coreWorld({
    providers: [first!, second!],
    answer: honest(),
    redirectPort: await freePort(),
  });
  const views = await Promise.all(world.registry.all().map((provider) => world.start({ provider })));
  const [one, two] = views.map(requestOf);
  assert.equal(one!.port, two!.port);
  const crossed = new URL(two!.redirect);
  crossed.search = one!.callback({ code: 'code-acme' }).search;
  assert.equal((await ask(crossed, { headers: NAVIGATION })).status, 400);
  await follow(one!.callback({ code: 'code-acme' }));
  world.clock.advance(1_000);
  await follow(two!.callback({ code: 'code-other' }));
  world.clock.advance(1_000);
  assert.ok(await refuses(one!.port));
});

test('promise 41: an answer that names another issuer ends the consent and its code is sent nowhere', async () => {
  const provider = acme({ issuer: 'https://as.acme.test', discovery: 'none' });
  const { callback, consents, id, http } = await begun({ providers: [provider] });
  const page = await follow(callback({ code: CODE, iss: 'https://evil.test' }));
  assert.match(page.body, /names another issuer/);
  assert.deepEqual([consents.show(id).code, http.requests.length], ['issuer_mismatch', 0]);
});

test('promise 41: a provider that is changed while its consent is open gets neither code nor secret at the new address', async () => {
  const { callback, consents, id, registry, http } = await begun();
  registry.put({ ...registry.get('acme'), token_endpoint: 'https://evil.test/token' }, 'secret-canary');
  await follow(callback());
  assert.deepEqual([consents.show(id).code, http.requests.length], ['conflict', 0]);
});

test('promise 24: an open consent leaves no state, nonce or verifier on disk, and a restart knows nothing of it', async () => {
  const { id, state, vault, drawn, onDisk, consents, port, ...world } = await begun();
  vault.close();
  const disk = onDisk();
  assert.ok(disk.length > 0 && drawn.some((bytes) => bytes.toString('base64url') === state));
  for (const bytes of drawn) {
    for (const form of ['base64url', 'hex', 'base64'] as const)
      assert.ok(!disk.includes(bytes.toString(form)));
    assert.ok(!disk.includes(bytes));
  }
  const restarted = new Consents(world);
  const error = await refusedWith('not_found', () => restarted.show(id));
  assert.match(error.message, /start it again/);
  consents.cancel(id);
  assert.ok(await refuses(port));
});

const EXCHANGES: Readonly<
  Record<
    string,
    readonly [ReturnType<typeof answered> | ReturnType<typeof maybeSent> | ReturnType<typeof notSent>, string]
  >
> = {
  'promise 48: a connection that breaks after sending': [maybeSent('reset'), 'consent_failed'],
  'promise 48: a time-out after sending': [maybeSent('timeout'), 'consent_failed'],
  'promise 48: a provider that cannot be reached': [notSent('dns'), 'offline'],
  'promise 45: a redirect of the token endpoint': [
    answered(302, '', { location: 'https://evil.test/' }),
    'consent_failed',
  ],
  'RFC 6749 5.2: a refused code': [
    answered(400, { error: 'invalid_grant', error_description: CODE }),
    'consent_failed',
  ],
  'a page in place of an answer': [answered(200, `<html>${CODE}`), 'provider_answer_invalid'],
  'a server error': [answered(500, CODE), 'consent_failed'],
};

for (const [what, [answer, code]] of Object.entries(EXCHANGES)) {
  test(`${what} ends the consent with ${code}; the code is never sent again and never shown`, async () => {
    const { callback, consents, id, connections, http, log, state } = await begun({ answer: () => answer });
    const page = await follow(callback());
    const view = consents.show(id);
    assert.deepEqual([view.status, view.code, http.requests.length], ['failed', code, 1]);
    assert.deepEqual(connections.all(), []);
    for (const told of [page.body, view.reason!, JSON.stringify(log.entries)]) {
      for (const secret of [CODE, state]) assert.ok(!told.includes(secret));
    }
  });
}

test('promises 44 and 83: of an answer with a foreign ID token only the refresh token is kept, marked and unusable', async () => {
  const published = newSigner();
  const foreign = newSigner();
  const claims = {
    iss: 'https://as.acme.test',
    sub: 'u',
    aud: 'client-1',
    iat: 1_900_000_000,
    exp: 1_900_000_300,
  };
  let nonce = '';
  const answer = ({ url }: HttpRequest) =>
    url.pathname === '/jwks'
      ? answered(200, published.jwks)
      : answered(200, {
          access_token: 'access-canary',
          token_type: 'Bearer',
          refresh_token: 'refresh-canary',
          id_token: foreign.sign({ ...claims, nonce }),
        });
  const { callback, consents, id, connections, url } = await begun({ providers: [acmeOpenId()], answer });
  nonce = url.searchParams.get('nonce')!;
  await follow(callback());
  assert.equal(consents.show(id).code, 'provider_answer_invalid');
  const [held, ...others] = connections.all();
  assert.deepEqual(others, []);
  assert.equal(held?.state.status, 'error');
  const { secrets } = connections.row(held!.id);
  assert.deepEqual(secrets, { refresh_token: 'refresh-canary', tokens: null });
});

test('promise 44: a sound ID token names the connection after the account', async () => {
  const signer = newSigner();
  let nonce = '';
  const answer = ({ url }: HttpRequest) => {
    if (url.pathname === '/jwks') return answered(200, signer.jwks);
    const claims = {
      iss: 'https://as.acme.test',
      sub: 'u',
      aud: 'client-1',
      iat: 1_900_000_000,
      exp: 1_900_000_300,
    };
    const id_token = signer.sign({ ...claims, nonce, email: 'Jo@Acme.test' });
    return answered(200, { access_token: 'a', token_type: 'Bearer', refresh_token: 'r', id_token });
  };
  const { callback, consents, id, url } = await begun({ providers: [acmeOpenId()], answer });
  nonce = url.searchParams.get('nonce')!;
  await follow(callback());
  assert.equal(consents.show(id).connection, 'acme/jo@acme.test');
});

test('promise 56: only the redirect address of this consent, with its state, can be pasted', async () => {
  const { callback, consents, id, redirect, port, state, tokenRequests } = await begun();
  const right = callback().href;
  const refused = [
    '',
    'code',
    right.replace('http:', 'https:'),
    right.replace('127.0.0.1', 'localhost'),
    right.replace(`:${port}`, ''),
    right.replace(`:${port}`, `:${port + 1}`),
    right.replace('/callback/acme', '/callback/other'),
    right.replace('/callback/acme', '/callback/acme/'),
    right.replace('127.0.0.1', 'user@127.0.0.1'),
    right.replace('http://', 'http://evil.test/'),
    right.replace(state, 'x'),
    `${right}&code=2`,
    `${redirect.href}?error=access_denied`,
    `${redirect.href}#code=${CODE}&state=${state}`,
    right + 'x'.repeat(LIMITS.redirectUrlBytes),
    'javascript:alert(1)',
  ];
  for (const text of refused) {
    const error = await refusedWith('callback_refused', () => consents.deliver(id, text));
    assert.equal(error.details.field, 'url');
    for (const secret of [CODE, state]) assert.ok(!said(error).includes(secret));
  }
  assert.deepEqual([consents.show(id).status, tokenRequests().length], ['pending', 0]);
  assert.equal((await consents.deliver(id, `  ${right}\n`)).status, 'done');
  assert.equal(tokenRequests().length, 1);
});

test('ten consents run at once, an eleventh is told to wait, and one that ends makes room', async () => {
  const world = await coreWorld();
  const views = await Promise.all(Array.from({ length: LIMITS.consentsAtOnce }, () => world.start()));
  const states = views.map((view) => requestOf(view).state);
  assert.equal(new Set(states).size, LIMITS.consentsAtOnce);
  const error = await refusedWith('busy', () => world.start());
  assert.equal(error.details.retryAfter, 30);
  world.consents.cancel(views[3]!.id);
  views.push(await world.start());
  await follow(requestOf(views[7]!).callback());
  const pending = views.filter(({ id }) => world.consents.show(id).status === 'pending');
  assert.equal(pending.length, LIMITS.consentsAtOnce - 1);
  await world.consents.endAll('over');
});

test('a lock while the port is being bound ends the consent: no browser opens and nothing stays bound', async () => {
  const redirectPort = await freePort();
  const provider = acme({ redirect: { host: '127.0.0.1', port: 'fixed' } });
  const world = await coreWorld({ providers: [provider], redirectPort });
  const refused = refusedWith('consent_cancelled', () => world.start({ via: 'browser' }));
  await world.consents.endAll('The vault was locked.');
  await refused;
  assert.deepEqual([world.opened.length, world.consents.openOf('acme')], [0, false]);
  assert.ok(await refuses(redirectPort));
});

test('the end of everything lets an exchange under way finish and cancels the rest', async () => {
  const slow = Promise.withResolvers<ReturnType<typeof answered>>();
  const world = await coreWorld({ answer: () => slow.promise });
  const [one, two] = [await world.start(), await world.start()];
  await ask(requestOf(one).callback(), { headers: NAVIGATION });
  const over = world.consents.endAll('The vault was locked.');
  assert.deepEqual(
    [one, two].map(({ id }) => world.consents.show(id).status),
    ['pending', 'cancelled'],
  );
  slow.resolve(answered(200, { access_token: 'a', token_type: 'Bearer' }));
  await over;
  assert.equal(world.consents.show(one.id).status, 'done');
});

test('a wait ends with the consent, with its time, or with the caller, also one that has gone before', async () => {
  const { consents, id, clock, callback } = await begun();
  const timed = consents.wait(id, 5);
  clock.advance(5_000);
  assert.equal((await timed).status, 'pending');
  const gone = new AbortController();
  const left = consents.wait(id, 600, gone.signal);
  gone.abort();
  assert.equal((await left).status, 'pending');
  assert.equal((await consents.wait(id, 600, AbortSignal.abort())).status, 'pending');
  const served = consents.wait(id, 600);
  await follow(callback());
  assert.equal((await served).status, 'done');
});

test('a finished consent can be asked about for ten minutes and is then forgotten', async () => {
  const { consents, id, clock } = await begun();
  consents.cancel(id);
  clock.advance(LIMITS.finishedConsentKeptMs - 1);
  assert.equal(consents.show(id).status, 'cancelled');
  clock.advance(1);
  await refusedWith('not_found', () => consents.show(id));
  assert.equal(clock.pending, 0);
});

test('promise 22: a connection held open does not keep a finished consent alive', async () => {
  const { callback, clock, port } = await begun();
  const held = await connected(port);
  held.write('GET / HTTP/1.1\r\n');
  await follow(callback());
  const cut = once(held.resume(), 'close');
  clock.advance(1_000);
  assert.ok(await refuses(port));
  await cut;
});

test('the list of open consents says what each is for, and holds neither its address nor its state', async () => {
  const { consents, id, state, start, callback } = await begun();
  const [one] = consents.list();
  assert.deepEqual(Object.keys(one ?? {}).sort(), ['expires_at', 'id', 'provider', 'status']);
  assert.deepEqual([one?.id, one?.provider, one?.status], [id, 'acme', 'pending']);
  assert.ok(!JSON.stringify(consents.list()).includes(state));
  await follow(callback());
  assert.deepEqual(consents.list(), []);
  await start({ account: 'account' });
  await start({ account: 'other' });
  assert.deepEqual(
    consents.list().map(({ account, connection }) => [account, connection]),
    [
      ['account', 'acme/account'],
      ['other', undefined],
    ],
  );
});
