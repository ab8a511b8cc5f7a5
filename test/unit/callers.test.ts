// Callers and their keys: random, shown once, stored as digests, and unknown for every reason alike.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Callers } from '../../core/access/callers.ts';
import { newCaller } from '../../core/model/caller.ts';
import { migrate } from '../../core/vault/schema.ts';
import { refusedWith, said } from '../support/errors.ts';
import { FAKE_NOW, FakeClock } from '../support/fake-clock.ts';
import { createRecordingLog } from '../support/recording-log.ts';

const OWNER_KEY = `tt_${'o'.repeat(43)}`;
const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };

function world() {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  const clock = new FakeClock();
  const log = createRecordingLog();
  const store = { database: () => database, transaction: <T>(work: () => T) => work() };
  const callers = new Callers(clock, random, OWNER_KEY, log);
  callers.load(store);
  /** The same table as a new start of the host reads it. */
  const reread = () => {
    const again = new Callers(clock, random, OWNER_KEY, log);
    again.load(store);
    return again;
  };
  return { callers, clock, database, log, reread };
}

const input = (name: string, more: object = {}) => newCaller.parse({ name, ...more });

test('promise 114: a new key is known at once and after a restart, with its rights and connections', () => {
  const { callers, reread } = world();
  const { key, caller } = callers.add(input('backup', { rights: ['token', 'proxy'], connections: ['acme'] }));
  assert.match(key, /^tt_[A-Za-z0-9_-]{43}$/);
  assert.equal(caller.prefix, key.slice(0, 7));
  for (const table of [callers, reread()]) {
    assert.deepEqual(table.identify(key), {
      name: 'backup',
      rights: ['token', 'proxy'],
      connections: ['acme'],
    });
  }
});

test('promise 114: unknown, changed, removed and expired keys are all the same: nobody', () => {
  const { callers, clock, reread } = world();
  const { key } = callers.add(input('short', { expires_in: 60 }));
  const removed = callers.add(input('gone')).key;
  callers.remove('gone');
  const changed = [
    key.slice(0, -1),
    `${key}x`,
    key.toUpperCase(),
    key.replace('tt_', ''),
    ` ${key}`,
    '',
    'tt_',
    OWNER_KEY.slice(1),
  ];
  for (const wrong of [...changed, removed]) assert.equal(callers.identify(wrong), undefined, wrong);
  clock.advance(59_999);
  assert.equal(callers.identify(key)?.name, 'short');
  clock.advance(1);
  assert.equal(callers.identify(key), undefined);
  assert.equal(reread().identify(key), undefined);
});

test('promise 123: the key itself is stored nowhere and shown in no list', () => {
  const { callers, database } = world();
  const { key } = callers.add(input('backup'));
  const stored = JSON.stringify(database.prepare('SELECT * FROM caller').all());
  for (const text of [stored, JSON.stringify(callers.list())]) {
    assert.ok(!text.includes(key) && !text.includes(key.slice(3)));
  }
});

test('the owner has a key, is no entry of the table, and cannot be replaced or removed', async () => {
  const { callers } = world();
  assert.deepEqual(callers.identify(OWNER_KEY)?.rights, ['admin']);
  assert.deepEqual(callers.list(), []);
  await refusedWith('already_exists', () => callers.add(input('owner')));
  await refusedWith('not_found', () => callers.remove('owner'));
});

test('before there is a vault only the owner is known, and keys cannot be made', async () => {
  const callers = new Callers(new FakeClock(), random, OWNER_KEY, createRecordingLog());
  assert.equal(callers.identify(OWNER_KEY)?.name, 'owner');
  assert.equal(callers.identify('tt_x'), undefined);
  await refusedWith('setup', () => callers.add(input('backup')));
});

test('names of keys are unique, listed in order, and free again after removal', async () => {
  const { callers } = world();
  for (const name of ['b', 'c', 'a']) callers.add(input(name));
  const error = await refusedWith('already_exists', () => callers.add(input('b')));
  assert.equal(error.details.field, 'name');
  assert.deepEqual(
    callers.list().map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  callers.remove('b');
  assert.match(callers.add(input('b')).key, /^tt_/);
  await refusedWith('not_found', () => callers.remove('nobody'));
});

test('a failed removal names no key', async () => {
  const { callers } = world();
  const { key } = callers.add(input('backup'));
  const error = await refusedWith('not_found', () => callers.remove(key));
  assert.ok(!said(error).includes(key));
});

test('the last use of a key is shown', () => {
  const { callers } = world();
  callers.add(input('backup'));
  assert.equal(callers.list()[0]?.last_used_at, null);
  callers.used('backup', FAKE_NOW + 5);
  assert.equal(callers.list()[0]?.last_used_at, FAKE_NOW + 5);
});

test('a request for a key is judged: name, rights, life and unknown fields', () => {
  const bad = [
    {},
    { name: 'A' },
    { name: 'a', rights: [] },
    { name: 'a', rights: ['root'] },
    { name: 'a', expires_in: 59 },
    { name: 'a', expires_in: 1e15 },
    { name: 'a', connections: 'acme' },
    { name: 'a', key: 'tt_mine' },
  ];
  for (const value of bad) assert.ok(!newCaller.safeParse(value).success, JSON.stringify(value));
  assert.deepEqual(newCaller.parse({ name: 'a' }), { name: 'a', rights: ['token'], connections: [] });
});

test('promise 122: a caller is valid until its key is removed or ends, and a later key by that name is another one', () => {
  const { callers, clock } = world();
  const identified = (key: string) => callers.identify(key) ?? assert.fail('nobody');
  const removed = identified(callers.add(input('a')).key);
  const ending = identified(callers.add(input('b', { expires_in: 60 })).key);
  const owner = identified(OWNER_KEY);
  assert.deepEqual(
    [removed, ending, owner].map((each) => callers.isValid(each)),
    [true, true, true],
  );
  callers.remove('a');
  callers.add(input('a'));
  clock.advance(60_000);
  assert.deepEqual(
    [removed, ending, owner].map((each) => callers.isValid(each)),
    [false, false, true],
  );
  // A window has no key of this table.
  assert.ok(callers.isValid({ name: 'window', rights: ['admin'], connections: [] }));
});

for (const doc of ['{}', 'no JSON', '{"rights":["root"],"connections":[]}']) {
  test(`a row that holds ${doc} is nobody's key and is logged; other keys work, and it can be removed by its name`, async () => {
    const { callers, database, log, reread } = world();
    const damaged = callers.add(input('damaged')).key;
    const good = callers.add(input('good')).key;
    database.prepare("UPDATE caller SET doc = ? WHERE name = 'damaged'").run(doc);
    const again = reread();
    assert.equal(again.identify(damaged), undefined);
    assert.equal(again.identify(good)?.name, 'good');
    assert.deepEqual(
      again.list().map(({ name }) => name),
      ['good'],
    );
    assert.ok(
      log.entries.some(({ event, fields }) => event === 'caller_damaged' && fields?.name === 'damaged'),
    );
    await refusedWith('already_exists', () => again.add(input('damaged')));
    again.remove('damaged');
    assert.match(again.add(input('damaged')).key, /^tt_/);
  });
}
