// What a refresh makes of every bad answer, and of sleep: after each the newest refresh token is still there, the token at
// hand is untouched, and only a well-formed OAuth error ever asks for a new consent.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { Background } from '../../core/refresh/background.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { answered, maybeSent, notSent } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { insertConnections } from '../support/seeded-connections.ts';

if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';
after(endCoreWorlds);

const HOUR_MS = 3_600_000;
const FRESH = { access_token: 'fresh', token_type: 'Bearer', expires_in: 3_600, refresh_token: 'next' };

interface Asked {
  readonly world: CoreWorld;
  readonly id: string;
  /** What the refresh threw, or `ok`. */
  readonly code: string;
}

/** One refresh of one connection, to which the provider gives these answers; after them good ones. */
async function ask(...answers: HttpOutcome[]): Promise<Asked> {
  const world = await coreWorld({ answer: () => answers.shift() ?? answered(200, FRESH) });
  const [id = ''] = insertConnections(world.connections, 'acme', 1);
  return { world, id, code: await refreshed(world, id) };
}

async function refreshed(world: CoreWorld, id: string): Promise<string> {
  let code: string | undefined;
  const refresh = world.refresher.refresh(id).then(
    () => 'ok',
    (error: unknown) => (error instanceof TokentrayError ? error.code : String(error)),
  );
  void refresh.then((ended) => {
    code = ended;
  });
  // Past the pause before a quick retry, if there is one.
  for (let index = 0; code === undefined && index < 50; index += 1) {
    await turn();
    if (index % 10 === 9) world.clock.advance(LIMITS.inDoubtRetryMaxMs);
  }
  return refresh;
}

/** Nothing was lost or given up: the token sent is still the newest one, and the access token is the one of before. */
function assertUntouched({ world, id }: Asked, status = 'active'): void {
  const { doc, secrets } = world.connections.reread(id);
  assert.equal(doc.state.status, status);
  assert.equal(secrets.refresh_token, 'refresh-acme-0');
  assert.equal(secrets.tokens?.access_token, 'access-acme-0');
}

/** Later the same refresh token works, without anybody's help. */
async function assertMends({ world, id }: Asked): Promise<void> {
  world.clock.advance(LIMITS.retryAfterCapMs);
  assert.equal(await refreshed(world, id), 'ok');
  assert.equal(world.connections.row(id).secrets.refresh_token, 'next');
}

const HTML = '<html><body>invalid_grant</body></html>';
const BODIES: readonly (object | string)[] = [{ error: 'invalid_grant' }, { message: 'down' }, HTML, ''];
const TYPES = ['application/json', 'text/html'];

test('fault 40: a 500, 502, 503 or 504 with any body of any type keeps the connection, with a pause that grows and differs', async () => {
  const pauses = new Set<number>();
  for (const status of [500, 502, 503, 504]) {
    for (const body of BODIES) {
      for (const type of TYPES) {
        const one = await ask(answered(status, body, { 'content-type': type }));
        assert.equal(one.code, 'refresh_failed');
        assertUntouched(one);
        assert.equal(one.world.http.requests.length, 1);
        pauses.add(one.world.refresher.pauseLeft(one.world.connections.get(one.id)!));
      }
    }
  }
  assert.ok(pauses.size > 10, 'the pauses are all the same');
  for (const pause of pauses)
    assert.ok(pause >= LIMITS.retryFirstMs && pause <= LIMITS.retryFirstMs * 1.25, `${pause}`);
  const again = await ask(...Array.from({ length: 4 }, () => answered(503, HTML)));
  let last = 0;
  for (let time = 0; time < 3; time += 1) {
    const pause = again.world.refresher.pauseLeft(again.world.connections.get(again.id)!);
    assert.ok(pause > last * 1.5, `${pause} after ${last}`);
    last = pause;
    await refreshed(again.world, again.id);
  }
  await assertMends(again);
});

for (const [what, value, least, most] of [
  ['7 s', () => '7', 7_000, 7_000 * 1.1],
  ['a date in 2 minutes', (now: number) => new Date(now + 120_000).toUTCString(), 119_000, 132_000],
  ['a date in the past', (now: number) => new Date(now - 60_000).toUTCString(), 5_000, 6_250],
  ['10 years', () => '315360000', HOUR_MS, HOUR_MS * 1.1],
  ['a date in 10 years', () => 'Sat, 16 Mar 2040 17:46:40 GMT', HOUR_MS, HOUR_MS * 1.1],
  ['garbage', () => 'in a while', 5_000, 6_250],
] as const) {
  test(`fault 41: a 429 whose Retry-After is ${what} makes the background wait ${Math.round(least / 1_000)} to ${Math.round(most / 1_000)} s`, async () => {
    const one = await ask(answered(429, '', { 'retry-after': value(1_900_000_000_000) }));
    assert.equal(one.code, 'refresh_failed');
    assertUntouched(one);
    const pause = one.world.refresher.pauseLeft(one.world.connections.get(one.id)!);
    assert.ok(pause >= least && pause <= most, `${pause}`);
    await assertMends(one);
  });
}

test('fault 42: what never left (name lookup, refused, connect time-out, TLS, proxy) is not in doubt: one try, no quick retry', async () => {
  for (const fault of ['dns', 'refused', 'connect_timeout', 'tls', 'proxy'] as const) {
    const one = await ask(notSent(fault));
    assert.equal(one.code, 'offline');
    assert.equal(one.world.http.requests.length, 1);
    assert.equal(one.world.connections.row(one.id).intent, null);
    assertUntouched(one);
    await assertMends(one);
  }
});

test('faults 43, 44 and 45: an answer that was lost (reset, time-out, too large, broken encoding) is asked for once more, and stays in doubt', async () => {
  for (const fault of ['reset', 'timeout', 'too_large', 'encoding'] as const) {
    assert.equal((await ask(maybeSent(fault))).code, 'ok');
    const one = await ask(maybeSent(fault), maybeSent(fault));
    assert.equal(one.code, 'refresh_failed');
    assert.equal(one.world.http.requests.length, 2);
    assert.equal(one.world.connections.row(one.id).intent?.kind, 'sent');
    assertUntouched(one);
    await assertMends(one);
  }
});

test('fault 46: garbage, pages, lists, numbers and brackets in the place of a JSON object never cost anything', async () => {
  for (const body of [
    '',
    '{',
    'NaN',
    '[]',
    '1',
    '"a"',
    `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
    HTML,
    '\u0000',
  ]) {
    const one = await ask(answered(200, body));
    assert.notEqual(one.code, 'ok');
    assertUntouched(one);
    await assertMends(one);
  }
});

test('fault 46: a new refresh token is kept out of JSON of any type, with a BOM or a member twice, and out of one that holds nothing else', async () => {
  const json = JSON.stringify(FRESH);
  for (const [body, type] of [
    [json, 'text/html'],
    [json, 'application/octet-stream'],
    [`\uFEFF${json}`, 'application/json'],
    [json.replace('{', '{"refresh_token":"older",'), 'application/json'],
    ['{"refresh_token":"next"}', 'application/json'],
    [
      '{"refresh_token":"next","access_token":7,"expires_in":NaN}'.replace('NaN', '"NaN"'),
      'application/json',
    ],
  ] as const) {
    const { world, id } = await ask(answered(200, body, { 'content-type': type }));
    assert.equal(world.connections.reread(id).secrets.refresh_token, 'next', body);
  }
});

test('fault 47: the page of a captive portal is being offline', async () => {
  for (const type of TYPES) {
    const one = await ask(answered(200, HTML, { 'content-type': type }));
    assert.equal(one.code, 'offline');
    assertUntouched(one);
    await assertMends(one);
  }
});

test('fault 48: a redirect is an answer that is not followed, wherever it points', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const one = await ask(
      answered(status, { error: 'invalid_grant' }, { location: 'http://127.0.0.1:9595/' }),
    );
    assert.equal(one.code, 'refresh_failed');
    assert.deepEqual(one.world.http.asked, ['https://as.acme.test/token']);
    assertUntouched(one);
  }
});

test('fault 49: beside a new refresh token an unknown token_type or an unusable ID token withholds the access token only', async () => {
  for (const wrong of [{ token_type: 'mac' }, { token_type: undefined }, { access_token: 'a b' }]) {
    const { world, id, code } = await ask(answered(200, { ...FRESH, ...wrong }));
    assert.equal(code, 'provider_answer_invalid');
    const { doc, secrets } = world.connections.reread(id);
    assert.deepEqual([doc.state.status, secrets.refresh_token], ['error', 'next']);
    assert.equal(secrets.tokens?.access_token, 'access-acme-0');
  }
});

test('fault 50: an answer without a refresh token keeps the old one', async () => {
  for (const refresh_token of [undefined, null, '']) {
    const { world, id, code } = await ask(answered(200, { ...FRESH, refresh_token }));
    assert.equal(code, 'ok');
    assert.equal(world.connections.reread(id).secrets.refresh_token, 'refresh-acme-0');
  }
});

test('fault 51: a grant that was revoked is said once, costs no more requests, and its refresh token is kept sealed', async () => {
  const one = await ask(answered(400, { error: 'invalid_grant' }));
  const { world, id } = one;
  assert.equal(one.code, 'consent_needed');
  const background = new Background({ ...world, network: { online: () => true } });
  for (let hours = 0; hours < 48; hours += 1) {
    world.clock.jumpWall(HOUR_MS);
    background.tick();
    assert.equal(await refreshed(world, id), 'consent_needed');
  }
  assert.equal(world.http.requests.length, 1);
  const said = world.emitted.filter(
    (event) => event.type === 'connection' && event.action === 'needs_consent',
  );
  assert.equal(said.length, 1);
  assertUntouched(one, 'needs_consent');
});

test('fault 52: a provider that says invalid_grant by mistake costs one click: nothing had been deleted', async () => {
  const { world, id } = await ask(answered(400, { error: 'invalid_grant' }));
  await world.refresher.refresh(id, { insist: true });
  assert.equal(world.connections.get(id)?.state.status, 'active');
});

test('promise 92: an invalid_grant about a token that is no longer the stored one is tried once with the stored one, and never in a loop', async () => {
  const holder: { world?: CoreWorld; id?: string } = {};
  const sent: (string | null)[] = [];
  const world = await coreWorld({
    answer({ body }) {
      sent.push(new URLSearchParams(body).get('refresh_token'));
      // Meanwhile somebody stored a newer one.
      holder.world?.connections.update(holder.id ?? '', (row) => ({
        ...row,
        secrets: { ...row.secrets, refresh_token: `newer-${sent.length}` },
      }));
      return answered(400, { error: 'invalid_grant' });
    },
  });
  const [id = ''] = insertConnections(world.connections, 'acme', 1);
  Object.assign(holder, { world, id });
  assert.equal(await refreshed(world, id), 'consent_needed');
  assert.deepEqual(sent, ['refresh-acme-0', 'newer-1']);
  assert.equal(world.connections.reread(id).secrets.refresh_token, 'newer-2');
});

test('fault 55: a provider that demands a DPoP nonce again and again is a problem of its entry, one request long', async () => {
  for (const status of [400, 401]) {
    const one = await ask(answered(status, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'n' }));
    assert.equal(one.code, 'refresh_failed');
    assert.equal(one.world.http.requests.length, 1);
    assertUntouched(one, 'error');
    assert.equal(one.world.refresher.clientRefusal('acme')?.error, 'use_dpop_nonce');
  }
});

test('fault 56: a refresh is stored and judged without the keys for ID tokens: they are not even asked for', async () => {
  const { world, code } = await ask(answered(200, FRESH));
  assert.equal(code, 'ok');
  assert.deepEqual(world.http.asked, ['https://as.acme.test/token']);
});

test('fault 57: where refresh tokens go is what the entry says; no discovery document changes it in between', async () => {
  const world = await coreWorld({
    providers: [acme({ issuer: 'https://as.acme.test', discovery: 'openid' })],
    answer: ({ url }) =>
      url.pathname === '/token'
        ? answered(200, FRESH)
        : answered(200, { issuer: 'https://as.acme.test', token_endpoint: 'https://evil.test/token' }),
  });
  const [id = ''] = insertConnections(world.connections, 'acme', 1);
  for (let time = 0; time < 3; time += 1) {
    world.clock.advance(HOUR_MS);
    assert.equal(await refreshed(world, id), 'ok');
  }
  assert.deepEqual([...new Set(world.http.asked)], ['https://as.acme.test/token']);
});

/** Many connections, the background over them, and a network that a test switches. */
async function asleep(answer: () => HttpOutcome | Promise<HttpOutcome>) {
  const world = await coreWorld({ answer });
  const ids = insertConnections(world.connections, 'acme', 40);
  let online = true;
  const background = new Background({ ...world, network: { online: () => online } });
  background.start();
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      world.clock.advance(10_000);
      for (let index = 0; index < 8; index += 1) await turn();
    }
  };
  const setOnline = (now: boolean) => {
    online = now;
  };
  return { world, ids, background, pass, setOnline };
}

test('fault 64, promise 100: after 8 hours of sleep nothing is sent before the network is there; then all are refreshed, two at a time, each once', async () => {
  let running = 0;
  let most = 0;
  const { world, background, pass, setOnline } = await asleep(async () => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
    return answered(200, FRESH);
  });
  // The monotonic clock stands still while the machine sleeps.
  world.clock.jumpWall(8 * HOUR_MS);
  setOnline(false);
  await pass(90_000);
  assert.equal(world.http.requests.length, 0);
  setOnline(true);
  await pass(60_000);
  await world.refresher.settled();
  assert.equal(world.http.requests.length, 40);
  assert.equal(most, LIMITS.refreshesPerProvider);
  assert.ok(world.connections.all().every(({ state }) => state.status === 'active'));
  background.stop();
});

test('fault 65, promise 101: an answer that comes after a sleep in the middle of a refresh is used; one that was lost in it is asked for once more', async () => {
  for (const lost of [false, true]) {
    const late = Promise.withResolvers<HttpOutcome>();
    let first = true;
    const world = await coreWorld({
      answer() {
        if (!first) return answered(200, FRESH);
        first = false;
        return late.promise;
      },
    });
    const [id = ''] = insertConnections(world.connections, 'acme', 1);
    const ended = refreshed(world, id);
    world.clock.jumpWall(8 * HOUR_MS);
    late.resolve(lost ? maybeSent('reset') : answered(200, FRESH));
    assert.equal(await ended, 'ok');
    assert.equal(world.http.requests.length, lost ? 2 : 1);
    const { doc, secrets } = world.connections.reread(id);
    assert.deepEqual([doc.state.status, secrets.refresh_token], ['active', 'next']);
    // It lives from now on, not from before the sleep.
    assert.ok((secrets.tokens?.expires_at ?? 0) > world.clock.wall());
  }
});

test('fault 66: 30 wakes of 20 s without a name server change no state and delete nothing', async () => {
  const { world, ids, background, pass } = await asleep(() => notSent('dns'));
  const before = ids.map((id) => JSON.stringify(world.connections.reread(id)));
  for (let wake = 0; wake < 30; wake += 1) {
    world.clock.jumpWall(2 * HOUR_MS);
    await pass(20_000);
  }
  await world.refresher.settled();
  assert.ok(world.http.requests.length > 40, 'nothing was tried');
  assert.deepEqual(
    ids.map((id) => JSON.stringify(world.connections.reread(id))),
    before,
  );
  background.stop();
});
