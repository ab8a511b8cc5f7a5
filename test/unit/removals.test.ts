// A connection whose removal was cut off: nothing of it is refreshed any more, and the next start finishes it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Connections } from '../../core/connections.ts';
import { createEngine } from '../../core/create-engine.ts';
import { LIMITS } from '../../core/limits.ts';
import { OWNER } from '../../core/model/caller.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { Registry } from '../../core/providers/registry.ts';
import { Refresher } from '../../core/refresh/refresher.ts';
import { Removals, removeConnection } from '../../core/removals.ts';
import { createVault } from '../../core/vault/vault.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { FAKE_NOW, FakeClock } from '../support/fake-clock.ts';
import { answered, FakeHttp, notSent } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { insertConnections } from '../support/seeded-connections.ts';
import { until, vaultPlace } from '../support/vault-fixture.ts';

after(endCoreWorlds);

interface CutOff {
  readonly world: CoreWorld;
  readonly id: string;
  /** What runs over the same vault after the host was killed. */
  readonly refresher: Refresher;
  readonly removals: Removals;
  readonly finished: () => Promise<void>;
}

/** A host that dies while the provider works on the revocation; `answers` are those after the next start. */
async function cutOff(...answers: HttpOutcome[]): Promise<CutOff> {
  let asked = 0;
  const world = await coreWorld({
    providers: [acme({ revocation_endpoint: 'https://as.acme.test/revoke' })],
    answer() {
      asked += 1;
      return asked === 1 ? new Promise<never>(() => {}) : (answers.shift() ?? answered(200));
    },
  });
  const [id = ''] = insertConnections(world.connections, 'acme', 1);
  void removeConnection(world, world.connections.get(id)!, false);
  await until(() => world.http.requests.length === 1);
  world.connections.load(world.vault);
  const refresher = new Refresher(world);
  const removals = new Removals({ ...world, refresher });
  const runs: Promise<void>[] = [];
  removals.start((removal) => {
    runs.push(removal());
    return runs.at(-1)!;
  });
  return { world, id, refresher, removals, finished: async () => void (await Promise.all(runs)) };
}

test('fault 28: a removal that was cut off after the provider was told is finished at the next start, and nothing is refreshed', async () => {
  for (const answer of [answered(200), answered(400, { error: 'invalid_token' })]) {
    const { world, id, refresher, finished } = await cutOff(answer);
    await refusedWith('conflict', () => refresher.refresh(id, { insist: true }));
    await finished();
    assert.deepEqual(world.connections.all(), []);
    assert.deepEqual(new Set(world.http.asked), new Set(['https://as.acme.test/revoke']));
    const removed = world.emitted.filter(
      (event) => event.type === 'connection' && event.action === 'removed',
    );
    assert.equal(removed.length, 1);
  }
});

test('fault 28: while the provider cannot be told the connection stays, unused, and is tried again', async () => {
  const { world, id, refresher, finished } = await cutOff(notSent('dns'), answered(503), answered(200));
  for (const requests of [2, 3]) {
    await finished();
    assert.equal(world.http.requests.length, requests);
    assert.notEqual(world.connections.get(id), undefined);
    await refusedWith('conflict', () => refresher.refresh(id));
    world.clock.advance(LIMITS.removalRetryMs);
  }
  await finished();
  assert.deepEqual(world.connections.all(), []);
});

test('a removal that is refused leaves no trace of it', async () => {
  const world = await coreWorld({
    providers: [acme({ revocation_endpoint: 'https://as.acme.test/revoke' })],
    answer: () => answered(400, { error: 'invalid_request' }),
  });
  const [id = ''] = insertConnections(world.connections, 'acme', 1);
  const before = world.connections.get(id);
  await refusedWith('revocation_failed', () => removeConnection(world, before!, false));
  world.connections.load(world.vault);
  assert.deepEqual(world.connections.get(id), before);
});

/** A vault of another machine with a removal that was cut off there, opened here; the disk and the network are fine. */
async function moved() {
  const place = vaultPlace();
  const vault = await createVault({ ...place, device: 'there' }, { kind: 'keychain' });
  const registry = new Registry(place.log);
  const connections = new Connections(place.log, place.random);
  registry.load(vault);
  connections.load(vault);
  registry.put(acme({ revocation_endpoint: 'https://as.acme.test/revoke' }), undefined);
  insertConnections(connections, 'acme', 1, { doc: { removing_since: FAKE_NOW } });
  vault.close();
  const http = new FakeHttp(() => answered(200));
  const engine = createEngine({
    ports: {
      ...{ clock: new FakeClock(), http, keychain: place.keychain, log: place.log, random: place.random },
      browser: { open: () => Promise.resolve() },
      network: { online: () => true },
      links: { owner: () => Promise.resolve({ kind: 'none' }) },
    },
    vaultPath: place.path,
    device: 'here',
    ownerKey: `tt_${'o'.repeat(43)}`,
    redirectPort: () => 1,
  });
  await engine.vault.unlock();
  return { engine, http };
}

test('promise 108: a removal that was cut off elsewhere is finished once somebody says that the vault is used here, and not before', async () => {
  const { engine, http } = await moved();
  assert.equal(engine.vault.review()?.cause, 'copied');
  assert.deepEqual(http.asked, []);
  await engine.vault.useHere();
  await until(() => engine.connections.list(OWNER).length === 0);
  assert.deepEqual(http.asked, ['https://as.acme.test/revoke']);
  await engine.close();
});
