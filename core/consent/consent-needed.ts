// The one sentence for "this connection needs you", with what to do about it. Every door and the window show it.
import { nameOf } from '../connections.ts';
import { TokentrayError } from '../errors.ts';
import type { Connection, ConsentCause } from '../model/connection.ts';

const WHY: Record<ConsentCause, string> = {
  refused: 'the provider no longer accepts its refresh token (expired or revoked)',
  answer_lost: 'a refresh was sent, its answer was lost, and the provider has ended the grant since',
  no_refresh_token: 'its access token has ended and the provider gave no refresh token',
};

export function consentNeeded(connection: Connection, cause: ConsentCause): TokentrayError {
  const { provider, account } = connection;
  return new TokentrayError(
    'consent_needed',
    `${nameOf(connection)} needs your consent: ${WHY[cause]}. Connect it again.`,
    {
      action: {
        method: 'POST',
        url: '/v1/connections',
        body: { provider, account },
        command: `tokentray connect ${provider} --account ${account}`,
      },
    },
  );
}
