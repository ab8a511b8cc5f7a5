// What a sleep, a waking, a network that returns and a locked screen do to the engine. No Electron in here.
// The vault that a locked screen closed is opened again with the screen, where its slots need nobody.
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';

/** What is done with the engine; it has all of it. */
export type PowerEngine = Pick<Engine, 'state'> & {
  readonly vault: Pick<Engine['vault'], 'lock' | 'unlock'>;
  readonly power: { suspended(): void; resumed(): void; networkReturned(): void };
};

/** What is asked of the machine. */
export interface PowerMachine {
  online(): boolean;
  /** Calls it once after so many milliseconds; returns the way to stop that. */
  after(ms: number, call: () => void): () => void;
}

/** After waking, a network that nobody saw go is believed in when it had this long to come up (promise 100). */
const NETWORK_UP_MS = 5_000;

export interface PowerEffects {
  suspended(): void;
  resumed(): void;
  /** To be called often: the engine hears of the network's return only. */
  lookAtNetwork(): void;
  screenLocked(): void;
  screenUnlocked(): void;
  dispose(): void;
}

export interface PowerWorld {
  readonly engine: PowerEngine;
  readonly log: LogPort;
  /** A few words for the person. */
  readonly say: (title: string, body: string) => void;
  readonly machine: PowerMachine;
}

/** A lock that an answer stands in the way of is tried again as long as the screen is locked. */
const AGAIN_MS = 60_000;

export function powerEffects({ engine, log, say, machine }: PowerWorld): PowerEffects {
  let online = true;
  let screenLocked = false;
  let stopWaiting = (): void => {};
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
    suspended() {
      stopWaiting();
      engine.power.suspended();
    },
    resumed() {
      stopWaiting();
      engine.power.resumed();
      // Most systems never say that it was gone. Where they do, its return is told when it is seen.
      stopWaiting = machine.after(NETWORK_UP_MS, () => {
        if (online && machine.online()) engine.power.networkReturned();
      });
    },
    lookAtNetwork() {
      const now = machine.online();
      if (now && !online) {
        stopWaiting();
        engine.power.networkReturned();
      }
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
    dispose() {
      stopWaiting();
      stopTrying();
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
      stopTrying = machine.after(AGAIN_MS, () => inTurn(() => lock(false)));
    }
  }
}
