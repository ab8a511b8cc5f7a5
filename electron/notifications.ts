// Shows notices as the desktop's notifications. Each stays referenced until it is closed (else its click is lost), and
// whatever a click does is also a row in the window: some desktops show no notifications, or none that can be clicked.
import { Notification } from 'electron';
import type { DesktopPreferences } from '../api/desktop.ts';
import type { Engine } from '../core/engine.ts';
import { OWNER } from '../core/model/caller.ts';
import type { TokentrayEvent } from '../core/model/event.ts';
import type { LogPort } from '../core/ports.ts';
import { look, type Notice, type NoticeKind, over, remember } from './notices.ts';
import { readNotices, writeNotices } from './notices-file.ts';
import { createPacer } from './tray-pacer.ts';
import type { TrayAction } from './tray-rows.ts';

export interface NotificationOptions {
  readonly engine: Pick<Engine, 'state' | 'subscribe'> & {
    readonly connections: Pick<Engine['connections'], 'list'>;
  };
  readonly preferences: () => Pick<
    DesktopPreferences,
    'notify_consent' | 'notify_failing' | 'notify_expiring'
  >;
  /** What a click does: the same as a row of the tray. Never throws. */
  readonly run: (action: TrayAction) => void;
  /** Where is kept what was said. */
  readonly path: string;
  readonly log: LogPort;
}

export interface Notifications {
  /**
   * Says something that is an answer to what the person just did; cannot be muted. `instead` is called, now or later, where
   * the desktop shows no notification.
   */
  say(title: string, body: string, instead: () => void): void;
  dispose(): void;
}

type Words = Pick<Notice, 'key' | 'title' | 'body'>;

interface Ways {
  readonly clicked: () => void;
  /** The desktop shows no notifications, or not this one. */
  readonly unshown: () => void;
  readonly notice?: Notice;
}

/** Several things that happen together are looked at together. */
const TOGETHER_MS = 1_000;
/** Days matter here, not minutes. */
const LOOK_MS = 10 * 60_000;

/** Events after which there may be something to say, or to take back. */
const TELLING = new Set<TokentrayEvent['type']>(['connection', 'expiring', 'provider', 'vault']);

export function createNotifications(options: NotificationOptions): Notifications {
  const { engine, preferences, run, path, log } = options;
  const shown = new Map<string, { readonly notice?: Notice; readonly notification: Notification }>();
  let memory = readNotices(path, log);
  const pacer = createPacer(TOGETHER_MS, lookNow);
  const { unsubscribe } = engine.subscribe((entry) => {
    const next = remember(memory, entry);
    if (next !== memory) keep(next);
    if (TELLING.has(entry.event.type)) pacer.ask();
  });
  const looking = setInterval(() => pacer.ask(), LOOK_MS);
  pacer.ask();

  return {
    say: (title, body, instead) =>
      show({ key: 'said', title, body }, { clicked: () => run({ kind: 'show' }), unshown: instead }),
    dispose() {
      clearInterval(looking);
      unsubscribe();
      pacer.stop();
      for (const { notification } of shown.values()) notification.close();
      shown.clear();
    },
  };

  function lookNow(): void {
    if (engine.state() !== 'open') return;
    const now = Date.now();
    const connections = engine.connections.list(OWNER);
    const onScreen = [...shown.values()].flatMap(({ notice }) => notice ?? []);
    for (const { key } of over(onScreen, connections, memory, now)) shown.get(key)?.notification.close();
    const seen = look(memory, connections, now, muted);
    if (seen.memory !== memory) keep(seen.memory);
    for (const notice of seen.notices) {
      // Where it is not shown, its row in the window says the same.
      show(notice, { clicked: () => run(notice.click), unshown() {}, notice });
    }
  }

  function muted(kind: NoticeKind): boolean {
    return !preferences()[`notify_${kind}`];
  }

  function keep(next: typeof memory): void {
    memory = next;
    writeNotices(path, memory, log);
  }

  function show({ key, title, body }: Words, { clicked, unshown, notice }: Ways): void {
    if (!Notification.isSupported()) {
      log.info('notification_not_supported');
      unshown();
      return;
    }
    shown.get(key)?.notification.close();
    const notification = new Notification({ title, body });
    const entry = { notification, ...(notice === undefined ? {} : { notice }) };
    const gone = () => {
      if (shown.get(key) === entry) shown.delete(key);
    };
    notification.once('click', () => {
      gone();
      clicked();
    });
    notification.once('close', gone);
    notification.once('failed', (_event, error) => {
      gone();
      log.info('notification_failed', { error });
      unshown();
    });
    shown.set(key, entry);
    notification.show();
  }
}
