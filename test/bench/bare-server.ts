// What Node's own server does with the same bytes: `node bare-server.ts BODY_FILE` prints its port and serves the body.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const body = readFileSync(process.argv[2]!);
const headers = {
  'Content-Type': 'application/json',
  'Content-Length': body.length,
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};
const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on('end', () => process.exit(0));
