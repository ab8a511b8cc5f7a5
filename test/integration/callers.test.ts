// Who calls, with which key, and what that key is good for: asked of a running host over its real doors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { RIGHTS, type RouteName } from '../../api/rights.ts';
import { readHeader } from '../../core/vault/header.ts';
import { decode, encode, unwrapKey } from '../../core/vault/slots.ts';
import { scanText } from '../support/canary-scan.ts';
import { readEvents } from '../support/event-reader.ts';
import { answering, type HostileProvider, honestly, after as later } from '../support/hostile-provider.ts';
import { inTime, until } from '../support/in-time.ts';
import {
  addProvider,
  assertProblem,
  connect,
  finishConsent,
  openWorld,
  startConsent,
  type World,
  type WorldOptions,
} from '../support/integration-world.ts';
import type { CallOptions, Reply } from '../support/running-host.ts';

const SECONDS = 1_000;

interface Stage {
  readonly world: World;
  readonly provider: HostileProvider;
  /** A key with this right on these connections. */
  keyFor(name: string, right: string, connections: readonly string[], expires_in?: number): Promise<string>;
}

/** A world with the connections acme/me and acme/boss. */
async function stage(t: TestContext, options: WorldOptions = {}): Promise<Stage> {
  const world = await openWorld(t, options);
  const provider = await world.hostile();
  await addProvider(world, provider.entry('acme'));
  for (const account of ['me', 'boss']) {
    provider.user = { sub: account, email: `${account}@example.test` };
    await connect(world, 'acme', { account });
  }
  return {
    world,
    provider,
    async keyFor(name, right, connections, expires_in) {
      const body = { name, rights: [right], connections, expires_in };
      const reply = await world.call('POST', '/v1/keys', { body });
      assert.equal(reply.status, 201, reply.body);
      world.secrets.add(reply.json.key);
      return reply.json.key;
    },
  };
}

/** All of an answer but the time of day. */
function sameness({ status, headers, body }: Reply): string {
  return JSON.stringify([status, Object.entries(headers).filter(([name]) => name !== 'date'), body]);
}

test('promise 114: no key, an unknown, a removed, an expired and a foreign one get one and the same 401', async (t) => {
  const { world, keyFor } = await stage(t, { fakeTime: true });
  const removed = await keyFor('removed', 'token', ['acme/me']);
  const expired = await keyFor('expired', 'token', ['acme/me'], 60);
  assert.equal((await world.call('GET', '/v1/token/acme/me', { key: expired })).status, 200);
  assert.equal((await world.call('DELETE', '/v1/keys/removed')).status, 200);
  world.clock.jumpWall(60 * SECONDS);
  const { access_token } = (await world.call('GET', '/v1/token/acme/me')).json;
  const answers = new Map<string, Set<string>>();
  for (const key of [
    null,
    removed,
    expired,
    access_token,
    `tt_${'A'.repeat(43)}`,
    'tt_',
    removed.slice(0, -1),
  ]) {
    for (const door of ['tcp', 'socket'] as const) {
      for (const path of ['/v1/token/acme/me', '/v1/token/nobody', '/v1/keys', '/nowhere']) {
        const answer = await world.call('GET', path, { key, door });
        assert.equal(answer.status, 401);
        const known = answers.get(door) ?? new Set();
        answers.set(door, known.add(sameness(answer)));
        // Ten bad keys in a minute are answered otherwise (promise 116).
        world.clock.advance(10 * SECONDS);
      }
    }
  }
  assert.equal(new Set([...answers.values()].flatMap((known) => [...known])).size, 1);
});

test('promise 116: ten bad keys in a minute and more get 429 with Retry-After, while good keys work all the time', async (t) => {
  const { world, keyFor } = await stage(t, { fakeTime: true });
  const key = await keyFor('script', 'token', ['acme/me']);
  const guess = (door: 'tcp' | 'socket') => world.call('GET', '/v1/status', { key: 'tt_guessed', door });
  for (let count = 0; count < 10; count += 1) assert.equal((await guess('tcp')).status, 401);
  world.clock.advance(20 * SECONDS);
  const slowed = await guess('tcp');
  assertProblem(slowed, 429, 'rate_limited');
  assert.equal(slowed.headers['retry-after'], '40');
  assert.equal(slowed.json.retry_after, 40);
  assert.equal((await world.call('GET', '/v1/status', { key: null })).status, 429);
  assert.equal((await world.call('GET', '/v1/token/acme/me', { key })).status, 200);
  assert.equal((await world.call('GET', '/v1/status')).status, 200);
  // A stranger on the port does not slow the socket down, which no stranger can reach.
  assert.equal((await guess('socket')).status, 401);
  world.clock.advance(40 * SECONDS);
  assert.equal((await guess('tcp')).status, 401);
});

test('promise 117: what a key may not see gets the very 404 of what does not exist, by name, id and on every route', async (t) => {
  const { world, keyFor } = await stage(t);
  const key = await keyFor('script', 'token', ['acme/me']);
  const { id } = (await world.call('GET', '/v1/connections/acme%2Fboss')).json;
  for (const door of ['tcp', 'socket'] as const) {
    const pairs = [
      ['/v1/token/acme/boss', '/v1/token/acme/ghost'],
      ['/v1/token/acme/boss?force&min_valid=60', '/v1/token/acme/ghost?force&min_valid=60'],
      [`/v1/token/${id}`, '/v1/token/c_AAAAAAAAAAAAAAAAAAAAAA'],
      ['/v1/connections/acme%2Fboss', '/v1/connections/acme%2Fghost'],
      [`/v1/connections/${id}`, '/v1/connections/c_AAAAAAAAAAAAAAAAAAAAAA'],
    ] as const;
    for (const [hidden, missing] of pairs) {
      const answers = [
        await world.call('GET', hidden, { key, door }),
        await world.call('GET', missing, { key, door }),
      ];
      for (const answer of answers) assertProblem(answer, 404, 'not_found');
      assert.equal(sameness(answers[0]!), sameness(answers[1]!), hidden);
    }
    const { connections } = (await world.call('GET', '/v1/connections', { key, door })).json;
    assert.deepEqual(
      connections.map((each: { name: string }) => each.name),
      ['acme/me'],
    );
    assert.deepEqual((await world.call('GET', '/v1/status', { key, door })).json.connections, { active: 1 });
  }
});

test('promise 117: a key follows its connection, not the name: a later connection of that name is another one', async (t) => {
  const { world, keyFor, provider } = await stage(t);
  const key = await keyFor('script', 'token', ['acme/me']);
  await world.call('PATCH', '/v1/connections/acme%2Fme', { body: { account: 'mine' } });
  assert.equal((await world.call('GET', '/v1/token/acme/mine', { key })).status, 200);
  provider.user = { sub: 'somebody-else', email: 'else@example.test' };
  await connect(world, 'acme', { account: 'me' });
  assertProblem(await world.call('GET', '/v1/token/acme/me', { key }), 404, 'not_found');
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200);
});

test('promise 122: the event stream of a key ends within a second of its removal', async (t) => {
  const { world, keyFor } = await stage(t);
  const key = await keyFor('reader', 'token', ['acme/me']);
  const [own, other] = [await readEvents(world.host, { key }), await readEvents(world.host)];
  const started = performance.now();
  await world.call('DELETE', '/v1/keys/reader');
  await inTime('the end of the stream', own.ended);
  assert.ok(performance.now() - started < 1_000);
  await other.until('the removal', ({ data }) => data.type === 'key' && data.action === 'removed');
  other.close();
  assert.equal((await world.call('GET', '/v1/events', { key })).status, 401);
});

test('promise 123: a key is in the answer that made it and nowhere else; the list has its first characters and its last use', async (t) => {
  const { world, keyFor } = await stage(t);
  const key = await keyFor('script', 'token', ['acme/me', 'acme']);
  const listed = async () => (await world.call('GET', '/v1/keys')).json.keys[0];
  const before = await listed();
  assert.deepEqual(Object.keys(before).sort(), [
    'connections',
    'created_at',
    'expires_at',
    'last_used_at',
    'name',
    'prefix',
    'rights',
  ]);
  assert.deepEqual([before.prefix, before.last_used_at], [key.slice(0, 7), null]);
  assert.deepEqual(before.connections, ['acme/me', 'acme']);
  const started = Date.now();
  await world.call('GET', '/v1/token/acme/me', { key });
  assert.ok(Date.parse((await listed()).last_used_at) >= started);
  // By the end of the test, the files of the host have been searched for the key itself.
  await world.restart();
  assert.ok(Date.parse((await listed()).last_used_at) >= started);
  assert.equal((await world.call('GET', '/v1/token/acme/me', { key })).status, 200);
  assertProblem(await world.call('POST', '/v1/keys', { body: { name: 'script' } }), 409, 'already_exists');
});

/** Routes that would end the game, or write where a test must not; they are asked once, at the end. */
const LAST: readonly RouteName[] = [
  'POST /v1/sandbox/start',
  'POST /v1/sandbox/reset',
  'POST /v1/sandbox/stop',
  'POST /v1/revoke/{provider}',
  'POST /v1/revoke/{provider}/{account}',
  'DELETE /v1/connections/{ref}',
  'DELETE /v1/providers/{provider}',
  'DELETE /v1/keys/{name}',
  'DELETE /v1/vault/slots/{id}',
  'POST /v1/vault/slots',
  'POST /v1/vault/rotate',
  'POST /v1/unlock',
  'POST /v1/lock',
];

test('promise 118: no route gives out a refresh token, a client secret, a key of the vault or a key, whoever asks and however', async (t) => {
  const { world, provider, keyFor } = await stage(t);
  const secret = provider.secret('client-secret');
  await addProvider(
    world,
    provider.entry('closed', { client_secret: secret, token_endpoint_auth_method: 'client_secret_post' }),
  );
  await connect(world, 'closed', { account: 'me' });
  const keys = [
    world.host.ownerKey,
    await keyFor('admin', 'admin', []),
    await keyFor('token', 'token', ['*']),
    await keyFor('proxy', 'proxy', ['*']),
  ];
  const { kek, dataKey } = vaultKeys(world);
  const forbidden = () => [
    ...[...provider.secrets].filter((value) => !value.startsWith('access-')),
    ...keys,
    ...[kek, dataKey].flatMap((bytes) => [encode(bytes), Buffer.from(bytes).toString('hex')]),
  ];
  const { id } = (await world.call('GET', '/v1/connections/closed')).json;
  const { id: consent } = await startConsent(world, 'closed');

  const judge = async (name: RouteName, path: string, options: CallOptions) => {
    const method = name.slice(0, name.indexOf(' '));
    if (name === 'GET /v1/events') {
      const reader = await readEvents(world.host, { key: String(options.key ?? 'tt_none') });
      reader.close();
      assert.deepEqual(scanText(name, reader.text(), forbidden()), []);
      return;
    }
    const { body, headers } = await world.call(method, path, options);
    assert.deepEqual(scanText(`${method} ${path}`, body + JSON.stringify(headers), forbidden()), []);
  };

  const word = fc.constantFrom(
    'refresh_token',
    'client_secret',
    'client_secret_post',
    'include',
    'fields',
    'expand',
    'format',
    'raw',
    'json',
    'header',
    'token',
    'secret',
    'force',
    'true',
    '1',
    'scope',
    'min_valid',
    'wait',
    '0',
    '*',
    'id_token',
    'tokens',
    'previous',
    'intent',
    'rights',
    'admin',
    'name',
    '__proto__',
    '',
  );
  const place = fc.constantFrom(
    'closed',
    'acme',
    'me',
    'boss',
    'admin',
    'token',
    id,
    consent,
    'closed%2Fme',
    '..',
    '%00',
  );
  const asked = fc.record({
    name: fc.constantFrom(
      ...Object.keys(RIGHTS).filter(
        (name): name is RouteName => name in RIGHTS && !LAST.includes(name as RouteName),
      ),
    ),
    places: fc.array(place, { minLength: 2, maxLength: 2 }),
    key: fc.constantFrom<string | null>(...keys, null, 'tt_unknown'),
    query: fc.array(fc.tuple(word, word), { maxLength: 3 }),
    body: fc.option(
      fc.dictionary(word, fc.oneof(word, fc.constant(null), fc.boolean(), fc.array(word, { maxLength: 2 })), {
        maxKeys: 4,
      }),
      { nil: undefined },
    ),
    accept: fc.constantFrom('*/*', 'text/plain', 'application/json', 'application/x-refresh-token'),
    door: fc.constantFrom('tcp' as const, 'socket' as const),
  });
  await fc.assert(
    fc.asyncProperty(asked, async ({ name, places, query, accept, ...options }) => {
      let next = 0;
      const path = name.slice(name.indexOf(' ') + 1).replaceAll(/\{\w+\}/g, () => places[next++] ?? '');
      const search = new URLSearchParams(query).toString();
      await judge(name, search === '' ? path : `${path}?${search}`, { ...options, headers: { accept } });
    }),
    { numRuns: 300 },
  );
  for (const name of LAST) {
    const path = name
      .slice(name.indexOf(' ') + 1)
      .replace('{ref}', id)
      .replace('{provider}', 'closed')
      .replace('{account}', 'me')
      .replace('{name}', 'proxy')
      .replace('{id}', 's_AAAAAAAAAAA');
    const body = name === 'POST /v1/vault/rotate' ? { credentials: [] } : undefined;
    for (const key of [...keys.slice(1), keys[0]!]) await judge(name, path, { key, body });
  }
});

/** The key in the key file, and the data key it wraps. */
function vaultKeys({ host }: World): { kek: Uint8Array; dataKey: Uint8Array } {
  const kek = decode(readFileSync(join(host.keyHome, 'vault.key'), 'utf8').trim());
  const database = new DatabaseSync(join(host.home, 'vault.db'), { readOnly: true });
  try {
    const { slots, vault_id } = readHeader(database);
    const dataKey = unwrapKey(slots[0]!, kek, vault_id);
    assert.ok(dataKey !== undefined);
    return { kek, dataKey };
  } finally {
    database.close();
  }
}

/**
 * For a host without any objects. Callers that may use a route: n(obody), t(oken), p(roxy), a(dmin); states of the vault it
 * works in: s(etup), l(ocked), o(pen); what it then answers to an admin while open.
 */
const CONTRACT: Readonly<
  Record<RouteName, readonly [who: string, states: string, open: number, body?: object]>
> = {
  'GET /v1/health': ['ntpa', 'slo', 200],
  'GET /v1/status': ['tpa', 'slo', 200],
  'GET /v1/activity': ['a', 'o', 200],
  'GET /v1/settings': ['a', 'slo', 200],
  'PATCH /v1/settings': ['a', 'slo', 200, {}],
  'POST /v1/window/code': ['a', 'slo', 201, {}],
  'GET /v1/openapi.json': ['tpa', 'slo', 200],
  'GET /v1/events': ['tpa', 'slo', 200],
  'GET /v1/token/{provider}': ['ta', 'o', 404],
  'GET /v1/token/{provider}/{account}': ['ta', 'o', 404],
  'POST /v1/refresh/{provider}': ['a', 'o', 404],
  'POST /v1/refresh/{provider}/{account}': ['a', 'o', 404],
  'POST /v1/revoke/{provider}': ['a', 'o', 404],
  'POST /v1/revoke/{provider}/{account}': ['a', 'o', 404],
  'GET /v1/connections': ['tpa', 'o', 200],
  'POST /v1/connections': ['a', 'o', 404, { provider: 'ghost' }],
  'GET /v1/connections/{ref}': ['tpa', 'o', 404],
  'PATCH /v1/connections/{ref}': ['a', 'o', 404, { account: 'me' }],
  'DELETE /v1/connections/{ref}': ['a', 'o', 404],
  'GET /v1/consents': ['a', 'o', 200],
  'GET /v1/consents/{id}': ['a', 'o', 404],
  'DELETE /v1/consents/{id}': ['a', 'o', 404],
  'POST /v1/consents/{id}/open': ['a', 'o', 404],
  'POST /v1/consents/{id}/redirect': [
    'a',
    'o',
    404,
    { url: 'http://127.0.0.1:1/callback/ghost?code=c&state=s' },
  ],
  'POST /v1/discovery': ['a', 'o', 400, { issuer: 'http://issuer.test' }],
  'GET /v1/presets': ['a', 'o', 200],
  'GET /v1/providers': ['a', 'o', 200],
  'POST /v1/providers': ['a', 'o', 400, {}],
  'GET /v1/providers/{provider}': ['a', 'o', 404],
  'PATCH /v1/providers/{provider}': ['a', 'o', 404, { name: 'G' }],
  'DELETE /v1/providers/{provider}': ['a', 'o', 404],
  'POST /v1/providers/{provider}/check': ['a', 'o', 404],
  'POST /v1/providers/{provider}/import': ['a', 'o', 404, { refresh_token: 'from-elsewhere' }],
  'GET /v1/keys': ['a', 'o', 200],
  'POST /v1/keys': ['a', 'o', 400, { name: 'Not A Name' }],
  'DELETE /v1/keys/{name}': ['a', 'o', 404],
  'POST /v1/unlock': ['a', 'lo', 200],
  'GET /v1/vault/slots': ['a', 'lo', 200],
  'POST /v1/vault/slots': ['a', 'so', 400, { kind: 'nothing' }],
  'DELETE /v1/vault/slots/{id}': ['a', 'o', 404],
  'POST /v1/vault/repair': ['a', 'lo', 200],
  'POST /v1/vault/use-here': ['a', 'o', 200],
  'POST /v1/vault/backup': ['a', 'lo', 400, { path: 'not/absolute' }],
  'POST /v1/vault/restore': ['a', 'slo', 404, { path: '/nonexistent/vault.backup' }],
  'POST /v1/vault/export': ['a', 'o', 400, { path: 'not/absolute' }],
  'POST /v1/vault/import': ['a', 'o', 404, { path: '/nonexistent/export.json' }],
  'POST /v1/vault/rotate': ['a', 'o', 400, { credentials: 'none' }],
  'POST /v1/refreshes/pause': ['a', 'slo', 200],
  'POST /v1/refreshes/resume': ['a', 'slo', 200],
  'GET /v1/doctor': ['a', 'o', 200],
  'GET /v1/doctor/{ref}': ['a', 'o', 404],
  'GET /v1/sandbox': ['a', 'slo', 200],
  'POST /v1/sandbox/start': ['a', 'o', 200],
  'POST /v1/sandbox/reset': ['a', 'o', 200],
  'POST /v1/sandbox/stop': ['a', 'o', 200],
  // Last: it closes what it is asked of.
  'POST /v1/lock': ['a', 'lo', 200],
};

test('promise 134: every route answers every kind of key in every state of the vault as the contract says', async (t) => {
  assert.deepEqual(Object.keys(CONTRACT).sort(), Object.keys(RIGHTS).sort());
  const open = await openWorld(t);
  const setup = await openWorld(t, { keySource: 'none' });
  assert.equal((await setup.call('GET', '/v1/status')).json.state, 'setup');
  const made = async (right: string) => {
    const body = { name: right, rights: [right], connections: ['*'] };
    return String((await open.call('POST', '/v1/keys', { body })).json.key);
  };
  const keys = { t: await made('token'), p: await made('proxy'), a: await made('admin') };
  const wrong: string[] = [];
  const ask = async (world: World, state: string, name: RouteName, who: string, key: string | null) => {
    const [allowed, states, whenOpen, body] = CONTRACT[name];
    const method = name.slice(0, name.indexOf(' '));
    const path = name.slice(name.indexOf(' ') + 1).replaceAll(/\{\w+\}/g, 'ghost');
    const expected = () => {
      if (!allowed.includes('n') && !'tpa'.includes(who)) return [401, 429];
      if (!allowed.includes('n') && !allowed.includes(who)) return [403];
      if (!states.includes(state)) return [423];
      return [whenOpen];
    };
    const reply =
      name === 'GET /v1/events'
        ? await streamStatus(world, key)
        : await world.call(method, path, { key, ...(body === undefined ? {} : { body }) });
    if (expected().includes(reply.status)) return;
    // What the host is asked in vain in one state it may answer in its own way.
    wrong.push(`${name} as ${who} while ${state}: ${reply.status}, not ${expected().join(' or ')}`);
  };
  const names = Object.keys(CONTRACT).filter((name): name is RouteName => name in CONTRACT);
  for (const name of names) {
    for (const [who, key] of [
      ['n', null],
      ['u', 'tt_unknown'],
      ['a', setup.host.ownerKey],
    ] as const) {
      await ask(setup, 's', name, who, key);
    }
  }
  for (const state of ['o', 'l'] as const) {
    for (const name of names) {
      for (const [who, key] of [['n', null], ['u', 'tt_unknown'], ...Object.entries(keys)] as const) {
        if (state === 'l') await open.call('POST', '/v1/lock');
        await ask(open, state, name, who, key);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

async function streamStatus(world: World, key: string | null): Promise<{ status: number }> {
  const reader = await readEvents(world.host, { key: key ?? 'tt_none' });
  reader.close();
  return reader;
}

test('promise 134: over the wire, an unknown address is 404 and a wrong method 405 with Allow', async (t) => {
  const world = await openWorld(t);
  for (const path of [
    '/',
    '/v1',
    '/v1/',
    '/v2/status',
    '/v1/status/',
    '/v1/token',
    '/v1/token/a/b/c',
    '/v1/STATUS',
  ]) {
    assertProblem(await world.call('GET', path), 404, 'not_found');
  }
  for (const [line, allow] of [
    ['POST /v1/status', 'GET'],
    ['PUT /v1/connections', 'GET, POST'],
    ['GET /v1/lock', 'POST'],
    ['HEAD /v1/events', 'GET'],
    ['PATCH /v1/token/acme/me', 'GET'],
    ['DELETE /v1/health', 'GET'],
  ] as const) {
    const [method = '', path = ''] = line.split(' ');
    const answer = await world.call(method, path);
    assert.deepEqual([answer.status, answer.headers.allow], [405, allow], line);
  }
});

test('promise 122: a key that is removed or ends while it waits for a token gets none, but the 401 of a stranger', async (t) => {
  const { world, provider, keyFor } = await stage(t, { fakeTime: true });
  const unknown = await world.call('GET', '/v1/token/acme/me', { key: 'tt_unknown' });
  for (const how of ['removed', 'ended'] as const) {
    const key = await keyFor(how, 'token', ['acme/me'], how === 'ended' ? 60 : undefined);
    world.clock.advance(10 * SECONDS);
    const gate = Promise.withResolvers<void>();
    provider.onToken(later(gate.promise, honestly()));
    const before = provider.refreshes.length;
    const waiting = world.call('GET', '/v1/token/acme/me?force', { key });
    await until('the refresh', () => provider.refreshes.length > before);
    if (how === 'removed') await world.call('DELETE', '/v1/keys/removed');
    else world.clock.jumpWall(60 * SECONDS);
    gate.resolve();
    const answer = await inTime('the answer', waiting);
    assert.equal(sameness(answer), sameness(unknown), how);
  }
  assert.equal((await world.call('GET', '/v1/token/acme/me')).status, 200);
});

test('promise 122: a key that is removed while it waits for a consent gets no token of it', async (t) => {
  const { world, provider, keyFor } = await stage(t, { fakeTime: true });
  const key = await keyFor('script', 'token', ['acme/me']);
  provider.onToken(answering(400, { error: 'invalid_grant' }));
  assertProblem(await world.call('POST', '/v1/refresh/acme/me'), 409, 'consent_needed');
  const consent = await startConsent(world, 'acme', { account: 'me' });
  const timers = world.clock.pending;
  const waiting = world.call('GET', '/v1/token/acme/me?force&wait=20', { key });
  const owners = world.call('GET', '/v1/token/acme/me?force&wait=20');
  await until('both to wait', () => world.clock.pending === timers + 2);
  assert.equal((await world.call('DELETE', '/v1/keys/script')).status, 200);
  assert.equal((await finishConsent(world, consent)).status, 'done');
  assertProblem(await waiting, 401, 'unauthorized');
  assert.equal((await owners).status, 200);
});

test('promise 122: the stream of a key that has expired tells nothing more and ends', async (t) => {
  const { world, keyFor } = await stage(t, { fakeTime: true });
  const key = await keyFor('short', 'token', ['acme/me'], 60);
  const reader = await readEvents(world.host, { key });
  world.clock.jumpWall(60 * SECONDS);
  assert.equal((await world.call('POST', '/v1/refresh/acme/me')).status, 200);
  await inTime('the end of the stream', reader.ended);
  assert.deepEqual(reader.events(), []);
});

test('one damaged row of a key does not stop the host: that key opens nothing, all else works', async (t) => {
  const { world, keyFor } = await stage(t);
  const damaged = await keyFor('damaged', 'token', ['acme/me']);
  const good = await keyFor('good', 'token', ['acme/me']);
  await world.host.stop();
  const database = new DatabaseSync(join(world.host.home, 'vault.db'));
  database.exec("UPDATE caller SET doc = '{}' WHERE name = 'damaged'");
  database.close();
  await world.restart();
  assert.equal((await world.call('GET', '/v1/token/acme/me', { key: damaged })).status, 401);
  assert.equal((await world.call('GET', '/v1/token/acme/me', { key: good })).status, 200);
  assert.ok(world.log.entries.some(({ event }) => event === 'caller_damaged'));
  assert.equal((await world.call('DELETE', '/v1/keys/damaged')).status, 200);
});
