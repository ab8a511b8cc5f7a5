// docs/cli.md and the short way of `token`: both repeat what commander knows, and must not differ from it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HostClient } from '../../cli/client.ts';
import { runToken } from '../../cli/commands/token.ts';
import { createOutput } from '../../cli/output.ts';
import { runProgram } from '../../cli/program.ts';
import type { Session } from '../../cli/session.ts';
import { readTokenArguments } from '../../cli/token-arguments.ts';
import { token } from '../support/cli-answers.ts';
import { MANUAL, wholeManual } from '../support/cli-manual.ts';

test('docs/cli.md holds the help of every command (write it anew with `node test/support/cli-manual.ts`)', async () => {
  assert.equal(readFileSync(MANUAL, 'utf8'), await wholeManual());
});

/** What a command asks the host and prints, without process or host. */
function recorder(argv: readonly string[]): { session: Session; said: unknown[] } {
  const said: unknown[] = [];
  const host: HostClient = {
    call: async <T>(method: string, path: string, options: object = {}) => {
      said.push([method, path, JSON.stringify(options)]);
      return token() as T;
    },
    stream: () => Promise.reject(new Error('not asked for')),
  };
  const out = {
    ...createOutput(argv.includes('--json')),
    terminal: true,
    document: () => said.push('a document'),
    result: () => said.push('a result'),
    secret: (text: string) => said.push(text),
    talk: (text: string) => said.push(text),
  };
  return { session: { out, host }, said };
}

test('the short way of `token` does what the long way through commander does', async () => {
  const lines = [
    'sandbox/user1',
    'sandbox --force --show',
    'sandbox --min-valid 600 --wait 0',
    '--scope a sandbox --scope b',
    'sandbox --format header',
    'sandbox --format json --json',
  ];
  for (const line of lines) {
    const argv = ['token', ...line.split(' ')];
    const short = recorder(argv);
    const quick = readTokenArguments(argv);
    assert.ok(quick, line);
    await runToken(short.session, quick.ref, quick.options);
    const long = recorder(argv);
    await runProgram(long.session, argv, () => {});
    assert.deepEqual(short.said, long.said, line);
    assert.ok(short.said.length >= 2);
  }
});

test('whatever is not plainly right in `token` is left to commander', () => {
  const lines = [
    '',
    'a b',
    'a --help',
    'a --min-valid',
    'a --min-valid soon',
    'a --format xml',
    'a --min-valid=5',
    '-- a',
  ];
  for (const line of lines) assert.equal(readTokenArguments(['token', ...line.split(' ')]), undefined, line);
  assert.equal(readTokenArguments(['status']), undefined);
});
