// What a sleep, a waking, a network that returns and a locked screen do to the engine. No Electron in here.
// The vault that a locked screen closed is opened again with the screen, where its slots need nobody.
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { systemTimer, type Timer } from './tray-pacer.ts';

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

export interface PowerWorld {
  readonly engine: PowerEngine;
  readonly log: LogPort;
  /** A few words for the person. */
  readonly say: (title: string, body: string) => void;
  readonly timer?: Timer;
}

/** A lock that an answer stands in the way of is tried again as long as the screen is locked. */
const AGAIN_MS = 60_000;

export function powerEffects({ engine, log, say, timer = systemTimer }: PowerWorld): PowerEffects {
  let online = true;
  let screenLocked = false;
  let lockedByScreen = false;
  let stopTrying = () => {};
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
      screenLocked = true;
      inTurn(() => lock(true));
    },
    screenUnlocked() {
      screenLocked = false;
      stopTrying();
      inTurn(async () => {
        if (!lockedByScreen) return;
        lockedByScreen = false;
        // A passphrase is asked for in the window, when something is wanted.
        if (engine.state() === 'locked') await engine.vault.unlock();
      });
    },
  };

  async function lock(first: boolean): Promise<void> {
    if (engine.state() !== 'open' || (!first && !screenLocked)) return;
    try {
      await engine.vault.lock();
      lockedByScreen = true;
    } catch (error) {
      if (!(error instanceof TokentrayError) || error.code !== 'storage') throw error;
      log.warn('screen_lock_waits', { code: error.code });
      if (first) say('The screen is locked, the vault is not yet', error.message);
      if (!screenLocked) return;
      stopTrying();
      stopTrying = timer(AGAIN_MS, () => inTurn(() => lock(false)));
    }
  }
}
