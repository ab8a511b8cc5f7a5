// The sandbox as a process of its own: `node sandbox/main.ts --data DIR --port N [--access-seconds N]`.
// Must stay true: stdout carries one JSON line when it is ready (or why not) and one per `reset` line read from
// stdin, nothing else; it ends when stdin closes, so it never outlives the program that started it.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type Sandbox, startSandbox } from './server.ts';

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function readOptions(): { dataDir: string; port: number; accessTokenSeconds: number } {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, port: { type: 'string' }, 'access-seconds': { type: 'string' } },
  });
  if (values.data === undefined || values.data === '') throw usage('--data must name a directory.');
  return {
    dataDir: values.data,
    port: wholeNumber('--port', values.port, 0, 65_535),
    // A day at most: a practice token should be seen to expire.
    accessTokenSeconds: wholeNumber('--access-seconds', values['access-seconds'] ?? '3600', 1, 86_400),
  };
}

function wholeNumber(name: string, text: string | undefined, min: number, max: number): number {
  const value = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`${name} must be a whole number from ${min} to ${max}.`);
}

function usage(sentence: string): Error {
  return Object.assign(new Error(sentence), { code: 'usage' });
}

function serve(sandbox: Sandbox): void {
  const input = createInterface({ input: process.stdin });
  let ended = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    input.close();
    process.stdin.destroy();
    await sandbox.close();
  };
  const endThenReport = () => void end().catch(fail);
  process.once('SIGTERM', endThenReport);
  process.once('SIGINT', endThenReport);
  // The reader of our lines is gone: so is whoever started us.
  process.stdout.on('error', endThenReport);
  input.once('close', endThenReport);
  input.on('line', (line) => {
    if (line.trim() === 'reset') void sandbox.reset().then(() => say({ reset: true }), fail);
  });
}

function fail(error: unknown): void {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : 'unknown error'}\n`);
  process.exitCode = 1;
}

try {
  const sandbox = await startSandbox(readOptions());
  serve(sandbox); // first: whoever reads the line may end us at once
  say({ ready: true, issuer: sandbox.issuer, port: sandbox.port });
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : 'failed';
  say({ ready: false, code, message: error instanceof Error ? error.message : 'The sandbox cannot start.' });
  process.exitCode = 1;
}
