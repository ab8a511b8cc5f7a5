// What stands before every command on sealed things: the vault must be open, so that a locked one tells no names.
import type { InFlight } from './in-flight.ts';

type WrapSync = <A extends unknown[], R>(command: (...args: A) => R) => (...args: A) => R;
type Wrap = <A extends unknown[], R>(command: (...args: A) => Promise<R>) => (...args: A) => Promise<R>;

interface OpenGuards {
  readonly whenOpen: WrapSync;
  /** Rejects, never throws. */
  readonly onceOpen: Wrap;
  /** The same for commands that change something: a lock or stop waits for them. */
  readonly toTheEnd: Wrap;
}

/** `open` throws unless the vault is open; `work` counts what a lock or stop waits for. */
export function openGuards(open: () => unknown, work: InFlight): OpenGuards {
  const onceOpen: Wrap = (command) => {
    return async (...args) => {
      open();
      return command(...args);
    };
  };
  return {
    whenOpen: (command) => {
      return (...args) => {
        open();
        return command(...args);
      };
    },
    onceOpen,
    toTheEnd: (command) => onceOpen((...args) => work.run(() => command(...args))),
  };
}
