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
  /** Writes by this path, if it `isWanted` still, and starts the time. `clearsIn`: seconds, null when it stays. */
  put(
    text: string,
    path: ClipboardPath,
    isWanted?: () => boolean,
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
  /** Ends with its write, however that ends. */
  readonly written: Promise<unknown>;
  readonly stop: () => void;
}

export function createKeeper({ seconds, log, timer = systemTimer }: KeeperOptions): ClipboardKeeper {
  // More than one after a write that failed: it may have arrived all the same, and the text before it may still be there.
  const held = new Set<Held>();
  let clearing: Promise<unknown> | undefined;

  const takeOut = async ({ mark, path, written }: Held) => {
    // What is still on its way would be missed.
    await written;
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
  const drop = (one: Held) => {
    one.stop();
    return held.delete(one);
  };
  const clear = async (which: Iterable<Held>) => {
    const gone = [...which].filter(drop);
    if (gone.length > 0) {
      // One after the other: a second text may be ours as well.
      const before = clearing ?? Promise.resolve();
      const now: Promise<unknown> = before
        .then(() => Promise.all(gone.map(inTime)))
        .finally(() => {
          if (clearing === now) clearing = undefined;
        });
      clearing = now;
    }
    await clearing;
  };

  return {
    async put(text, path, isWanted = () => true) {
      // Else a clear under way could compare with the new text and miss the old one.
      await clearing;
      if (!isWanted()) return { copied: false, clearsIn: null };
      const clearsIn = seconds() === 0 ? null : seconds();
      const before = [...held];
      const writing = path.write(text);
      // Kept before it is written: a lock in the middle of it must find what to clear.
      const one: Held = {
        mark: markOf(text),
        path,
        written: writing.catch(() => false),
        stop: clearsIn === null ? () => {} : timer(clearsIn * 1_000, () => void clear([one])),
      };
      held.add(one);
      const copied = await writing;
      // It was to be cleared meanwhile, by somebody who may not have waited for the end of a slow write.
      if (!held.has(one)) {
        await inTime(one);
        return { copied: false, clearsIn: null };
      }
      if (copied) before.forEach(drop);
      return { copied, clearsIn: copied ? clearsIn : null };
    },
    clear: () => clear(held),
    holds: () => held.size > 0 || clearing !== undefined,
  };
}
