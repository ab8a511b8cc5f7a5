// Secrets in arguments are refused before anything else reads them: every program of the machine can list arguments,
// and shells write them to their history (promise 177). The value is never repeated.
import { usage } from './problem.ts';

const STDIN_OPTIONS: Readonly<Record<string, string>> = {
  '--client-secret': '--client-secret-stdin',
  '--refresh-token': '--refresh-token-stdin',
  '--passphrase': '--passphrase-stdin',
};

/** Throws `usage` for an option that would carry a secret, and for a key of ours anywhere. */
export function refuseSecrets(argv: readonly string[]): void {
  for (const argument of argv) {
    const [option = ''] = argument.split('=', 1);
    const instead = STDIN_OPTIONS[option];
    if (instead !== undefined) {
      throw usage(
        `Secrets are not taken from arguments, where other programs can read them. Use ${instead} in place of ${option}; if it was a real secret, replace it.`,
      );
    }
    if (/(^|=)tt_[A-Za-z0-9_-]{20}/.test(argument)) {
      throw usage(
        'Keys are not taken from arguments, where other programs can read them. Set TOKENTRAY_KEY instead; if it was a real key, replace it.',
      );
    }
  }
}
