// Whether somebody sits at the window: the session lasts while they do, and ends 15 minutes after they leave, however
// much the host has to tell.

/** A request this soon after a hand moved is that hand's. */
const RECENT_MS = 5_000;
/** Often enough for a session of 15 idle minutes, rare enough to go unnoticed. */
const SIGN_OF_LIFE_MS = 60_000;

let lastInput = Date.now();

export function isAttended(): boolean {
  return Date.now() - lastInput < RECENT_MS;
}

/** Calls `signOfLife` from time to time while somebody reads without asking the host for anything. */
export function watchAttendance(signOfLife: () => void): void {
  let told = Date.now();
  const onInput = (): void => {
    lastInput = Date.now();
    if (lastInput - told < SIGN_OF_LIFE_MS) return;
    told = lastInput;
    signOfLife();
  };
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchmove']) {
    addEventListener(type, onInput, { passive: true, capture: true });
  }
}
