// The practice server as a child process: it shares no memory with tokens, and ends when this process ends, because its
// standard input closes with us.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { SandboxInfo } from '../api/host-controls.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';

export interface SandboxOptions {
  /** Program file of the sandbox: a `.ts` source or the bundle. */
  readonly script: string;
  readonly dataDirectory: string;
  readonly port: () => number;
  readonly accessSeconds: () => number;
  /** Told when it runs, so that its provider entry can be kept right. */
  readonly onStarted: (issuer: string, port: number) => Promise<void>;
  readonly log: LogPort;
}

/** The one line it prints: where it answers, or why it does not. */
type FirstLine =
  | { readonly ready: true; readonly issuer: string; readonly port: number }
  | { readonly ready: false; readonly code: string; readonly message: string };

const USERS = ['user1', 'user2', 'user3', 'user4'];
const LOGIN = 'Sign in as user1, user2, user3 or user4 with the password "password". Test data only.';
// A cold start takes half a second; ten mean that something is wrong.
const START_MS = 10_000;
const STOP_MS = 5_000;

interface Running {
  readonly child: ChildProcess;
  readonly lines: Interface;
  readonly issuer: string;
  readonly port: number;
}

export class SandboxProcess {
  readonly #options: SandboxOptions;
  #running: Running | undefined;
  #starting: Promise<SandboxInfo> | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  info(): SandboxInfo {
    const { issuer = null, port = null } = this.#running ?? {};
    return { running: this.#running !== undefined, issuer, port, users: USERS, login: LOGIN };
  }

  /** Starts it, or tells about the one that runs. Throws `port_taken` or `unexpected`. */
  start(): Promise<SandboxInfo> {
    if (this.#running !== undefined) return Promise.resolve(this.info());
    this.#starting ??= this.#launch().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async reset(): Promise<SandboxInfo> {
    const running = this.#running;
    if (running === undefined)
      throw new TokentrayError(
        'conflict',
        'The sandbox is not running. Start it with tokentray sandbox start.',
      );
    const answered = once(running.lines, 'line', { signal: AbortSignal.timeout(START_MS) });
    running.child.stdin!.write('reset\n');
    await answered;
    return this.info();
  }

  async stop(): Promise<SandboxInfo> {
    const child = this.#running?.child;
    this.#running = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.stdin!.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await gone;
      clearTimeout(timer);
    }
    return this.info();
  }

  async #launch(): Promise<SandboxInfo> {
    const { accessSeconds, script, dataDirectory, log, onStarted, port } = this.#options;
    const args = [
      '--data',
      dataDirectory,
      '--port',
      String(port()),
      '--access-seconds',
      String(accessSeconds()),
    ];
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      // Nothing of our environment but what a program needs to run: no paths of keys, no proxies.
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: process.env.TZ },
    });
    child.stdin!.on('error', () => log.warn('sandbox_input_closed'));
    const lines = createInterface({ input: child.stdout! });
    const answer = await this.#firstLine(child, lines);
    if (!answer.ready) {
      throw new TokentrayError(
        answer.code === 'port_taken' ? 'port_taken' : 'unexpected',
        `The sandbox did not start. ${answer.message}`,
      );
    }
    this.#running = { child, lines, issuer: answer.issuer, port: answer.port };
    child.once('exit', () => {
      if (this.#running?.child === child) {
        this.#running = undefined;
        log.warn('sandbox_ended');
      }
    });
    log.info('sandbox_started', { port: answer.port });
    await onStarted(answer.issuer, answer.port);
    return this.info();
  }

  async #firstLine(child: ChildProcess, lines: Interface): Promise<FirstLine> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), START_MS);
    try {
      const [line] = await Promise.race([
        once(lines, 'line', { signal: patience.signal }),
        once(child, 'exit', { signal: patience.signal }).then(() => [undefined]),
      ]);
      const parsed = typeof line === 'string' ? readFirstLine(line) : undefined;
      if (parsed !== undefined) return parsed;
      throw new TokentrayError(
        'unexpected',
        'The sandbox ended before it was ready. Try tokentray sandbox start again.',
      );
    } catch (error) {
      child.kill('SIGKILL');
      if (error instanceof TokentrayError) throw error;
      throw new TokentrayError(
        'unexpected',
        'The sandbox did not become ready. Try tokentray sandbox start again.',
      );
    } finally {
      clearTimeout(timer);
      patience.abort();
    }
  }
}

function readFirstLine(line: string): FirstLine | undefined {
  const { ready, issuer, port, code, message } = JSON.parse(line) as Record<string, unknown>;
  if (ready === true && typeof issuer === 'string' && typeof port === 'number')
    return { ready, issuer, port };
  if (ready === false && typeof code === 'string' && typeof message === 'string')
    return { ready, code, message };
  return undefined;
}
