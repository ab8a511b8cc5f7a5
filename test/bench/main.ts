// The figures: `npm run bench`, or `npm run bench -- host` and `-- window` for one part. Every ratio has both sides measured
// in this run, in turns, medians of several rounds; a bar that is missed is printed as such and ends it with exit code 1.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultFigures } from './faults.ts';
import { bar, conclude, figure, heading, median } from './report.ts';
import { CLI, prepare, type Setting } from './setting.ts';
import { trayFigures } from './tray.ts';
import { windowFigures } from './window.ts';

const ROUNDS = 5;
const LOAD_MS = 3_000;
const KEPT_ALIVE = 8;
const PROCESS_ROUNDS = 15;
const FETCHES = 200;

interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function handOut(setting: Setting, folder: string): Promise<void> {
  heading(
    `Cached token over ${KEPT_ALIVE} kept-alive connections, ${ROUNDS} rounds of ${LOAD_MS / 1_000} s each, in turns`,
  );
  const head = (path: string, port: number) =>
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${setting.key}\r\n\r\n`;
  const answer = await fetch(`http://127.0.0.1:${setting.port}/v1/token/bench/user1`, {
    headers: { authorization: `Bearer ${setting.key}` },
  });
  const bodyFile = join(folder, 'body');
  writeFileSync(bodyFile, await answer.text());
  const bare = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.ts'), bodyFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(bare.stdout, 'data')) as [Buffer];
  const barePort = Number(line.toString());
  const ours: Load[] = [];
  const theirs: Load[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await load(folder, barePort, head('/', barePort)));
    ours.push(await load(folder, setting.port, head('/v1/token/bench/user1', setting.port)));
  }
  bare.stdin.end();
  const perSecond = (loads: readonly Load[]) => median(loads.map((entry) => entry.perSecond));
  figure('bare node:http', perSecond(theirs), '/s');
  figure('token route', perSecond(ours), '/s');
  const ratio = perSecond(ours) / perSecond(theirs);
  bar('token route / bare node:http', ratio, '', 'at least 0.40, aim 0.60', ratio >= 0.4);
  const p99 = median(ours.map((entry) => entry.p99));
  bar('token route, 99th percentile', p99, 'ms', 'under 5', p99 < 5);
}

async function load(folder: string, port: number, request: string): Promise<Load> {
  const file = join(folder, 'request');
  writeFileSync(file, request);
  const args = [
    join(import.meta.dirname, 'load.ts'),
    String(port),
    file,
    String(KEPT_ALIVE),
    String(LOAD_MS),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the load generator failed');
  return JSON.parse(text) as Load;
}

/** Wall time of whole processes, the two commands in turns. */
function processes(
  commands: readonly { argv: readonly string[]; env?: NodeJS.ProcessEnv; mayFail?: boolean }[],
): number[] {
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round < PROCESS_ROUNDS; round += 1) {
    for (const [index, { argv, env, mayFail }] of commands.entries()) {
      const began = performance.now();
      const ended = spawnSync(argv[0]!, argv.slice(1), { env: env ?? process.env, stdio: 'ignore' });
      times[index]!.push(performance.now() - began);
      if (ended.status !== 0 && !mayFail) throw new Error(`${argv.join(' ')} ended with ${ended.status}`);
    }
  }
  return times.map(median);
}

function command(setting: Setting): void {
  heading(`token as a process, ${PROCESS_ROUNDS} rounds in turns`);
  const [bare, token] = processes([
    { argv: [process.execPath, '-e', '0'] },
    { argv: [process.execPath, CLI, 'token', 'bench/user1'], env: setting.env },
  ]);
  figure('node -e 0', bare!, 'ms');
  figure('tokentray token', token!, 'ms');
  bar('tokentray token / node -e 0', token! / bare!, '', 'under 2.50', token! / bare! < 2.5);
}

async function againstOidcToken(setting: Setting): Promise<void> {
  heading('A token inside a running program: fetch against spawning oidc-token');
  const url = `http://127.0.0.1:${setting.port}/v1/token/bench/user1`;
  const init = { headers: { authorization: `Bearer ${setting.key}` } };
  const times: number[] = [];
  for (let round = 0; round < FETCHES; round += 1) {
    const began = performance.now();
    await (await fetch(url, init)).json();
    times.push(performance.now() - began);
  }
  figure('fetch, median', median(times), 'ms');
  if (!existsSync('/usr/bin/oidc-token')) {
    process.stdout.write(
      '          oidc-token is not installed (Debian: oidc-agent-cli); nothing to compare with\n',
    );
    return;
  }
  // No agent answers here, so this is the least that spawning it can cost: the process alone.
  const [spawned] = processes([{ argv: ['/usr/bin/oidc-token', 'none'], mayFail: true }]);
  figure('spawning oidc-token (the process alone), median', spawned!, 'ms');
  bar('fetch / oidc-token', median(times) / spawned!, '', 'under 1.00', median(times) < spawned!);
}

async function hostProcess(setting: Setting): Promise<void> {
  heading(`The host with 20 connections, ${ROUNDS} starts`);
  const ready: number[] = [];
  const resident: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ready.push(await setting.restart());
    resident.push(setting.residentMiB());
  }
  bar('from process start to ready', median(ready), 'ms', 'under 250', median(ready) < 250);
  bar('resident memory when ready', Math.max(...resident), 'MiB', 'under 90', Math.max(...resident) < 90);
}

async function host(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-load-'));
  process.stdout.write('Preparing a vault with 20 connections …\n');
  const setting = await prepare(20);
  try {
    await hostProcess(setting);
    command(setting);
    await againstOidcToken(setting);
    await handOut(setting, folder);
    figure('resident memory after the load', setting.residentMiB(), 'MiB');
  } finally {
    await setting.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const PARTS = { host, faults: faultFigures, window: windowFigures, tray: trayFigures } as const;

if (!existsSync(CLI)) throw new Error('dist/ is missing. Run npm run build first.');
const words = process.argv.slice(2);
const unknown = words.filter((word) => !(word in PARTS));
if (unknown.length > 0)
  throw new Error(`There is no part ${unknown.join(', ')}. Parts: ${Object.keys(PARTS).join(', ')}.`);
for (const [name, measure] of Object.entries(PARTS)) {
  if (words.length === 0 || words.includes(name)) await measure();
}
conclude();
