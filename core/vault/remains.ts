// What is left in a damaged vault file, read page by page without SQLite, which gives up at the first page that is wrong.
// File format: sqlite.org/fileformat2.html sections 1.6 (pages), 2.1 (records) and 4 (write-ahead log).
// What must stay true: nothing here is believed. What is sealed proves itself when it opens; the rest is only kept when
// it has the shape of our own rows. No byte of a damaged file can do more than be skipped.
import { readFileSync } from 'node:fs';
import { look } from './file-safety.ts';
import { pagesWithLog } from './log-pages.ts';

/** Of every vault we ever made; the field that says so may be the one that is damaged. */
const PAGE_BYTES = 4_096;
/** Before the first page's own header is the one of the file. */
const FILE_HEADER_BYTES = 100;
const TABLE_LEAF = 0x0d;
const INDEX_LEAF = 0x0a;
const INDEX_INTERIOR = 0x02;
/** No record of ours comes near; a damaged length may say anything. */
const RECORD_BYTES_MAX = 64 * 1_024 * 1_024;

export type StoredValue = null | number | bigint | string | Uint8Array;

export interface StoredRecord {
  readonly kind: 'row' | 'index';
  /** Zero in an index. */
  readonly rowid: bigint;
  readonly values: readonly StoredValue[];
}

/** Every record of every page that can still be read, the commits of the write-ahead log included. */
export function readRemains(path: string): StoredRecord[] {
  const file = contentOf(path);
  const pages = pagesWithLog(file, contentOf(`${path}-wal`), PAGE_BYTES);
  const records: StoredRecord[] = [];
  for (const number of pages.keys()) records.push(...recordsOf(pages, number));
  return records;
}

function contentOf(path: string): Buffer {
  return look(path)?.isFile() ? readFileSync(path) : Buffer.alloc(0);
}

type Pages = ReadonlyMap<number, Buffer>;

function* recordsOf(pages: Pages, number: number): Generator<StoredRecord> {
  const page = pages.get(number)!;
  const start = number === 1 ? FILE_HEADER_BYTES : 0;
  const type = page[start];
  if (type !== TABLE_LEAF && type !== INDEX_LEAF && type !== INDEX_INTERIOR) return;
  const cells = page.readUInt16BE(start + 3);
  const pointers = start + (type === INDEX_INTERIOR ? 12 : 8);
  for (let cell = 0; cell < cells && pointers + 2 * cell + 2 <= PAGE_BYTES; cell += 1) {
    const record = orNothing(() => recordAt(pages, page, page.readUInt16BE(pointers + 2 * cell), type));
    if (record) yield record;
  }
}

function recordAt(pages: Pages, page: Buffer, at: number, type: number): StoredRecord {
  const reader = new Reader(page, type === INDEX_INTERIOR ? at + 4 : at);
  const size = Number(reader.varint());
  const rowid = type === TABLE_LEAF ? reader.varint() : 0n;
  const payload = payloadOf(pages, page, reader.at, size, type === TABLE_LEAF);
  return { kind: type === TABLE_LEAF ? 'row' : 'index', rowid, values: valuesOf(payload) };
}

/** A record that does not fit its page goes on in a chain of others. */
function payloadOf(pages: Pages, page: Buffer, at: number, size: number, isTable: boolean): Buffer {
  if (!(size > 0 && size <= RECORD_BYTES_MAX)) throw new Unreadable();
  const most = isTable ? PAGE_BYTES - 35 : Math.floor(((PAGE_BYTES - 12) * 64) / 255) - 23;
  if (size <= most) return slice(page, at, size);
  const least = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
  const wanted = least + ((size - least) % (PAGE_BYTES - 4));
  const here = wanted <= most ? wanted : least;
  const parts = [slice(page, at, here)];
  let next = slice(page, at + here, 4).readUInt32BE();
  for (let left = size - here; left > 0; left -= PAGE_BYTES - 4) {
    const more = pages.get(next);
    // A chain is never longer than its record, so one that runs in circles ends as well.
    if (more === undefined) throw new Unreadable();
    parts.push(more.subarray(4, 4 + Math.min(left, PAGE_BYTES - 4)));
    next = more.readUInt32BE();
  }
  return Buffer.concat(parts);
}

function valuesOf(payload: Buffer): StoredValue[] {
  const head = new Reader(payload, 0);
  const end = Number(head.varint());
  const body = new Reader(payload, end);
  const values: StoredValue[] = [];
  while (head.at < end) values.push(body.value(Number(head.varint())));
  return values;
}

class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** One to nine bytes, big-endian, seven bits each; all eight of the ninth. */
  varint(): bigint {
    let value = 0n;
    for (let count = 1; ; count += 1) {
      const byte = this.#take(1)[0]!;
      if (count === 9) return (value << 8n) | BigInt(byte);
      value = (value << 7n) | BigInt(byte & 0x7f);
      if (byte < 0x80) return value;
    }
  }

  value(type: number): StoredValue {
    if (type === 0) return null;
    if (type >= 1 && type <= 6) return this.#integer([1, 2, 3, 4, 6, 8][type - 1]!);
    if (type === 7) return this.#take(8).readDoubleBE();
    if (type === 8 || type === 9) return type - 8;
    if (!(type >= 12)) throw new Unreadable();
    const bytes = this.#take(Math.floor((type - 12) / 2));
    return type % 2 === 0 ? Uint8Array.from(bytes) : utf8.decode(bytes);
  }

  #integer(size: number): number | bigint {
    const bytes = this.#take(size);
    if (size <= 6) return bytes.readIntBE(0, size);
    const value = bytes.readBigInt64BE();
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #take(count: number): Buffer {
    const bytes = slice(this.#bytes, this.at, count);
    this.at += count;
    return bytes;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function slice(bytes: Buffer, at: number, count: number): Buffer {
  if (!(at >= 0 && count >= 0 && at + count <= bytes.length)) throw new Unreadable();
  return bytes.subarray(at, at + count);
}

/** This record is damaged; the next one may not be. */
class Unreadable extends Error {}

function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    // No error: bytes that are no row are looked over, and counted by the caller. A text that is not UTF-8 is a TypeError.
    if (error instanceof Unreadable || error instanceof TypeError || error instanceof RangeError)
      return undefined;
    throw error;
  }
}
