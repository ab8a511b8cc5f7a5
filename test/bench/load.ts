// A load generator as a process of its own: kept-alive raw connections, one request in flight on each, for a fixed time.
// `node load.ts PORT REQUEST_FILE CONNECTIONS MILLISECONDS`; the file holds the request head; prints one JSON line.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [port, file, connections, milliseconds] = process.argv.slice(2);
const request = readFileSync(file!);
const latencies: number[] = [];
const started = performance.now();
const until = started + Number(milliseconds);

function one(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
    let sent = 0;
    let pending = Buffer.alloc(0);
    const send = () => {
      sent = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const end = answerEnd(pending);
      if (end === undefined) return;
      pending = pending.subarray(end);
      const now = performance.now();
      latencies.push(now - sent);
      if (now < until) return send();
      socket.end();
      resolve();
    });
  });
}

/** Where the first answer in `bytes` ends; undefined while it is not complete. Throws for anything but 200. */
function answerEnd(bytes: Buffer): number | undefined {
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const text = bytes.toString('latin1', 0, head);
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`answered ${text.slice(0, 40)}`);
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  if (length === undefined) throw new Error('the answer has no content-length');
  const end = head + 4 + Number(length);
  return bytes.length < end ? undefined : end;
}

await Promise.all(Array.from({ length: Number(connections) }, one));
const seconds = (performance.now() - started) / 1_000;
latencies.sort((left, right) => left - right);
const at = (share: number) =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!;
const result = {
  perSecond: latencies.length / seconds,
  p50: at(0.5),
  p99: at(0.99),
  requests: latencies.length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
