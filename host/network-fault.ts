// What goes wrong between us and a provider, as one stable word each. A NetworkFailure never leaves the fetch adapter:
// its message is the word alone, so nothing of an address, a certificate or an answer can travel with it.

import type { NetworkFault } from '../core/ports.ts';

export class NetworkFailure extends Error {
  readonly fault: NetworkFault;

  constructor(fault: NetworkFault) {
    super(fault);
    this.name = 'NetworkFailure';
    this.fault = fault;
  }
}

const FAULTS: ReadonlyMap<string, NetworkFault> = new Map([
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EAI_FAIL', 'dns'],
  ['EAI_NODATA', 'dns'],
  ['EAI_NONAME', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'connect_timeout'],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', 'connect_timeout'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['EPIPE', 'reset'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'reset'],
  ['HPE_HEADER_OVERFLOW', 'too_large'],
]);

/** The fault behind an error of Node's net, http or zlib; `other` for what has no word of its own. */
export function faultOf(error: unknown): NetworkFault {
  if (error instanceof NetworkFailure) return error.fault;
  // Every address of a name was tried: the last one's reason stands for all.
  if (error instanceof AggregateError && error.errors.length > 0) return faultOf(error.errors.at(-1));
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return 'other';
  // zlib speaks of Z_DATA_ERROR, its brotli half of ERR__ERROR_FORMAT_….
  if (error.code.startsWith('Z_') || error.code.startsWith('ERR__ERROR_')) return 'encoding';
  return FAULTS.get(error.code) ?? 'other';
}
