// Judges an authorization response (RFC 6749 section 4.1.2, RFC 9207 section 2.4), wherever it came from: loopback
// listener, link of our scheme or pasted address. Order is fixed: form, state, path, issuer, error, code. Until the state is right nothing
// about the attempt changes, so that a stranger cannot end it.
import { timingSafeEqual } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { LIMITS } from '../limits.ts';
import type { Provider } from '../model/provider.ts';
import { printable } from '../text.ts';
import { clientOf, serverOf } from './server.ts';

export interface Expected {
  readonly provider: Provider;
  readonly state: string;
  /** The redirect URI that was sent, with its port. */
  readonly redirectUri: URL;
}

export type CallbackVerdict =
  /** Not a response to this attempt; it stays as it was. `why` is a sentence without any value of the response. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The right state, but the response ends the attempt: the provider said no, or the issuer is another. */
  | { readonly kind: 'failed'; readonly code: 'consent_failed' | 'issuer_mismatch'; readonly why: string }
  | { readonly kind: 'code'; readonly parameters: ValidatedCallback };

/** Parameters that oauth4webapi has validated; its token request takes no others. */
export type ValidatedCallback = URLSearchParams & { readonly [validated]: true };
declare const validated: unique symbol;

const refused = (why: string): CallbackVerdict => ({ kind: 'refused', why });

/** The state parameter of a response: how a shared listener finds the attempt. Undefined when absent or repeated. */
export function stateOf(parameters: URLSearchParams): string | undefined {
  const values = parameters.getAll('state');
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

export function sameState(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Pure. `url` is the address as it arrived (with its query). */
export function judgeCallback(url: URL, expected: Expected): CallbackVerdict {
  const parameters = url.searchParams;
  for (const key of new Set(parameters.keys())) {
    // RFC 6749 section 3.1: parameters must not be included more than once.
    if (parameters.getAll(key).length > 1) return refused('A parameter of the address is repeated.');
  }
  const state = stateOf(parameters);
  if (state === undefined || !sameState(state, expected.state)) {
    return refused('The address does not belong to this consent.');
  }
  const { protocol, host, pathname } = expected.redirectUri;
  if (url.protocol !== protocol || url.host !== host || url.pathname !== pathname) {
    // RFC 9700 section 4.4.2.2: the redirect path is distinct per provider, and where it arrived is compared.
    return refused('The address is not the redirect address of this consent.');
  }
  const code = parameters.get('code');
  const error = parameters.get('error');
  if (code !== null && error !== null) return refused('The address has both a code and an error.');
  if (!code && !error) return refused('The address has neither a code nor an error.');

  const issuer = judgeIssuer(parameters.get('iss'), expected.provider);
  if (issuer !== undefined) return { kind: 'failed', code: 'issuer_mismatch', why: issuer };

  if (error !== null) return { kind: 'failed', code: 'consent_failed', why: refusalSentence(parameters) };

  const known = expected.provider.issuer === undefined ? without(parameters, 'iss') : parameters;
  try {
    const checked = oauth.validateAuthResponse(
      serverOf(expected.provider),
      clientOf(expected.provider),
      known,
      expected.state,
    );
    return { kind: 'code', parameters: checked as ValidatedCallback };
  } catch (cause) {
    // No error: the answer says it, and what the address held must not get into a log.
    if (cause instanceof oauth.OperationProcessingError || cause instanceof oauth.UnsupportedOperationError) {
      return refused('The address is not an authorization response of the code flow.');
    }
    throw cause;
  }
}

/** RFC 9207 section 2.4: exact comparison, also when support was not advertised. */
function judgeIssuer(iss: string | null, provider: Provider): string | undefined {
  if (provider.issuer === undefined) return undefined;
  if (iss === null) {
    return provider.authorization_response_iss_parameter_supported
      ? 'The response does not name its issuer, although this provider says it does.'
      : undefined;
  }
  return iss === provider.issuer ? undefined : 'The response names another issuer than this provider.';
}

function refusalSentence(parameters: URLSearchParams): string {
  const error = printable(parameters.get('error') ?? '', 60);
  const description = parameters.get('error_description');
  if (error === 'access_denied' && !description) return 'Consent was denied at the provider.';
  const said = description === null ? '' : `: ${printable(description, LIMITS.providerTextChars)}`;
  return `The provider answered ${error}${said}`.replace(/[.\s]*$/, '.');
}

function without(parameters: URLSearchParams, key: string): URLSearchParams {
  const rest = new URLSearchParams(parameters);
  rest.delete(key);
  return rest;
}
