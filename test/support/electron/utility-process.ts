// utilityProcess: a Node child with a message port instead of `process.send`, and without standard input.
import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import type { Readable } from 'node:stream';
import { needsReady } from './moment.ts';
import { NODE } from './settings.ts';
import { strict, strictObject } from './strict.ts';

const PORT = new URL('./parent-port.ts', import.meta.url).href;

class UtilityProcess extends strict('UtilityProcess') {
  readonly #child: ChildProcess;
  #gone = false;

  constructor(script: string, args: readonly string[], options: Electron.ForkOptions) {
    super();
    const { stdio = 'inherit' } = options;
    const [, out, err] = typeof stdio === 'string' ? [stdio, stdio, stdio] : stdio;
    this.#child = fork(script, args, {
      execPath: NODE,
      execArgv: ['--import', PORT, ...(options.execArgv ?? [])],
      env: { ...(options.env ?? process.env) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: ['ignore', out ?? 'inherit', err ?? 'inherit', 'ipc'] as StdioOptions,
    });
    this.#child.once('spawn', () => this.emit('spawn'));
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.once('exit', (code, signal) => {
      this.#gone = true;
      this.emit('exit', code ?? (signal === null ? 0 : 1));
    });
  }

  get pid(): number | undefined {
    return this.#gone ? undefined : this.#child.pid;
  }

  get stdout(): Readable | null {
    return this.#child.stdout;
  }

  get stderr(): Readable | null {
    return this.#child.stderr;
  }

  postMessage(message: unknown): void {
    if (!this.#gone) this.#child.send(message as object);
  }

  kill(): boolean {
    return this.#child.kill();
  }
}

export const utilityProcess = strictObject('utilityProcess', {
  fork(script: string, args: readonly string[] = [], options: Electron.ForkOptions = {}): UtilityProcess {
    needsReady('utilityProcess cannot be created before app is ready');
    return new UtilityProcess(script, args, options);
  },
});
