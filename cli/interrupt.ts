// Ctrl-C and SIGTERM: the terminal is put back, what was begun is undone, and the exit code says so (promise 182).

type Cleanup = () => Promise<unknown> | unknown;

/** A cleanup talks to the host on this machine; longer than this and Ctrl-C would feel ignored. */
const CLEANUP_MS = 3_000;

const cleanups = new Set<Cleanup>();
let leaving = false;

/** True once a signal came: whatever fails from now on fails because of it. */
export function isLeaving(): boolean {
  return leaving;
}

/** Runs `cleanup` if the command is interrupted. The returned function takes it back. */
export function onInterrupt(cleanup: Cleanup): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Answers signals until `release`. `leave` prints what is to be said and ends the process. */
export function handleSignals(leave: (exit: number) => void): () => void {
  const listen = (signal: NodeJS.Signals, exit: number) => {
    const listener = async () => {
      // A second Ctrl-C does not wait for the cleanup.
      if (!leaving) {
        leaving = true;
        restoreTerminal();
        await Promise.race([cleanUp(), new Promise((resolve) => setTimeout(resolve, CLEANUP_MS))]);
      }
      leave(exit);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  };
  // 128 + the number of the signal, as shells report it.
  const off = [listen('SIGINT', 130), listen('SIGTERM', 143)];
  return () => {
    for (const release of off) release();
  };
}

async function cleanUp(): Promise<void> {
  const pending = [...cleanups];
  cleanups.clear();
  // A cleanup that fails leaves something to expire by itself; there is nobody left to tell.
  await Promise.allSettled(pending.map(async (cleanup) => cleanup()));
}

function restoreTerminal(): void {
  if (process.stdin.isTTY && process.stdin.isRaw) {
    process.stdin.setRawMode(false);
    // A prompt hides the cursor.
    if (process.stderr.isTTY) process.stderr.write('\u001b[?25h\n');
  }
}
