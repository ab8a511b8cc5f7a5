// The event stream of a running host, over its real doors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventReader, readEvents } from '../support/event-reader.ts';
import { addProvider, assertProblem, connect, openWorld, tokenOf } from '../support/integration-world.ts';

const told = (reader: EventReader) =>
  reader
    .events()
    .map(({ data }) => [data.type, data.action ?? data.state, data.connection ?? data.provider ?? data.name]);

test('the stream begins at once and tells an admin what happens, with rising ids and RFC 3339 times', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  for (const door of ['tcp', 'socket'] as const) {
    const reader = await readEvents(world.host, { door });
    assert.match(reader.text(), /^: ok\n\n/);
    const id = `acme-${door}`;
    await addProvider(world, provider.entry(id));
    await connect(world, id, { account: 'me' });
    await tokenOf(world, id);
    const last = await reader.until('the hand-out', ({ data }) => data.type === 'hand_out');
    assert.deepEqual(
      told(reader).filter(([type]) => type !== 'consent'),
      [
        ['provider', 'added', id],
        ['connection', 'added', `${id}/me`],
        ['hand_out', undefined, `${id}/me`],
      ],
    );
    const ids = reader.events().map((event) => Number(event.id));
    assert.deepEqual(
      ids,
      [...ids].sort((left, right) => left - right),
    );
    assert.equal(last.data.seq, Number(last.id));
    assert.match(last.data.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    reader.close();
  }
});

test('Last-Event-ID brings what was missed, exactly once and in order; a reader from before the host was started gets a reset', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const first = await readEvents(world.host);
  await addProvider(world, provider.entry('one'));
  const { id } = await first.until('the first provider', ({ data }) => data.provider === 'one');
  first.close();
  await addProvider(world, provider.entry('two', { authorization_endpoint: `${provider.issuer}/two` }));
  await addProvider(world, provider.entry('three', { authorization_endpoint: `${provider.issuer}/three` }));
  const again = await readEvents(world.host, { after: id ?? '' });
  assert.deepEqual(told(again), [
    ['provider', 'added', 'two'],
    ['provider', 'added', 'three'],
  ]);
  assert.doesNotMatch(again.text(), /event: reset/);
  again.close();
  for (const after of ['1', String(Number(id) + 1_000_000)]) {
    const lost = await readEvents(world.host, { after });
    assert.match(lost.text(), /^: ok\n\nevent: reset\ndata: \{\}\n\n/, after);
    assert.deepEqual(
      lost.events().map(({ event }) => event),
      ['reset'],
    );
    lost.close();
  }
  await world.restart();
  const late = await readEvents(world.host, { after: id ?? '' });
  assert.match(late.text(), /event: reset/);
  late.close();
  for (const after of ['x', '-1', '1.5', `${id} `.repeat(3)]) {
    const headers = { 'last-event-id': after };
    assertProblem(await world.call('GET', '/v1/events', { headers }), 400, 'bad_request');
  }
});

test('promise 117: a key reads about its own connections and hand-outs, and of the vault; nothing else, also in a replay', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  for (const account of ['me', 'boss']) {
    provider.user = { sub: account, email: account };
    await connect(world, 'acme', { account });
  }
  const { key } = (
    await world.call('POST', '/v1/keys', { body: { name: 'script', connections: ['acme/me'] } })
  ).json;
  const owner = await readEvents(world.host);
  const script = await readEvents(world.host, { key });
  await addProvider(world, provider.entry('later', { authorization_endpoint: `${provider.issuer}/later` }));
  const { id: start } = await owner.until('the provider', ({ data }) => data.provider === 'later');
  await world.call('POST', '/v1/refresh/acme/boss');
  await tokenOf(world, 'acme/boss');
  await world.call('POST', '/v1/keys', { body: { name: 'other', connections: ['acme'] } });
  await world.call('GET', '/v1/token/acme/me', { key });
  await world.call('POST', '/v1/refresh/acme/me');
  await world.call('POST', '/v1/lock');
  await script.until('the lock', ({ data }) => data.state === 'locked');
  const own = [
    ['hand_out', undefined, 'acme/me'],
    ['connection', 'refreshed', 'acme/me'],
    ['vault', 'locked', undefined],
  ];
  assert.deepEqual(told(script), own);
  assert.doesNotMatch(script.text(), /boss|other|later/);
  await owner.until('the lock', ({ data }) => data.state === 'locked');
  assert.match(owner.text(), /boss/);
  await world.call('POST', '/v1/unlock');
  const replayed = await readEvents(world.host, { key, after: start ?? '' });
  assert.deepEqual(told(replayed), [...own, ['vault', 'open', undefined]]);
  for (const reader of [owner, script, replayed]) reader.close();
});

test('promise 82: while the vault is locked the stream tells of the vault alone, to everybody', async (t) => {
  const world = await openWorld(t);
  const provider = await world.hostile();
  const before = await readEvents(world.host);
  await addProvider(world, provider.entry('acme'));
  const { id } = await before.until('the provider', ({ data }) => data.provider === 'acme');
  await connect(world, 'acme', { account: 'me' });
  await world.call('POST', '/v1/lock');
  const reader = await readEvents(world.host, { after: id ?? '' });
  assert.deepEqual(told(reader), [['vault', 'locked', undefined]]);
  assert.doesNotMatch(reader.text(), /acme/);
  for (const each of [before, reader]) each.close();
});
