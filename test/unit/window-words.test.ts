// What the window says about connections and times, and in which order it lists them. Pure functions of the renderer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionJson } from '../../api/wire.ts';
import { groupOf, lookOf, needsConsent } from '../../renderer/text/connection-words.ts';
import { dayWords, startOfDay } from '../../renderer/text/days.ts';
import { rightsWords } from '../../renderer/text/key-words.ts';
import { scriptLines } from '../../renderer/text/script-lines.ts';
import { clockTime, duration, left, relative } from '../../renderer/text/times.ts';
import { findConnections, linesOf, sortConnections } from '../../renderer/views/connections/rows.ts';

const NOW = Date.parse('2026-01-31T12:00:00.000Z');
const MINUTE = 60_000;
const at = (minutes: number): string => new Date(NOW + minutes * MINUTE).toISOString();

function connection(name: string, changes: Partial<ConnectionJson> = {}): ConnectionJson {
  const [provider = '', account = ''] = name.split('/');
  return {
    id: `c_${name}`,
    name,
    provider,
    account,
    label: null,
    status: 'active',
    scopes: ['contacts'],
    scopes_asked: ['contacts'],
    created_at: at(-600),
    consented_at: at(-600),
    refreshed_at: at(-20),
    issued_at: at(-20),
    expires_at: at(40),
    expires_source: 'expires_in',
    refreshable: true,
    deadlines: [],
    issuer: null,
    subject: null,
    generation: 1,
    ...changes,
  };
}

test('the list has what needs you first, then fresh, then waiting, each by name', () => {
  const lines = linesOf(
    sortConnections([
      connection('b/fresh'),
      connection('z/refused', { status: 'needs_consent', cause: 'refused' }),
      connection('a/fresh', { status: 'refreshing' }),
      connection('m/failing', { status: 'error', code: 'offline' }),
      connection('c/revoked', { status: 'revoked', issued_at: null, expires_at: null }),
    ]),
    [{ id: 'x', provider: 'zoom', status: 'pending', expires_at: at(5) }],
    NOW,
  );
  assert.deepEqual(
    lines.map((line) => (line.kind === 'title' ? `# ${line.group}` : line.key)),
    [
      '# needs',
      'c_m/failing',
      'c_z/refused',
      '# fresh',
      'c_a/fresh',
      'c_b/fresh',
      '# waiting',
      'x',
      'c_c/revoked',
    ],
  );
});

test('a failed consent is listed among what needs you, and a group without rows has no title', () => {
  const lines = linesOf([], [{ id: 'x', provider: 'zoom', status: 'failed', expires_at: at(5) }], NOW);
  assert.deepEqual(
    lines.map(({ key }) => key),
    ['needs', 'x'],
  );
});

test('every word of a search must be in the name, the account or a scope, in any case', () => {
  const all = [
    connection('google/work', { label: 'Maria@example.com', scopes: ['drive.file'] }),
    connection('google/home', { label: 'maria.k@example.org' }),
  ];
  const found = (wanted: string) => findConnections(all, wanted).map(({ name }) => name);
  assert.deepEqual(found('GOO'), ['google/work', 'google/home']);
  assert.deepEqual(found('maria drive'), ['google/work']);
  assert.deepEqual(found('  '), ['google/work', 'google/home']);
  assert.deepEqual(found('nothing'), []);
});

test('a token with a third of its life over is fresh, with 40 min and two thirds of its bar left', () => {
  const look = lookOf(connection('a/a'), NOW);
  assert.equal(look.tone, 'fresh');
  assert.equal(look.short, '40 min');
  assert.equal(look.left, 2 / 3);
});

test('a token with 3 minutes left is shown as expiring, and stays among the fresh', () => {
  const ending = connection('a/a', { issued_at: at(-57), expires_at: at(3) });
  assert.equal(lookOf(ending, NOW).tone, 'warn');
  assert.equal(groupOf(ending, NOW), 'fresh');
});

test('an expired token that cannot be refreshed needs consent; one that can does not', () => {
  const over = { issued_at: at(-70), expires_at: at(-10) };
  const lost = connection('a/a', { ...over, refreshable: false });
  assert.equal(groupOf(lost, NOW), 'needs');
  assert.equal(needsConsent(lost, NOW), true);
  assert.match(lookOf(lost, NOW).sentence, /Reconnect to go on\.$/);
  const kept = connection('a/a', over);
  assert.equal(groupOf(kept, NOW), 'fresh');
  assert.equal(needsConsent(kept, NOW), false);
});

test('a token without a known end has a full, quiet bar and says so', () => {
  const { tone, short, left: share } = lookOf(connection('a/a', { expires_at: null }), NOW);
  assert.deepEqual({ tone, short, share }, { tone: 'quiet', short: 'no expiry', share: 1 });
});

test('times are short: 59 s, 59 min, 47 h, 2 d, rounded down', () => {
  assert.equal(duration(59_999), '59 s');
  assert.equal(duration(60 * MINUTE - 1), '59 min');
  assert.equal(duration(48 * 60 * MINUTE - 1), '47 h');
  assert.equal(duration(48 * 60 * MINUTE), '2 d');
});

test('relative times say in, ago or just now; what is left says expired at its end', () => {
  assert.equal(relative(NOW + 41 * MINUTE, NOW), 'in 41 min');
  assert.equal(relative(NOW - 120 * MINUTE, NOW), '2 h ago');
  assert.equal(relative(NOW - 1, NOW), 'just now');
  assert.equal(relative(NOW + 9_000, NOW), 'just now');
  assert.equal(left(NOW, NOW), 'expired');
  assert.equal(left(NOW + 1, NOW), 'under 1 min');
});

test('a time of another day has its day, one of another year has its year: 2025 and not only 31 Dec', () => {
  assert.doesNotMatch(clockTime(NOW - 60 * MINUTE, NOW), /2026/);
  assert.doesNotMatch(clockTime(NOW - 3 * 24 * 60 * MINUTE, NOW), /2026/);
  assert.match(clockTime(NOW - 40 * 24 * 60 * MINUTE, NOW), /2025/);
  assert.match(clockTime(NOW + 365 * 24 * 60 * MINUTE, NOW), /2027/);
  assert.match(dayWords(startOfDay(NOW - 40 * 24 * 60 * MINUTE), NOW), /2025/);
  assert.doesNotMatch(dayWords(startOfDay(NOW - 3 * 24 * 60 * MINUTE), NOW), /2026/);
});

test('a key with the right proxy is said to get nothing in this version', () => {
  assert.equal(rightsWords(['proxy']), 'Get nothing yet');
});

test('the lines for scripts name the connection and the variable of the key, in 4 languages', () => {
  const all = scriptLines('http://127.0.0.1:9595', 'google/maria@example.com');
  assert.deepEqual(
    all.map(({ language }) => language),
    ['sh', 'Python', 'Node', 'PowerShell'],
  );
  for (const { lines } of all) {
    assert.match(lines, /http:\/\/127\.0\.0\.1:9595\/v1\/token\/google\/maria%40example\.com/);
    assert.match(lines, /TOKENTRAY_KEY/);
  }
});
