// Preloaded in a utility process: `process.parentPort`, whose messages come as `{ data }`, in the place of `process.send`.
import { EventEmitter } from 'node:events';

const send = process.send?.bind(process);

class ParentPort extends EventEmitter {
  postMessage(message: unknown): void {
    send?.(message);
  }
}

const parentPort = new ParentPort();
process.on('message', (data) => parentPort.emit('message', { data, ports: [] }));
// It ends with the app.
process.once('disconnect', () => process.exit(0));
Object.defineProperty(process, 'send', { value: undefined });
Object.assign(process, { parentPort, type: 'utility' });
