// An answer that was received is never dropped: whatever keeps its refresh token from the vault, it is kept elsewhere.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { Connections } from '../../core/connections.ts';
import { createEngine } from '../../core/create-engine.ts';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { OWNER } from '../../core/model/caller.ts';
import { factsOf, type TokenSet } from '../../core/model/token-set.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { providerCommands } from '../../core/providers/commands.ts';
import { Registry } from '../../core/providers/registry.ts';
import { createVault, openVault } from '../../core/vault/vault.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { FAKE_NOW, FakeClock } from '../support/fake-clock.ts';
import { answered, FakeHttp } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { insertConnections } from '../support/seeded-connections.ts';
import { until, vaultPlace } from '../support/vault-fixture.ts';

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
const NEXT = answered(200, {
  access_token: 'access-1',
  token_type: 'Bearer',
  expires_in: 3_600,
  refresh_token: 'refresh-1',
});

/** A refresh that was sent and whose answer comes when the test says so. */
async function sent(): Promise<{ world: CoreWorld; answer: (outcome: HttpOutcome) => void }> {
  const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
  const world = await coreWorld({ answer: () => promise });
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
  return { world, answer: resolve };
}

for (const noticed of ['with the answer', 'before the answer']) {
  test(`fault 22: of a vault that was replaced during a refresh the copy that is kept has the new refresh token, noticed ${noticed}`, async () => {
    const { world, answer } = await sent();
    const { place, vault, refresher } = world;
    copyFileSync(place.path, `${place.path}.older`);
    const refused = refusedWith('vault_replaced', () => refresher.refresh(ID));
    await until(() => world.http.requests.length === 1);
    renameSync(`${place.path}.older`, place.path);
    if (noticed === 'before the answer') assert.equal(vault.unwritable()?.code, 'vault_replaced');
    answer(NEXT);
    await refused;
    assert.equal(refresher.holdsAnswer(), false, 'nothing is left that a stop could lose');
    await refusedWith('vault_replaced', () => refresher.refresh(ID, { insist: true }));
    assert.equal(world.http.requests.length, 1);
    vault.close();

    const kept = readdirSync(place.directory).filter((name) => name.startsWith('vault.db.kept-'));
    assert.equal(kept.length, 1, kept.join());
    const copy = openVault({ ...place, path: join(place.directory, kept[0]!) });
    await copy.unlock();
    const connections = new Connections(place.log, place.random);
    connections.load(copy);
    const { secrets, previous } = connections.row(ID);
    assert.deepEqual([secrets.refresh_token, previous], ['refresh-1', 'refresh-0']);
    assert.notEqual(copy.review()?.cause, 'rows_changed');
    copy.close();
  });
}

for (const code of ['vault_damaged', 'conflict'] as const) {
  test(`promise 86: an answer whose commit fails with ${code} is held like one that the disk did not take`, async () => {
    const { world, answer } = await sent();
    const { connections, refresher, clock } = world;
    const refused = refusedWith('storage', () => refresher.refresh(ID));
    await until(() => world.http.requests.length === 1);
    const update = connections.update;
    connections.update = () => {
      throw new TokentrayError(code, 'The write failed.');
    };
    answer(NEXT);
    await refused;
    assert.equal(refresher.holdsAnswer(), true);
    connections.update = update;
    clock.advance(LIMITS.heldRetryMs);
    await until(() => !refresher.holdsAnswer());
    assert.equal(connections.row(ID).secrets.refresh_token, 'refresh-1');
    assert.equal(world.http.requests.length, 1);
  });
}

test('promise 86: a grant from elsewhere whose replaced refresh token the disk does not take is neither removed nor revoked', async () => {
  const { world, answer } = await sent();
  const { connections, clock, http } = world;
  const add = providerCommands(world).import('acme', {
    refresh_token: 'refresh-elsewhere',
    account: 'moved',
  });
  const refused = refusedWith('storage', () => add);
  await until(() => http.requests.length === 1);
  const update = connections.update;
  connections.update = () => {
    throw new TokentrayError('storage', 'The disk is full.');
  };
  answer(NEXT);
  await refused;
  connections.update = update;
  clock.advance(LIMITS.heldRetryMs);
  await until(() => !world.refresher.holdsAnswer());
  const moved = connections.byName(`${acme().id}/moved`);
  assert.ok(moved, 'it is still here');
  await until(() => world.refresher.inFlightSince(moved.id) === undefined);
  assert.equal(connections.row(moved.id).secrets.refresh_token, 'refresh-1');
  assert.equal(http.requests.length, 1, 'nothing was revoked');
});

test('promise 82: a lock that would lose an answer that is held is given up after 75 s; with room the answer is stored and the lock works', async (t) => {
  const place = vaultPlace();
  const vault = await createVault(place, { kind: 'keychain' });
  const registry = new Registry(place.log);
  const connections = new Connections(place.log, place.random);
  registry.load(vault);
  connections.load(vault);
  registry.put(acme(), undefined);
  const [id = ''] = insertConnections(connections, 'acme', 1);
  vault.close();
  const other = new DatabaseSync(place.path);
  t.after(() => other.close());
  const clock = new FakeClock();
  const http = new FakeHttp(() => {
    // From the answer on, another program has the file.
    other.exec('BEGIN IMMEDIATE');
    return NEXT;
  });
  const engine = createEngine({
    ports: {
      ...{ clock, http, keychain: place.keychain, log: place.log, random: place.random },
      browser: { open: () => Promise.resolve() },
      network: { online: () => true },
      links: { owner: () => Promise.resolve({ kind: 'none' }) },
    },
    vaultPath: place.path,
    ownerKey: `tt_${'o'.repeat(43)}`,
    redirectPort: () => 1,
  });
  await engine.vault.unlock();
  await refusedWith('storage', () => engine.tokens.handOut(OWNER, id, { door: 'tcp', force: true }));
  const locked = refusedWith('storage', () => engine.vault.lock());
  await until(() => engine.state() === 'locked');
  clock.advance(75_000);
  assert.match((await locked).message, /a lock would lose it/);
  assert.equal(engine.state(), 'open');
  other.exec('ROLLBACK');
  const given = await engine.tokens.handOut(OWNER, id, { door: 'tcp', force: true });
  assert.equal(given.access_token, 'access-1');
  assert.equal(http.requests.length, 1);
  await engine.vault.lock();
  assert.equal(engine.state(), 'locked');
  await engine.close();
});
