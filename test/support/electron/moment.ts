// Before or after `ready`: the one fact on which most errors of the real API hang.

let ready = false;

export function isReady(): boolean {
  return ready;
}

export function becomeReady(): void {
  ready = true;
}

/** Throws Electron's way when it is too early for `what`. */
export function needsReady(message: string): void {
  if (!ready) throw new Error(message);
}

/** Throws when it is too late for `what`. */
export function needsTime(what: string): void {
  if (ready) throw new Error(`${what} should be called before app is ready`);
}
