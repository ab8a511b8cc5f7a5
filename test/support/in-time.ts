// A wait that ends: for everything a test waits for that a broken product would never do.

/** Far longer than anything in this process takes, far shorter than a person's patience. */
const DEADLINE_MS = 5_000;

/** `promise`, or a failure that names `what` when it does not settle within five seconds. */
export async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen in time`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, turn by turn of the event loop, until a condition holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen in time`);
    await new Promise(setImmediate);
  }
}
