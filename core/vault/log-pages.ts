// The pages of a database file with those of its write-ahead log laid over them (sqlite.org/fileformat2.html section 4).
// Unlike SQLite it goes on after a frame that is damaged: what comes later was committed as well, and is newer.

const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The last bit says in which byte order the checksums are made. */
const MAGIC = 0x377f0682;

type Sum = readonly [number, number];

/** By page number, from 1. A last page that is cut short is filled up with zeros. */
export function pagesWithLog(file: Buffer, log: Buffer, pageBytes: number): Map<number, Buffer> {
  const pages = new Map<number, Buffer>();
  for (let at = 0; at < file.length; at += pageBytes) {
    const page = Buffer.alloc(pageBytes);
    file.copy(page, 0, at, at + pageBytes);
    pages.set(at / pageBytes + 1, page);
  }
  for (const [number, page] of committedFrames(log, pageBytes)) pages.set(number, page);
  return pages;
}

function* committedFrames(log: Buffer, pageBytes: number): Generator<readonly [number, Buffer]> {
  if (log.length < LOG_HEADER_BYTES) return;
  const magic = log.readUInt32BE(0);
  if ((magic & ~1) >>> 0 !== MAGIC || log.readUInt32BE(8) !== pageBytes) return;
  const bigEndian = (magic & 1) === 1;
  const salts = log.subarray(16, 24);
  const size = FRAME_HEADER_BYTES + pageBytes;
  let before: Sum = sum([0, 0], log.subarray(0, 24), bigEndian);
  let waiting: (readonly [number, Buffer])[] = [];
  for (let at = LOG_HEADER_BYTES; at + size <= log.length; at += size) {
    const head = log.subarray(at, at + FRAME_HEADER_BYTES);
    // Left over from before the log was begun anew.
    if (!head.subarray(8, 16).equals(salts)) return;
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + size);
    const [first, second] = sum(sum(before, head.subarray(0, 8), bigEndian), page, bigEndian);
    before = [head.readUInt32BE(16), head.readUInt32BE(20)];
    if (first === before[0] && second === before[1]) waiting.push([head.readUInt32BE(0), page]);
    if (head.readUInt32BE(4) === 0) continue;
    yield* waiting;
    waiting = [];
  }
}

function sum([first, second]: Sum, bytes: Buffer, bigEndian: boolean): Sum {
  let one = first;
  let two = second;
  for (let at = 0; at < bytes.length; at += 8) {
    const left = bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const right = bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    one = (one + left + two) >>> 0;
    two = (two + right + one) >>> 0;
  }
  return [one, two];
}
