// The figures of "nothing is lost": how long a new refresh token is in memory only, beside what the disk takes for a sync of
// as many bytes in the same run; and what ten thousand connections cost. `node test/bench/faults.ts` for these alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connections } from '../../core/connections.ts';
import { createEngine } from '../../core/create-engine.ts';
import { tokenOf } from '../../core/model/connection.ts';
import { dueAt, shareOf } from '../../core/refresh/schedule.ts';
import { openVault } from '../../core/vault/vault.ts';
import { systemClock } from '../../host/clock.ts';
import { systemRandom } from '../../host/random.ts';
import { answered, FakeHttp } from '../support/fake-http.ts';
import { callHost } from '../support/running-host.ts';
import { MemoryKeychain } from '../support/vault-keychain.ts';
import { fillVault } from '../support/window-fill.ts';
import { bar, figure, heading, median, quantile } from './report.ts';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');
const MANY = 10_000;
const ROTATIONS = 400;
const STARTS = 5;
/** More than one tick of the background. */
const IDLE_MS = 40_000;
const HOUR_MS = 3_600_000;
/** What the commit of one rotation writes: four pages of the log. */
const COMMIT_BYTES = 4 * 4_096;
/** Clock ticks of Linux in a second (USER_HZ). */
const TICKS_PER_SECOND = 100;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

interface Place {
  readonly folder: string;
  readonly home: string;
  readonly keyFile: string;
}

export async function faultFigures(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tokentray-faults-'));
  const place = { folder, home: join(folder, 'home'), keyFile: join(folder, 'vault.key') };
  mkdirSync(place.home, { mode: 0o700 });
  heading(`Preparing a vault with ${MANY} connections …`);
  const accounts = Array.from({ length: MANY }, (_, number) => ({
    account: `user${number}`,
    endsIn: HOUR_MS,
  }));
  await fillVault(accounts, 'bench')(join(place.home, 'vault.db'), place.keyFile);
  try {
    await hosts(place);
    await plan(place);
    await commits(place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From S5 to S7 the new refresh token is nowhere but in memory. */
async function commits({ folder, home, keyFile }: Place): Promise<void> {
  heading(
    `The commit of a new refresh token, ${ROTATIONS} rotations, each in turns with a bare write and fsync`,
  );
  const times: number[] = [];
  const whole: number[] = [];
  const bare: number[] = [];
  let at = 0;
  let arrived = 0;
  const http = new FakeHttp(() => {
    const fields = { access_token: 'a'.repeat(900), token_type: 'Bearer', expires_in: 3_600 };
    arrived = performance.now();
    return answered(200, { ...fields, refresh_token: `new-${times.length}` });
  });
  const ports = {
    clock: systemClock,
    http,
    log: QUIET,
    random: systemRandom,
    keychain: new MemoryKeychain(),
  };
  const engine = createEngine({
    ports: {
      ...ports,
      browser: { open: () => Promise.resolve() },
      network: { online: () => true },
      links: { owner: () => Promise.resolve({ kind: 'none' }) },
    },
    vaultPath: join(home, 'vault.db'),
    ownerKey: 'tt_owner',
    redirectPort: () => 1,
    onStep(step) {
      if (step === 'S5') at = performance.now();
      if (step !== 'S7') return;
      times.push(performance.now() - at);
      whole.push(performance.now() - arrived);
    },
  });
  await engine.vault.unlock({ kind: 'file', path: keyFile });
  const owner = engine.callers.identify('tt_owner')!;
  const file = openSync(join(folder, 'bare'), 'w');
  const some = Buffer.alloc(COMMIT_BYTES, 1);
  for (let turn = 0; turn < ROTATIONS; turn += 1) {
    await engine.connections.refresh(owner, `bench/user${turn}`);
    const began = performance.now();
    writeSync(file, some, 0, some.length, turn * some.length);
    fsyncSync(file);
    bare.push(performance.now() - began);
  }
  closeSync(file);
  await engine.close();
  figure('bare write and fsync, median', median(bare), 'ms');
  figure('bare write and fsync, 99th percentile', quantile(bare, 0.99), 'ms');
  figure('S5 to S7, median', median(times), 'ms');
  figure('last byte to commit, 99th percentile', quantile(whole, 0.99), 'ms');
  const p99 = quantile(times, 0.99);
  bar('S5 to S7, 99th percentile', p99, 'ms', 'under 20', p99 < 20);
}

async function hosts({ home, keyFile, folder }: Place): Promise<void> {
  heading(`A host with ${MANY} connections, ${STARTS} starts`);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    TOKENTRAY_HOME: home,
    TOKENTRAY_KEY_SOURCE: 'file',
    TOKENTRAY_KEY_FILE: keyFile,
  };
  const ready: number[] = [];
  const first: number[] = [];
  const resident: number[] = [];
  for (let start = 1; start <= STARTS; start += 1) {
    const { child, readyMs } = await startHost(env);
    try {
      ready.push(readyMs);
      const { url, socket: socketPath } = JSON.parse(readFileSync(join(home, 'endpoint.json'), 'utf8'));
      const key = readFileSync(join(home, 'owner.key'), 'utf8').trim();
      const began = performance.now();
      const reply = await callHost({ url, socketPath, method: 'GET', path: '/v1/token/bench/user5000', key });
      first.push(performance.now() - began);
      if (reply.status !== 200) throw new Error(`the first token: ${reply.body}`);
      resident.push(
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024,
      );
      if (start === STARTS) await idle(child);
    } finally {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
  }
  bar('from process start to ready', median(ready), 'ms', 'under 1500', median(ready) < 1_500);
  bar('the first token after that', median(first), 'ms', 'under 10', median(first) < 10);
  bar('resident memory', Math.max(...resident), 'MiB', 'under 200', Math.max(...resident) < 200);
}

async function startHost(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; readyMs: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, 'serve', '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (printed.includes('Ctrl-C')) return { child, readyMs: performance.now() - began };
  }
  throw new Error('the host ended before it was ready');
}

/** Of one processor, over more than one tick. */
async function idle({ pid }: ChildProcess): Promise<void> {
  const spent = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  };
  await pause(2_000);
  const before = spent();
  await pause(IDLE_MS);
  const share = ((spent() - before) / (IDLE_MS / 1_000)) * 100;
  bar('processor while idle', share, '%', 'under 1', share < 1);
}

async function plan({ home, keyFile }: Place): Promise<void> {
  heading(`The schedule of ${MANY} connections`);
  const path = join(home, 'vault.db');
  const vault = openVault({
    path,
    random: systemRandom,
    clock: systemClock,
    keychain: new MemoryKeychain(),
    log: QUIET,
  });
  await vault.unlock({ kind: 'file', path: keyFile });
  const connections = new Connections(QUIET, systemRandom);
  connections.load(vault);
  const times: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const began = performance.now();
    const hour = systemClock.wall() + HOUR_MS;
    const due = connections
      .all()
      .flatMap(({ id, state }) => {
        const token = tokenOf(state);
        const at = token === undefined ? null : dueAt(token, shareOf(id));
        return at !== null && at <= hour ? [{ id, at }] : [];
      })
      .sort((left, right) => left.at - right.at);
    times.push(performance.now() - began);
    if (due.length !== MANY) throw new Error(`${due.length} are due`);
  }
  vault.close();
  bar('an hour planned', median(times), 'ms', 'under 50', median(times) < 50);
}
