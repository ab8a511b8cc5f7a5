// The dock of macOS: the program lives in the menu bar, and is in the dock only while a window of it is open. Without an
// electron import.
// Must stay true: a call for each change and no more. Showing takes the focus away and gives it back (electron#7329), so a
// call at each focus would go on for ever; and hiding within a second of showing does nothing (electron#25269).
import { systemTimer, type Timer } from './tray-pacer.ts';

/** Of Electron's `app`. */
export interface Dock {
  show(): Promise<void>;
  hide(): void;
}

/** A little more than the second in which Electron ignores a change. */
const SETTLE_MS = 1_200;

/** Told as often as one likes whether a window is open. `dock`: undefined where there is none. */
export function createDockFollower(
  dock: Dock | undefined,
  timer: Timer = systemTimer,
): (open: boolean) => void {
  let wanted = false;
  let shown: boolean | undefined;
  let settling = false;
  const follow = (): void => {
    if (dock === undefined || settling || wanted === shown) return;
    shown = wanted;
    settling = true;
    timer(SETTLE_MS, () => {
      settling = false;
      follow();
    });
    // An icon that does not come is no reason for anything.
    if (shown) dock.show().catch(() => {});
    else dock.hide();
  };
  return (open) => {
    wanted = open;
    follow();
  };
}
