// Rotation through the real doors: whatever the provider answers or loses, the newest refresh token is on disk before
// anybody has the access token that came with it, and no older one is ever sent.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { LIMITS } from '../../core/limits.ts';
import type { RotationStep } from '../../core/refresh/rotation.ts';
import {
  after,
  answering,
  breakingOff,
  type Fields,
  type HostileProvider,
  hangingUp,
  honestly,
  losingTheAnswer,
  type Script,
} from '../support/hostile-provider.ts';
import { inTime, until } from '../support/in-time.ts';
import {
  addProvider,
  askToken,
  assertProblem,
  connect,
  connectionOf,
  connectionsOf,
  consentAt,
  openWorld,
  tokenOf,
  type World,
  type WorldOptions,
} from '../support/integration-world.ts';
import { startRunningHost } from '../support/running-host.ts';
import { refresh } from '../support/sandbox-client.ts';

/** A host in standing time with one connection `acme/…`, and its refresh token. */
async function connected(
  t: { after(fn: () => unknown): void },
  entry: Fields = {},
  options: WorldOptions & { strict?: boolean } = {},
): Promise<{ world: World; provider: HostileProvider; first: string }> {
  const { strict = true, ...rest } = options;
  const world = await openWorld(t, { fakeTime: true, ...rest });
  const provider = await world.hostile({ strict });
  await addProvider(world, provider.entry('acme', entry));
  await connect(world, 'acme');
  const first = [...provider.secrets].findLast((secret) => secret.startsWith('refresh-')) ?? '';
  return { world, provider, first };
}

/** A forced refresh; past results are too old to be reused. */
function force(world: World) {
  world.clock.advance(LIMITS.forceReuseMs + 1);
  return askToken(world, 'acme', 'force');
}

/** A forced refresh whose first answer is lost: time goes on once the pause before the second try has begun. */
async function forceThroughPause(world: World) {
  world.clock.advance(LIMITS.forceReuseMs + 1);
  const before = world.clock.pending;
  const reply = askToken(world, 'acme', 'force');
  await until('the pause before the quick retry', () => world.clock.pending > before);
  world.clock.advance(LIMITS.inDoubtRetryMaxMs);
  return inTime('the answer after the pause', reply);
}

for (const [what, change] of [
  ['no access token', { access_token: undefined }],
  ['an access token that is no text', { access_token: 17 }],
  ['an access token that no header can carry', { access_token: 'abc\r\nX-Evil: 1' }],
  ['an unknown token type', { token_type: 'mac' }],
  ['a token type that is no text', { token_type: [] }],
  ['a negative lifetime', { expires_in: -5 }],
  ['an ID token that is none', { id_token: 'no.id.token' }],
  ['an ID token without signature', { id_token: 'eyJhbGciOiJub25lIn0.e30.' }],
] as const) {
  test(`promise 83: of an answer with ${what} the new refresh token is kept, nothing else is used, and the next refresh works`, async (t) => {
    const { world, provider, first } = await connected(t, { scopes: ['openid'] });
    const before = await tokenOf(world, 'acme');
    provider.onToken(honestly(change));
    const reply = await force(world);
    assertProblem(reply, 502, 'provider_answer_invalid');
    const successor = provider.successorOf(first);
    const flagged = await connectionOf(world, 'acme');
    assert.deepEqual([flagged.status, flagged.code], ['error', 'provider_answer_invalid']);
    assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);

    await world.restart();
    assert.equal((await force(world)).status, 200);
    assert.deepEqual(provider.refreshTokensSeen, [first, successor]);
    assert.equal((await connectionOf(world, 'acme')).status, 'active');
  });
}

test('promise 83: a 201 with tokens is as good as a 200, at a refresh and at a consent', async (t) => {
  const { world, provider, first } = await connected(t);
  const created: Script = ({ honest, response }) => {
    response.writeHead(201, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(honest().body));
  };
  provider.onToken(created);
  assert.equal((await force(world)).status, 200);
  assert.equal((await force(world)).status, 200);
  assert.equal(provider.refreshTokensSeen[0], first);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  provider.onToken(created);
  assert.equal((await consentAt(world, 'acme')).status, 'done');
});

for (const error of ['partial', 'temporarily_unavailable']) {
  test(`promise 83: of a 200 that says ${error} beside a new refresh token that token is kept, and the error counts`, async (t) => {
    const { world, provider, first } = await connected(t);
    provider.onToken(honestly({ access_token: undefined, error }));
    assertProblem(await force(world), 502, 'refresh_failed');
    const successor = provider.successorOf(first);
    await world.restart();
    assert.equal((await force(world)).status, 200);
    assert.deepEqual(provider.refreshTokensSeen, [first, successor]);
  });
}

test('promise 92: a 200 that says invalid_grant beside a new refresh token ends the grant only when that one is refused too', async (t) => {
  const { world, provider, first } = await connected(t);
  provider.onToken(honestly({ access_token: undefined, error: 'invalid_grant' }));
  assert.equal((await force(world)).status, 200);
  assert.equal(provider.refreshes.length, 2);
  assert.notEqual(provider.refreshTokensSeen[1], first);
});

test('promise 83: a code exchange that says an error beside a refresh token keeps that token, to give it back', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  provider.onToken(honestly({ access_token: undefined, error: 'partial' }));
  const consent = await consentAt(world, 'acme');
  assert.deepEqual([consent.status, consent.code], ['failed', 'consent_failed']);
  const [held] = await connectionsOf(world, 'acme');
  assert.deepEqual([held?.status, held?.code], ['error', 'consent_failed']);
  const removed = await world.call('DELETE', `/v1/connections/${held?.id}`);
  assert.deepEqual(removed.json, { removed: true, revoked: true });
  assert.match(provider.revoked[0] ?? '', /^refresh-/);
});

test('promise 83: a code exchange whose answer is refused keeps the refresh token for one thing, to give it back', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  provider.onToken(honestly({ token_type: 'mac' }));
  const consent = await consentAt(world, 'acme');
  assert.deepEqual([consent.status, consent.code], ['failed', 'provider_answer_invalid']);
  const [held] = await connectionsOf(world, 'acme');
  assert.deepEqual([held?.status, held?.code], ['error', 'provider_answer_invalid']);
  await world.restart();
  assertProblem(await askToken(world, 'acme'), 409, 'conflict');
  assertProblem(await askToken(world, 'acme', 'force'), 409, 'conflict');
  assert.equal(provider.refreshes.length, 0);
  const removed = await world.call('DELETE', `/v1/connections/${held?.id}`);
  assert.deepEqual(removed.json, { removed: true, revoked: true });
  assert.match(provider.revoked[0] ?? '', /^refresh-/);
});

test('promise 84: between the last byte of the answer and the commit nothing is sent, asked, opened or waited for', async (t) => {
  const events: string[] = [];
  const { world } = await connected(
    t,
    { scopes: ['openid'] },
    {
      onStep: (step) => events.push(step),
      ports: { browser: { open: async () => void events.push('browser') } },
    },
  );
  // The traces of both: what the network did, and every timer that was set.
  const timer = world.clock.timer.bind(world.clock);
  world.clock.timer = (ms, fn) => {
    world.trace.push('timer');
    return timer(ms, fn);
  };
  world.trace.length = 0;
  assert.equal((await force(world)).status, 200);
  const answered = world.trace.indexOf('answered /token');
  const committed = world.trace.indexOf('S7');
  assert.deepEqual(world.trace.slice(answered, committed + 1), ['answered /token', 'S3', 'S5', 'S7']);
  assert.deepEqual(events, ['S0', 'S1', 'S2', 'S3', 'S5', 'S7', 'S8']);
});

test('promise 84: at a code exchange the signing keys are fetched only when the refresh token is on disk', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme', { scopes: ['openid'] }));
  const seen: string[] = [];
  provider.onKeys(async (exchange) => {
    for (const connection of await connectionsOf(world, 'acme')) seen.push(connection.status);
    await honestly()(exchange);
  });
  await connect(world, 'acme');
  assert.deepEqual(seen, ['new']);
});

for (const [step, sees] of [
  ['S2', 'first'],
  ['S5', 'first'],
  ['S7', 'second'],
  ['S8', 'second'],
] as const satisfies readonly (readonly [RotationStep, 'first' | 'second'])[]) {
  test(`promise 85: a host that dies after ${step} goes on with the ${sees} refresh token; no access token is out before the second is on disk`, async (t) => {
    let copy: string | undefined;
    let released = false;
    // Not strict: what counts here is which token is sent.
    const { world, provider, first } = await connected(
      t,
      {},
      {
        strict: false,
        onStep(at) {
          if (at !== step || copy !== undefined) return;
          copy = `${world.host.home}-dead`;
          assert.equal(released, false);
          mkdirSync(copy, { mode: 0o700 });
          // What a power cut at this moment would leave.
          execFileSync('cp', ['-RP', `${world.host.home}/.`, copy]);
          execFileSync('cp', ['-RP', world.host.keyHome, `${copy}-key`]);
        },
      },
    );
    const reply = await force(world);
    released = true;
    assert.equal(reply.status, 200);
    const second = provider.successorOf(first);
    const { clock, http, log } = world;
    const later = await startRunningHost({ home: copy, ports: { clock, http, log } });
    try {
      // A copy in another folder is not used before a person says so.
      assert.equal((await later.call('POST', '/v1/vault/use-here')).status, 200);
      const again = await later.call('GET', '/v1/token/acme?force');
      assert.equal(again.status, 200, again.body);
    } finally {
      await later.remove();
    }
    const sent = provider.refreshTokensSeen;
    // After S7 the answer is on disk: it is judged and given out, and only a spent one is asked for again.
    if (step === 'S7') assert.deepEqual(sent, [first]);
    else assert.deepEqual(sent, [first, sees === 'first' ? first : second]);
  });
}

for (const [what, change] of [
  ['no refresh token', {}],
  ['an empty refresh token', { refresh_token: '' }],
  ['null for a refresh token', { refresh_token: null }],
] as const) {
  test(`promise 87: after an answer with ${what} the old one stays, also over a restart`, async (t) => {
    const { world, provider, first } = await connected(t);
    provider.rotates = false;
    provider.onToken(honestly(change));
    assert.equal((await force(world)).status, 200);
    assert.equal((await force(world)).status, 200);
    await world.restart();
    assert.equal((await force(world)).status, 200);
    assert.deepEqual(provider.refreshTokensSeen, [first, first, first]);
    assert.equal((await connectionOf(world, 'acme')).refreshable, true);
  });
}

test('promise 87: after an answer with the same refresh token that one stays', async (t) => {
  const { world, provider, first } = await connected(t);
  provider.rotates = false;
  provider.onToken(honestly({ refresh_token: first }));
  assert.equal((await force(world)).status, 200);
  assert.equal((await force(world)).status, 200);
  assert.deepEqual(provider.refreshTokensSeen, [first, first]);
});

test('promise 88: over ten rotations and two restarts each refresh token is sent once and never again', async (t) => {
  const { world, provider, first } = await connected(t);
  for (let turn = 1; turn <= 10; turn += 1) {
    if (turn % 4 === 0) await world.restart();
    assert.equal((await force(world)).status, 200);
  }
  const seen = provider.refreshTokensSeen;
  assert.equal(seen[0], first);
  assert.equal(new Set(seen).size, 10);
});

test('promise 88: at the practice server, which ends a grant whose used refresh token comes back, rotations go on over restarts', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  await connect(world, 'sandbox', { username: 'user1' });
  const tokens = new Set<string>();
  for (let turn = 1; turn <= 4; turn += 1) {
    const reply = await world.call('POST', '/v1/refresh/sandbox');
    assert.equal(reply.status, 200, reply.body);
    tokens.add((await tokenOf(world, 'sandbox')).access_token);
    // A result of the last five seconds would be taken for this one.
    await world.restart();
  }
  assert.equal(tokens.size, 4);
});

test('a grant that is revoked at the practice server is over: its refresh token opens nothing there', async (t) => {
  const world = await openWorld(t, { sandbox: true });
  const { issuer } = await connect(world, 'sandbox', { username: 'user1' });
  assert.equal((await world.call('POST', '/v1/revoke/sandbox')).json.status, 'revoked');
  const sent = world.http.requests.find(({ url }) => url.pathname === '/revoke');
  const token = new URLSearchParams(sent?.body).get('token') ?? '';
  const answer = await refresh(issuer ?? '', token);
  assert.deepEqual([answer.status, answer.body.error], [400, 'invalid_grant']);
});

for (const [how, script] of [
  ['before its first byte', losingTheAnswer],
  ['in the middle', breakingOff],
] as const) {
  test(`promise 90, fault 43: an answer that is lost ${how} is asked for once more within 3 s, and a provider with grace gives it`, async (t) => {
    const { world, provider, first } = await connected(t, {}, { strict: false });
    provider.onToken(script);
    const reply = await forceThroughPause(world);
    assert.equal(reply.status, 200, reply.body);
    assert.deepEqual(provider.refreshTokensSeen, [first, first]);
    assert.equal((await connectionOf(world, 'acme')).status, 'active');
  });

  test(`promise 91: an answer that is lost ${how} at a strict provider needs consent because it was lost; the access token works until it ends`, async (t) => {
    const { world, provider, first } = await connected(t);
    const before = await tokenOf(world, 'acme');
    provider.onToken(script);
    const reply = await forceThroughPause(world);
    assertProblem(reply, 409, 'consent_needed');
    assert.match(reply.json.detail, /answer was lost/);
    assert.deepEqual(provider.refreshTokensSeen, [first, first]);
    const connection = await connectionOf(world, 'acme');
    assert.deepEqual([connection.status, connection.cause], ['needs_consent', 'answer_lost']);
    assert.equal((await tokenOf(world, 'acme')).access_token, before.access_token);

    world.clock.advance(3_600_000);
    assertProblem(await askToken(world, 'acme'), 409, 'consent_needed');
    assert.equal(provider.refreshes.length, 2);
    const renewed = await connect(world, 'acme', { account: connection.account });
    assert.deepEqual([renewed.id, renewed.status], [connection.id, 'active']);
    assert.equal((await force(world)).status, 200);
  });
}

test('promise 90: a connection that was cut before anything happened costs nothing', async (t) => {
  const { world, provider, first } = await connected(t);
  provider.onToken(hangingUp);
  assert.equal((await forceThroughPause(world)).status, 200);
  assert.deepEqual(provider.refreshTokensSeen, [first, first]);
});

test('promise 91: when both answers are lost the doubt outlives a restart, and the refusal after it says answer lost', async (t) => {
  const { world, provider } = await connected(t);
  provider.onToken(losingTheAnswer, hangingUp);
  const reply = await forceThroughPause(world);
  assertProblem(reply, 502, 'refresh_failed');
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
  await world.restart();
  assertProblem(await force(world), 409, 'consent_needed');
  assert.equal((await connectionOf(world, 'acme')).cause, 'answer_lost');
});

test('fault 51: a refusal without any doubt before it says refused, and nothing is sent again until a person asks', async (t) => {
  const { world, provider } = await connected(t);
  provider.onToken(answering(400, { error: 'invalid_grant' }));
  assertProblem(await force(world), 409, 'consent_needed');
  assert.equal((await connectionOf(world, 'acme')).cause, 'refused');
  for (let time = 0; time < 3; time += 1) assertProblem(await force(world), 409, 'consent_needed');
  assert.equal(provider.refreshes.length, 1);
  // The token was kept, so a provider that had a bad moment costs one click.
  assert.equal((await world.call('POST', '/v1/refresh/acme')).status, 200);
  assert.equal((await connectionOf(world, 'acme')).status, 'active');
});

test('promise 106: a connection that is removed by force during its refresh stays removed, and the new token is given back', async (t) => {
  const { world, provider, first } = await connected(t);
  const held = Promise.withResolvers<void>();
  provider.onToken(after(held.promise, honestly()));
  world.clock.advance(LIMITS.forceReuseMs + 1);
  const asked = askToken(world, 'acme', 'force');
  await until('the refresh request', () => provider.refreshes.length === 1);
  const removal = world.call('DELETE', '/v1/connections/acme?force');
  held.resolve();
  const removed = await inTime('the removal', removal);
  assert.deepEqual(removed.json, { removed: true, revoked: true });
  await inTime('the answer to the script', asked);
  assert.equal(provider.successorOf(first), undefined);
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
  await world.restart();
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
});

test('promise 106: while a connection is being removed no refresh of it begins, so nothing comes back', async (t) => {
  const { world, provider } = await connected(t);
  const revoked = Promise.withResolvers<void>();
  provider.onRevoke(after(revoked.promise, answering(200)));
  const removal = world.call('DELETE', '/v1/connections/acme');
  await until('the revocation request', () => provider.at('/revoke').length === 1);
  assertProblem(await force(world), 409, 'conflict');
  revoked.resolve();
  assert.equal((await inTime('the removal', removal)).status, 200);
  assert.deepEqual([provider.refreshes.length, provider.at('/revoke').length], [0, 1]);
  assert.deepEqual(await connectionsOf(world, 'acme'), []);
});

test('promise 107: a consent that ends during a refresh wins; the late answer changes nothing and ends nothing', async (t) => {
  const { world, provider } = await connected(t, { scopes: ['openid'] });
  // As at Google: one revocation ends everything that this person ever granted.
  provider.revokesByPerson = true;
  const held = Promise.withResolvers<void>();
  provider.onToken(after(held.promise, honestly()));
  world.clock.advance(LIMITS.forceReuseMs + 1);
  const asked = askToken(world, 'acme', 'force');
  await until('the refresh request', () => provider.refreshes.length === 1);
  const renewed = await connect(world, 'acme');
  const token = await tokenOf(world, 'acme');
  held.resolve();
  assertProblem(await inTime('the answer to the script', asked), 409, 'conflict');
  assert.equal((await connectionOf(world, 'acme')).generation, renewed.generation);
  assert.equal((await tokenOf(world, 'acme')).access_token, token.access_token);
  assert.equal((await force(world)).status, 200);
});

test('a revoked connection keeps its name and no token; a new consent brings it back', async (t) => {
  const { world, provider } = await connected(t, { scopes: ['openid'] });
  const { id } = await connectionOf(world, 'acme');
  const revoked = await world.call('POST', '/v1/revoke/acme');
  assert.deepEqual([revoked.status, revoked.json.status, revoked.json.expires_at], [200, 'revoked', null]);
  assert.equal(provider.revoked.length, 1);
  assert.equal(provider.at('/revoke')[0]?.form.get('token_type_hint'), 'refresh_token');
  assertProblem(await askToken(world, 'acme'), 409, 'consent_needed');
  await world.restart();
  assert.equal((await connectionOf(world, 'acme')).status, 'revoked');
  const again = await connect(world, 'acme');
  assert.deepEqual([again.id, again.status], [id, 'active']);
});

for (const [why, script] of [
  ['is down', answering(503, 'later')],
  ['hangs up', hangingUp],
  ['refuses', answering(400, { error: 'invalid_request' })],
] as const) {
  test(`fault 60: a revocation endpoint that ${why} leaves the connection as it was, unless the owner insists`, async (t) => {
    const { world, provider } = await connected(t);
    const before = await connectionOf(world, 'acme');
    provider.onRevoke(script, script, script);
    assertProblem(await world.call('POST', '/v1/revoke/acme'), 502, 'revocation_failed');
    assertProblem(await world.call('DELETE', '/v1/connections/acme'), 502, 'revocation_failed');
    const { generation: _, ...after } = await connectionOf(world, 'acme');
    assert.deepEqual({ ...after, generation: before.generation }, before);
    assert.equal((await force(world)).status, 200);
    const removed = await world.call('DELETE', '/v1/connections/acme?force');
    assert.deepEqual(removed.json, { removed: true, revoked: false });
  });
}
