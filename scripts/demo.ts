// The whole job in one terminal and a temporary home: what users run (dist/), a practice server, and a scripted user
// agent in place of the browser. Ends with exit code 0 only when every step was seen to work.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { consentAs } from '../sandbox/user-agent.ts';

const CLI = join(import.meta.dirname, '..', 'dist', 'cli.js');
// Long enough to be used, short enough to watch it end.
const TOKEN_SECONDS = 3;
const START_MS = 8_000;

const folder = mkdtempSync(join(tmpdir(), 'tokentray-demo-'));
const home = join(folder, 'home');
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  TOKENTRAY_HOME: home,
  TOKENTRAY_KEY_SOURCE: 'file',
  TOKENTRAY_KEY_FILE: join(folder, 'vault.key'),
};

const say = (text: string) => process.stdout.write(`${text}\n`);
const step = (text: string) => say(`\n\u001b[1m${text}\u001b[0m`);
const short = (token: string) => `${token.slice(0, 6)}… (${token.length} characters)`;

function check(condition: boolean, sentence: string): void {
  if (!condition) throw new Error(sentence);
  say(`  ok: ${sentence}`);
}

async function main(): Promise<void> {
  if (!existsSync(CLI)) throw new Error('dist/ is missing. Run npm ci or npm run build first.');
  step('1. A host with a practice authorization server, in a temporary home');
  const host = start();
  try {
    await hostReady(host);
    say(`  $ tokentray status\n${indent(await run('status'))}`);

    step('2. Consent: a scripted user agent signs in as user1 and presses Allow');
    say(`  $ tokentray connect sandbox --no-open\n${indent(await connect())}`);

    step('3. A token for a script, and what it opens');
    const first = await run('token', 'sandbox');
    say(`  $ tokentray token sandbox\n  ${short(first)}`);
    const issuer = JSON.parse(await run('sandbox', 'info', '--json')).issuer as string;
    say(`  GET /profile   ${await get(`${issuer}/profile`, first)}`);
    say(`  GET /contacts  ${await get(`${issuer}/contacts?limit=2`, first)}`);
    const key = await run('keys', 'add', 'demo-script', '--connection', 'sandbox');
    const answer = JSON.parse(
      await get('http://localhost/v1/token/sandbox', key, join(home, 'run', 't.sock')),
    );
    check(
      answer.access_token === first,
      'a script with a key of its own gets the same token over the socket',
    );

    step(`4. The token ends (here after ${TOKEN_SECONDS} seconds); the next request refreshes it`);
    check(answer.expires_in <= TOKEN_SECONDS, `its life is known: ${answer.expires_in} s are left`);
    await delay(Math.max(0, Date.parse(answer.expires_at) - Date.now()));
    check((await status(`${issuer}/profile`, first)) === 401, 'the first token has ended');
    const second = await run('token', 'sandbox');
    check(second !== first, `a new one was handed out: ${short(second)}`);
    check((await status(`${issuer}/profile`, second)) === 200, 'the new token works');

    step('5. What is on the disk');
    const files = readdirSync(home).filter((name) => name.startsWith('vault.db'));
    for (const token of [first, second]) {
      check(
        !files.some((name) => readFileSync(join(home, name)).includes(token)),
        `${short(token)} is not readable in ${files.join(', ')}`,
      );
    }
  } finally {
    host.kill('SIGTERM');
    if (host.exitCode === null && host.signalCode === null) await once(host, 'exit');
  }
  step('Done. To use it for real: npm start, then see the README.');
}

function start(): ChildProcess {
  // A free port for the practice server, and tokens that end while you watch.
  const settings = { version: 1, sandbox_port: 0, sandbox_access_seconds: TOKEN_SECONDS };
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  return spawn(process.execPath, [CLI, 'serve', '--port', '0', '--sandbox'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function hostReady(host: ChildProcess): Promise<void> {
  const patience = AbortSignal.timeout(START_MS);
  let printed = '';
  for await (const [chunk] of on(host, patience)) {
    printed += chunk;
    if (printed.includes('Ctrl-C')) return;
  }
}

async function* on(host: ChildProcess, signal: AbortSignal): AsyncGenerator<[string]> {
  while (true) {
    const [chunk] = (await Promise.race([
      once(host.stdout!, 'data', { signal }),
      once(host, 'exit').then(() => Promise.reject(new Error('The host ended before it was ready.'))),
    ])) as [Buffer];
    yield [chunk.toString()];
  }
}

async function run(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  return finished(child, args);
}

async function finished(
  child: ChildProcess,
  args: readonly string[],
  onTalk?: (text: string) => void,
): Promise<string> {
  let data = '';
  let talk = '';
  child.stdout!.on('data', (chunk: Buffer) => (data += chunk));
  child.stderr!.on('data', (chunk: Buffer) => {
    talk += chunk;
    onTalk?.(talk);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`tokentray ${args.join(' ')} ended with exit code ${code}: ${talk.trim()}`);
  return data.trim();
}

async function connect(): Promise<string> {
  const args = ['connect', 'sandbox', '--no-open'];
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let visited: Promise<unknown> | undefined;
  const name = await finished(child, args, (talk) => {
    const url = /http:\S+\/authorize\?\S+(?=\s)/.exec(talk)?.[0];
    if (url !== undefined)
      visited ??= consentAs({
        authorizationUrl: url,
        username: 'user1',
        password: 'password',
        decision: 'allow',
      });
  });
  await visited;
  return name;
}

function get(url: string, bearer: string, socketPath?: string): Promise<string> {
  return send(url, bearer, socketPath).then(({ body }) => body);
}

function status(url: string, bearer: string): Promise<number> {
  return send(url, bearer).then((answer) => answer.status);
}

function send(url: string, bearer: string, socketPath?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      headers: { authorization: `Bearer ${bearer}` },
      ...(socketPath === undefined ? {} : { socketPath }),
    };
    const sent = request(url, options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
