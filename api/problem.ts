// Turns errors into problem documents (RFC 9457), the one way an error leaves a door.
// What was not thrown on purpose leaves no text behind: neither in the answer nor in the log.
import {
  type ErrorCode,
  type ErrorDetails,
  type Problem,
  TokentrayError,
  toProblem,
} from '../core/errors.ts';
import type { LogPort } from '../core/ports.ts';
import { printable } from '../core/text.ts';

/** RFC 6749 section 5.1: what may hold a credential is never stored; and no answer is read as anything but its type. */
export const SAFE_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

export const JSON_HEADERS = { 'Content-Type': 'application/json', ...SAFE_HEADERS } as const;

/** Headers of a problem: `Retry-After` beside `retry_after`, and RFC 9110 section 11.6.1's challenge with every 401. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', ...SAFE_HEADERS };
  if (problem.retry_after !== undefined) headers['Retry-After'] = String(problem.retry_after);
  if (problem.status === 401) headers['WWW-Authenticate'] = 'Bearer';
  return headers;
}

export function problemResponse(problem: Problem, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...problemHeaders(problem), ...more },
  });
}

/** The answer to anything thrown. What is not a TokentrayError is logged by name and place only (promise 133). */
export function errorResponse(error: unknown, log: LogPort): Response {
  if (!(error instanceof TokentrayError)) {
    log.error('unexpected', {
      error: error instanceof Error ? printable(error.name, 60) : typeof error,
      frames: error instanceof Error ? stackFrames(error) : [],
    });
  }
  return problemResponse(toProblem(error));
}

const FRAME = /^ {4}at .{1,300}:\d+:\d+\)?$/;

/** The places of a stack without its first lines: those repeat the message, which may quote a provider or a secret. */
function stackFrames(error: Error): string[] {
  const stack = error.stack ?? '';
  const start = stack.indexOf(error.message) + error.message.length;
  return stack
    .slice(start)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, 12)
    .map((line) => printable(line.trim(), 300));
}

/** A problem that is the same for everybody, made once. */
export function refusal(code: ErrorCode, sentence: string): Problem {
  return Object.freeze(toProblem(new TokentrayError(code, sentence)));
}

export function badRequest(sentence: string, details: ErrorDetails = {}): TokentrayError {
  return new TokentrayError('bad_request', sentence, details);
}
