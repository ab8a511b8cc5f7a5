// A program on the message bus that takes the place of the password dialog and never answers, like a dialog that nobody
// sees. It speaks just enough D-Bus (specification: "Message Protocol") to own a name.

import { once } from 'node:events';
import { connect } from 'node:net';

const METHOD_CALL = 1;
const FIELD = { path: 1, interface: 2, member: 3, destination: 6, signature: 8 } as const;

/** Owns the dialog's name on the bus at `address` (`unix:path=…`) until the returned function is called. */
export async function holdPrompts(address: string): Promise<() => void> {
  const path = /unix:(?:.*,)?path=([^,]+)/.exec(address)?.[1];
  if (path === undefined) throw new Error(`not a Unix bus: ${address}`);
  const socket = connect({ path });
  await once(socket, 'connect');
  const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
  socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
  await once(socket, 'data');
  socket.write('BEGIN\r\n');
  socket.write(call(1, 'Hello', '', Buffer.alloc(0)));
  await once(socket, 'data');
  // No flags: become the owner.
  const name = text('org.gnome.keyring.SystemPrompter');
  socket.write(call(2, 'RequestName', 'su', Buffer.concat([name, pad(name.length, 4), word(0)])));
  await once(socket, 'data');
  socket.resume();
  return () => socket.destroy();
}

function call(serial: number, member: string, signature: string, body: Buffer): Buffer {
  const bus = 'org.freedesktop.DBus';
  const fields = [
    field(FIELD.path, 'o', '/org/freedesktop/DBus'),
    field(FIELD.destination, 's', bus),
    field(FIELD.interface, 's', bus),
    field(FIELD.member, 's', member),
    ...(signature === '' ? [] : [field(FIELD.signature, 'g', signature)]),
  ];
  // Every field starts at a multiple of eight; the last one is not followed by its padding inside the array.
  const array = fields.reduce((all, next) => Buffer.concat([all, pad(all.length, 8), next]), Buffer.alloc(0));
  const head = Buffer.concat([
    Buffer.from(['l'.charCodeAt(0), METHOD_CALL, 0, 1]),
    word(body.length),
    word(serial),
    word(array.length),
    array,
  ]);
  return Buffer.concat([head, pad(head.length, 8), body]);
}

function field(code: number, type: 'o' | 's' | 'g', value: string): Buffer {
  const start = Buffer.from([code, 1, type.charCodeAt(0), 0]);
  return Buffer.concat([
    start,
    type === 'g' ? Buffer.from([value.length, ...Buffer.from(value), 0]) : text(value),
  ]);
}

function text(value: string): Buffer {
  return Buffer.concat([word(value.length), Buffer.from(`${value}\0`)]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function pad(length: number, to: number): Buffer {
  return Buffer.alloc((to - (length % to)) % to);
}
