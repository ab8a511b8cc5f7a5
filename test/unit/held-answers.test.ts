// An answer that was received is never dropped: whatever keeps its refresh token from the vault, it is kept elsewhere.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Connections } from '../../core/connections.ts';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { factsOf, type TokenSet } from '../../core/model/token-set.ts';
import type { HttpOutcome } from '../../core/ports.ts';
import { providerCommands } from '../../core/providers/commands.ts';
import { openVault } from '../../core/vault/vault.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { refusedWith } from '../support/errors.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';
import { answered } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
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
