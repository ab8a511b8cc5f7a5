// The record of hand-outs of a running host, read from its vault as the owner of the machine could.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { until } from '../support/in-time.ts';
import {
  addProvider,
  connect,
  connectionOf,
  openWorld,
  tokenOf,
  type World,
} from '../support/integration-world.ts';

interface AuditRow {
  readonly at: number;
  readonly caller: string;
  readonly connection: string;
  readonly door: string;
  readonly action: string;
  readonly outcome: string;
  readonly mark: string | null;
}

/** What SQLite lets others read: a record is written at the end of the turn that answered. */
function recordsOf(world: World): AuditRow[] {
  const database = new DatabaseSync(join(world.host.home, 'vault.db'), { readOnly: true });
  try {
    const rows = database
      .prepare(
        "SELECT at, caller, connection, door, action, outcome, mark FROM audit WHERE action = 'hand_out' ORDER BY seq",
      )
      .all();
    return rows.map((row) => ({
      at: Number(row.at),
      caller: String(row.caller),
      connection: String(row.connection),
      door: String(row.door),
      action: String(row.action),
      outcome: String(row.outcome),
      mark: row.mark === null ? null : String(row.mark),
    }));
  } finally {
    database.close();
  }
}

test('promise 135: every hand-out and every refusal is recorded with time, caller, connection, way in and outcome, and never the token', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme', { account: 'me' });
  const { id } = await connectionOf(world, 'acme/me');
  const body = { name: 'script', connections: ['acme/me'] };
  const { key } = (await world.call('POST', '/v1/keys', { body })).json;
  world.secrets.add(key);

  const started = Date.now();
  const first = (await world.call('GET', '/v1/token/acme/me', { key, door: 'socket' })).json;
  await world.call('GET', '/v1/token/acme?format=token');
  await world.call('GET', '/v1/token/acme/me?scope=admin', { key });
  await world.call('GET', '/v1/token/acme/me?min_valid=99999', { key });
  const second = await tokenOf(world, 'acme/me', 'force');
  assert.notEqual(second.access_token, first.access_token);
  await until('the records', () => recordsOf(world).length >= 5);

  const records = recordsOf(world);
  assert.deepEqual(
    records.map(({ caller, connection, door, action, outcome }) => [
      caller,
      connection,
      door,
      action,
      outcome,
    ]),
    [
      ['script', id, 'socket', 'hand_out', 'released'],
      ['owner', id, 'tcp', 'hand_out', 'released'],
      ['script', id, 'tcp', 'hand_out', 'scope_not_granted'],
      ['script', id, 'tcp', 'hand_out', 'min_valid_impossible'],
      ['owner', id, 'tcp', 'hand_out', 'released'],
    ],
  );
  for (const { at } of records) assert.ok(at >= started && at <= Date.now());
  // Six hex digits: equal for one token, nothing else to be had from them. At the end of the test the file is searched
  // for the tokens themselves.
  const [one, again, , , other] = records.map(({ mark }) => mark);
  assert.match(one ?? '', /^[0-9a-f]{6}$/);
  assert.equal(again, one);
  assert.match(other ?? '', /^[0-9a-f]{6}$/);
  assert.deepEqual([records[2]?.mark, records[3]?.mark], [null, null]);
  world.secrets.add(second.access_token);
});

test('promise 135: the mark of a token is keyed, so that nobody can try tokens against it', async (t) => {
  const marks: (string | null)[] = [];
  const worlds = [await openWorld(t), await openWorld(t)];
  for (const world of worlds) {
    const provider = await world.hostile();
    await addProvider(world, provider.entry('acme'));
    provider.onToken(({ honest, response }) => {
      const { body } = honest();
      response
        .writeHead(200, { 'content-type': 'application/json', connection: 'close' })
        .end(JSON.stringify({ ...body, access_token: 'one-and-the-same-token-at-both' }));
    });
    await connect(world, 'acme', { account: 'me' });
    await tokenOf(world, 'acme/me');
    await until('the record', () => recordsOf(world).length >= 1);
    marks.push(recordsOf(world)[0]?.mark ?? null);
  }
  // Two vaults, two keys: the same token leaves two marks.
  assert.notEqual(marks[0], marks[1]);
});

test('promise 135: records and last uses outlive the host, in order, and a restarted one adds to them', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme', { account: 'me' });
  const { key } = (await world.call('POST', '/v1/keys', { body: { name: 'script', connections: ['acme'] } }))
    .json;
  world.secrets.add(key);
  for (let count = 0; count < 20; count += 1) await world.call('GET', '/v1/token/acme/me', { key });
  const lastUse = async () => (await world.call('GET', '/v1/keys')).json.keys[0].last_used_at;
  const before = await lastUse();
  await world.restart();
  assert.equal(await lastUse(), before);
  assert.equal(recordsOf(world).length, 20);
  await world.call('GET', '/v1/token/acme/me', { key });
  await until('one more record', () => recordsOf(world).length === 21);
  assert.ok(Date.parse(await lastUse()) >= Date.parse(before));
});

test('promise 135: a key that was refused has still been used, and its last use is the same after a restart', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  await connect(world, 'acme', { account: 'me' });
  const { key } = (await world.call('POST', '/v1/keys', { body: { name: 'script', connections: ['acme'] } }))
    .json;
  world.secrets.add(key);
  await world.call('GET', '/v1/token/acme/me?scope=admin', { key });
  await until('the record', () => recordsOf(world).length === 1);
  const lastUse = async () => (await world.call('GET', '/v1/keys')).json.keys[0].last_used_at;
  const before = await lastUse();
  assert.notEqual(before, null);
  await world.restart();
  assert.equal(await lastUse(), before);
});
