// Every kind of redirect that can arrive, as one table, so that the judge and broken twins of it face the same cases.
import type { CallbackVerdict, Expected } from '../../core/oauth/callback.ts';
import { acme } from './provider-samples.ts';

export const STATE = 'S7dU0bYq2cR9mX4kVtZ1wL6nPfHjEaGs';
export const CODE = 'code-canary-51b7';

const ISSUER = 'https://as.acme.test/';
const REDIRECT = 'http://127.0.0.1:53211/callback/acme';

/** No issuer known: a plain OAuth 2 provider. */
const plain: Expected = { provider: acme(), state: STATE, redirectUri: new URL(REDIRECT) };
/** Issuer known, `iss` not advertised. */
const quiet: Expected = { ...plain, provider: acme({ issuer: ISSUER, discovery: 'none' }) };
/** Issuer known, `iss` advertised (RFC 9207). */
const strict: Expected = {
  ...plain,
  provider: acme({
    issuer: ISSUER,
    discovery: 'none',
    authorization_response_iss_parameter_supported: true,
  }),
};

type Outcome = 'code' | 'refused' | 'consent_failed' | 'issuer_mismatch';

export interface CallbackCase {
  readonly says: string;
  readonly url: URL;
  readonly expected: Expected;
  readonly outcome: Outcome;
}

export type CallbackJudge = (url: URL, expected: Expected) => CallbackVerdict;

const good = `code=${CODE}&state=${STATE}`;

function redirects(outcome: Outcome, expected: Expected, cases: Readonly<Record<string, string>>) {
  return Object.entries(cases).map(([says, rest]): CallbackCase => {
    const address = /^https?:/.test(rest) ? rest : `${REDIRECT}${rest}`;
    return { says, url: new URL(address), expected, outcome };
  });
}

export const CALLBACK_CASES: readonly CallbackCase[] = [
  ...redirects('code', plain, {
    'RFC 6749 4.1.2: code and state are accepted': `?${good}`,
    'RFC 6749 4.1.2: unknown parameters are ignored': `?${good}&session_state=x&scope=read`,
    'a fragment added by the provider is ignored': `?${good}#_=_`,
    'RFC 9207: an iss is ignored where no issuer is known': `?${good}&iss=https%3A%2F%2Felsewhere.test`,
    'an error in the fragment does not count': `?${good}#error=access_denied`,
  }),
  ...redirects('code', quiet, {
    'RFC 9207 2.4: the right iss is accepted where it was not advertised': `?${good}&iss=https%3A%2F%2Fas.acme.test%2F`,
    'RFC 9207 2.4: no iss is accepted where it was not advertised': `?${good}`,
  }),
  ...redirects('code', strict, {
    'RFC 9207 2.4: the right iss is accepted where it was advertised': `?${good}&iss=https%3A%2F%2Fas.acme.test%2F`,
  }),
  ...redirects('refused', plain, {
    'promise 8: a redirect without state is refused': `?code=${CODE}`,
    'promise 8: a redirect with an empty state is refused': `?code=${CODE}&state=`,
    'promise 8: a redirect with the state of another consent is refused': `?code=${CODE}&state=${'x'.repeat(32)}`,
    'promise 8: a state that differs only in case is refused': `?code=${CODE}&state=${STATE.toLowerCase()}`,
    'promise 8: the beginning of the state is refused': `?code=${CODE}&state=${STATE.slice(0, -1)}`,
    'promise 8: the state with something after it is refused': `?${good}0`,
    'promise 8: the state with a NUL after it is refused': `?${good}%00`,
    'promise 8: a state in the fragment is refused': `?code=${CODE}#state=${STATE}`,
    'promise 8: parameters separated by semicolons are refused': `?code=${CODE};state=${STATE}`,
    'promise 8: a parameter called State is not the state': `?code=${CODE}&State=${STATE}`,
    'promise 9: an error without state does not end the consent': '?error=access_denied',
    'promise 9: an error with another state does not end the consent':
      '?error=access_denied&state=0123456789012345',
    'promise 11: a repeated code is refused': `?${good}&code=${CODE}`,
    'promise 11: a repeated state is refused': `?${good}&state=${STATE}`,
    'promise 11: a second state of a stranger is refused': `?state=x&${good}`,
    'promise 11: a repeated error is refused': `?error=a&error=b&state=${STATE}`,
    'promise 11: a repeated iss is refused': `?${good}&iss=a&iss=a`,
    'promise 11: a parameter repeated in percent-encoding is refused': `?${good}&c%6fde=${CODE}`,
    'promise 11: a repeated unknown parameter is refused': `?${good}&x=1&x=1`,
    'promise 12: code and error together are refused': `?${good}&error=access_denied`,
    'promise 12: a code with an empty error is refused': `?${good}&error=`,
    'promise 12: an error with an empty code is refused': `?error=access_denied&code=&state=${STATE}`,
    'RFC 6749 4.1.2: neither code nor error is refused': `?state=${STATE}`,
    'RFC 6749 4.1.2: an empty code is refused': `?code=&state=${STATE}`,
    'RFC 6749 4.1.2.1: an empty error is refused': `?error=&state=${STATE}`,
    'RFC 6749 4.1.2: a code in the fragment is refused': `?state=${STATE}#code=${CODE}`,
    'promise 43: another path is refused': `http://127.0.0.1:53211/callback/other?${good}`,
    'promise 43: a path in another case is refused': `http://127.0.0.1:53211/callback/Acme?${good}`,
    'promise 43: a longer path is refused': `http://127.0.0.1:53211/callback/acme/?${good}`,
    'promise 43: a percent-encoded path is refused': `http://127.0.0.1:53211/callback/%61cme?${good}`,
    'promise 43: a path that begins with two slashes is refused': `http://127.0.0.1:53211//callback/acme?${good}`,
    'promise 13: another port is refused': `http://127.0.0.1:53212/callback/acme?${good}`,
    'promise 13: no port is refused': `http://127.0.0.1/callback/acme?${good}`,
    'promise 13: localhost in place of 127.0.0.1 is refused': `http://localhost:53211/callback/acme?${good}`,
    'promise 13: another host is refused': `http://evil.test:53211/callback/acme?${good}`,
    'JARM: a response parameter is not an answer of the code flow': `?${good}&response=eyJhbGciOiJub25lIn0.e30.`,
    'an id_token parameter is not an answer of the code flow': `?${good}&id_token=eyJhbGciOiJub25lIn0.e30.`,
    'a token parameter is not an answer of the code flow': `?${good}&token=x`,
  }),
  ...redirects('consent_failed', plain, {
    'RFC 6749 4.1.2.1: a denial with the right state ends the consent': `?error=access_denied&state=${STATE}`,
    'RFC 6749 4.1.2.1: an error with a description ends the consent': `?error=server_error&error_description=down&state=${STATE}`,
  }),
  ...redirects('issuer_mismatch', strict, {
    'promise 39: a response without the advertised iss ends the consent': `?${good}`,
    'promise 39: an empty iss ends the consent': `?${good}&iss=`,
    'promise 39: an error without the advertised iss ends the consent': `?error=access_denied&state=${STATE}`,
    'promise 40: an iss without its last slash ends the consent': `?${good}&iss=https%3A%2F%2Fas.acme.test`,
    'promise 40: an iss in another case ends the consent': `?${good}&iss=https%3A%2F%2FAS.acme.test%2F`,
    'promise 40: an iss with its default port ends the consent': `?${good}&iss=https%3A%2F%2Fas.acme.test%3A443%2F`,
    'promise 40: an iss with a space before it ends the consent': `?${good}&iss=%20https%3A%2F%2Fas.acme.test%2F`,
  }),
  ...redirects('issuer_mismatch', quiet, {
    'promise 40: another iss ends the consent, also where none was advertised': `?${good}&iss=https%3A%2F%2Fas.acme.tesT%2F`,
    'promise 41: a mix-up is ended: the code of another issuer is not used': `?${good}&iss=https%3A%2F%2Fevil.test`,
    'promise 41: an error of another issuer ends the consent': `?error=access_denied&state=${STATE}&iss=https%3A%2F%2Fevil.test`,
  }),
];

export function outcomeOfCase(judge: CallbackJudge, one: CallbackCase): Outcome {
  const verdict = judge(one.url, one.expected);
  return verdict.kind === 'failed' ? verdict.code : verdict.kind;
}

/** Cases of the table that this judge gets wrong. */
export function mistakesOf(judge: CallbackJudge): string[] {
  return CALLBACK_CASES.filter((one) => outcomeOfCase(judge, one) !== one.outcome).map((one) => one.says);
}
