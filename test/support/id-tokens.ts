// Signs ID tokens as a provider would, and as an attacker would.
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

export interface Signer {
  /** A JWT over these claims; `header` overrides alg and kid. */
  sign(claims: object, header?: Readonly<Record<string, unknown>>): string;
  /** The document at `jwks_uri`. */
  readonly jwks: { readonly keys: readonly object[] };
}

/** ES256 (RFC 7518 section 3.4). Every signer has a key of its own. */
export function newSigner(kid = 'key-1'): Signer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    sign(claims, header = {}) {
      const head = encode({ alg: 'ES256', kid, ...header });
      const signed = `${head}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
  };
}

/** A JWT without a signature: `alg` none. */
export function unsigned(claims: object): string {
  return `${encode({ alg: 'none' })}.${encode(claims)}.`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
