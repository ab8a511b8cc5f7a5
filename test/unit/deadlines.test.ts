// When grants end: what is known of it, when an idle one is used, and the warnings 7 and 1 days before.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Connection } from '../../core/model/connection.ts';
import type { TokenFacts } from '../../core/model/token-set.ts';
import { refreshExpiryOf } from '../../core/oauth/expiry.ts';
import { judgeTokenAnswer } from '../../core/oauth/token-answer.ts';
import { Background } from '../../core/refresh/background.ts';
import { deadlinesOf, warningDue } from '../../core/refresh/deadlines.ts';
import { ExpiryWatch } from '../../core/refresh/expiry-watch.ts';
import { dueAt } from '../../core/refresh/schedule.ts';
import { type CoreWorld, coreWorld, endCoreWorlds } from '../support/core-world.ts';
import { FAKE_NOW } from '../support/fake-clock.ts';
import { answered, noHttp, responseOf } from '../support/fake-http.ts';
import { acme } from '../support/provider-samples.ts';
import { insertConnections } from '../support/seeded-connections.ts';

after(endCoreWorlds);

const DAY = 86_400;
const DAY_MS = DAY * 1_000;
const HOUR_MS = 3_600_000;

function docWith(token: Partial<TokenFacts>, change: Partial<Connection> = {}): Connection {
  return {
    schema: 1,
    id: `c_${'A'.repeat(22)}`,
    provider: 'acme',
    account: 'jo',
    label: null,
    identity: null,
    scopes_asked: [],
    created_at: FAKE_NOW - 10 * DAY_MS,
    consented_at: FAKE_NOW - 3 * DAY_MS,
    refreshed_at: null,
    state: {
      status: 'active',
      token: {
        token_type: 'Bearer',
        scope: [],
        issued_at: FAKE_NOW,
        expires_at: FAKE_NOW + HOUR_MS,
        expires_source: 'expires_in',
        refreshable: true,
        ...token,
      },
    },
    ...change,
  };
}

const brief = (doc: Connection, limits: Parameters<typeof deadlinesOf>[1]) =>
  deadlinesOf(doc, limits).map(({ what, at, renews }) => [what, (at - FAKE_NOW) / DAY_MS, renews]);

test('a grant ends idle, absolutely, or when its answer said: soonest first, each with whether a refresh moves it on', () => {
  const limits = { refresh_idle_seconds: 90 * DAY, refresh_absolute_seconds: 365 * DAY };
  const said = { at: FAKE_NOW + 30 * DAY_MS, since: FAKE_NOW };
  assert.deepEqual(brief(docWith({ refresh_expiry: said }), limits), [
    ['refresh_token', 30, true],
    ['refresh_idle', 90, true],
    ['refresh_absolute', 362, false],
  ]);
  assert.deepEqual(brief(docWith({}), {}), []);
  assert.deepEqual(brief(docWith({}), undefined), []);
});

test('the absolute limit of an imported grant counts from when it was imported', () => {
  const imported = docWith({}, { consented_at: null });
  assert.deepEqual(brief(imported, { refresh_absolute_seconds: 7 * DAY }), [['refresh_absolute', -3, false]]);
});

test('a token that nothing can refresh ends itself; limits of refresh tokens say nothing of it', () => {
  const doc = docWith({ refreshable: false, expires_at: FAKE_NOW + 60 * DAY_MS });
  assert.deepEqual(brief(doc, { refresh_idle_seconds: 600 }), [['access_token', 60, false]]);
  assert.deepEqual(brief(docWith({ refreshable: false, expires_at: null }), {}), []);
});

test('a grant that is revoked or waits for a consent has no end any more', () => {
  const limits = { refresh_absolute_seconds: 7 * DAY };
  const { state } = docWith({});
  const token = state.status === 'active' ? state.token : undefined;
  const waits = { status: 'needs_consent', cause: 'refused', since: FAKE_NOW, token } as const;
  assert.deepEqual(brief({ ...docWith({}), state: waits }, limits), []);
  assert.deepEqual(brief({ ...docWith({}), state: { status: 'revoked', at: FAKE_NOW } }, limits), []);
});

for (const [what, answer, seconds] of [
  ['Keycloak', { refresh_expires_in: 1_800 }, 1_800],
  ['GitHub', { refresh_token_expires_in: 15_811_200 }, 15_811_200],
  ['Intuit', { x_refresh_token_expires_in: 8_726_400 }, 8_726_400],
  ['one that writes numbers as text', { refresh_expires_in: '1800' }, 1_800],
  ['Keycloak, of an offline token (0 is no end)', { refresh_expires_in: 0 }, undefined],
  ['nobody', {}, undefined],
  ['one that says nonsense', { refresh_expires_in: -5, refresh_token_expires_in: 'soon' }, undefined],
  ['one that says for ever', { refresh_expires_in: 1e300 }, LIMITS.lifetimeMaxSeconds],
] as const) {
  test(`the end of a refresh token is read as it is said by ${what}`, () => {
    const at = refreshExpiryOf(answer, FAKE_NOW);
    assert.equal(at, seconds === undefined ? undefined : FAKE_NOW + seconds * 1_000);
  });
}

test('an end that an answer leaves where it was is no longer one that refreshing moves on', async () => {
  const judge = async (body: object, previous: unknown, at: number) => {
    const grant = { type: 'refresh', previous: previous as never, asked: [], refreshToken: 'r' } as const;
    const answer = responseOf(200, { access_token: 'a', token_type: 'Bearer', expires_in: 300, ...body });
    return (await judgeTokenAnswer(noHttp(), acme(), answer, grant, at)).tokens;
  };
  const first = await judge({ refresh_token: 'r1', refresh_expires_in: 1_800 }, undefined, FAKE_NOW);
  assert.deepEqual(first.refresh_expiry, { at: FAKE_NOW + 1_800_000, since: FAKE_NOW });
  // A sliding end: it moves with every refresh.
  const later = FAKE_NOW + 240_000;
  const slid = await judge({ refresh_token: 'r2', refresh_expires_in: 1_800 }, first, later);
  assert.deepEqual(slid.refresh_expiry, { at: later + 1_800_000, since: later });
  // A fixed one: what is left of it gets less.
  const fixed = await judge({ refresh_token: 'r2', refresh_expires_in: 1_560 }, first, later);
  assert.deepEqual(fixed.refresh_expiry, first.refresh_expiry);
  // Said once, of a refresh token that stays.
  const silent = await judge({}, first, later);
  assert.deepEqual(silent.refresh_expiry, first.refresh_expiry);
  // Said of another refresh token than this one.
  assert.equal((await judge({ refresh_token: 'r2' }, first, later)).refresh_expiry, undefined);
});

test('an idle connection is used between 75 and 90 % of its idle limit, also when its token lives longer or has no end', () => {
  const days = (doc: Connection, share: number) => {
    const { state } = doc;
    const token = state.status === 'active' ? state.token : undefined;
    const limits = { refresh_idle_seconds: 60 * DAY, refresh_absolute_seconds: 10 * DAY };
    return (dueAt(token!, share, deadlinesOf(doc, limits))! - FAKE_NOW) / DAY_MS;
  };
  const long = docWith({ expires_at: FAKE_NOW + 365 * DAY_MS });
  assert.equal(days(long, 0), 45);
  assert.ok(days(long, 0.999) <= 54);
  assert.equal(days(docWith({ expires_at: null }), 0), 45);
  // A token of 30 s is refreshed when asked for; its grant is kept all the same.
  assert.equal(days(docWith({ expires_at: FAKE_NOW + 30_000 }), 0), 45);
  // The end of the whole grant is nothing that a refresh helps against.
  assert.ok(days(docWith({}), 0) < 1);
});

const absolute = (spanDays: number) => [
  { what: 'refresh_absolute', from: FAKE_NOW, at: FAKE_NOW + spanDays * DAY_MS, renews: false } as const,
];

test('the end of a grant is warned of 7 days and 1 day before, each once, and again when it has another end', () => {
  const deadlines = absolute(30);
  const daysAt = (day: number, given: Parameters<typeof warningDue>[1] = []) =>
    warningDue(deadlines, given, FAKE_NOW + day * DAY_MS)?.days;
  const told = (days: number) => ({ what: 'refresh_absolute', at: FAKE_NOW + 30 * DAY_MS, days }) as const;
  assert.deepEqual(
    [22.9, 23, 28.9, 29, 30].map((day) => daysAt(day)),
    [undefined, 7, 7, 1, undefined],
  );
  assert.equal(daysAt(24, [told(7)]), undefined);
  assert.equal(daysAt(29, [told(7)]), 1);
  assert.equal(daysAt(29.5, [told(7), told(1)]), undefined);
  // Who saw the last warning needs no earlier one.
  assert.equal(daysAt(24, [told(1)]), undefined);
  assert.equal(daysAt(24, [{ ...told(7), at: FAKE_NOW }]), 7);
});

test('a limit that is no longer than the notice is not warned of at once: a grant of 7 days has one warning, on its last day', () => {
  assert.equal(warningDue(absolute(7), [], FAKE_NOW), undefined);
  assert.equal(warningDue(absolute(7), [], FAKE_NOW + 6 * DAY_MS)?.days, 1);
  assert.equal(warningDue(absolute(1), [], FAKE_NOW + DAY_MS / 2), undefined);
});

test('an idle limit is warned of only when the use in time has failed', () => {
  const idle = [{ what: 'refresh_idle', from: FAKE_NOW, at: FAKE_NOW + 14 * DAY_MS, renews: true } as const];
  assert.equal(warningDue(idle, [], FAKE_NOW + 8 * DAY_MS), undefined);
  assert.equal(warningDue(idle, [], FAKE_NOW + 12.7 * DAY_MS)?.days, 7);
  assert.equal(warningDue(idle, [], FAKE_NOW + 13.1 * DAY_MS)?.days, 1);
});

function warnings(world: CoreWorld): (string | number)[][] {
  return world.emitted.flatMap((event) =>
    event.type === 'expiring' ? [[event.connection, event.what, event.ends_at, event.days]] : [],
  );
}

test('each warning is an event and a line of the log, once, also when the host is started again in between', async () => {
  const world = await coreWorld({ providers: [acme({ refresh_absolute_seconds: 30 * DAY })] });
  const [id = ''] = insertConnections(world.connections, 'acme', 1);
  const watch = new ExpiryWatch(world);
  const end = new Date(FAKE_NOW + 30 * DAY_MS).toISOString();
  watch.look();
  assert.deepEqual(warnings(world), []);
  world.clock.jumpWall(23 * DAY_MS);
  watch.look();
  watch.look();
  // A new start reads what was said from the vault.
  world.connections.load(world.vault);
  new ExpiryWatch(world).look();
  assert.deepEqual(warnings(world), [['acme/user0', 'refresh_absolute', end, 7]]);
  world.clock.jumpWall(6 * DAY_MS);
  world.connections.load(world.vault);
  new ExpiryWatch(world).look();
  new ExpiryWatch(world).look();
  assert.deepEqual(warnings(world)[1], ['acme/user0', 'refresh_absolute', end, 1]);
  assert.equal(warnings(world).length, 2);
  assert.deepEqual(
    world.log.entries.filter(({ event }) => event === 'expiring').map(({ fields }) => fields?.days),
    [7, 1],
  );
  // A new consent has another end: it is warned of anew.
  world.connections.update(id, (row) => ({ ...row, doc: { ...row.doc, consented_at: world.clock.wall() } }));
  world.clock.jumpWall(23 * DAY_MS);
  watch.look();
  assert.equal(warnings(world).length, 3);
  assert.equal(world.connections.get(id)?.warned?.length, 1);
});

test('a vault that takes no writes is not warned over: the warning comes when it can be said once', async () => {
  const world = await coreWorld({ providers: [acme({ refresh_absolute_seconds: 30 * DAY })] });
  insertConnections(world.connections, 'acme', 1);
  const watch = new ExpiryWatch(world);
  world.clock.jumpWall(29 * DAY_MS);
  const { update } = world.connections;
  world.connections.update = () => {
    throw new TokentrayError('storage', 'The disk is full.');
  };
  watch.look();
  assert.deepEqual(warnings(world), []);
  world.connections.update = update;
  watch.look();
  assert.equal(warnings(world).length, 1);
});

test('600 grants that end on the same day are warned of 500 at a time, each time in one write', async () => {
  const world = await coreWorld({ providers: [acme({ refresh_absolute_seconds: 30 * DAY })] });
  const { connections } = world;
  insertConnections(connections, 'acme', 600);
  const { update } = connections;
  const atomically = connections.atomically.bind(connections);
  const writes = { together: 0, alone: 0 };
  let inside = false;
  connections.atomically = (work) => {
    writes.together += 1;
    inside = true;
    try {
      return atomically(work);
    } finally {
      inside = false;
    }
  };
  connections.update = (...given) => {
    if (!inside) writes.alone += 1;
    return update.apply(connections, given);
  };
  const watch = new ExpiryWatch(world);
  world.clock.jumpWall(23 * DAY_MS);
  watch.start();
  world.clock.advance(LIMITS.tickMs);
  assert.equal(warnings(world).length, 500);
  world.clock.advance(LIMITS.tickMs);
  assert.equal(new Set(warnings(world).map(([name]) => name)).size, 600);
  assert.deepEqual(writes, { together: 2, alone: 0 });
  watch.stop();
});

test('the watch looks by itself soon after the start, then every ten minutes, until it is stopped', async () => {
  const world = await coreWorld({ providers: [acme({ refresh_absolute_seconds: 30 * DAY })] });
  insertConnections(world.connections, 'acme', 1);
  const watch = new ExpiryWatch(world);
  world.clock.jumpWall(23 * DAY_MS);
  watch.start();
  watch.start();
  world.clock.advance(LIMITS.tickMs);
  assert.equal(warnings(world).length, 1);
  world.clock.jumpWall(6 * DAY_MS);
  world.clock.advance(LIMITS.expiryLookMs);
  assert.equal(warnings(world).length, 2);
  watch.stop();
  assert.equal(world.clock.pending, 0);
});

test('the background uses a grant before its idle limit, and the limit moves on', async () => {
  const life = { expires_at: null, expires_source: 'unknown' } as const;
  const world = await coreWorld({
    providers: [acme({ refresh_idle_seconds: 30 * DAY })],
    answer: () => answered(200, { access_token: 'a', token_type: 'Bearer', expires_in: 20 }),
  });
  insertConnections(world.connections, 'acme', 1, { tokens: life });
  const background = new Background({ ...world, network: { online: () => true } });
  background.start();
  world.clock.jumpWall(22 * DAY_MS);
  background.tick();
  assert.equal(world.http.requests.length, 0);
  world.clock.jumpWall(5 * DAY_MS);
  background.tick();
  await world.refresher.settled();
  assert.equal(world.http.requests.length, 1);
  background.tick();
  await world.refresher.settled();
  assert.equal(world.http.requests.length, 1);
  const [doc] = world.connections.all();
  assert.deepEqual(
    deadlinesOf(doc!, world.registry.get('acme')).map(({ at }) => at),
    [world.clock.wall() + 30 * DAY_MS],
  );
});
