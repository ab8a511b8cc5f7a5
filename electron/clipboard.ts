// The clipboard of the desktop: which way a token takes, what goes with it, and what is said afterwards. "Copied" is said
// only where it can be told. The primary selection of Linux is never touched.
import { ClipboardItem, clipboard } from 'electron';
import type { Copied } from '../api/desktop-controls.ts';
import type { Engine } from '../core/engine.ts';
import { OWNER } from '../core/model/caller.ts';
import type { LogPort } from '../core/ports.ts';
import { clipboardFormats } from './clipboard-formats.ts';
import { type ClipboardPath, createKeeper } from './clipboard-keeper.ts';
import { type ClipboardWay, clipboardWay, sessionType } from './clipboard-way.ts';
import { findWlClipboard } from './clipboard-wl.ts';
import type { UiWindow } from './window.ts';

export interface ClipboardOptions {
  readonly engine: Pick<Engine, 'subscribe'> & { readonly tokens: Pick<Engine['tokens'], 'handOut'> };
  /** Seconds until a copied token is taken out; 0: never. */
  readonly seconds: () => number;
  readonly log: LogPort;
  readonly main: Pick<UiWindow, 'isFocused'>;
  readonly picker: Pick<UiWindow, 'isFocused' | 'show' | 'onFocus'>;
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

export interface Clipboard {
  /** Puts a fresh token, or the header line with it, in the clipboard. Throws what a hand-out throws. */
  copy(connection: string, format: 'token' | 'header'): Promise<Copied>;
  /** The way a click in the tray takes. */
  way(): ClipboardWay;
  /** On quit: takes out what is ours, and nothing is put in any more. Never throws, and ends within seconds. */
  end(): Promise<void>;
}

/** A window that the desktop holds back for longer is not what the person expects any more. */
const FOCUS_MS = 5_000;
const NOTHING = { copied: false, clearsIn: null };
const LOCKED_SINCE = 'Not copied: the vault was locked meanwhile. Unlock it, then copy again.';
const PRESS_ENTER =
  'On Wayland a program may write to the clipboard only after a key or click in its own window. Press Enter in the quick picker, which is open now. With wl-clipboard installed this step is not needed.';
const NO_FOCUS =
  'On Wayland a program may write to the clipboard only from its own window, and none could be brought to the front. Open the window and copy there, or install wl-clipboard.';

export function createClipboard(options: ClipboardOptions): Clipboard {
  const { engine, seconds, log, main, picker } = options;
  const { env = process.env, platform = process.platform } = options;
  const session = sessionType(env, platform);
  const wl = session === 'wayland' ? findWlClipboard(env) : undefined;
  const keeper = createKeeper({ seconds, log });
  const hasFocus = () => main.isFocused() || picker.isFocused();
  const direct = directPath(platform, () => session !== 'wayland' || hasFocus());
  /** How often all was cleared: what was asked for before must not be written afterwards. */
  let cleared = 0;
  let ended = false;
  const clear = () => {
    cleared += 1;
    return keeper.clear();
  };
  const { unsubscribe } = engine.subscribe(({ event }) => {
    if (event.type === 'vault' && event.state === 'locked') void clear();
  });
  // One after the other: the last click is what is in the clipboard.
  let last: Promise<unknown> = Promise.resolve();

  return {
    async copy(connection, format) {
      const asked = cleared;
      const isWanted = () => cleared === asked && !ended;
      const { access_token } = await engine.tokens.handOut(OWNER, connection, { door: 'window' });
      const text = format === 'header' ? `Authorization: Bearer ${access_token}` : access_token;
      const done = last.then(() => put(text, `/picker?connection=${connection}&format=${format}`, isWanted));
      last = done.catch(() => {});
      return done;
    },
    way: () => clipboardWay(session, false, wl !== undefined),
    async end() {
      ended = true;
      unsubscribe();
      await clear();
    },
  };

  /** `picked`: the picker on what is wanted, should it be needed. */
  async function put(text: string, picked: string, isWanted: () => boolean): Promise<Copied> {
    if (!isWanted()) return { ...NOTHING, sentence: LOCKED_SINCE };
    const way = clipboardWay(session, hasFocus(), wl !== undefined);
    if (way === 'picker') return throughPicker(text, picked, isWanted);
    const path = way === 'wl-copy' && wl !== undefined ? wl : direct;
    const { copied, clearsIn } = await keeper.put(text, path, isWanted);
    if (copied) return said(clearsIn);
    if (!isWanted()) return { ...NOTHING, sentence: LOCKED_SINCE };
    log.warn('clipboard_write_failed', { way });
    if (session === 'wayland') return throughPicker(text, picked, isWanted);
    return { copied, clearsIn, sentence: 'Not copied: the clipboard of this desktop refused it. Try again.' };
  }

  /**
   * A window of ours gets the focus and writes at that moment. Whether that arrived cannot be told: Chromium offers a text
   * only with the serial of a key or click in a window of its own, so the picker stays for Enter, which is one.
   */
  async function throughPicker(text: string, picked: string, isWanted: () => boolean): Promise<Copied> {
    if (!(await takesFocus(picker, picked))) return { ...NOTHING, sentence: NO_FOCUS };
    await keeper.put(text, direct, isWanted);
    return { ...NOTHING, sentence: isWanted() ? PRESS_ENTER : LOCKED_SINCE };
  }
}

function said(clearsIn: number | null): Copied {
  const until = clearsIn === null ? 'until something else is copied' : `for ${clearsIn} seconds`;
  return { copied: true, clearsIn, sentence: `Copied. It stays in the clipboard ${until}.` };
}

/** Shows the picker. True at the moment it has the focus; false when it got none. */
async function takesFocus(picker: ClipboardOptions['picker'], path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const patience = setTimeout(resolve, FOCUS_MS, false);
  const stop = picker.onFocus(() => resolve(true));
  picker.show(path);
  if (picker.isFocused()) resolve(true);
  try {
    return await promise;
  } finally {
    clearTimeout(patience);
    stop();
  }
}

/** Electron's own clipboard. `mayWrite`: where a write needs the focus it is worth nothing unless it was there all along. */
function directPath(platform: NodeJS.Platform, mayWrite: () => boolean): ClipboardPath {
  return {
    async write(text) {
      if (!mayWrite()) return false;
      const formats = Object.entries(clipboardFormats(text, platform)).map(([type, content]) => [
        type,
        typeof content === 'string' ? content : new Blob([content]),
      ]);
      await clipboard.write([new ClipboardItem(Object.fromEntries(formats))]);
      return mayWrite();
    },
    // On Wayland, without focus, this is our own memory; and a clear takes back our own offer, never another's.
    read: () => clipboard.readText(),
    async clear() {
      clipboard.clear();
      return true;
    },
  };
}
