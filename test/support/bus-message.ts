// D-Bus messages, as far as a program in a test needs them: written and read by the letter of the specification ("Message
// Protocol", "Marshaling"), little-endian.

export const METHOD_CALL = 1;
export const METHOD_RETURN = 2;
export const SIGNAL = 4;

const FIELDS = {
  path: 1,
  interface: 2,
  member: 3,
  reply: 5,
  destination: 6,
  sender: 7,
  signature: 8,
} as const;
type FieldName = keyof typeof FIELDS;

/** Values one after the other, each at its own alignment. */
export class BusBody {
  signature = '';
  #bytes = Buffer.alloc(0);

  get bytes(): Buffer {
    return this.#bytes;
  }

  string(value: string): this {
    return this.#value('s', () => this.#text(value));
  }

  path(value: string): this {
    return this.#value('o', () => this.#text(value));
  }

  word(value: number): this {
    return this.#value('u', () => this.#word(value));
  }

  /** A variant that holds a boolean. */
  flag(value: boolean): this {
    return this.#value('v', () => this.#flag(value));
  }

  /** A dictionary of names to booleans, as variants. */
  flags(values: Readonly<Record<string, boolean>>): this {
    return this.#value('a{sv}', () => {
      this.#array(8, () => {
        for (const [name, value] of Object.entries(values)) {
          this.#align(8);
          this.#text(name);
          this.#flag(value);
        }
      });
    });
  }

  noStrings(): this {
    return this.#value('as', () => this.#array(4, () => {}));
  }

  #value(signature: string, write: () => void): this {
    this.signature += signature;
    write();
    return this;
  }

  #array(alignment: number, write: () => void): void {
    this.#word(0);
    const lengthAt = this.#bytes.length - 4;
    this.#align(alignment);
    const start = this.#bytes.length;
    write();
    this.#bytes.writeUInt32LE(this.#bytes.length - start, lengthAt);
  }

  #flag(value: boolean): void {
    this.#add(Buffer.from([1, 'b'.charCodeAt(0), 0]));
    this.#word(value ? 1 : 0);
  }

  #text(value: string): void {
    this.#word(Buffer.byteLength(value));
    this.#add(Buffer.from(`${value}\0`));
  }

  #word(value: number): void {
    this.#align(4);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    this.#add(bytes);
  }

  #align(to: number): void {
    this.#add(Buffer.alloc(padding(this.#bytes.length, to)));
  }

  #add(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }
}

export interface BusHead {
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly destination?: string;
  /** Serial of the call that this answers. */
  readonly reply?: number;
}

export function writeMessage(type: number, serial: number, head: BusHead, body: BusBody): Buffer {
  const fields = Object.entries({ ...head, ...(body.signature === '' ? {} : { signature: body.signature }) });
  let array = Buffer.alloc(0);
  for (const [name, value] of fields) {
    const field = writeField(name as FieldName, value);
    // Every field starts at a multiple of eight; the last one is not followed by its padding inside the array.
    array = Buffer.concat([array, Buffer.alloc(padding(array.length, 8)), field]);
  }
  const start = Buffer.alloc(16);
  start.set(['l'.charCodeAt(0), type, 0, 1]);
  start.writeUInt32LE(body.bytes.length, 4);
  start.writeUInt32LE(serial, 8);
  start.writeUInt32LE(array.length, 12);
  return Buffer.concat([start, array, Buffer.alloc(padding(array.length, 8)), body.bytes]);
}

function writeField(name: FieldName, value: string | number): Buffer {
  const type = { path: 'o', reply: 'u', signature: 'g' }[name as string] ?? 's';
  const start = Buffer.from([FIELDS[name], 1, type.charCodeAt(0), 0]);
  if (typeof value === 'number') return Buffer.concat([start, new BusBody().word(value).bytes]);
  const text = Buffer.from(`${value}\0`);
  if (type === 'g') return Buffer.concat([start, Buffer.from([text.length - 1]), text]);
  return Buffer.concat([start, new BusBody().string(value).bytes]);
}

export interface BusMessage extends BusHead {
  readonly type: number;
  readonly serial: number;
  readonly sender?: string;
}

/** The first message in `bytes` and how long it is; undefined while it is not complete. */
export function readMessage(
  bytes: Buffer,
): { readonly message: BusMessage; readonly length: number } | undefined {
  if (bytes.length < 16) return undefined;
  const fieldsEnd = 16 + bytes.readUInt32LE(12);
  const length = fieldsEnd + padding(fieldsEnd, 8) + bytes.readUInt32LE(4);
  if (bytes.length < length) return undefined;
  const head: Record<string, string | number> = {};
  for (let at = 16; at < fieldsEnd; at += padding(at, 8)) {
    const name = Object.entries(FIELDS).find(([, code]) => code === bytes[at])?.[0];
    const type = String.fromCharCode(bytes[at + 2] ?? 0);
    at += 4;
    const size = type === 'g' ? bytes.readUInt8(at) : bytes.readUInt32LE(at);
    if (type === 'u') {
      if (name !== undefined) head[name] = size;
      at += 4;
      continue;
    }
    at += type === 'g' ? 1 : 4;
    if (name !== undefined) head[name] = bytes.toString('utf8', at, at + size);
    at += size + 1;
  }
  return { message: { ...head, type: bytes.readUInt8(1), serial: bytes.readUInt32LE(8) }, length };
}

function padding(length: number, to: number): number {
  return (to - (length % to)) % to;
}
