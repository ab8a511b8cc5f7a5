// The one sentence for a vault whose key is not at hand.
import { TokentrayError } from '../errors.ts';

export function vaultLocked(): TokentrayError {
  return new TokentrayError('locked', 'The vault is locked. Unlock it first.', {
    action: { method: 'POST', url: '/v1/unlock', command: 'tokentray unlock' },
  });
}
