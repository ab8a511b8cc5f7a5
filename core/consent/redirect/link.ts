// A link of our scheme as the system hands it over: an authorization response or nothing. It is from anybody, so the whole
// form is judged before anything in it is looked at; no word of it is ever repeated.
import { LIMITS } from '../../limits.ts';

export const LINK_SCHEME = 'tokentray';
const HOST = 'callback';

/** `tokentray://callback/{provider}`: a redirect path of its own for each provider (RFC 9700 section 4.4.2.2). */
export function linkRedirect(provider: string): URL {
  return new URL(`${LINK_SCHEME}://${HOST}/${provider}`);
}

/** Undefined when it may be an authorization response; else why not, in one word for the log. Pure. */
export function judgeLink(url: URL): 'scheme' | 'place' | 'too_long' | 'encoding' | 'characters' | undefined {
  if (url.protocol !== `${LINK_SCHEME}:`) return 'scheme';
  // Node leaves the host of a scheme it does not know as it is: another case is another host.
  if (url.host !== HOST || url.username !== '' || url.password !== '') return 'place';
  if (!/^\/[a-z0-9][a-z0-9_@+.-]*$/.test(url.pathname)) return 'place';
  if (Buffer.byteLength(url.href) > LIMITS.redirectUrlBytes) return 'too_long';
  try {
    if (/\p{Cc}/u.test(decodeURIComponent(url.search))) return 'characters';
  } catch {
    // No error: a percent sign that begins no character is said by the word.
    return 'encoding';
  }
  return undefined;
}
