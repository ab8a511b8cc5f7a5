// Who granted, for a provider without ID tokens: the profile rule of its entry (design: "iss + sub or the profile id").
import { TokentrayError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Provider } from '../model/provider.ts';
import type { HttpPort } from '../ports.ts';
import { printable } from '../text.ts';
import { readJsonObject } from './json.ts';
import type { IdClaims } from './token-answer.ts';

/**
 * Asks the profile address with the token (RFC 6750 section 2.1). Undefined when the provider has no rule: such a
 * connection is known by the name the user gave it. Throws `provider_answer_invalid` or `offline`.
 */
export async function fetchProfile(
  http: HttpPort,
  provider: Provider,
  accessToken: string,
): Promise<IdClaims | undefined> {
  const rule = provider.profile;
  if (rule === undefined) return undefined;
  const outcome = await http.send({
    method: 'GET',
    url: new URL(rule.url),
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/json',
      'user-agent': 'Tokentray',
    },
  });
  if (outcome.kind !== 'answered') {
    throw new TokentrayError(
      'offline',
      `The profile of ${provider.id} could not be reached (${outcome.fault}).`,
    );
  }
  const body = outcome.response.status === 200 ? readJsonObject(outcome.response.body) : undefined;
  const subject = body?.[rule.subject];
  // A number beyond 2^53 has lost its last digits: two accounts could look like one.
  const usable = typeof subject === 'string' ? subject !== '' : Number.isSafeInteger(subject);
  if (body === undefined || !usable) {
    throw new TokentrayError(
      'provider_answer_invalid',
      `The profile of ${provider.id} has no field ${rule.subject} to tell accounts apart (status ${outcome.response.status}).`,
    );
  }
  const label = body[rule.label];
  return {
    issuer: provider.issuer ?? new URL(provider.token_endpoint).origin,
    subject: String(subject),
    label: typeof label === 'string' ? printable(label, LIMITS.providerTextChars) : null,
  };
}
