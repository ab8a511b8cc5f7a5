// Objects that know what they lack: a member that the stand-in does not have throws, so that a spec can never pass on
// `undefined`. Classes get the guard at the end of their prototype chain, so that private fields keep working.
import { EventEmitter } from 'node:events';

/** What Node, consoles and `await` look for on any object. */
const ASKED_OF_EVERYTHING = new Set(['then', 'toJSON', 'inspect', 'domain', 'nodeType', 'asymmetricMatch']);

/** An error that is also printed: code of the app that swallows it must not hide what the stand-in lacks. */
function lacking(message: string): Error {
  process.stderr.write(`${message}\n`);
  return new Error(message);
}

function guarded<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      const known = typeof key === 'symbol' || key in object || ASKED_OF_EVERYTHING.has(key);
      if (!known) throw lacking(`stand-in has no ${name}.${key}`);
      return Reflect.get(object, key, receiver);
    },
  });
}

/** An EventEmitter to extend; `name` is what Electron calls the class or object. */
export function strict(name: string): typeof EventEmitter {
  class Emitter extends EventEmitter {}
  Object.setPrototypeOf(Emitter.prototype, guarded(name, EventEmitter.prototype));
  Object.setPrototypeOf(Emitter, guarded(name, EventEmitter));
  return asReal<typeof EventEmitter>(Emitter);
}

export function strictObject<T extends object>(name: string, members: T): T {
  return guarded(name, members);
}

/** Emits as Electron does: an event object first, with `details` on it. True when a listener prevented what follows. */
export function fire(emitter: EventEmitter, name: string, details: object = {}, ...args: unknown[]): boolean {
  const event = {
    ...details,
    defaultPrevented: false,
    preventDefault() {
      event.defaultPrevented = true;
    },
  };
  emitter.emit(name, event, ...args);
  return event.defaultPrevented;
}

/** The one cast between a stand-in and the class that code of the app was compiled against. */
export function asReal<Real>(own: object): Real {
  return own as Real;
}
