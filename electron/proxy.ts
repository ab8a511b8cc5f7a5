// The system's word on proxies, asked for each address and never kept: networks change. What it says is obeyed by the one
// network adapter of both hosts; what Node cannot speak is a fault there, never a way round.
import { session } from 'electron';

/** A PAC answer such as `PROXY host:port; DIRECT`. After `ready` only. */
export function systemProxyOf(url: URL): Promise<string> {
  return session.defaultSession.resolveProxy(url.href);
}
