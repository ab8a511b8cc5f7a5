// Whether the tray icon can be seen on this desktop: Electron does not tell, and GNOME without an extension or a bare window
// manager shows none. Without an answer the window is opened: the tray is never the only way in.
import { askBus } from './bus-tools.ts';

export type TrayHost = 'shown' | 'no_host' | 'unknown';

const WATCHER = 'org.kde.StatusNotifierWatcher';
/** At login we may be earlier than the panel. */
const AGAIN_MS = 500;

export interface TrayHostOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** How long to wait for a panel that is still starting; 0: one look. */
  readonly waitMs?: number;
}

/** Never throws. `unknown`: there is no program to ask with. */
export async function trayHost({
  env,
  platform = process.platform,
  waitMs = 0,
}: TrayHostOptions): Promise<TrayHost> {
  if (platform !== 'linux') return 'shown';
  const until = Date.now() + waitMs;
  for (;;) {
    const seen = await look(env);
    if (seen !== 'no_host' || Date.now() + AGAIN_MS > until) return seen;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** A watcher without a host has nobody who draws (freedesktop.org, StatusNotifierWatcher). */
async function look(env: NodeJS.ProcessEnv): Promise<TrayHost> {
  const answer = await askBus(
    {
      bus: 'session',
      name: WATCHER,
      path: '/StatusNotifierWatcher',
      method: 'org.freedesktop.DBus.Properties.Get',
      args: [WATCHER, 'IsStatusNotifierHostRegistered'],
    },
    env,
  );
  if (answer.kind === 'unknown') return 'unknown';
  return answer.kind === 'answer' && /\btrue\b/.test(answer.text) ? 'shown' : 'no_host';
}
