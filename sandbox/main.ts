// The sandbox as a process of its own: `node sandbox/main.ts --data DIR --port N [--access-seconds N]`.
// Must stay true: it sends one message when it is ready (or why not) and one per `reset` that it is sent, nothing else,
// and never outlives the program that started it.
import { parseArgs } from 'node:util';
import { type Line, openLine } from './line.ts';
import { type Sandbox, startSandbox } from './server.ts';

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

function serve(sandbox: Sandbox, line: Line): void {
  let ended = false;
  const end = async (): Promise<void> => {
    if (ended) return;
    ended = true;
    await sandbox.close();
    line.close();
  };
  const endThenReport = () => void end().catch(fail);
  process.once('SIGTERM', endThenReport);
  process.once('SIGINT', endThenReport);
  line.listen(() => void sandbox.reset().then(() => line.say({ reset: true }), fail), endThenReport);
}

function fail(error: unknown): void {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : 'unknown error'}\n`);
  process.exitCode = 1;
}

const line = openLine();
try {
  const sandbox = await startSandbox(readOptions());
  serve(sandbox, line); // first: whoever reads the message may end us at once
  line.say({ ready: true, issuer: sandbox.issuer, port: sandbox.port });
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : 'failed';
  line.say({
    ready: false,
    code,
    message: error instanceof Error ? error.message : 'The sandbox cannot start.',
  });
  process.exitCode = 1;
}
