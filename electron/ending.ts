// Quitting: waits once, and not for ever, until copied tokens have left the clipboard, answers in flight are kept and the
// vault is closed. Without an electron import.
import type { LogPort } from '../core/ports.ts';
import { systemTimer, type Timer } from './tray-pacer.ts';

interface Preventable {
  preventDefault(): void;
}

export interface EndingOptions {
  /** Of Electron; each `quit` asks `before-quit` first. */
  readonly app: {
    on(event: 'before-quit', listener: (event: Preventable) => void): unknown;
    quit(): void;
  };
  readonly close: () => Promise<void>;
  readonly log: LogPort;
  readonly timer?: Timer;
}

export interface Ending {
  /** Somebody has quit: nothing is opened any more. */
  begun(): boolean;
}

/** Doors and answers in flight have ten seconds, the sandbox five, the vault is a matter of moments. */
const END_MS = 30_000;

export function createEnding({ app, close, log, timer = systemTimer }: EndingOptions): Ending {
  let state: 'runs' | 'closes' | 'closed' = 'runs';
  const end = async (): Promise<void> => {
    const { promise: over, resolve } = Promise.withResolvers<'late'>();
    const stop = timer(END_MS, () => resolve('late'));
    try {
      // What is not done by then is as after a crash, which every file of ours survives.
      if ((await Promise.race([close(), over])) === 'late') log.error('quit_late');
    } catch (error) {
      log.error('quit_failed', { error: error instanceof Error ? error.name : 'unknown' });
    }
    stop();
    state = 'closed';
    app.quit();
  };
  app.on('before-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    // Who is impatient and quits again would end it in the middle.
    if (state === 'closes') return;
    state = 'closes';
    void end();
  });
  return { begun: () => state !== 'runs' };
}
