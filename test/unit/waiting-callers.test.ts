// Callers whose refresh waits for its place: none of them waits without an end, and each is told why.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Audit } from '../../core/access/audit.ts';
import { Callers } from '../../core/access/callers.ts';
import { HandOuts } from '../../core/access/hand-out.ts';
import { LIMITS } from '../../core/limits.ts';
import { coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { answered } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { insertConnections } from '../support/seeded-connections.ts';
import { until } from '../support/vault-fixture.ts';

after(endCoreWorlds);

test('promise 105: with 8 refreshes of 4 providers that hang, a caller of a fifth is told so after 75 s, and its refresh goes on waiting', async () => {
  const hanging = ['a', 'b', 'c', 'd'];
  const providers = [...hanging, 'e'].map((id) =>
    acme({
      id,
      authorization_endpoint: `https://${id}.test/authorize`,
      token_endpoint: `https://${id}.test/token`,
    }),
  );
  const world = await coreWorld({ providers, answer: () => new Promise<never>(() => {}) });
  const { clock, refresher, connections, tokenRequests } = world;
  for (const id of hanging) {
    for (const connection of insertConnections(connections, id, 2)) void refresher.refresh(connection);
  }
  await until(() => tokenRequests().length === LIMITS.refreshesAtOnce);
  const callers = new Callers(clock, world.random, `tt_${'o'.repeat(43)}`, world.log);
  const audit = new Audit(world.place.path, world.log);
  const handOuts = new HandOuts({ ...world, callers, audit: () => audit, markKey: () => Buffer.alloc(32) });
  const owner = { name: 'owner', rights: ['admin' as const], connections: [] };
  const [id = ''] = insertConnections(connections, 'e', 1);
  const before = clock.pending;
  const refused = refusedWith('refresh_failed', () =>
    handOuts.give(owner, connections.get(id)!, { door: 'tcp', force: true }),
  );
  await until(() => clock.pending > before);
  clock.advance(75_000);
  assert.match((await refused).message, /^e\/\S+: .*has not ended after 75 s.*Ask again/);
  assert.equal(refresher.isInFlight(id), true);
  audit.close();
});

test('promise 108: a refresh that waits for its place when a review begins is not sent', async () => {
  const answers: Array<() => void> = [];
  const world = await coreWorld({
    answer: () => new Promise((resolve) => answers.push(() => resolve(answered(503)))),
  });
  const { refresher, connections, tokenRequests } = world;
  const [one = '', two = '', third = ''] = insertConnections(connections, 'acme', 3);
  for (const id of [one, two]) refresher.refresh(id).catch(() => undefined);
  await until(() => tokenRequests().length === 2);
  const waits = refusedWith('needs_review', () => refresher.refresh(third));
  connections.update(third, (row) => ({ ...row, doc: { ...row.doc, imported_at: world.clock.wall() } }));
  for (const answer of answers) answer();
  await waits;
  assert.equal(tokenRequests().length, 2);
});
