// When to draw: soon, but at most once in a span, and not while held; nothing asked for is lost. Never inside the call that
// asks, which may be in the middle of a change.
import type { Clock } from '../core/ports.ts';

export interface Pacer {
  /** Draws as soon as it may. */
  ask(): void;
  /** Nothing is drawn until release(), which lets out what was asked for meanwhile. */
  hold(): void;
  release(): void;
  stop(): void;
}

export type Timer = Clock['timer'];

/** Where an opening is reported and its close is not, the menu must not stay old for ever. */
const HOLD_MAX_MS = 30_000;

export const systemTimer: Timer = (ms, fn) => {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
};

export function createPacer(spanMs: number, draw: () => void, timer: Timer = systemTimer): Pacer {
  let asked = false;
  let drawnLately = false;
  let waiting: (() => void) | undefined;
  let held: (() => void) | undefined;

  const proceed = () => {
    if (!asked || held !== undefined || waiting !== undefined || drawnLately) return;
    waiting = timer(0, () => {
      waiting = undefined;
      if (held !== undefined) return;
      asked = false;
      drawnLately = true;
      timer(spanMs, () => {
        drawnLately = false;
        proceed();
      });
      draw();
    });
  };
  const release = () => {
    held?.();
    held = undefined;
    proceed();
  };
  return {
    ask() {
      asked = true;
      proceed();
    },
    hold() {
      held?.();
      held = timer(HOLD_MAX_MS, release);
    },
    release,
    stop() {
      waiting?.();
      held?.();
      held = () => {};
    },
  };
}
