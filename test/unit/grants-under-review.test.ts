// Which refresh tokens a review keeps back: all that may have been used elsewhere, whatever the clocks said, and none that
// was given here since.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Connections } from '../../core/connections.ts';
import { newConnection, settle } from '../../core/consent/settle.ts';
import { EventLog } from '../../core/event-log.ts';
import { factsOf, type TokenSet } from '../../core/model/token-set.ts';
import { Registry } from '../../core/providers/registry.ts';
import { createVault, openVault, type Vault } from '../../core/vault/vault.ts';
import { FakeHttp } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { removeVaultPlaces, secureRandom, vaultPlace } from '../support/vault-fixture.ts';

after(removeVaultPlaces);

const KEYCHAIN = { kind: 'keychain' } as const;

type Place = ReturnType<typeof vaultPlace>;

/** The parts of an engine over one open vault. */
function worldOver(vault: Vault, place: Place) {
  const { clock, log } = place;
  const connections = new Connections(log, secureRandom);
  const registry = new Registry(log);
  registry.load(vault);
  connections.load(vault);
  const http = new FakeHttp(() => ({ kind: 'not_sent', fault: 'dns' }));
  return { clock, log, connections, registry, http, events: new EventLog(clock, log), vault };
}

type World = ReturnType<typeof worldOver>;

const wanted = (account: string) => ({
  provider: acme(),
  scopes: ['read'],
  account,
  redirectUri: '',
  codeVerifier: '',
  nonce: '',
});

function tokensAt(now: number, refreshToken?: string): TokenSet {
  return {
    access_token: 'access',
    token_type: 'Bearer',
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    scope: ['read'],
    issued_at: now,
    expires_at: now + 3_600_000,
    expires_source: 'expires_in',
  };
}

/** A consent that ends well now. */
async function consented(world: World, account: string, refreshToken?: string): Promise<string> {
  const tokens = tokensAt(world.clock.now, refreshToken);
  return (await settle(world, wanted(account), { tokens, id: undefined, held: undefined })).id;
}

async function opened(place: Place, device: string): Promise<World> {
  const vault = openVault({ ...place, device });
  await vault.unlock();
  return worldOver(vault, place);
}

/** A vault of one machine with a grant that was made there, opened on another one. */
async function copied(): Promise<{ place: Place; id: string; here: World }> {
  const place = vaultPlace();
  const vault = await createVault({ ...place, device: 'there' }, KEYCHAIN);
  const there = worldOver(vault, place);
  there.registry.put(acme(), undefined);
  const id = await consented(there, 'jo', 'refresh-there');
  vault.close();
  const here = await opened(place, 'here');
  assert.equal(here.connections.review(id)?.cause, 'copied');
  return { place, id, here };
}

test('promise 108: a grant is kept back also when the clock of the machine it was made on was ahead', async () => {
  const place = vaultPlace();
  const vault = await createVault({ ...place, device: 'there' }, KEYCHAIN);
  const there = worldOver(vault, place);
  there.registry.put(acme(), undefined);
  place.clock.now += 10 * 60_000;
  const id = await consented(there, 'jo', 'refresh-there');
  vault.close();
  place.clock.now -= 9 * 60_000;
  const here = await opened(place, 'here');
  assert.equal(here.connections.review(id)?.cause, 'copied');
  here.vault.close();
});

test('promise 108: a consent that brings a refresh token of its own ends the wait of that connection, whatever the clock says', async () => {
  const { place, id, here } = await copied();
  const other = newConnection(here, wanted('other'), 'other');
  here.connections.insert({
    doc: { ...other, state: { status: 'active', token: factsOf(tokensAt(place.clock.now, 'r')) } },
    secrets: { refresh_token: 'r', tokens: tokensAt(place.clock.now, 'r') },
    previous: null,
    intent: null,
  });
  assert.equal(here.connections.review(other.id), undefined, 'one that was made here');
  place.clock.now -= 3_600_000;
  await consented(here, 'jo', 'refresh-here');
  assert.equal(here.connections.review(id), undefined);
  here.vault.close();
  const again = await opened(place, 'here');
  assert.equal(again.connections.review(id), undefined, 'after a restart');
  again.vault.close();
});

test('promise 108: a consent that brings no refresh token leaves the one of before kept back', async () => {
  const { place, id, here } = await copied();
  place.clock.now += 60_000;
  await consented(here, 'jo');
  assert.equal(here.connections.row(id).secrets.refresh_token, 'refresh-there');
  assert.equal(here.connections.review(id)?.cause, 'copied');
  here.vault.close();
});

test('promise 108: the same of an imported grant: only a refresh token of its own frees it', async () => {
  const { place, here } = await copied();
  here.vault.useHere();
  const id = await consented(here, 'imported', 'refresh-elsewhere');
  const importedAt = place.clock.now;
  here.connections.update(id, (row) => ({ ...row, doc: { ...row.doc, imported_at: importedAt } }));
  place.clock.now += 60_000;
  await consented(here, 'imported');
  assert.equal(here.connections.review(id)?.cause, 'imported');
  await consented(here, 'imported', 'refresh-here');
  assert.equal(here.connections.review(id), undefined);
  assert.deepEqual(here.connections.imported(), []);
  here.vault.close();
});

test('promise 108: a vault that is copied once more, or put back, while it waits keeps back what was given meanwhile', async () => {
  const { place, id, here } = await copied();
  place.clock.now += 60_000;
  await consented(here, 'jo', 'refresh-here');
  here.vault.close();
  place.clock.now += 60_000;
  const third = await opened(place, 'third');
  assert.equal(third.connections.review(id)?.cause, 'copied');
  third.vault.close();
  const later = await opened(place, 'third');
  assert.equal(later.connections.review(id)?.cause, 'copied');
  later.vault.close();
});

test('a connection without a refresh token has nothing to keep back: it says that it needs a consent', async () => {
  const place = vaultPlace();
  const vault = await createVault({ ...place, device: 'there' }, KEYCHAIN);
  const there = worldOver(vault, place);
  there.registry.put(acme(), undefined);
  const id = await consented(there, 'jo');
  vault.close();
  const here = await opened(place, 'here');
  assert.equal(here.connections.review(id), undefined);
  here.vault.close();
});
