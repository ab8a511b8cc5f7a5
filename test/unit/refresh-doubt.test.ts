// A refresh whose answer was lost stays in doubt until something proves otherwise; and what a caller does that goes away.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Audit } from '../../core/access/audit.ts';
import { Callers } from '../../core/access/callers.ts';
import { HandOuts } from '../../core/access/hand-out.ts';
import { LIMITS } from '../../core/limits.ts';
import { factsOf, type TokenSet } from '../../core/model/token-set.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';
import { answered, maybeSent, notSent } from '../support/fake-http.ts';
import { until } from '../support/vault-fixture.ts';

after(endCoreWorlds);

const ID = `c_${'A'.repeat(22)}`;
const SPENT: TokenSet = {
  access_token: 'access-0',
  token_type: 'Bearer',
  refresh_token: 'refresh-0',
  scope: ['read'],
  issued_at: FAKE_NOW - 3_600_000,
  expires_at: FAKE_NOW,
  expires_source: 'expires_in',
};

/** A world with one connection whose token has just ended; the provider gives these answers, one after another. */
async function withSpentToken(...answers: HttpOutcome[]): Promise<CoreWorld> {
  const world = await coreWorld({ answer: () => answers.shift() ?? answered(503) });
  world.connections.insert({
    doc: {
      schema: 1,
      id: ID,
      provider: 'acme',
      account: 'jo',
      label: null,
      identity: null,
      scopes_asked: ['read'],
      created_at: FAKE_NOW,
      consented_at: FAKE_NOW,
      refreshed_at: null,
      state: { status: 'active', token: factsOf(SPENT) },
    },
    secrets: { refresh_token: 'refresh-0', tokens: SPENT },
    previous: null,
    intent: null,
  });
  return world;
}

/** Past the pause before the quick retry, once somebody waits in it. */
async function pass(world: CoreWorld): Promise<void> {
  const before = world.clock.pending;
  await until(() => world.clock.pending > before || world.http.requests.length > 1);
  world.clock.advance(LIMITS.inDoubtRetryMaxMs);
}

const GONE = answered(400, { error: 'invalid_grant' });

for (const [what, second] of [
  ['the network was gone at the quick retry', notSent('dns')],
  ['the provider was busy at the quick retry', answered(503)],
  ['the quick retry was lost too', maybeSent('timeout')],
] as const) {
  test(`promise 91: a grant that ends after a lost answer is said to be lost, also when ${what}`, async () => {
    const world = await withSpentToken(maybeSent('reset'), second, GONE);
    const first = assert.rejects(world.refresher.refresh(ID));
    await pass(world);
    await first;
    assert.equal(world.connections.get(ID)?.state.status, 'active');
    world.clock.advance(LIMITS.retryFirstMs * 2);
    await refusedWith('consent_needed', () => world.refresher.refresh(ID));
    const { state } = world.connections.get(ID)!;
    assert.equal(state.status === 'needs_consent' && state.cause, 'answer_lost');
  });
}

test('promise 91: a grant that ends without a lost answer is said to be refused', async () => {
  const world = await withSpentToken(answered(503), GONE);
  await assert.rejects(world.refresher.refresh(ID));
  world.clock.advance(LIMITS.retryFirstMs * 2);
  await refusedWith('consent_needed', () => world.refresher.refresh(ID));
  const { state } = world.connections.get(ID)!;
  assert.equal(state.status === 'needs_consent' && state.cause, 'refused');
  assert.equal(world.connections.row(ID).intent, null, 'nothing is in doubt any more');
});

test('promise 106: a connection that is removed while its refresh fails is answered in words', async () => {
  const late = Promise.withResolvers<HttpOutcome>();
  const world = await withSpentToken();
  const slow = await coreWorld({ answer: () => late.promise });
  slow.connections.insert(world.connections.row(ID));
  const refused = refusedWith('refresh_failed', () => slow.refresher.refresh(ID));
  await until(() => slow.http.requests.length === 1);
  slow.connections.remove(ID);
  late.resolve(answered(503));
  await refused;
  assert.deepEqual(slow.connections.all(), []);
});

test('a caller that has gone before its refresh begins is told so, and the refresh fails for nobody else', async () => {
  const world = await withSpentToken(answered(503));
  const callers = new Callers(world.clock, world.random, `tt_${'o'.repeat(43)}`, world.log);
  const audit = new Audit(world.place.path, world.log);
  const handOuts = new HandOuts({ ...world, callers, audit: () => audit, markKey: () => Buffer.alloc(32) });
  const owner = { name: 'owner', rights: ['admin' as const], connections: [] };
  const options = { door: 'tcp' as const, signal: AbortSignal.abort() };
  await refusedWith('timeout', () => handOuts.give(owner, world.connections.get(ID)!, options));
  // Not `settled()`, which would handle the rejection: one that nobody handles would end the host, and ends this test.
  await until(() => world.refresher.inFlightSince(ID) === undefined);
  await turn();
  assert.equal(world.http.requests.length, 1);
  audit.close();
});
