// The command line on a real terminal: warnings, prompts without echo, and a terminal that is left as it was found.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ACCESS_TOKEN, NEW_KEY } from '../support/cli-answers.ts';
import { type CliHost, type CliHostOptions, startCliHost } from '../support/cli-host.ts';
import { CLI, commandEnvironment, type Running, startOnTerminal } from '../support/cli-process.ts';

const NODE = `'${process.execPath}' '${CLI}'`;

async function onTerminal(
  t: TestContext,
  command: string,
  options: CliHostOptions = {},
): Promise<{ host: CliHost; running: Running }> {
  const host = await startCliHost(options);
  const running = startOnTerminal(command, commandEnvironment(host.home));
  t.after(async () => {
    running.child.kill('SIGKILL');
    await host.stop();
  });
  return { host, running };
}

test('promise 178: a token shown on a terminal comes with a warning on stderr', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} token sandbox/user1 2>"$HOME/talk"`);
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  assert.equal(stdout, `${ACCESS_TOKEN}\r\n`);
  const talk = readFileSync(join(host.home, 'talk'), 'utf8');
  assert.equal(
    talk,
    'This token opens sandbox/user1 to whoever sees it. Add --show to leave this warning out.\n',
  );
});

test('promise 178: with --show there is no warning', async (t) => {
  const { running } = await onTerminal(t, `${NODE} token sandbox/user1 --show`);
  assert.equal((await running.ended).stdout, `${ACCESS_TOKEN}\r\n`);
});

test('promise 178: a new key on a terminal comes with a warning that it is shown once', async (t) => {
  const { running } = await onTerminal(t, `${NODE} keys add backup --connection sandbox`);
  const { stdout } = await running.ended;
  assert.match(stdout, /shown once.*\r\n/);
  assert.ok(stdout.includes(NEW_KEY));
});

test('promise 177: the passphrase is asked for without echo', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} vault slots add --kind passphrase`, {
    state: 'setup',
  });
  await running.says('Type a new passphrase');
  running.child.stdin?.write('correct horse\r');
  await running.says('Type a new passphrase again');
  running.child.stdin?.write('correct horse\r');
  const { code, stdout } = await running.ended;
  assert.equal(code, 0, stdout);
  assert.ok(!stdout.includes('correct'), stdout);
  assert.deepEqual(host.requests, [
    'POST /v1/vault/slots {"kind":"passphrase","passphrase":"correct horse"}',
  ]);
});

test('a passphrase typed differently the second time changes nothing and ends with 2', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} vault slots add --kind passphrase`, {
    state: 'setup',
  });
  await running.says('Type a new passphrase');
  running.child.stdin?.write('one\r');
  await running.says('Type a new passphrase again');
  running.child.stdin?.write('two\r');
  const { code, stdout } = await running.ended;
  assert.equal(code, 2, stdout);
  assert.match(stdout, /did not match/);
  assert.deepEqual(host.requests, []);
});

test('a removal is asked about on a terminal, and no is the default', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} connections remove sandbox/user1`);
  await running.says('Remove the connection sandbox/user1?');
  running.child.stdin?.write('\r');
  const { code, stdout } = await running.ended;
  assert.equal(code, 130);
  assert.match(stdout, /Nothing was changed\./);
  assert.deepEqual(host.requests, []);
});

test('a removal goes ahead after a yes', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} connections remove sandbox/user1`);
  await running.says('Remove the connection sandbox/user1?');
  running.child.stdin?.write('y');
  const { code, stdout } = await running.ended;
  assert.equal(code, 0, stdout);
  assert.deepEqual(host.requests, ['DELETE /v1/connections/sandbox%2Fuser1']);
});

/** Runs the command, then lets the terminal say how it is set. The trap keeps this shell through a Ctrl-C. */
const thenSettings = (command: string) =>
  `trap : INT; sh -c 'echo pid $$; exec ${command.replaceAll("'", '"')}'; echo exit $?; stty -a`;

test('promise 182: Ctrl-C at a prompt ends with 130, no stack, and the echo restored', async (t) => {
  const { running } = await onTerminal(t, thenSettings(`${NODE} import sandbox`));
  await running.says('Type the refresh token');
  running.child.stdin?.write('\u0003');
  const { stdout } = await running.ended;
  assert.match(stdout, /exit 130/);
  assert.match(stdout, / icanon .* echo /s);
  assert.doesNotMatch(stdout, /\n\s+at /);
});

test('promise 182: SIGINT during a prompt ends with 130, no stack, and the echo restored', async (t) => {
  const { running } = await onTerminal(t, thenSettings(`${NODE} import sandbox`));
  await running.says('Type the refresh token');
  const [, pid] = /pid (\d+)/.exec(running.stdout()) ?? [];
  process.kill(Number(pid), 'SIGINT');
  const { stdout } = await running.ended;
  assert.match(stdout, /exit 130/);
  assert.match(stdout, / icanon .* echo /s);
  assert.ok(stdout.includes('\u001b[?25h'), 'the cursor is shown again');
  assert.doesNotMatch(stdout, /\n\s+at /);
});

test('a refused paste may be tried again on a terminal', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} connect sandbox --via paste`);
  await running.says('press Enter');
  running.child.stdin?.write('http://127.0.0.1/elsewhere\r');
  await running.says('Paste it again');
  running.child.stdin?.write('http://127.0.0.1/callback/sandbox?code=x\r');
  const { code, stdout } = await running.ended;
  assert.equal(code, 0, stdout);
  assert.match(stdout, /Connected sandbox\/user1\./);
  assert.equal(host.requests.length, 3);
});

test('Ctrl-C while an address is typed cancels the consent and ends with 130', async (t) => {
  const { host, running } = await onTerminal(t, thenSettings(`${NODE} connect sandbox --via paste`));
  await running.says('press Enter');
  running.child.stdin?.write('half an address\u0003');
  const { stdout } = await running.ended;
  assert.match(stdout, /exit 130/);
  assert.match(stdout, / icanon .* echo /s);
  assert.equal(host.requests.at(-1), 'DELETE /v1/consents/consent-sandbox');
});

test('the time left is shown while a consent is waited for', async (t) => {
  const { host, running } = await onTerminal(t, `${NODE} connect hanging --wait 120`);
  await running.says('2:00 left. Ctrl-C cancels.');
  running.child.stdin?.write('\u0003');
  const { code } = await running.ended;
  assert.equal(code, 130);
  assert.equal(host.requests.at(-1), 'DELETE /v1/consents/consent-hanging');
});
