// A host in a process of its own that dies at one step of a rotation, by SIGKILL or for want of memory; the next one over
// its files goes on with the token that is on the disk, and the provider's record says what was sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostileOptions, HostileProvider, type Script } from '../support/hostile-provider.ts';
import { readVaultRows } from '../support/vault-rows.ts';
import {
  type Loaded,
  loadVictim,
  startVictim,
  type Victim,
  type VictimStart,
  victimPlace,
} from '../support/victim.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

interface Death {
  readonly provider: HostileProvider;
  /** The refresh token on the disk when the refresh began, and the access token that came with it. */
  readonly first: string;
  readonly access: string;
  /** What the vault held after the death. */
  readonly left: { readonly token: string | null; readonly intent: string | undefined };
  /** A host that was started over it. */
  readonly next: Victim;
  /** Refresh tokens that were sent since the refresh that killed it began. */
  sent(): string[];
}

/** The first refresh is that of the import. */
const SECOND = 2;

async function deathOf(
  t: Cleanup,
  how: VictimStart & { readonly provider?: HostileOptions; readonly answer?: (host: Victim) => Script },
): Promise<Death> {
  const provider = await HostileProvider.start(how.provider);
  t.after(() => provider.close());
  const place = await victimPlace(t);
  const [host, spare]: [Victim, Loaded] = await Promise.all([
    startVictim(t, place, how),
    loadVictim(t, place),
  ]);
  assert.equal((await host.call('POST', '/v1/providers', { body: provider.entry('acme') })).status, 201);
  const given = provider.grantElsewhere('client-of-acme');
  const imported = await host.call('POST', '/v1/providers/acme/import', {
    body: { refresh_token: given, account: 'me' },
  });
  assert.equal(imported.status, 201, imported.body);
  const first = provider.successorOf(given) ?? '';
  const access = (await host.call('GET', '/v1/token/acme/me')).json.access_token;
  const before = provider.refreshes.length;
  if (how.answer !== undefined) provider.onToken(how.answer(host));
  const asked = host.call('POST', '/v1/refresh/acme/me').then(
    () => 'answered',
    () => 'died',
  );
  const { code } = await host.ended;
  assert.notEqual(code, 0);
  assert.equal(await asked, 'died');
  const { rows, sound, damaged } = await readVaultRows(place.vault, place.keyFile);
  assert.deepEqual([rows.length, sound, damaged], [1, true, []]);
  return {
    provider,
    first,
    access,
    left: { token: rows[0]!.secrets.refresh_token, intent: rows[0]!.intent?.kind },
    next: await spare.start(),
    sent: () => provider.refreshTokensSeen.slice(before),
  };
}

const killedAt = (step: 'S1' | 'S2' | 'S5' | 'S7'): VictimStart => ({
  at: { step, turn: SECOND, what: 'SIGKILL' },
});
const killing =
  (andBefore: (exchange: Parameters<Script>[0]) => unknown) =>
  (host: Victim): Script =>
  (exchange) => {
    andBefore(exchange);
    void host.end('SIGKILL');
  };
const refresh = (host: Victim) => host.call('POST', '/v1/refresh/acme/me');
const statusOf = async (host: Victim) => {
  const { status, cause } = (await host.call('GET', '/v1/connections/acme%2Fme')).json;
  return cause === undefined ? status : `${status}: ${cause}`;
};

/** The token on the disk is the old one, the next start sends it once, and all is well. */
async function sendsItOnce(t: Cleanup, how: Parameters<typeof deathOf>[1], intent: 'sent' | undefined) {
  const { first, left, next, provider, sent } = await deathOf(t, how);
  assert.deepEqual(left, { token: first, intent });
  const already = sent().length;
  assert.equal((await refresh(next)).status, 200);
  assert.deepEqual(sent().slice(already), [first]);
  assert.equal((await refresh(next)).status, 200);
  assert.equal(sent().length, already + 2);
  assert.notEqual(provider.successorOf(first), undefined);
}

/** At a provider with grace. */
async function getsTheSuccessor(t: Cleanup, how: Parameters<typeof deathOf>[1]) {
  const { first, left, next, sent } = await deathOf(t, { ...how, provider: { strict: false } });
  assert.deepEqual(left, { token: first, intent: 'sent' });
  assert.equal((await refresh(next)).status, 200);
  assert.deepEqual(sent(), [first, first]);
  assert.equal(await statusOf(next), 'active');
}

/** At a strict provider. */
async function saysAnswerLost(t: Cleanup, how: Parameters<typeof deathOf>[1]) {
  const { access, first, left, next, sent } = await deathOf(t, how);
  assert.deepEqual(left, { token: first, intent: 'sent' });
  const refused = await next.call('GET', '/v1/token/acme/me?force');
  assert.deepEqual([refused.status, refused.json.code], [409, 'consent_needed']);
  assert.match(refused.json.detail, /answer was lost/);
  assert.equal((await next.call('GET', '/v1/token/acme/me?force')).status, 409);
  assert.deepEqual(sent(), [first, first]);
  assert.equal((await next.call('GET', '/v1/token/acme/me')).json.access_token, access);
  // A person may insist; the reason stays the one it was.
  assert.equal((await refresh(next)).status, 409);
  assert.equal(await statusOf(next), 'needs_consent: answer_lost');
}

const usedUp = { answer: killing(({ honest }) => honest()) };

test('fault 1: killed before the intent: the next start refreshes with the old token as ever', (t) =>
  sendsItOnce(t, killedAt('S1'), undefined));

test('fault 2: killed between the intent and the request: the next start sends the old token once, and it works', (t) =>
  sendsItOnce(t, killedAt('S2'), 'sent'));

test('fault 3: killed while the provider has done nothing yet: the next start sends the old token once, and it works', (t) =>
  sendsItOnce(t, { answer: killing(() => undefined) }, 'sent'));

test('fault 4: killed after a provider with grace used the token up: the next start sends it once more and gets its successor', (t) =>
  getsTheSuccessor(t, usedUp));

test('fault 5: killed after a strict provider used the token up: one try, then "answer lost"; the access token is given to its end', (t) =>
  saysAnswerLost(t, usedUp));

test('fault 6: killed between the last byte and the commit, at a provider with grace: the next start gets the successor', (t) =>
  getsTheSuccessor(t, killedAt('S5')));

test('fault 6: killed between the last byte and the commit, at a strict provider: one try, then "answer lost"', (t) =>
  saysAnswerLost(t, killedAt('S5')));

test('fault 8: killed after the commit: callers get the new access token from the next start, and nothing is sent for it', async (t) => {
  const { access, first, left, next, provider, sent } = await deathOf(t, killedAt('S7'));
  assert.deepEqual(left, { token: provider.successorOf(first), intent: 'answered' });
  const reply = await next.call('GET', '/v1/token/acme/me?force');
  assert.equal(reply.status, 200, reply.body);
  assert.notEqual(reply.json.access_token, access);
  assert.deepEqual(sent(), [first]);
});

test('fault 29: out of memory when the answer is there: the next start finds the old token and its intent, and asks again', async (t) => {
  const { first, left, next, sent } = await deathOf(t, {
    provider: { strict: false },
    nodeOptions: ['--max-old-space-size=64'],
    at: { step: 'S5', turn: SECOND, what: 'heap' },
  });
  assert.deepEqual(left, { token: first, intent: 'sent' });
  assert.equal((await refresh(next)).status, 200);
  assert.deepEqual(sent(), [first, first]);
});
