// One request to the host: the session header, a time-out, JSON in and out, problems as errors. Nothing is cached here.
import type { ProblemJson } from '../api/wire.ts';
import { isAttended } from './attendance.ts';
import { HostProblem, HostUnreachable } from './problem.ts';
import { endSession, sessionSecret } from './session.ts';

/** A refresh or a revocation waits for a provider, which the host gives 30 seconds, plus one quick retry. */
const TIMEOUT_MS = 70_000;

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Throws HostProblem or HostUnreachable. A caller that gives up gets its own signal's reason instead. */
export async function send(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const headers = new Headers(sessionHeader());
  // What no form and no image can send: the tray's window asks for it, and a browser's has its session.
  if (method !== 'GET') headers.set('X-Tokentray-Window', '1');
  // Also without a body: whether an empty one is none cannot be told behind the scheme of the tray's window.
  if (method !== 'GET') headers.set('Content-Type', 'application/json');
  // What an event made the window read does not keep an empty chair's session alive.
  if (method === 'GET' && !isAttended()) headers.set('X-Tokentray-Unattended', '1');
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new HostUnreachable();
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The answer as what the host's contract says it is; the host is the origin of this page. */
export async function sendJson<Answer>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await send(method, path, body, signal);
  return response.json();
}

export function sessionHeader(): Record<string, string> {
  const session = sessionSecret();
  return session === null ? {} : { 'X-Tokentray-Session': session };
}

/** Also ends the session when that is what the host says. */
export async function problemOf(response: Response): Promise<HostProblem> {
  const problem = await readProblem(response);
  if (response.status === 401) endSession();
  return new HostProblem(problem);
}

async function readProblem(response: Response): Promise<ProblemJson> {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/problem+json')) return response.json();
  return {
    type: 'urn:tokentray:error:unexpected',
    title: 'Something unexpected happened',
    status: response.status,
    detail: `The host answered ${response.status} without a reason. Reload the window and try again.`,
    code: 'unexpected',
  };
}
