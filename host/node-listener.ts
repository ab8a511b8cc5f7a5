// Between Node's HTTP server and the handler: judges the raw head first and writes refusals straight out, then lets
// @hono/node-server make the Request. Every answer that is a plain string stays on that library's short way out.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type HttpDoor, judgeHead } from '../api/guard.ts';
import type { Handle } from '../api/handle.ts';
import { badRequest, problemHeaders, problemResponse } from '../api/problem.ts';
import type { Problem } from '../core/errors.ts';
import { toProblem } from '../core/errors.ts';

export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

const UNREADABLE = toProblem(badRequest('The address of the request cannot be read. Check its spelling.'));

/** A listener for `http.createServer`. `port`: the door's own, once it listens; any number for the socket. */
export function toNodeListener(handle: Handle, door: HttpDoor, port: () => number): NodeListener {
  const answer = getRequestListener((request) => handle(request, door), {
    // The handler never fails; what fails here is the making of the Request from a target nobody can parse.
    errorHandler: () => problemResponse(UNREADABLE),
  });
  return (incoming, outgoing) => {
    const head = {
      httpVersion: incoming.httpVersion,
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      rawHeaders: incoming.rawHeaders,
    };
    const problem = judgeHead(head, door, port());
    if (problem === undefined) void answer(incoming, outgoing);
    else refuse(outgoing, problem);
  };
}

/** The connection closes too: whoever is refused here is not a script of ours, and its body is not worth reading. */
function refuse(outgoing: ServerResponse, problem: Problem): void {
  const body = JSON.stringify(problem);
  outgoing.writeHead(problem.status, {
    ...problemHeaders(problem),
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...(problem.status === 405 ? { Allow: 'GET, POST, PATCH, DELETE' } : {}),
  });
  outgoing.end(body);
}
