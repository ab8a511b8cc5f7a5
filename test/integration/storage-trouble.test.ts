// A disk that is full, read-only or broken under a host that runs: a refresh whose answer could not be kept is not sent, an
// answer that is there already is held, tried again and shouted about, and nothing is lost when the disk is well again.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HostileProvider, honestly } from '../support/hostile-provider.ts';
import {
  breakCalls,
  fillDisk,
  freeDisk,
  homeOf,
  limitFileSize,
  noNamespace,
  noStrace,
  onSmallDisk,
} from '../support/trouble.ts';
import { readVaultRows } from '../support/vault-rows.ts';
import {
  startVictim,
  type Victim,
  type VictimPlace,
  type VictimStart,
  victimPlace,
} from '../support/victim.ts';

interface Cleanup {
  after(fn: () => unknown): void;
}

interface Setting {
  readonly place: VictimPlace;
  readonly host: Victim;
  readonly provider: HostileProvider;
  /** The refresh token that is on the disk. */
  readonly current: string;
}

/** A host in a process of its own with one connection `acme/me`, whose first refresh is done. */
async function setting(t: Cleanup, how: (place: VictimPlace) => VictimStart = () => ({})): Promise<Setting> {
  const provider = await HostileProvider.start();
  t.after(() => provider.close());
  const place = await victimPlace(t);
  const host = await startVictim(t, place, how(place));
  assert.equal((await host.call('POST', '/v1/providers', { body: provider.entry('acme') })).status, 201);
  const given = provider.grantElsewhere('client-of-acme');
  const body = { refresh_token: given, account: 'me' };
  const imported = await host.call('POST', '/v1/providers/acme/import', { body });
  assert.equal(imported.status, 201, imported.body);
  return { place, host, provider, current: provider.successorOf(given) ?? '' };
}

const refresh = (host: Victim) => host.call('POST', '/v1/refresh/acme/me');

/** What a person sees of it: the status, and the doctor. */
async function shouted(host: Victim): Promise<string> {
  const { warnings }: { warnings: string[] } = (await host.call('GET', '/v1/status')).json;
  const doctor = (await host.call('GET', '/v1/doctor')).json;
  for (const warning of warnings)
    assert.ok(JSON.stringify(doctor.checks).includes(JSON.stringify(warning).slice(1, -1)), warning);
  return warnings.join('\n');
}

/** Refused, nothing was sent, the token at hand is still given; when `heal` has been called everything goes on. */
async function refusesToSend({ host, provider, current }: Setting, heal: () => unknown): Promise<void> {
  const sent = provider.refreshes.length;
  const refused = await refresh(host);
  assert.deepEqual([refused.status, refused.json.code], [500, 'storage'], refused.body);
  assert.equal(provider.refreshes.length, sent);
  assert.match(await shouted(host), /acme\/me was not refreshed, and nothing was sent\./);
  assert.equal((await host.call('GET', '/v1/token/acme/me')).status, 200);
  await heal();
  assert.equal((await refresh(host)).status, 200);
  assert.equal(provider.refreshTokensSeen.at(-1), current);
  assert.equal(await shouted(host), '');
}

/** `wound` is called when the request has arrived, so the answer is the first thing that cannot be stored. */
async function holdsTheAnswer(
  { place, host, provider, current }: Setting,
  wound: () => unknown,
  heal: () => unknown,
): Promise<void> {
  provider.onToken(async (exchange) => {
    await wound();
    await honestly()(exchange);
  });
  const sent = provider.refreshes.length + 1;
  for (const call of [refresh(host), refresh(host)]) {
    const refused = await call;
    assert.deepEqual([refused.status, refused.json.code], [500, 'storage'], refused.body);
  }
  const next = provider.successorOf(current);
  assert.match(
    await shouted(host),
    /The new refresh token of acme\/me could not be stored\. It is kept in memory only/,
  );
  await heal();
  assert.equal((await refresh(host)).status, 200);
  assert.equal(provider.refreshes.length, sent);
  assert.equal(await shouted(host), '');
  const { rows, sound } = await lookFromOutside(place, host);
  assert.equal(sound, true);
  assert.equal(rows[0]?.secrets.refresh_token, next);
  assert.equal((await refresh(host)).status, 200);
  assert.deepEqual(provider.refreshTokensSeen.slice(-2), [current, next]);
}

/** What a power cut would leave now, opened by somebody else. */
async function lookFromOutside(place: VictimPlace, host: Victim) {
  const copy = mkdtempSync(join(tmpdir(), 'tt-copy-'));
  try {
    for (const name of ['vault.db', 'vault.db-wal'])
      cpSync(join(homeOf(place, host), name), join(copy, name));
    return await readVaultRows(join(copy, 'vault.db'), place.keyFile);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

test('fault 12: with a full disk no refresh is sent, tokens at hand are given, and with room again all goes on', {
  skip: noNamespace,
}, async (t) => {
  const found = await setting(t, ({ home }) => ({ through: onSmallDisk(home, 3) }));
  const folder = homeOf(found.place, found.host);
  fillDisk(folder);
  await refusesToSend(found, () => freeDisk(folder));
});

test('promise 86, fault 13: a disk that is full when the answer is there costs nothing: the new token is held, shouted about, and stored when there is room', {
  skip: noNamespace,
}, async (t) => {
  const found = await setting(t, ({ home }) => ({ through: onSmallDisk(home, 3) }));
  const folder = homeOf(found.place, found.host);
  await holdsTheAnswer(
    found,
    () => fillDisk(folder),
    () => freeDisk(folder),
  );
});

test('fault 17: a limit for file sizes that is reached when the answer is there is like a full disk', async (t) => {
  const found = await setting(t);
  const { host, place } = found;
  await holdsTheAnswer(
    found,
    () => limitFileSize(host.pid, statSync(join(place.home, 'vault.db-wal')).size),
    () => limitFileSize(host.pid, undefined),
  );
});

test('fault 16: on a file system that turned read-only no refresh is sent and tokens at hand are given', {
  skip: noStrace,
}, async (t) => {
  const found = await setting(t);
  const rules = ['pwrite64', 'ftruncate'].map((call) => `${call}:error=EROFS`);
  const heal = await breakCalls(t, found.host.pid, ...rules);
  await refusesToSend(found, heal);
});

test('fault 14: a host whose disk cannot sync any more holds the new token until it can', {
  skip: noStrace,
}, async (t) => {
  const found = await setting(t);
  let heal = async () => {};
  await holdsTheAnswer(
    found,
    async () => {
      heal = await breakCalls(t, found.host.pid, 'fsync:error=EIO', 'fdatasync:error=EIO');
    },
    () => heal(),
  );
});

test('fault 67: SIGTERM in the middle of the commit lets it finish; the host ends with 0 within 10 s and the new token is on the disk', {
  skip: noStrace,
}, async (t) => {
  const { host, place, provider, current } = await setting(t);
  provider.onToken(async (exchange) => {
    await breakCalls(t, host.pid, 'fsync:delay_enter=700000', 'fdatasync:delay_enter=700000');
    await honestly()(exchange);
  });
  const asked = refresh(host).catch(() => undefined);
  await inStep(place, 'S5');
  const began = performance.now();
  assert.deepEqual(await host.end('SIGTERM'), { code: 0, signal: null });
  assert.ok(performance.now() - began < 10_000);
  await asked;
  const { rows } = await readVaultRows(place.vault, place.keyFile);
  assert.equal(rows[0]?.secrets.refresh_token, provider.successorOf(current));
});

/** Waits until the second rotation has reached this step. */
async function inStep({ journalLines }: VictimPlace, step: string): Promise<void> {
  const reached = () => journalLines().filter((line) => 'step' in line && line.step === step).length >= 2;
  for (let turn = 0; !reached(); turn += 1) {
    assert.ok(turn < 5_000, `${step} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
