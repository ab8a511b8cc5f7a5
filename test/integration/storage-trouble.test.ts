// A disk that is full, read-only or broken under a host that runs: a refresh whose answer could not be kept is not sent, an
// answer that is there already is held, tried again and shouted about, and nothing is lost when the disk is well again.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
async function setting(
  t: Cleanup,
  how: (place: VictimPlace) => VictimStart = temporaryFilesApart,
): Promise<Setting> {
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

/** A folder for temporary files that goes with the test. */
const temporaryFilesApart = ({ journal }: VictimPlace): VictimStart => ({
  through: ['env', `TMPDIR=${dirname(journal)}`],
});

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
  copy: RegExp,
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
  const said = await shouted(host);
  assert.match(said, /The new refresh token of acme\/me could not be stored\. It is kept in memory /);
  assert.match(said, copy);
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

test('promise 86, fault 13: a disk that is full when the answer is there costs nothing: the new token is held, a sealed copy of it saved on another disk, shouted about, and stored when there is room', {
  skip: noNamespace,
}, async (t) => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'tt-elsewhere-'));
  t.after(() => rmSync(elsewhere, { recursive: true, force: true }));
  const found = await setting(t, ({ home }) => ({
    through: [...onSmallDisk(home, 3), 'env', `TMPDIR=${elsewhere}`],
  }));
  const folder = homeOf(found.place, found.host);
  await holdsTheAnswer(
    found,
    () => fillDisk(folder),
    () => {
      const [own = '', ...others] = readdirSync(elsewhere);
      assert.deepEqual(others, []);
      assert.match(own, /^tokentray-rescue-\d+$/);
      assert.equal(copiesIn(join(elsewhere, own)).length, 1);
      freeDisk(folder);
    },
    /and in a sealed copy, \S+\/tokentray-rescue-\d+\/tokentray-rescue-v_\S+, and tried again/,
  );
  const [own = ''] = readdirSync(elsewhere);
  assert.deepEqual(copiesIn(join(elsewhere, own)), []);
});

test('fault 17: a limit for file sizes that is reached when the answer is there is like a full disk', async (t) => {
  const found = await setting(t);
  const { host, place } = found;
  await holdsTheAnswer(
    found,
    () => limitFileSize(host.pid, statSync(join(place.home, 'vault.db-wal')).size),
    () => limitFileSize(host.pid, undefined),
    /and in a sealed copy, \S+\/tokentray-rescue-v_\S+, and tried again/,
  );
  assert.deepEqual(copiesIn(place.home), []);
});

/** A host that holds an answer its vault did not take, and saved a copy of it in its data directory, is killed. */
async function killedWhileHolding(t: Cleanup): Promise<Setting & { readonly copy: string }> {
  const found = await setting(t);
  const { host, place, provider } = found;
  provider.onToken(async (exchange) => {
    limitFileSize(host.pid, statSync(join(place.home, 'vault.db-wal')).size);
    await honestly()(exchange);
  });
  assert.equal((await refresh(host)).json.code, 'storage');
  await host.end('SIGKILL');
  const [copy = '', ...others] = copiesIn(place.home);
  assert.deepEqual(others, []);
  return { ...found, copy };
}

function copiesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('tokentray-rescue-'))
    .map((name) => join(folder, name));
}

test('promise 86, fault 13: a host that is killed while it holds a new token has it at its next start: nothing is sent again, and the copy is gone once the token is stored', async (t) => {
  const { place, provider, current, copy } = await killedWhileHolding(t);
  assert.equal(statSync(copy).mode & 0o777, 0o600);
  const next = provider.successorOf(current) ?? '';
  assert.ok(next !== '' && !readFileSync(copy, 'latin1').includes(next));
  const sent = provider.refreshes.length;
  const host = await startVictim(t, place);
  // Whoever asks for it as the first one waits for what was saved.
  assert.equal((await host.call('GET', '/v1/token/acme/me')).status, 200);
  for (let turn = 0; copiesIn(place.home).length > 0; turn += 1) {
    assert.ok(turn < 5_000, 'the copy is still there');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal(provider.refreshes.length, sent);
  const { rows } = await lookFromOutside(place, host);
  assert.deepEqual([rows[0]?.secrets.refresh_token, rows[0]?.previous], [next, current]);
  assert.equal((await refresh(host)).status, 200);
  assert.deepEqual(provider.refreshTokensSeen.slice(-2), [current, next]);
  assert.equal(await shouted(host), '');
});

test('promise 86: a copy of a new token with one flipped bit changes nothing and is kept as it is', async (t) => {
  const { place, current, copy } = await killedWhileHolding(t);
  const { generation, sealed, ...rest } = JSON.parse(readFileSync(copy, 'utf8'));
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(copy, JSON.stringify({ ...rest, generation, sealed: bytes.toString('base64') }));
  const before = readFileSync(copy);
  const host = await startVictim(t, place);
  assert.equal((await host.call('GET', '/v1/token/acme/me')).status, 200);
  const { rows } = await lookFromOutside(place, host);
  assert.deepEqual([rows[0]?.secrets.refresh_token, rows[0]?.intent?.kind], [current, 'sent']);
  assert.deepEqual(readFileSync(copy), before);
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
    /in memory only, since no copy could be saved elsewhere either,/,
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
