// A program on a message bus that owns a name, answers calls as a test wants it to, and sends signals.
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  BusBody,
  type BusHead,
  type BusMessage,
  METHOD_CALL,
  METHOD_RETURN,
  readMessage,
  SIGNAL,
  writeMessage,
} from './bus-message.ts';

const BUS = 'org.freedesktop.DBus';

export interface BusService {
  emit(head: Required<Pick<BusHead, 'path' | 'interface' | 'member'>>, body?: BusBody): void;
  /** Gives the name back: the next one to ask for it has it. */
  close(): Promise<void>;
}

/** Owns `name` on the bus at `address` (`unix:path=…`). `answer` undefined: the call is never answered. */
export async function ownName(
  address: string,
  name: string,
  answer: (call: BusMessage) => BusBody | undefined,
): Promise<BusService> {
  const path = /unix:(?:.*,)?path=([^,]+)/.exec(address)?.[1];
  if (path === undefined) throw new Error(`not a Unix bus: ${address}`);
  const socket = connect({ path });
  await once(socket, 'connect');
  const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
  socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
  await once(socket, 'data');
  socket.write('BEGIN\r\n');

  let serial = 0;
  let bytes = Buffer.alloc(0);
  const waiting = new Map<number, () => void>();
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let next = readMessage(bytes); next !== undefined; next = readMessage(bytes)) {
      bytes = bytes.subarray(next.length);
      take(next.message);
    }
  });
  const send = (type: number, head: BusHead, body: BusBody) => {
    serial += 1;
    socket.write(writeMessage(type, serial, head, body));
    return serial;
  };
  const ask = (member: string, body: BusBody) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const head = { path: '/org/freedesktop/DBus', destination: BUS, interface: BUS, member };
    waiting.set(send(METHOD_CALL, head, body), resolve);
    return promise;
  };
  await ask('Hello', new BusBody());
  // No flags: become the owner.
  await ask('RequestName', new BusBody().string(name).word(0));
  return {
    emit: (head, body = new BusBody()) => void send(SIGNAL, head, body),
    async close() {
      await ask('ReleaseName', new BusBody().string(name));
      socket.destroy();
    },
  };

  function take(message: BusMessage): void {
    if (message.type === METHOD_RETURN && message.reply !== undefined) waiting.get(message.reply)?.();
    if (message.type !== METHOD_CALL) return;
    // gdbus asks what a method takes before it calls it; without an answer to that it guesses.
    const body = message.member === 'Introspect' ? new BusBody().string('<node/>') : answer(message);
    if (body === undefined) return;
    send(METHOD_RETURN, { reply: message.serial, destination: message.sender ?? '' }, body);
  }
}
