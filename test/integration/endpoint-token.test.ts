// The contract of the token route (docs/endpoint.md), asked of a running host over its real doors, with a provider that
// counts what reaches it. Time stands still until a test moves it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  after,
  answering,
  type Fields,
  type HostileProvider,
  honestly,
} from '../support/hostile-provider.ts';
import { until } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  finishConsent,
  openWorld,
  startConsent,
  tokenOf,
  type World,
} from '../support/integration-world.ts';

interface Stage {
  readonly world: World;
  readonly provider: HostileProvider;
}

/** A world with the connection acme/me, just consented. `answer` changes the answer to the code. */
async function stage(
  t: TestContext,
  options: { expiresIn?: number; answer?: Fields; entry?: Fields } = {},
): Promise<Stage> {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  provider.expiresIn = options.expiresIn ?? 3_600;
  await addProvider(world, provider.entry('acme', options.entry));
  if (options.answer !== undefined) provider.onToken(honestly(options.answer));
  await connect(world, 'acme', { account: 'me' });
  return { world, provider };
}

const seconds = (count: number): number => count * 1_000;

test('promise 119: a token with more than 10 s left is given as it is, one with less is refreshed first', async (t) => {
  const { world, provider } = await stage(t);
  const first = await tokenOf(world, 'acme/me');
  assert.deepEqual([first.expires_in, first.expires_source], [3_600, 'expires_in']);
  world.clock.jumpWall(seconds(3_589));
  const late = await tokenOf(world, 'acme/me');
  assert.deepEqual([late.access_token, late.expires_in], [first.access_token, 11]);
  assert.equal(late.expires_at, first.expires_at);
  assert.equal(provider.refreshes.length, 0);
  world.clock.jumpWall(seconds(1));
  const fresh = await tokenOf(world, 'acme/me');
  assert.notEqual(fresh.access_token, first.access_token);
  assert.equal(fresh.expires_in, 3_600);
  assert.equal(provider.refreshes.length, 1);
});

test('promise 119: of a token that lives 20 s the last fifth is refreshed, not the last 10 s', async (t) => {
  const { world, provider } = await stage(t, { expiresIn: 20 });
  const first = await tokenOf(world, 'acme/me');
  world.clock.jumpWall(seconds(15));
  assert.equal((await tokenOf(world, 'acme/me')).access_token, first.access_token);
  world.clock.jumpWall(seconds(1));
  assert.notEqual((await tokenOf(world, 'acme/me')).access_token, first.access_token);
  assert.equal(provider.refreshes.length, 1);
});

test('promise 119: min_valid is met by the token at hand, or by a refresh first', async (t) => {
  const { world, provider } = await stage(t, { expiresIn: 600 });
  world.clock.jumpWall(seconds(100));
  const first = await tokenOf(world, 'acme/me', 'min_valid=500');
  assert.equal(provider.refreshes.length, 0);
  const second = await tokenOf(world, 'acme/me', 'min_valid=501');
  assert.notEqual(second.access_token, first.access_token);
  assert.ok((second.expires_in ?? 0) >= 501);
  assert.equal(provider.refreshes.length, 1);
  assert.equal((await tokenOf(world, 'acme/me', 'min_valid=600')).access_token, second.access_token);
  assert.equal(provider.refreshes.length, 1);
});

test('promise 119: a min_valid above the lifetime of the last token is 409 with the reason, and nothing is refreshed', async (t) => {
  const { world, provider } = await stage(t, { expiresIn: 600 });
  const refused = await askToken(world, 'acme/me', 'min_valid=601');
  assertProblem(refused, 409, 'min_valid_impossible');
  assert.match(refused.json.detail, /601 s.*600 s/);
  assert.equal(refused.json.field, 'min_valid');
  world.clock.jumpWall(seconds(595));
  assertProblem(await askToken(world, 'acme/me', 'min_valid=601'), 409, 'min_valid_impossible');
  assert.equal(provider.refreshes.length, 0);
});

test('promise 119: min_valid with a provider that from now on gives shorter tokens ends in 409, not in a loop', async (t) => {
  const { world, provider } = await stage(t, { expiresIn: 600 });
  provider.expiresIn = 60;
  world.clock.jumpWall(seconds(300));
  assertProblem(await askToken(world, 'acme/me', 'min_valid=400'), 409, 'min_valid_impossible');
  assert.equal(provider.refreshes.length, 1);
  assert.equal((await tokenOf(world, 'acme/me')).expires_in, 60);
});

test('promise 119: a token without known end is given with null and "unknown", also for any min_valid', async (t) => {
  const { world, provider } = await stage(t, { answer: { expires_in: undefined, refresh_token: undefined } });
  for (const query of ['', 'min_valid=0', 'min_valid=86400']) {
    const { access_token, expires_at, expires_in, expires_source } = await tokenOf(world, 'acme/me', query);
    assert.deepEqual([expires_at, expires_in, expires_source], [null, null, 'unknown'], query);
    assert.match(access_token, /^access-/);
  }
  assertProblem(await askToken(world, 'acme/me', 'force'), 409, 'conflict');
  assert.equal(provider.refreshes.length, 0);
});

test('promise 119: without a refresh token the token is given while it lives, then consent is needed', async (t) => {
  const { world, provider } = await stage(t, { expiresIn: 600, answer: { refresh_token: undefined } });
  assert.equal((await tokenOf(world, 'acme/me', 'min_valid=600')).expires_in, 600);
  world.clock.jumpWall(seconds(300));
  assertProblem(await askToken(world, 'acme/me', 'min_valid=400'), 409, 'min_valid_impossible');
  assert.equal((await tokenOf(world, 'acme/me')).expires_in, 300);
  world.clock.jumpWall(seconds(300));
  const ended = await askToken(world, 'acme/me');
  assertProblem(ended, 409, 'consent_needed');
  assert.match(ended.json.action.command, /^tokentray connect acme\b/);
  assert.equal(provider.refreshes.length, 0);
});

test('promise 119: expires_source says who knows the end of the token', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  provider.expiresIn = undefined;
  const exp = Math.floor(world.clock.wall() / 1_000) + 1_234;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `${part({ alg: 'none' })}.${part({ exp })}.${provider.secret('signature')}`;
  const cases = [
    ['expires_in', {}, { expires_in: 77 }, 77],
    ['jwt', {}, { access_token: jwt }, 1_234],
    ['preset', { access_token_seconds: 900 }, {}, 900],
    ['assumed', {}, {}, 3_600],
    ['unknown', {}, { refresh_token: undefined }, null],
  ] as const;
  for (const [source, entry, answer, expected] of cases) {
    const id = `by-${source.replace('_', '-')}`;
    await addProvider(world, provider.entry(id, entry));
    provider.onToken(honestly(answer));
    await connect(world, id, { account: 'me' });
    const { expires_in, expires_source } = await tokenOf(world, id);
    assert.deepEqual([expires_source, expires_in], [source, expected]);
  }
});

test('promise 119: force joins the refresh under way and takes the result of one younger than 5 s', async (t) => {
  const { world, provider } = await stage(t);
  const gate = Promise.withResolvers<void>();
  provider.onToken(after(gate.promise, honestly()));
  const first = await tokenOf(world, 'acme/me');
  const asked = Array.from({ length: 20 }, (_, index) =>
    world.call('GET', '/v1/token/acme/me?force', { door: index % 2 === 0 ? 'tcp' : 'socket' }),
  );
  await until('the refresh', () => provider.refreshes.length > 0);
  gate.resolve();
  const given = new Set((await Promise.all(asked)).map(({ json }) => json.access_token));
  assert.equal(given.size, 1);
  assert.ok(!given.has(first.access_token));
  assert.equal(provider.refreshes.length, 1);
  world.clock.advance(4_999);
  for (const query of ['force', 'force=true', 'force=1']) {
    assert.ok(given.has((await tokenOf(world, 'acme/me', query)).access_token));
  }
  assert.equal(provider.refreshes.length, 1);
  world.clock.advance(1);
  assert.ok(!given.has((await tokenOf(world, 'acme/me', 'force')).access_token));
  assert.equal(provider.refreshes.length, 2);
  assert.equal((await askToken(world, 'acme/me', 'force=0')).status, 200);
  assert.equal((await askToken(world, 'acme/me', 'force=false')).status, 200);
  assert.equal(provider.refreshes.length, 2);
});

test('promise 119: scope is met by what was granted; more is 409 with the command that asks for it, and no refresh', async (t) => {
  const { world, provider } = await stage(t);
  for (const query of ['scope=read', 'scope=read%20write', 'scope=write&scope=read', 'scope=']) {
    assert.equal((await tokenOf(world, 'acme/me', query)).scope, 'read write', query);
  }
  for (const query of ['scope=admin', 'scope=read%20admin', 'scope=read&scope=admin', 'scope=READ']) {
    const refused = await askToken(world, 'acme/me', query);
    assertProblem(refused, 409, 'scope_not_granted');
    assert.match(refused.json.action.command, /^tokentray connect acme --account me --scope /);
  }
  assert.equal(provider.refreshes.length, 0);
});

test('promise 119: a GET starts no consent; wait waits for one that is open and then gives its token', async (t) => {
  const { world, provider } = await stage(t);
  provider.onToken(answering(400, { error: 'invalid_grant' }));
  assertProblem(await askToken(world, 'acme/me', 'force'), 409, 'consent_needed');
  // Until it ends, the token at hand is as good as before.
  assert.equal((await askToken(world, 'acme/me')).status, 200);
  world.clock.jumpWall(seconds(3_600));
  // Nothing is open: there is nothing to wait for.
  assertProblem(await askToken(world, 'acme/me', 'wait=600'), 409, 'consent_needed');
  assert.equal(world.host.opened.length, 0);
  assert.equal(provider.at('/authorize').length, 1);

  const consent = await startConsent(world, 'acme', { account: 'me' });
  const timers = world.clock.pending;
  const waiting = askToken(world, 'acme/me', 'wait=600');
  await until('the wait', () => world.clock.pending > timers);
  await finishConsent(world, consent);
  const given = await waiting;
  assert.equal(given.status, 200, given.body);
  assert.equal(given.json.connection, 'acme/me');
});

test('promise 119: a wait that nobody ends is over after its seconds', async (t) => {
  const { world, provider } = await stage(t);
  provider.onToken(answering(400, { error: 'invalid_grant' }));
  assertProblem(await askToken(world, 'acme/me', 'force'), 409, 'consent_needed');
  world.clock.jumpWall(seconds(3_600));
  await startConsent(world, 'acme', { account: 'me' });
  const timers = world.clock.pending;
  const waiting = askToken(world, 'acme/me', 'wait=7');
  await until('the wait', () => world.clock.pending > timers);
  world.clock.advance(seconds(7));
  assertProblem(await waiting, 409, 'consent_needed');
});

test('promise 120: in every format a token is not to be stored, not to be sniffed, and has no ETag', async (t) => {
  const { world } = await stage(t);
  const { access_token } = await tokenOf(world, 'acme/me');
  const header = `Authorization: Bearer ${access_token}`;
  const cases = [
    ['', {}, 'application/json', undefined],
    ['?format=json', { accept: 'text/plain' }, 'application/json', undefined],
    ['', { accept: 'application/json, text/plain' }, 'application/json', undefined],
    ['', { accept: 'text/plain' }, 'text/plain; charset=utf-8', access_token],
    ['?format=token', {}, 'text/plain; charset=utf-8', access_token],
    ['?format=header', { accept: 'text/plain' }, 'text/plain; charset=utf-8', header],
  ] as const;
  for (const door of ['tcp', 'socket'] as const) {
    for (const [query, headers, type, text] of cases) {
      const answer = await world.call('GET', `/v1/token/acme/me${query}`, { headers, door });
      assert.equal(answer.status, 200, answer.body);
      assert.equal(answer.headers['content-type'], type);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.deepEqual(
        Object.keys(answer.headers).filter((name) => /etag|last-modified|access-control/.test(name)),
        [],
      );
      if (text === undefined) assert.equal(answer.json.access_token, access_token);
      else assert.equal(answer.body, text);
    }
  }
});

test('what is wrong in a request for a token is named, and costs no refresh', async (t) => {
  const { world, provider } = await stage(t);
  const cases = [
    ['min_valid=-1', 'invalid_field', 'min_valid'],
    ['min_valid=1.5', 'invalid_field', 'min_valid'],
    ['min_valid=1e3', 'invalid_field', 'min_valid'],
    ['min_valid=', 'invalid_field', 'min_valid'],
    ['min_valid=1&min_valid=2', 'invalid_field', 'min_valid'],
    ['min_valid=99999999999', 'invalid_field', 'min_valid'],
    ['force=maybe', 'invalid_field', 'force'],
    ['wait=601', 'invalid_field', 'wait'],
    ['format=xml', 'invalid_field', 'format'],
    ['minvalid=1', 'unknown_field', 'minvalid'],
    ['__proto__=1', 'unknown_field', '__proto__'],
  ] as const;
  for (const [query, code, field] of cases) {
    const answer = await askToken(world, 'acme/me', query);
    assertProblem(answer, 400, code);
    assert.equal(answer.json.field, field, query);
  }
  assert.equal(provider.refreshes.length, 0);
});

test('a connection goes by its name, its id, or its provider alone while that is one connection', async (t) => {
  const { world, provider } = await stage(t);
  const { id } = (await world.call('GET', '/v1/connections/acme')).json;
  const { access_token } = await tokenOf(world, 'acme/me');
  for (const ref of ['acme', id, 'acme/me', 'acme%2Fme']) {
    assert.equal((await tokenOf(world, ref)).access_token, access_token, ref);
  }
  provider.user = { sub: 'sub-2', email: 'two@example.test' };
  await connect(world, 'acme', { account: 'two' });
  assertProblem(await askToken(world, 'acme'), 409, 'ambiguous');
  const key = (await world.call('POST', '/v1/keys', { body: { name: 'one', connections: ['acme/me'] } })).json
    .key;
  const own = await world.call('GET', '/v1/token/acme', { key });
  assert.deepEqual([own.status, own.json.connection], [200, 'acme/me']);
  for (const ref of ['acme/nobody', 'nobody', 'c_AAAAAAAAAAAAAAAAAAAAAA', 'acme/me/too', 'Acme/me']) {
    assertProblem(await askToken(world, ref), 404, 'not_found');
  }
});

test('promise 119: a min_valid of the whole life is met by a refresh, and by the same one for 5 s; time on the way does not count', async (t) => {
  const { world, provider } = await stage(t, { expiresIn: 600 });
  assert.equal((await tokenOf(world, 'acme/me', 'min_valid=600')).expires_in, 600);
  world.clock.advance(1);
  const fresh = await tokenOf(world, 'acme/me', 'min_valid=600');
  assert.equal(provider.refreshes.length, 1);
  for (const ms of [1, 1_000, 3_000]) {
    world.clock.advance(ms);
    assert.equal((await tokenOf(world, 'acme/me', 'min_valid=600')).access_token, fresh.access_token);
  }
  assert.equal(provider.refreshes.length, 1);
  world.clock.advance(seconds(2));
  // The answer takes a second to be written down.
  provider.onToken((exchange) => {
    world.clock.jumpWall(1);
    return honestly()(exchange);
  });
  assert.notEqual((await tokenOf(world, 'acme/me', 'min_valid=600')).access_token, fresh.access_token);
  assert.equal(provider.refreshes.length, 2);
  assertProblem(await askToken(world, 'acme/me', 'min_valid=601'), 409, 'min_valid_impossible');
  assert.equal(provider.refreshes.length, 2);
});
