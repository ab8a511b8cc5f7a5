// The sandbox as a process: what it prints, how it ends, and what it answers on stdin.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LaunchSandbox } from '../../host/sandbox-child.ts';
import { SandboxProcess } from '../../host/sandbox-process.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { freshDir, get, tokensFor } from '../support/sandbox-client.ts';

const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));
/** Far above the measured start (well under a second), for a busy machine. */
const DEADLINE_MS = 20_000;

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Next line of stdout as JSON. */
  line(): Promise<Record<string, unknown>>;
  /** Resolves with what is left of stdout and how the process ended. */
  ended: Promise<{ code: number | null; rest: string[]; errors: string }>;
}

function run(t: TestContext, ...options: string[]): Running {
  const child = spawn(process.execPath, [MAIN, ...options], { timeout: DEADLINE_MS });
  t.after(() => child.kill('SIGKILL'));
  const rest: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => rest.push(line));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  return {
    child,
    async line() {
      if (rest.length === 0) await once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE_MS) });
      return JSON.parse(rest.shift() ?? '');
    },
    ended: once(child, 'close').then(([code]) => ({ code, rest, errors })),
  };
}

test('the process prints one ready line, nothing more during a whole consent, and ends with 0 when stdin closes', async (t) => {
  const running = run(t, '--data', await freshDir(t), '--port', '0', '--access-seconds', '7');
  const ready = await running.line();
  assert.equal(ready.ready, true);
  assert.equal(ready.issuer, `http://127.0.0.1:${ready.port}`);
  const issuer = String(ready.issuer);
  const { access, body } = await tokensFor({ issuer });
  assert.equal(body.expires_in, 7);
  assert.equal((await get(`${issuer}/profile`, access)).status, 200);
  running.child.stdin.end();
  assert.deepEqual(await running.ended, { code: 0, rest: [], errors: '' });
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`the process ends cleanly with 0 on ${signal} and frees its port`, async (t) => {
    const dataDir = await freshDir(t);
    const running = run(t, '--data', dataDir, '--port', '0');
    const { port } = await running.line();
    running.child.kill(signal);
    assert.deepEqual(await running.ended, { code: 0, rest: [], errors: '' });
    await (await startSandbox({ dataDir, port: Number(port) })).close();
  });
}

test('a line "reset" on stdin ends everything issued and is answered with {"reset":true}; other lines are ignored', async (t) => {
  const running = run(t, '--data', await freshDir(t), '--port', '0');
  const issuer = String((await running.line()).issuer);
  const { access } = await tokensFor({ issuer });
  running.child.stdin.write('hello\nreset\n');
  assert.deepEqual(await running.line(), { reset: true });
  assert.equal((await get(`${issuer}/profile`, access)).status, 401);
});

test('a taken port makes startSandbox reject with port_taken, and the process print it and exit with 1', async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  t.after(() => holder.close());
  const address = holder.address();
  const port = typeof address === 'object' ? Number(address?.port) : 0;
  const message = `Port ${port} is in use by another program: stop that program or choose another port.`;
  const dataDir = await freshDir(t);
  await assert.rejects(startSandbox({ dataDir, port }), { name: 'Error', code: 'port_taken', message });
  const running = run(t, '--data', dataDir, '--port', String(port));
  assert.deepEqual(await running.line(), { ready: false, code: 'port_taken', message });
  assert.deepEqual(await running.ended, { code: 1, rest: [], errors: '' });
});

test('options that make no sense are named in the answer, and the process exits with 1', async (t) => {
  const cases = [
    [['--port', '0'], '--data must name a directory.'],
    [['--data', 'x'], '--port must be a whole number from 0 to 65535.'],
    [['--data', 'x', '--port', '65536'], '--port must be a whole number from 0 to 65535.'],
    [
      ['--data', 'x', '--port', '0', '--access-seconds', '0'],
      '--access-seconds must be a whole number from 1 to 86400.',
    ],
  ] as const;
  for (const [options, message] of cases) {
    const running = run(t, ...options);
    assert.deepEqual(await running.line(), { ready: false, code: 'usage', message });
    assert.equal((await running.ended).code, 1);
  }
});

test('a client whose metadata is not valid makes the start fail, not the first consent', async (t) => {
  const clients = [
    { client_id: 'x', redirect_uris: ['ftp://example.com/'], application_type: 'web' as const },
  ];
  await assert.rejects(
    startSandbox({ dataDir: await freshDir(t), port: 0, clients }),
    /invalid_redirect_uri/,
  );
});

const UTILITY = fileURLToPath(new URL('../support/utility-process.ts', import.meta.url));

/** As a tray runs it: nothing on standard input, words over the port. */
const launchUtility: LaunchSandbox = (script, args) => {
  const child = fork(script, args, {
    execArgv: ['--import', UTILITY],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env.PATH },
  });
  return {
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', listener),
    send: (message) => void child.send(message),
    kill: () => void child.kill('SIGKILL'),
  };
};

for (const [way, launch] of [
  ['a child process', undefined],
  ['a utility process of Electron', launchUtility],
] as const) {
  test(`the host starts, resets and stops the sandbox as ${way}`, async (t) => {
    const dataDirectory = await freshDir(t);
    const told: string[] = [];
    const options = {
      script: MAIN,
      dataDirectory,
      accessSeconds: () => 60,
      onStarted: async (issuer: string) => void told.push(issuer),
      launch,
      log: createRecordingLog(),
    };
    const sandbox = new SandboxProcess({ ...options, port: () => 0 });
    t.after(() => sandbox.stop());
    const [first, second] = await Promise.all([sandbox.start(), sandbox.start()]);
    assert.deepEqual([first.running, first.issuer, told], [true, second.issuer, [first.issuer]]);
    const twin = new SandboxProcess({ ...options, port: () => first.port ?? 0 });
    await assert.rejects(twin.start(), { code: 'port_taken' });
    assert.equal(twin.info().running, false);
    const { access } = await tokensFor({ issuer: first.issuer ?? '' });
    assert.equal((await get(`${first.issuer}/profile`, access)).status, 200);
    assert.equal((await sandbox.reset()).running, true);
    assert.equal((await sandbox.stop()).running, false);
    await assert.rejects(get(`${first.issuer}/profile`, access));
    await assert.rejects(sandbox.reset(), { code: 'conflict' });
  });
}
