// The one error a command throws: a problem document (RFC 9457), from the host or made here, and its exit code.
// Its text is shown to people. It never holds a token, key, passphrase or secret.
import type { ProblemJson } from '../api/wire.ts';
import { exitCode } from './exit-codes.ts';

/** The host's problem document; the command line has two codes of its own, so `code` is any text. */
export type ProblemDocument = Readonly<Omit<ProblemJson, 'code'>> & { readonly code: string };

/** Problems that the command line finds before, or without, an answer of the host. Titles are those of the catalogue. */
const LOCAL = {
  usage: { status: 400, title: 'The command was not understood' },
  interrupted: { status: 499, title: 'The command was interrupted' },
  no_host: { status: 503, title: 'No host is running' },
  unauthorized: { status: 401, title: 'A valid key is needed' },
  unsafe_path: { status: 500, title: 'A file or folder is not safe to use' },
  timeout: { status: 408, title: 'The request took too long to arrive' },
  consent_expired: { status: 409, title: 'The consent was not finished in time' },
  unexpected: { status: 500, title: 'Something unexpected happened' },
} as const;

export type LocalCode = keyof typeof LOCAL;

export class CommandError extends Error {
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.name = 'CommandError';
    this.problem = problem;
  }

  get exit(): number {
    return exitCode(this.problem.status, this.problem.code);
  }
}

/** An error found on this side. `detail` says what happened, then what to do. */
export function failure(code: LocalCode, detail: string, command?: string): CommandError {
  return new CommandError({
    type: `urn:tokentray:error:${code}`,
    ...LOCAL[code],
    detail,
    code,
    ...(command === undefined ? {} : { action: { command } }),
  });
}

export function usage(detail: string): CommandError {
  return failure('usage', detail);
}
