// What the command line must repeat because it may not import the engine: tables and rules, compared with their originals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCode } from '../../cli/exit-codes.ts';
import { dataDirectory } from '../../cli/find-host.ts';
import { failure } from '../../cli/problem.ts';
import { inert, inertJson, relative, span } from '../../cli/text.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import { printable } from '../../core/text.ts';
import { resolvePaths } from '../../host/paths.ts';

test('every code of the error catalogue ends a command with the exit code it has there', () => {
  const codes = Object.entries(ERROR_CATALOGUE);
  assert.ok(codes.length > 40);
  for (const [code, { status, exit }] of codes) assert.equal(exitCode(status, code), exit, code);
});

test('an error found by a command has the status and title of the catalogue', () => {
  const shared = [
    'no_host',
    'unauthorized',
    'unsafe_path',
    'timeout',
    'consent_expired',
    'unexpected',
  ] as const;
  for (const code of shared) {
    const { status, title } = failure(code, '').problem;
    assert.deepEqual(
      { status, title },
      { status: ERROR_CATALOGUE[code].status, title: ERROR_CATALOGUE[code].title },
    );
  }
});

test('promise 181: the same characters are made inert as in the engine, and JSON stays JSON', () => {
  for (let code = 0; code < 0xd800; code += 1) {
    const character = String.fromCharCode(code);
    assert.equal(inert(character), printable(character, 10), code.toString(16));
    const json = inertJson({ name: character });
    assert.equal(JSON.parse(json).name, character);
    assert.equal(inert(json), json, code.toString(16));
  }
});

test("the data directory is the host's on every platform", () => {
  const cases: [NodeJS.Platform, NodeJS.ProcessEnv][] = [
    ['linux', { HOME: '/home/a' }],
    ['linux', { HOME: '/home/a', XDG_DATA_HOME: '/data' }],
    ['linux', { HOME: '/home/a', XDG_DATA_HOME: 'relative' }],
    ['linux', { HOME: '/home/a', TOKENTRAY_HOME: '/srv/t' }],
    ['darwin', { HOME: '/Users/a' }],
    ['win32', { APPDATA: 'C:\\Users\\a\\AppData\\Roaming' }],
  ];
  for (const [platform, env] of cases) {
    assert.equal(
      dataDirectory(env, platform),
      resolvePaths(env, platform).home,
      `${platform} ${JSON.stringify(env)}`,
    );
  }
  for (const env of [{ TOKENTRAY_HOME: '' }, { TOKENTRAY_HOME: 'here' }, {}]) {
    assert.throws(() => resolvePaths(env, 'linux'));
    assert.throws(() => dataDirectory(env, 'linux'), { exit: 2 });
  }
});

test('short times round down to one unit', () => {
  assert.deepEqual([0, 59, 60, 2_489, 3_600, 172_799, 172_800].map(span), [
    '0 s',
    '59 s',
    '1 min',
    '41 min',
    '1 h',
    '47 h',
    '2 d',
  ]);
  const now = Date.parse('2026-01-31T12:00:00.000Z');
  assert.equal(relative('2026-01-31T12:41:30.000Z', now), 'in 41 min');
  assert.equal(relative('2026-01-31T11:00:00.000Z', now), '1 h ago');
  assert.equal(relative(null, now), 'never');
});
