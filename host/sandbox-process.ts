// The practice server, started when somebody wants it and ended with the host. How it runs is the LaunchSandbox's
// business; what it says is judged here.
import type { SandboxInfo } from '../api/host-controls.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { type LaunchSandbox, launchChild, type SandboxChild } from './sandbox-child.ts';

export interface SandboxOptions {
  /** Program file of the sandbox: a `.ts` source or the bundle. */
  readonly script: string;
  readonly dataDirectory: string;
  readonly port: () => number;
  readonly accessSeconds: () => number;
  /** Told when it runs, so that its provider entry can be kept right. */
  readonly onStarted: (issuer: string, port: number) => Promise<void>;
  readonly launch: LaunchSandbox | undefined;
  readonly log: LogPort;
}

/** The first message: where it answers, or why it does not. */
type FirstMessage =
  | { readonly ready: true; readonly issuer: string; readonly port: number }
  | { readonly ready: false; readonly code: string; readonly message: string };

const USERS = ['user1', 'user2', 'user3', 'user4'];
const LOGIN = 'Sign in as user1, user2, user3 or user4 with the password "password". Test data only.';
// A cold start takes half a second; ten mean that something is wrong.
const START_MS = 10_000;
const STOP_MS = 5_000;

interface Running {
  readonly child: SandboxChild;
  readonly exited: Promise<void>;
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
    const answered = nextMessage(running.child, running.exited);
    running.child.send('reset');
    if ((await answered) === undefined)
      throw new TokentrayError('unexpected', 'The sandbox did not answer. Stop it and start it again.');
    return this.info();
  }

  async stop(): Promise<SandboxInfo> {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) {
      running.child.send('end');
      const timer = setTimeout(() => running.child.kill(), STOP_MS);
      await running.exited;
      clearTimeout(timer);
    }
    return this.info();
  }

  async #launch(): Promise<SandboxInfo> {
    const {
      accessSeconds,
      script,
      dataDirectory,
      launch = launchChild,
      log,
      onStarted,
      port,
    } = this.#options;
    const args = [
      '--data',
      dataDirectory,
      '--port',
      String(port()),
      '--access-seconds',
      String(accessSeconds()),
    ];
    const child = launch(script, args);
    const exited = new Promise<void>((resolve) => child.onExit(resolve));
    const answer = firstMessage(await nextMessage(child, exited));
    if (answer === undefined) {
      child.kill();
      throw new TokentrayError(
        'unexpected',
        'The sandbox did not become ready. Try tokentray sandbox start again.',
      );
    }
    if (!answer.ready) {
      child.kill();
      throw new TokentrayError(
        answer.code === 'port_taken' ? 'port_taken' : 'unexpected',
        `The sandbox did not start. ${answer.message}`,
      );
    }
    this.#running = { child, exited, issuer: answer.issuer, port: answer.port };
    void exited.then(() => {
      if (this.#running?.child !== child) return;
      this.#running = undefined;
      log.warn('sandbox_ended');
    });
    log.info('sandbox_started', { port: answer.port });
    await onStarted(answer.issuer, answer.port);
    return this.info();
  }
}

/** Undefined when it has ended or says nothing in time. */
function nextMessage(child: SandboxChild, exited: Promise<void>): Promise<unknown> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, START_MS, undefined);
    const done = (message?: unknown) => {
      clearTimeout(timer);
      resolve(message);
    };
    child.onMessage(done);
    void exited.then(() => done());
  });
}

function firstMessage(given: unknown): FirstMessage | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { ready, issuer, port, code, message } = given as Record<string, unknown>;
  if (ready === true && typeof issuer === 'string' && typeof port === 'number')
    return { ready, issuer, port };
  if (ready === false && typeof code === 'string' && typeof message === 'string')
    return { ready, code, message };
  return undefined;
}
