// Builds the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1).
import * as oauth from 'oauth4webapi';
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { isOpenId, type Provider } from '../model/provider.ts';
import type { RandomPort } from '../ports.ts';

/** The secrets of one attempt. They live in memory only and end with it. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** RFC 7636 section 4.1: 32 random bytes make a verifier of 43 characters. */
export function newAttempt(random: RandomPort): Attempt {
  const value = () => Buffer.from(random.bytes(LIMITS.stateBytes)).toString('base64url');
  return { state: value(), nonce: value(), codeVerifier: value() };
}

/** The address for the browser. Throws `unsafe_url` when it would be longer than browsers carry. */
export async function authorizationUrl(
  provider: Provider,
  attempt: Attempt,
  redirectUri: string,
  scopes: readonly string[],
): Promise<URL> {
  const url = new URL(provider.authorization_endpoint);
  const set = (key: string, value: string) => url.searchParams.set(key, value);
  for (const [key, value] of Object.entries(provider.authorization_parameters)) set(key, value);
  set('response_type', 'code');
  set('client_id', provider.client_id);
  set('redirect_uri', redirectUri);
  if (scopes.length > 0) set('scope', scopes.join(provider.scope_separator));
  set('state', attempt.state);
  if (provider.pkce === 'S256') {
    set('code_challenge', await oauth.calculatePKCECodeChallenge(attempt.codeVerifier));
    set('code_challenge_method', 'S256');
  }
  if (isOpenId(provider, scopes)) set('nonce', attempt.nonce);
  // URLSearchParams writes a space as `+`, which some servers and openers do not take back; %20 is read by all.
  url.search = url.search.replaceAll('+', '%20');
  if (url.href.length > LIMITS.authorizationUrlChars) {
    throw new TokentrayError(
      'unsafe_url',
      `The authorization address of ${provider.id} is longer than ${LIMITS.authorizationUrlChars} characters. Ask for fewer scopes.`,
      { field: 'scopes' },
    );
  }
  return url;
}
