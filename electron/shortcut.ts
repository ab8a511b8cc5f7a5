// The global shortcut that opens the quick picker: set, changed or taken away by the settings. What the system refuses is
// said in a sentence, not hidden.
import { globalShortcut } from 'electron';
import type { LogPort } from '../core/ports.ts';

export interface Shortcut {
  /** Takes the old one away and sets this one; '' for none. */
  set(accelerator: string): void;
  /** Why the one that is wanted does not work here; undefined when all is well. */
  warning(): string | undefined;
  dispose(): void;
}

/** After `ready`. */
export function createShortcut(log: LogPort, pressed: () => void): Shortcut {
  let current: string | undefined;
  let warning: string | undefined;
  const drop = () => {
    if (current !== undefined) globalShortcut.unregister(current);
    current = undefined;
  };
  return {
    set(accelerator) {
      if (accelerator === current) return;
      drop();
      warning = undefined;
      if (accelerator === '') return;
      if (register(accelerator, pressed)) current = accelerator;
      else {
        warning = `The shortcut ${accelerator} could not be set: another program has it, or it is none. Choose another one in Settings.`;
        log.warn('shortcut_refused', { accelerator });
      }
    },
    warning: () => warning,
    dispose: drop,
  };
}

function register(accelerator: string, pressed: () => void): boolean {
  try {
    return globalShortcut.register(accelerator, pressed);
  } catch {
    // Not an accelerator at all: Electron throws for those.
    return false;
  }
}
