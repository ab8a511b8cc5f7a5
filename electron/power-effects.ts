// What a sleep, a waking, a network that returns and a locked screen do to the engine. No Electron in here.
// The vault that a locked screen closed is opened again with the screen, where its slots need nobody.
import type { Engine } from '../core/engine.ts';
import type { LogPort } from '../core/ports.ts';

/** What is done with the engine; it has all of it. */
export type PowerEngine = Pick<Engine, 'state'> & {
  readonly vault: Pick<Engine['vault'], 'lock' | 'unlock'>;
  readonly power: { suspended(): void; resumed(): void; networkReturned(): void };
};

export interface PowerEffects {
  suspended(): void;
  resumed(): void;
  /** Told often whether there is a network; the engine hears of its return only. */
  network(online: boolean): void;
  screenLocked(): void;
  screenUnlocked(): void;
}

export function powerEffects(engine: PowerEngine, log: LogPort): PowerEffects {
  let online = true;
  let lockedByScreen = false;
  // A lock waits for refreshes in flight; the screen may be open again before it is done.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work).catch((error: unknown) => {
      log.warn('screen_lock_failed', { error: error instanceof Error ? error.name : 'unknown' });
    });
  };
  return {
    suspended: () => engine.power.suspended(),
    resumed: () => engine.power.resumed(),
    network(now) {
      if (now && !online) engine.power.networkReturned();
      online = now;
    },
    screenLocked() {
      inTurn(async () => {
        if (engine.state() !== 'open') return;
        await engine.vault.lock();
        lockedByScreen = true;
      });
    },
    screenUnlocked() {
      inTurn(async () => {
        if (!lockedByScreen) return;
        lockedByScreen = false;
        // A passphrase is asked for in the window, when something is wanted.
        if (engine.state() === 'locked') await engine.vault.unlock();
      });
    },
  };
}
