// The exit code for every way a command can end. Scripts branch on it, so a number never changes its meaning.
// Rooms apart: this table repeats the exits of the engine's error catalogue by HTTP status, and a test compares the two.

export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  consentNeeded: 3,
  refused: 4,
  notFound: 5,
  denied: 6,
  locked: 7,
  noHost: 8,
  offline: 9,
  storage: 10,
  interrupted: 130,
} as const;

const BY_STATUS: Readonly<Record<number, number>> = {
  400: EXIT.usage,
  401: EXIT.denied,
  403: EXIT.denied,
  404: EXIT.notFound,
  405: EXIT.usage,
  408: EXIT.offline,
  409: EXIT.usage,
  413: EXIT.usage,
  421: EXIT.denied,
  423: EXIT.locked,
  429: EXIT.denied,
  500: EXIT.storage,
  502: EXIT.refused,
  503: EXIT.offline,
};

/** Codes whose exit is not that of their status, and the two that only the command line itself can report. */
const BY_CODE: Readonly<Record<string, number>> = {
  backup_unusable: EXIT.storage,
  browser_unavailable: EXIT.unexpected,
  consent_cancelled: EXIT.interrupted,
  consent_expired: EXIT.offline,
  consent_failed: EXIT.refused,
  consent_needed: EXIT.consentNeeded,
  host_running: EXIT.unexpected,
  needs_review: EXIT.locked,
  no_host: EXIT.noHost,
  port_taken: EXIT.unexpected,
  redirect_port_taken: EXIT.unexpected,
  links_not_ours: EXIT.unexpected,
  unexpected: EXIT.unexpected,
  vault_damaged: EXIT.storage,
  vault_newer: EXIT.storage,
  wrong_account: EXIT.refused,
  wrong_passphrase: EXIT.locked,
  interrupted: EXIT.interrupted,
  usage: EXIT.usage,
};

/** Exit code of a problem document. An unknown code goes by its status, an unknown status is `unexpected`. */
export function exitCode(status: number, code: string): number {
  return BY_CODE[code] ?? BY_STATUS[status] ?? EXIT.unexpected;
}

/** The help topic `exit-codes`, and the section of the manual. */
export const EXIT_CODES_HELP = `Exit codes:
    0  done
    1  something unexpected happened, or \`doctor\` and \`providers check\` found something wrong
    2  the command was not understood: a wrong option, an ambiguous name, a value out of range
    3  the connection needs your consent: run \`tokentray connect\`
    4  the provider refused
    5  there is nothing by that name
    6  the key may not do that
    7  the vault is locked, not set up, or waits for a person to say that it is used here
    8  no Tokentray host is running
    9  offline, or it took too long
   10  a file or the vault could not be read or written, or is not safe to use
  130  interrupted, or the consent was cancelled
`;
