// Which HTTP proxy a request goes through, from the environment or from what the system says (a tray asks it). Loopback
// addresses never do: what is local stays local.
// A proxy that is named but cannot be used is a fault, never a reason to go round it.

import { NetworkFailure } from './network-fault.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Exactly the three names for which plain http is accepted (RFC 8252 section 7.3). */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.has(url.hostname);
}

// The lower-case name wins, as in curl. An empty value means "none".
function setting(env: NodeJS.ProcessEnv, name: string): string {
  return (env[name.toLowerCase()] ?? env[name] ?? '').trim();
}

/**
 * The proxy for `url`, or null to connect directly. HTTPS_PROXY is `http://[user:password@]host[:port]`, the scheme may
 * be left out. NO_PROXY is a list of `*`, `host`, `.domain`, `host:port`; a name covers its subdomains, as in curl.
 * Throws a `proxy` failure for a value or a scheme that cannot be used.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | null {
  if (url.protocol !== 'https:' || isLoopback(url)) return null;
  const value = setting(env, 'HTTPS_PROXY');
  if (value === '' || isExempt(url, setting(env, 'NO_PROXY'))) return null;
  const address = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(address)) throw new NetworkFailure('proxy');
  const proxy = new URL(address);
  if (proxy.protocol !== 'http:') throw new NetworkFailure('proxy');
  return proxy;
}

/**
 * The same from an answer in the form of a PAC file, `PROXY host:port; DIRECT`: the first that is `DIRECT` or `PROXY`. One
 * that Node cannot speak (`SOCKS…`, `HTTPS`) is passed over for another proxy, never for going direct: `proxy` failure.
 */
export function proxyInAnswer(url: URL, answer: string): URL | null {
  if (url.protocol !== 'https:' || isLoopback(url)) return null;
  let passedOver = false;
  for (const entry of answer.split(';')) {
    const [kind = '', address = '', ...rest] = entry.trim().split(/\s+/);
    if (kind === '') continue;
    if (kind.toUpperCase() === 'DIRECT' && !passedOver) return null;
    const proxy = kind.toUpperCase() === 'PROXY' && rest.length === 0 ? URL.parse(`http://${address}`) : null;
    if (proxy !== null && isPlainAuthority(proxy)) return proxy;
    passedOver = true;
  }
  throw new NetworkFailure('proxy');
}

/** A host and a port: passwords of a proxy are not part of such an answer. */
function isPlainAuthority({ username, password, pathname, search, hash }: URL): boolean {
  return username === '' && password === '' && pathname === '/' && search === '' && hash === '';
}

function isExempt(url: URL, list: string): boolean {
  const port = url.port === '' ? '443' : url.port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (onlyPort !== undefined && onlyPort !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
    });
}
