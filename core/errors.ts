// The one catalogue of what can go wrong. A code never changes its meaning once released: scripts branch on it.
// Every code fixes an HTTP status and an exit code, so that no door can answer differently from another.
// A message is shown to people and written to logs: it never holds a token, code, secret, key or provider body.

/** HTTP status, exit code (design: "The command line") and a short title that does not change with the case. */
export interface ErrorKind {
  readonly status: number;
  readonly exit: number;
  readonly title: string;
}

const kind = (status: number, exit: number, title: string): ErrorKind => ({ status, exit, title });

export const ERROR_CATALOGUE = {
  // What the caller sent
  bad_request: kind(400, 2, 'The request is not well formed'),
  invalid_field: kind(400, 2, 'A field has a value that cannot be used'),
  unknown_field: kind(400, 2, 'A field is not known'),
  key_in_query: kind(400, 2, 'A key must not be in the address'),
  unauthorized: kind(401, 6, 'A valid key is needed'),
  denied: kind(403, 6, 'This key may not do that'),
  proof_needed: kind(403, 6, 'Confirm that it is you'),
  not_found: kind(404, 5, 'There is nothing by that name'),
  method_not_allowed: kind(405, 2, 'This address does not take that method'),
  timeout: kind(408, 9, 'The request took too long to arrive'),
  ambiguous: kind(409, 2, 'The name fits more than one connection'),
  already_exists: kind(409, 2, 'The name is taken'),
  min_valid_impossible: kind(409, 2, 'No token lives that long'),
  scope_not_granted: kind(409, 2, 'The scope is outside the grant'),
  conflict: kind(409, 2, 'The state does not allow this'),
  too_large: kind(413, 2, 'The request is too large'),
  misdirected: kind(421, 6, 'The Host header does not name this endpoint'),
  rate_limited: kind(429, 6, 'Too many attempts'),

  // The state of the host and its vault
  locked: kind(423, 7, 'The vault is locked'),
  setup: kind(423, 7, 'The vault is not set up'),
  wrong_passphrase: kind(403, 7, 'The passphrase does not open the vault'),
  key_absent: kind(423, 7, 'The key of the vault is missing'),
  key_wrong: kind(423, 7, 'The key does not belong to this vault'),
  keychain_locked: kind(423, 7, 'The keychain is locked'),
  keychain_denied: kind(423, 7, 'The keychain refused access'),
  keychain_unreachable: kind(423, 7, 'No keychain answers'),
  host_running: kind(409, 1, 'Another host owns this vault'),
  no_host: kind(503, 8, 'No host is running'),
  port_taken: kind(409, 1, 'The port is taken'),
  unsafe_path: kind(500, 10, 'A file or folder is not safe to use'),
  storage: kind(500, 10, 'The vault could not be read or written'),
  tampered: kind(500, 10, 'A sealed value was changed'),
  vault_damaged: kind(503, 10, 'The vault is damaged'),
  vault_replaced: kind(500, 10, 'The vault file was replaced'),
  needs_review: kind(409, 7, 'The vault was copied or put back'),
  vault_newer: kind(409, 10, 'The vault was written by a newer version'),
  backup_unusable: kind(400, 10, 'The backup cannot be used'),
  export_not_opened: kind(400, 2, 'The export does not open'),
  import_refused: kind(400, 2, 'The file to import is not safe to use'),
  unexpected: kind(500, 1, 'Something unexpected happened'),

  // Consent and the provider
  consent_needed: kind(409, 3, 'The connection needs your consent'),
  consent_failed: kind(409, 4, 'The consent did not succeed'),
  consent_expired: kind(409, 9, 'The consent was not finished in time'),
  consent_cancelled: kind(409, 130, 'The consent was cancelled'),
  wrong_account: kind(409, 4, 'Another account signed in than the one asked for'),
  callback_refused: kind(400, 2, 'The redirected address does not belong to this consent'),
  redirect_port_taken: kind(409, 1, 'The redirect port is taken'),
  links_not_ours: kind(409, 1, 'Links of our scheme do not come here'),
  browser_unavailable: kind(409, 1, 'No browser could be opened'),
  unsafe_url: kind(400, 2, 'The address is not safe to open'),
  issuer_mismatch: kind(502, 4, 'The discovery document names another issuer'),
  discovery_failed: kind(502, 4, 'The discovery document could not be used'),
  provider_refused: kind(502, 4, 'The provider refused'),
  provider_answer_invalid: kind(502, 4, 'The provider answered in a way that cannot be used'),
  refresh_failed: kind(502, 4, 'The token could not be refreshed'),
  revocation_failed: kind(502, 4, 'The grant could not be revoked'),
  offline: kind(503, 9, 'The provider could not be reached'),
  busy: kind(503, 9, 'The endpoint is busy'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** What can be done about an error: a request to this endpoint, an address to open, or a command to type. */
export interface ErrorAction {
  readonly method?: string;
  readonly url?: string;
  readonly body?: unknown;
  readonly command?: string;
}

export interface ErrorDetails {
  /** Name of the field, parameter or setting at fault, as the caller wrote it. */
  readonly field?: string;
  readonly action?: ErrorAction;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
}

/** The only error that crosses a room's border on purpose. `message` is one or two sentences fit for a person. */
export class TokentrayError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'TokentrayError';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }

  get exit(): number {
    return ERROR_CATALOGUE[this.code].exit;
  }
}

/** RFC 9457 section 3: the wire form of an error at every HTTP door. `type` is stable and ends in the code. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly field?: string;
  readonly action?: ErrorAction;
  readonly retry_after?: number;
}

/** The problem document for an error. Anything that is not a TokentrayError becomes `unexpected`, without its text. */
export function toProblem(error: unknown): Problem {
  const known =
    error instanceof TokentrayError
      ? error
      : new TokentrayError(
          'unexpected',
          'Something unexpected happened. The log of the host has the time and place.',
        );
  const { title, status } = ERROR_CATALOGUE[known.code];
  return {
    type: `urn:tokentray:error:${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    ...(known.details.field === undefined ? {} : { field: known.details.field }),
    ...(known.details.action === undefined ? {} : { action: known.details.action }),
    ...(known.details.retryAfter === undefined ? {} : { retry_after: known.details.retryAfter }),
  };
}
