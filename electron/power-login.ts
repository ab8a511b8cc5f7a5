// The screen lock on Linux, where Electron does not see it: the signals of our session at the login manager (logind), read
// from a monitor that runs beside us. Where none runs, `not_seen` is said in the settings.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { LogPort } from '../core/ports.ts';
import { askBus, watchBus } from './bus-tools.ts';
import { createLockReader, type ScreenLock, sessionPath } from './power-lock-lines.ts';

const LOGIN = 'org.freedesktop.login1';

export interface LoginWatch {
  /** A monitor runs. */
  seen(): boolean;
  stop(): void;
}

export interface LoginListener {
  /** Each lock and unlock, possibly twice: the desktop says it in two ways. */
  readonly changed: (state: ScreenLock) => void;
  /** What `seen` answers is another thing than before. */
  readonly seenChanged?: () => void;
}

/** A monitor ends with its bus; the first pause is what a bus needs to come back, and none is longer than the last. */
const AGAIN_MS = 1_000;
const AGAIN_MAX_MS = 5 * 60_000;
/** One that ran so long was a good one: the next pause is short again. */
const STEADY_MS = 60_000;

/** Never throws. A monitor that ends is started again; where there never was one, nothing is tried. */
export async function watchLogin(
  env: NodeJS.ProcessEnv,
  log: LogPort,
  { changed, seenChanged = () => {} }: LoginListener,
  againMs = AGAIN_MS,
): Promise<LoginWatch> {
  let child: ChildProcess | undefined;
  let stopped = false;
  let pause = againMs;
  let timer: NodeJS.Timeout | undefined;

  const start = async (): Promise<boolean> => {
    const path = await ownSession(env);
    if (path === undefined || stopped) return false;
    const made = watchBus({ bus: 'system', name: LOGIN, path }, env);
    if (made?.stdout == null) return false;
    child = made;
    const since = Date.now();
    const ended = () => {
      if (child !== made) return;
      child = undefined;
      if (stopped) return;
      log.warn('screen_lock_monitor_ended');
      if (Date.now() - since > STEADY_MS) pause = againMs;
      startLater();
      seenChanged();
    };
    made.once('error', ended);
    made.once('exit', ended);
    made.unref();
    const read = createLockReader();
    createInterface({ input: made.stdout }).on('line', (line) => {
      const state = read(line);
      if (state !== undefined) changed(state);
    });
    return true;
  };
  const startLater = (): void => {
    timer = setTimeout(async () => {
      if (await start()) seenChanged();
      else if (!stopped) startLater();
    }, pause).unref();
    pause = Math.min(2 * pause, AGAIN_MAX_MS);
  };

  if (!(await start())) log.info('screen_lock_not_seen');
  return {
    seen: () => child !== undefined,
    stop() {
      stopped = true;
      clearTimeout(timer);
      child?.kill();
      child = undefined;
    },
  };
}

/** The one we were started in; a program started by the desktop's own service belongs to the user's graphical session. */
async function ownSession(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const manager = { bus: 'system', name: LOGIN, path: '/org/freedesktop/login1' } as const;
  const id = env.XDG_SESSION_ID;
  if (id) {
    const answer = await askBus({ ...manager, method: `${LOGIN}.Manager.GetSession`, args: [id] }, env);
    const path = answer.kind === 'answer' ? sessionPath(answer.text) : undefined;
    if (path !== undefined) return path;
  }
  const answer = await askBus(
    {
      ...manager,
      path: '/org/freedesktop/login1/user/self',
      method: 'org.freedesktop.DBus.Properties.Get',
      args: [`${LOGIN}.User`, 'Display'],
    },
    env,
  );
  return answer.kind === 'answer' ? sessionPath(answer.text) : undefined;
}
