// Sleep, waking and the locked screen, as the system tells them: Electron's events, and on Linux the login manager.
import { net, powerMonitor } from 'electron';
import type { LogPort } from '../core/ports.ts';
import { type PowerEngine, powerEffects } from './power-effects.ts';
import { type LoginListener, type LoginWatch, watchLogin } from './power-login.ts';

export interface PowerOptions {
  readonly engine: PowerEngine;
  readonly log: LogPort;
  /** A few words for the person: a notification. */
  readonly say: (title: string, body: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** Told when the screen lock is seen, and when it is no longer. */
  readonly changed?: () => void;
}

export interface Power {
  screenLock(): 'seen' | 'not_seen';
  dispose(): void;
}

/** Electron says whether there is a network only when asked. */
const NETWORK_MS = 2_000;

/** After `ready`: nothing is told before. */
export function createPower(options: PowerOptions): Power {
  const { engine, log, say, env = process.env, platform = process.platform, changed = () => {} } = options;
  const machine = {
    online: () => net.isOnline(),
    after(ms: number, call: () => void) {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  };
  const effects = powerEffects({ engine, log, say, machine });
  powerMonitor.on('suspend', effects.suspended);
  powerMonitor.on('resume', effects.resumed);
  // Not fired on Linux; there the login manager says the same.
  powerMonitor.on('lock-screen', effects.screenLocked);
  powerMonitor.on('unlock-screen', effects.screenUnlocked);
  const looking = setInterval(effects.lookAtNetwork, NETWORK_MS);
  const stopping = new AbortController();
  let login: LoginWatch | undefined;
  if (platform === 'linux') {
    const listener: LoginListener = {
      changed: (state) => (state === 'locked' ? effects.screenLocked() : effects.screenUnlocked()),
      seenChanged: changed,
    };
    void watchLogin(env, log, listener).then((watch) => {
      if (stopping.signal.aborted) return watch.stop();
      login = watch;
      changed();
    });
  }
  return {
    screenLock: () => (platform !== 'linux' || login?.seen() ? 'seen' : 'not_seen'),
    dispose() {
      stopping.abort();
      clearInterval(looking);
      effects.dispose();
      login?.stop();
      powerMonitor.off('suspend', effects.suspended);
      powerMonitor.off('resume', effects.resumed);
      powerMonitor.off('lock-screen', effects.screenLocked);
      powerMonitor.off('unlock-screen', effects.screenUnlocked);
    },
  };
}
