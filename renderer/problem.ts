// What can go wrong with a request, as two errors: the host said no (with its code, field and remedy), or nobody answered.
import type { ProblemJson } from '../api/wire.ts';

/** A problem document (RFC 9457) of the host. `message` is its sentence, fit for a person. */
export class HostProblem extends Error {
  readonly code: ProblemJson['code'];
  readonly status: number;
  readonly field: string | undefined;
  readonly action: ProblemJson['action'];
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(problem: ProblemJson) {
    super(problem.detail);
    this.name = 'HostProblem';
    this.code = problem.code;
    this.status = problem.status;
    this.field = problem.field;
    this.action = problem.action;
    this.retryAfter = problem.retry_after;
  }
}

/** No answer at all: the host is stopped, or took longer than the window waits. */
export class HostUnreachable extends Error {
  constructor() {
    super('The host does not answer. Start it with: tokentray serve');
    this.name = 'HostUnreachable';
  }
}

/** The sentence of any error. Text of an error that is neither of ours is not for people. */
export function sentenceOf(error: unknown): string {
  if (error instanceof HostProblem || error instanceof HostUnreachable) return error.message;
  return 'Something unexpected happened in the window. Reload it and try again.';
}

/** The sentence, when the problem is about this field; beside the field it need not name it. */
export function problemAt(error: unknown, field: string): string | undefined {
  if (!(error instanceof HostProblem) || error.field !== field) return undefined;
  return error.message.replace(`The body: the field ${field} `, 'This ');
}
