// The end of a pause on both clocks: the wall can be set back and the other one stops during sleep, so a pause ends with
// the first of them.
import type { Clock } from '../ports.ts';

export interface PauseEnd {
  readonly wall: number;
  readonly monotonic: number;
}

/** `ms` from now. */
export function pauseEnd(clock: Clock, ms: number): PauseEnd {
  return { wall: clock.wall() + ms, monotonic: clock.monotonic() + ms };
}

/** Milliseconds until then; 0 when it is over. `longer`: milliseconds to add to it. */
export function pauseLeft(clock: Clock, end: PauseEnd, longer = 0): number {
  const left = Math.min(end.wall - clock.wall(), end.monotonic - clock.monotonic());
  return Math.max(0, left + longer);
}
