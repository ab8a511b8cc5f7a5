// The sandbox as a process: what it prints, how it ends, and what it answers on stdin.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../sandbox/server.ts';
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
