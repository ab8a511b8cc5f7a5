// The screen lock on Linux, where Electron does not see it: the signals of our session at the login manager (logind), read
// from a monitor that runs beside us. Where none runs, `not_seen` is said in the settings.
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

/** Never throws. `changed` is told each lock and unlock, possibly twice: the desktop says it in two ways. */
export async function watchLogin(
  env: NodeJS.ProcessEnv,
  log: LogPort,
  changed: (state: ScreenLock) => void,
): Promise<LoginWatch> {
  const path = await ownSession(env);
  const child = path === undefined ? undefined : watchBus({ bus: 'system', name: LOGIN, path }, env);
  if (child?.stdout == null) {
    log.info('screen_lock_not_seen');
    return { seen: () => false, stop: () => {} };
  }
  let runs = true;
  const ended = () => {
    if (runs) log.warn('screen_lock_monitor_ended');
    runs = false;
  };
  child.once('error', ended);
  child.once('exit', ended);
  child.unref();
  const read = createLockReader();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const state = read(line);
    if (state !== undefined) changed(state);
  });
  return {
    seen: () => runs,
    stop() {
      runs = false;
      child.kill();
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
