// What we put in the clipboard leaves it again: after its time, on lock, on quit. Only while it is still ours, and only by
// the path that wrote it: what the user copied later is never touched (promise 163). No Electron in here.
import type { LogPort } from '../core/ports.ts';
import { type ClipboardMark, markOf } from './clipboard-mark.ts';
import { systemTimer, type Timer } from './tray-pacer.ts';

export interface ClipboardPath {
  /** True only when it can be told that the text arrived. */
  write(text: string): Promise<boolean>;
  /** undefined when there is no text, or nobody can tell. */
  read(): Promise<string | undefined>;
  clear(): Promise<boolean>;
}

export interface ClipboardKeeper {
  /** Writes by this path and starts the time. `clearsIn`: seconds, null when it stays. */
  put(
    text: string,
    path: ClipboardPath,
  ): Promise<{ readonly copied: boolean; readonly clearsIn: number | null }>;
  /** Takes out what is still ours. Never throws and never takes longer than `CLEAR_MS`. */
  clear(): Promise<void>;
  /** Something of ours may be in the clipboard. */
  holds(): boolean;
}

export interface KeeperOptions {
  /** 0: never. Read at each copy. */
  readonly seconds: () => number;
  readonly log: LogPort;
  readonly timer?: Timer;
}

/** A quit or a lock waits so long at most; a desktop that answers later has a clipboard that nobody can use. */
const CLEAR_MS = 2_000;

interface Held {
  readonly mark: ClipboardMark;
  readonly path: ClipboardPath;
  readonly stop: () => void;
}

export function createKeeper({ seconds, log, timer = systemTimer }: KeeperOptions): ClipboardKeeper {
  let held: Held | undefined;
  let clearing: Promise<void> | undefined;

  const takeOut = async ({ mark, path }: Held) => {
    const text = await path.read();
    if (text === undefined || !mark.is(text)) return log.debug('clipboard_not_ours');
    if (!(await path.clear())) log.warn('clipboard_not_cleared', { why: 'refused' });
  };
  const inTime = async (one: Held) => {
    const { promise: over, resolve } = Promise.withResolvers<'late'>();
    const stop = timer(CLEAR_MS, () => resolve('late'));
    try {
      if ((await Promise.race([takeOut(one), over])) === 'late')
        log.warn('clipboard_not_cleared', { why: 'late' });
    } catch (error) {
      log.warn('clipboard_not_cleared', { why: error instanceof Error ? error.name : 'unknown' });
    } finally {
      stop();
    }
  };
  const clear = () => {
    if (held !== undefined) {
      const one = held;
      held = undefined;
      one.stop();
      // One after the other: a second text may be ours as well.
      const before = clearing ?? Promise.resolve();
      const now: Promise<void> = before
        .then(() => inTime(one))
        .finally(() => {
          if (clearing === now) clearing = undefined;
        });
      clearing = now;
    }
    return clearing ?? Promise.resolve();
  };

  return {
    async put(text, path) {
      // Else a clear under way could compare with the new text and miss the old one.
      await clearing;
      held?.stop();
      const clearsIn = seconds() === 0 ? null : seconds();
      // Kept before the write: a lock in the middle of it must find what to clear.
      const one: Held = {
        mark: markOf(text),
        path,
        stop: clearsIn === null ? () => {} : timer(clearsIn * 1_000, () => void clear()),
      };
      held = one;
      const copied = await path.write(text);
      if (!copied) {
        one.stop();
        if (held === one) held = undefined;
      }
      return { copied, clearsIn: copied ? clearsIn : null };
    },
    clear,
    holds: () => held !== undefined || clearing !== undefined,
  };
}
