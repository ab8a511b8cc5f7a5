// Where the window was, made to fit where it can be: screens come and go between two starts. Pure.

export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const USUAL_SIZE = { width: 1_080, height: 720 } as const;
/** The narrowest the window is drawn for, and room for a list of five rows. */
export const LEAST_SIZE = { width: 360, height: 420 } as const;
/** So much of the title bar must be on a screen that a person can take hold of the window. */
const GRIP = { width: 120, height: 40 } as const;

/** The saved place when it can be reached on one of `screens` (their work areas); else only its size, cut to fit. */
export function fitBounds(
  saved: Bounds | undefined,
  screens: readonly Bounds[],
): Partial<Bounds> & Pick<Bounds, 'width' | 'height'> {
  if (saved === undefined) return USUAL_SIZE;
  const screen = screens.find((area) => canBeReached(saved, area));
  const limit = screen ?? screens[0] ?? saved;
  const width = Math.min(Math.max(saved.width, LEAST_SIZE.width), Math.max(limit.width, LEAST_SIZE.width));
  const height = Math.min(
    Math.max(saved.height, LEAST_SIZE.height),
    Math.max(limit.height, LEAST_SIZE.height),
  );
  return screen === undefined ? { width, height } : { x: saved.x, y: saved.y, width, height };
}

function canBeReached(window: Bounds, area: Bounds): boolean {
  const across = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  const belowTop = window.y >= area.y && window.y + GRIP.height <= area.y + area.height;
  return across >= GRIP.width && belowTop;
}
