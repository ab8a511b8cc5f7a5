// The present, for everything that shows a time: one timer for the whole window, none while nobody looks.
import { useSyncExternalStore } from 'react';

/** The finest thing shown is a minute; a bar moves by less than a pixel in this time. */
const TICK_MS = 10_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function run(): void {
  clearInterval(timer);
  timer = undefined;
  if (listeners.size > 0 && !document.hidden) timer = setInterval(tick, TICK_MS);
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) tick();
  run();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    now = Date.now();
    run();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) run();
  };
}

/** Wall clock in milliseconds; the component is drawn again as it moves. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
