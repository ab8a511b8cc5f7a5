// The line to whoever started us: standard input and output of a child process, or the port of an Electron utility process,
// which has no input to close and ends with its parent by itself.
import { createInterface, type Interface } from 'node:readline';

export interface Line {
  say(message: Readonly<Record<string, unknown>>): void;
  /** `onEnd`: we were told to end, or nobody is there any more. */
  listen(onReset: () => void, onEnd: () => void): void;
  /** Nothing of the line keeps the process alive from now on. */
  close(): void;
}

/** What Electron puts on `process` in a utility process; messages arrive as `{data}`. */
interface ParentPort {
  on(event: 'message', listener: (message: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

export function openLine(): Line {
  const port = parentPort();
  return port === undefined ? overStreams() : overPort(port);
}

function parentPort(): ParentPort | undefined {
  const { parentPort } = process as { readonly parentPort?: ParentPort };
  return parentPort;
}

function overPort(port: ParentPort): Line {
  return {
    say: (message) => port.postMessage(message),
    listen(onReset, onEnd) {
      port.on('message', ({ data }) => {
        if (data === 'reset') onReset();
        if (data === 'end') onEnd();
      });
    },
    // The port would hold the process for ever, and has nothing left to say.
    close: () => process.exit(),
  };
}

function overStreams(): Line {
  let input: Interface | undefined;
  return {
    say: (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
    listen(onReset, onEnd) {
      input = createInterface({ input: process.stdin });
      // The reader of our lines is gone: so is whoever started us.
      process.stdout.on('error', onEnd);
      input.once('close', onEnd);
      input.on('line', (text) => {
        if (text.trim() === 'reset') onReset();
      });
    },
    close() {
      input?.close();
      process.stdin.destroy();
    },
  };
}
