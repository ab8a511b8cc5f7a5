// Refreshing through the real doors: when it happens, what lifetimes mean, and what becomes of a connection whose provider
// is down, gone, impatient or does not know us any more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportJson } from '../../api/wire.ts';
import { LIMITS } from '../../core/limits.ts';
import type { TokentrayEvent } from '../../core/model/event.ts';
import {
  answering,
  claimsOf,
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
  connectionOf,
  consentAt,
  finishConsent,
  openWorld,
  startConsent,
  tokenOf,
  type World,
} from '../support/integration-world.ts';

const DAY_MS = 86_400_000;
/** Node runs a timer with more at once (promise 97). */
const TIMER_MAX_MS = 2 ** 31 - 1;

interface Connected {
  readonly world: World;
  readonly provider: HostileProvider;
  /** Every pause that was asked of the clock, milliseconds. */
  readonly pauses: number[];
}

async function connected(
  t: { after(fn: () => unknown): void },
  setUp: (provider: HostileProvider) => void = () => {},
  entry: Fields = {},
): Promise<Connected> {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  const pauses: number[] = [];
  const timer = world.clock.timer.bind(world.clock);
  world.clock.timer = (ms, fn) => {
    pauses.push(ms);
    return timer(ms, fn);
  };
  setUp(provider);
  await addProvider(world, provider.entry('acme', entry));
  await connect(world, 'acme');
  return { world, provider, pauses };
}

function force(world: World) {
  world.clock.advance(LIMITS.forceReuseMs + 1);
  return askToken(world, 'acme', 'force');
}

/** Lets time pass in ticks, and what each of them starts come to its end. */
async function letPass(world: World, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += LIMITS.tickMs) {
    world.clock.advance(Math.min(LIMITS.tickMs, ms - passed));
    await until('the end of the refresh', () => !isRefreshing(world));
  }
}

function isRefreshing({ host }: World): boolean {
  const owner = host.host.engine.callers.identify(host.ownerKey);
  assert.ok(owner);
  return host.host.engine.connections.list(owner).some(({ state }) => state.status === 'refreshing');
}

test('promise 96: a token is refreshed between 75 and 90 % of its life without being asked', async (t) => {
  const { world, provider } = await connected(t, (acme) => {
    acme.expiresIn = 1_200;
  });
  await letPass(world, 0.74 * 1_200_000);
  assert.equal(provider.refreshes.length, 0);
  await letPass(world, 0.17 * 1_200_000 + LIMITS.tickMs);
  assert.equal(provider.refreshes.length, 1);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
});

test('promise 97: a token that lives longer than 24.8 days is not refreshed at once, and no timer is set that long', async (t) => {
  const { world, provider, pauses } = await connected(t, (acme) => {
    acme.expiresIn = 60 * 86_400;
  });
  const token = await tokenOf(world, 'acme');
  assert.equal(Date.parse(token.expires_at ?? ''), world.clock.wall() + 60 * DAY_MS);
  await letPass(world, 20 * LIMITS.tickMs);
  world.clock.advance(30 * DAY_MS);
  await letPass(world, LIMITS.tickMs);
  assert.equal(provider.refreshes.length, 0);
  assert.equal((await tokenOf(world, 'acme')).access_token, token.access_token);
  assert.ok(
    pauses.every((ms) => ms <= TIMER_MAX_MS),
    'a pause that Node would skip',
  );
});

for (const [said, life, source] of [
  [undefined, LIMITS.lifetimeAssumedSeconds, 'assumed'],
  [null, LIMITS.lifetimeAssumedSeconds, 'assumed'],
  ['3600', 3_600, 'expires_in'],
  [[3_600], 3_600, 'expires_in'],
  [0, 0, 'expires_in'],
  [1e15, LIMITS.lifetimeMaxSeconds, 'expires_in'],
] as const) {
  test(`promise 98: expires_in ${JSON.stringify(said) ?? 'left out'} gives a life of ${life} s, and no request sets off more than one refresh`, async (t) => {
    const { world, provider } = await connected(t, (acme) => {
      acme.expiresIn = said;
    });
    const connection = await connectionOf(world, 'acme');
    assert.equal(connection.expires_source, source);
    const issued = Date.parse(connection.issued_at ?? '');
    assert.equal(Date.parse(connection.expires_at ?? ''), issued + life * 1_000);

    for (let time = 1; time <= 3; time += 1) {
      const reply = await force(world);
      assert.equal(reply.status, 200, reply.body);
      assert.equal(provider.refreshes.length, time);
      assert.equal(reply.json.expires_source, source);
      assert.equal(reply.json.expires_in, life);
    }
    // Left alone, a token that has just been refreshed is left alone; one without a life is refreshed on demand only.
    const before = provider.refreshes.length;
    await letPass(world, 10 * LIMITS.tickMs);
    assert.equal(provider.refreshes.length, before);
  });
}

for (const said of [-1, 'soon', '-5', true, { seconds: 1 }]) {
  test(`promise 98: expires_in ${JSON.stringify(said)} makes the answer unusable: no token without an end, no loop, nothing lost`, async (t) => {
    const { world, provider } = await connected(t);
    const before = await tokenOf(world, 'acme');
    provider.onToken(honestly({ expires_in: said }));
    assertProblem(await force(world), 502, 'provider_answer_invalid');
    assert.equal(provider.refreshes.length, 1);
    assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);
    assert.equal((await force(world)).status, 200);
  });
}

test('promise 98: a token without any end and without a refresh token is given out until the provider refuses it', async (t) => {
  const { world, provider } = await connected(t, (acme) => {
    acme.expiresIn = undefined;
    acme.onToken(honestly({ refresh_token: undefined }));
  });
  const token = await tokenOf(world, 'acme');
  assert.deepEqual([token.expires_at, token.expires_in, token.expires_source], [null, null, 'unknown']);
  world.clock.advance(400 * DAY_MS);
  assert.equal((await tokenOf(world, 'acme')).access_token, token.access_token);
  assertProblem(await askToken(world, 'acme', 'force'), 409, 'conflict');
  assert.equal(provider.refreshes.length, 0);
});

test('a token without a refresh token needs consent when it has ended', async (t) => {
  const { world, provider } = await connected(t, (acme) => {
    acme.onToken(honestly({ refresh_token: undefined }));
  });
  world.clock.advance(3_601_000);
  assertProblem(await askToken(world, 'acme'), 409, 'consent_needed');
  assert.equal((await connectionOf(world, 'acme')).cause, 'no_refresh_token');
  assert.equal(provider.refreshes.length, 0);
});

for (const token_type of ['mac', 'DPoP', 'N_A', 'bearer token']) {
  test(`promise 46: an answer with token_type ${token_type} releases no access token, and the connection says why`, async (t) => {
    const world = await openWorld(t);
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    provider.onToken(honestly({ token_type }));
    const consent = await consentAt(world, 'acme');
    assert.deepEqual([consent.status, consent.code], ['failed', 'provider_answer_invalid']);
    assert.match(consent.reason ?? '', /token/);
    assertProblem(await askToken(world, 'acme'), 409, 'conflict');
    const held = await connectionOf(world, 'acme');
    assert.deepEqual([held.status, held.code], ['error', 'provider_answer_invalid']);
  });
}

test('promise 46: token_type is compared without regard to capital letters', async (t) => {
  const { world } = await connected(t, (acme) => {
    acme.onToken(honestly({ token_type: 'bEaReR' }));
  });
  assert.equal((await tokenOf(world, 'acme')).token_type, 'Bearer');
});

for (const [what, script, status, code] of [
  ['a broken server', answering(500, '<h1>500</h1>'), 502, 'refresh_failed'],
  ['a broken server that speaks JSON', answering(502, { message: 'bad gateway' }), 502, 'refresh_failed'],
  ['a page that says forbidden', answering(403, '<h1>Forbidden</h1>'), 502, 'refresh_failed'],
  ['a captive portal', answering(200, '<h1>Hotel</h1>'), 503, 'offline'],
  [
    'half a document',
    answering(200, '{"access_token":"x', { 'content-type': 'application/json' }),
    503,
    'offline',
  ],
  ['an empty page', answering(200, ''), 503, 'offline'],
  ['a redirect', answering(302, '', { location: 'http://127.0.0.1:9/' }), 502, 'refresh_failed'],
  ['an error that is no OAuth error', answering(400, { error: 17 }), 502, 'refresh_failed'],
  ['an error in a list', answering(400, '[{"error":"invalid_grant"}]'), 502, 'refresh_failed'],
  ['invalid_grant from a broken server', answering(500, { error: 'invalid_grant' }), 502, 'refresh_failed'],
  ['invalid_grant with status 429', answering(429, { error: 'invalid_grant' }), 502, 'refresh_failed'],
] as const) {
  test(`promise 93: ${what} at the token endpoint never means consent needed; the token at hand stays and the next try works`, async (t) => {
    const { world, provider } = await connected(t);
    const before = await tokenOf(world, 'acme');
    provider.onToken(script);
    assertProblem(await force(world), status, code);
    assert.equal((await connectionOf(world, 'acme')).status, 'active');
    assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);
    assert.equal((await force(world)).status, 200);
    assert.equal(provider.refreshes.length, 2);
  });
}

test('promise 93: a provider that is not there is offline, never consent needed, and is tried again by itself', async (t) => {
  const { world, provider } = await connected(t, (acme) => {
    acme.expiresIn = 1_200;
  });
  const port = provider.port;
  await provider.close();
  const reply = await force(world);
  assertProblem(reply, 503, 'offline');
  assert.ok(reply.json.retry_after >= 1);
  assert.equal(reply.headers['retry-after'], String(reply.json.retry_after));
  await letPass(world, 1_300_000);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  assertProblem(await askToken(world, 'acme'), 503, 'offline');
  await provider.open(port);
  await letPass(world, LIMITS.retryLongestMs * 1.25 + LIMITS.tickMs);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  assert.equal((await askToken(world, 'acme')).status, 200);
});

test('promise 95: a Retry-After is obeyed: nobody asks before its time, and then it works', async (t) => {
  const { world, provider } = await connected(t);
  provider.onToken(answering(429, { error: 'slow_down' }, { 'retry-after': '120' }));
  assertProblem(await force(world), 502, 'refresh_failed');
  world.clock.advance(60_000);
  const early = await askToken(world, 'acme', 'force');
  assertProblem(early, 502, 'refresh_failed');
  assert.ok(early.json.retry_after > 0 && early.json.retry_after <= 60, early.body);
  assert.equal(provider.refreshes.length, 1);
  world.clock.advance(60_000);
  assert.equal((await askToken(world, 'acme', 'force')).status, 200);
});

for (const error of ['invalid_client', 'unauthorized_client', 'invalid_request', 'unsupported_grant_type']) {
  test(`promise 94: ${error} is a problem of the provider entry: the grant stays, and nobody asks again and again`, async (t) => {
    const { world, provider } = await connected(t);
    const before = await tokenOf(world, 'acme');
    provider.onToken(answering(401, { error }));
    const reply = await force(world);
    assertProblem(reply, 502, 'refresh_failed');
    assert.match(reply.json.detail, new RegExp(error));
    const connection = await connectionOf(world, 'acme');
    assert.deepEqual([connection.status, connection.code], ['error', 'provider_refused']);
    assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);
    for (let time = 0; time < 5; time += 1) {
      const again = await force(world);
      assertProblem(again, 502, 'refresh_failed');
      assert.match(again.json.detail, /Check client_id/);
    }
    assert.equal(provider.refreshes.length, 1);
    assert.equal((await world.call('POST', '/v1/refresh/acme')).status, 200);
    assert.equal((await connectionOf(world, 'acme')).status, 'active');
  });
}

test('promise 94: when the entry has been corrected, the next script gets its token at once', async (t) => {
  const world = await openWorld(t, { fakeTime: true });
  const provider = await world.hostile();
  const method = { token_endpoint_auth_method: 'client_secret_post' };
  await addProvider(
    world,
    provider.entry('acme', { ...method, client_secret: provider.secret('old-secret') }),
  );
  await connect(world, 'acme');
  provider.onToken(answering(401, { error: 'invalid_client' }));
  assertProblem(await force(world), 502, 'refresh_failed');
  const client_secret = provider.secret('new-secret');
  await world.call('PATCH', '/v1/providers/acme', { body: { client_secret } });
  assert.equal((await force(world)).status, 200);
  assert.equal(provider.refreshes.at(-1)?.form.get('client_secret'), client_secret);
});

test('promise 94: after a new consent nothing of the old trouble is left', async (t) => {
  const { world, provider } = await connected(t, () => {}, { scopes: ['openid'] });
  provider.onToken(answering(401, { error: 'invalid_client' }));
  assertProblem(await force(world), 502, 'refresh_failed');
  await connect(world, 'acme');
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  assert.equal((await force(world)).status, 200);
});

test('promise 119: min_valid refreshes first when too little is left, and is refused when no token lives that long', async (t) => {
  const { world, provider } = await connected(t);
  const before = await tokenOf(world, 'acme', 'min_valid=3000');
  world.clock.advance(700_000);
  const after = await tokenOf(world, 'acme', 'min_valid=3000');
  assert.notEqual(after.access_token, before.access_token);
  assertProblem(await askToken(world, 'acme', 'min_valid=3601'), 409, 'min_valid_impossible');
  assert.equal(provider.refreshes.length, 1);
});

test('a token request waits for the open consent when it was told to, and gets the new token', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  const { account } = await connect(world, 'acme');
  provider.onToken(answering(400, { error: 'invalid_grant' }));
  assertProblem(await askToken(world, 'acme', 'force'), 409, 'consent_needed');
  const consent = await startConsent(world, 'acme', { account });
  const waiting = askToken(world, 'acme', 'force&wait=10');
  assert.equal((await finishConsent(world, consent)).status, 'done');
  assert.equal((await waiting).status, 200);
});

test('promise 98: of tokens that are over when they come each is given as it is, with expires_in 0, and at most one in 5 s', async (t) => {
  const { world, provider } = await connected(t, (acme) => {
    acme.expiresIn = 0;
  });
  const first = await tokenOf(world, 'acme');
  assert.deepEqual([first.expires_in, first.expires_source], [0, 'expires_in']);
  assert.equal(provider.refreshes.length, 1);
  for (const query of ['', 'force', '']) {
    world.clock.advance(1_000);
    assert.equal((await tokenOf(world, 'acme', query)).access_token, first.access_token);
  }
  assertProblem(await askToken(world, 'acme', 'min_valid=1'), 409, 'min_valid_impossible');
  assert.equal(provider.refreshes.length, 1);
  world.clock.advance(LIMITS.forceReuseMs);
  assert.notEqual((await tokenOf(world, 'acme')).access_token, first.access_token);
  assert.equal(provider.refreshes.length, 2);
});

test('fault 62, promise 99: after the clock was set back a day the token lives as long as it truly does, and one refresh puts its dates right', async (t) => {
  const { world, provider } = await connected(t);
  const first = await tokenOf(world, 'acme');
  world.clock.advance(600_000);
  world.clock.jumpWall(-DAY_MS);
  const given = await tokenOf(world, 'acme');
  assert.equal(given.access_token, first.access_token);
  assert.equal(given.expires_in, 3_000);
  // Told in the time that the caller reads on its own clock.
  assert.equal(Date.parse(given.expires_at ?? ''), world.clock.wall() + 3_000_000);
  assert.equal(provider.refreshes.length, 0);
  await letPass(world, 20 * LIMITS.tickMs);
  assert.equal(provider.refreshes.length, 1);
  const after = await tokenOf(world, 'acme');
  assert.ok((after.expires_in ?? 0) > 3_000);
  assert.equal(Date.parse(after.expires_at ?? ''), world.clock.wall() + (after.expires_in ?? 0) * 1_000);
  // A correction of a few seconds is none of this.
  world.clock.jumpWall(-20_000);
  const corrected = await tokenOf(world, 'acme');
  assert.deepEqual([corrected.access_token, corrected.expires_at], [after.access_token, after.expires_at]);
});

test('fault 62, promise 99: a clock that is set back by less than the age of a token adds nothing to its life', async (t) => {
  const { world, provider } = await connected(t);
  const first = await tokenOf(world, 'acme');
  await provider.close();
  world.clock.advance(2_000_000);
  world.clock.jumpWall(-1_900_000);
  const given = await tokenOf(world, 'acme');
  assert.deepEqual([given.access_token, given.expires_in], [first.access_token, 1_600]);
  world.clock.advance(1_589_000);
  assert.equal((await tokenOf(world, 'acme')).expires_in, 11);
  world.clock.advance(2_000);
  assertProblem(await askToken(world, 'acme'), 503, 'offline');
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
});

test('fault 61: after the clock went on by a day each connection is refreshed once, and no grant is declared dead', async (t) => {
  const { world, provider } = await connected(t);
  await letPass(world, 60_000);
  world.clock.jumpWall(DAY_MS);
  await letPass(world, 20 * LIMITS.tickMs);
  assert.equal(provider.refreshes.length, 1);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  assert.ok(((await tokenOf(world, 'acme')).expires_in ?? 0) > 3_000);
});

test('fault 61: a token that cannot be refreshed is given again when the clock that was a day ahead is right again', async (t) => {
  const { world } = await connected(t, (acme) => {
    acme.onToken(honestly({ refresh_token: undefined }));
  });
  const first = await tokenOf(world, 'acme');
  world.clock.jumpWall(DAY_MS);
  assertProblem(await askToken(world, 'acme'), 409, 'consent_needed');
  world.clock.jumpWall(-DAY_MS);
  assert.equal((await tokenOf(world, 'acme')).access_token, first.access_token);
});

test('faults 61 and 62: that the clock was changed is an event, is logged, and the doctor says it; a slow correction is not', async (t) => {
  const { world } = await connected(t);
  const engine = world.host.host.engine;
  const seen: TokentrayEvent[] = [];
  t.after(engine.subscribe(({ event }) => event.type === 'clock' && seen.push(event)).unsubscribe);
  const note = async () => {
    const { checks }: ReportJson = (await world.call('GET', '/v1/doctor')).json;
    return checks.find(({ name }) => name === 'clock')?.detail;
  };
  for (let index = 0; index < 5; index += 1) {
    world.clock.jumpWall(-20_000);
    await letPass(world, LIMITS.tickMs);
  }
  assert.deepEqual([seen, await note()], [[], undefined]);
  world.clock.jumpWall(-DAY_MS);
  await letPass(world, 3 * LIMITS.tickMs);
  assert.match((await note()) ?? '', /set back by 86400 s/);
  world.clock.jumpWall(3_600_000);
  await letPass(world, 3 * LIMITS.tickMs);
  assert.match((await note()) ?? '', /moved on by 3600 s/);
  assert.deepEqual(
    seen.map((event) => event.type === 'clock' && [event.action, event.seconds]),
    [
      ['set_back', -86_400],
      ['moved_on', 3_600],
    ],
  );
  assert.equal(world.log.entries.filter(({ event }) => event === 'clock_changed').length, 2);
});

test('fault 63: on a machine whose clock is 10 minutes ahead an ID token that has ended is refused in words that name the clock, without a loop', async (t) => {
  const { world, provider } = await connected(t, () => {}, { scopes: ['openid'] });
  const before = await tokenOf(world, 'acme');
  // By the clock of the provider, at which its ID tokens live 5 minutes.
  const theirs = world.clock.wall() - 600_000;
  provider.onToken((exchange) => {
    const { body } = exchange.honest();
    const claims = { ...claimsOf(body), iat: theirs / 1_000, exp: theirs / 1_000 + 300 };
    const answer = { ...body, id_token: provider.signer.sign(claims) };
    return answering(200, answer, { date: new Date(theirs).toUTCString() })(exchange);
  });
  const refused = await force(world);
  assertProblem(refused, 502, 'provider_answer_invalid');
  assert.match(refused.json.detail, /clock of this machine is 60\d s ahead of that of the provider/);
  await letPass(world, 4 * LIMITS.tickMs);
  assert.ok(provider.refreshes.length <= 3, `${provider.refreshes.length}`);
  assert.equal((await tokenOf(world, 'acme')).token_type, before.token_type);
});

test('promise 99: a Retry-After of 30 s is over after 30 s, also when the clock was set back a day, or forward', async (t) => {
  const { world, provider } = await connected(t);
  provider.onToken(answering(429, '', { 'retry-after': '30' }), answering(429, '', { 'retry-after': '30' }));
  assertProblem(await force(world), 502, 'refresh_failed');
  world.clock.jumpWall(-DAY_MS);
  const early = await askToken(world, 'acme', 'force');
  assertProblem(early, 502, 'refresh_failed');
  assert.ok(early.json.retry_after <= 30, early.body);
  assert.equal(provider.refreshes.length, 1);
  world.clock.advance(30_000);
  assertProblem(await askToken(world, 'acme', 'force'), 502, 'refresh_failed');
  assert.equal(provider.refreshes.length, 2);
  // As after a night's sleep, in which the other clock stood still.
  world.clock.jumpWall(DAY_MS);
  assert.equal((await askToken(world, 'acme', 'force')).status, 200);
});
