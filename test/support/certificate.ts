// Makes certificates for test servers with node:crypto alone (RFC 5280 section 4.1, DER by hand), so that the tests need
// no openssl and the repository holds no key.

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface TestAuthority extends TestCertificate {
  /** A server certificate for the given DNS names and addresses. */
  issue(options: {
    names: readonly string[];
    addresses?: readonly string[];
    expired?: boolean;
  }): TestCertificate;
}

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  const bytes = size.subarray(size.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, body]);
};

const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const text = (tag: number, value: string): Buffer => tlv(tag, Buffer.from(value));
const oid = (...bytes: readonly number[]): Buffer => tlv(0x06, Buffer.from(bytes));
const yes = tlv(0x01, Buffer.from([0xff]));

const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13);
const SUBJECT_ALT_NAME = oid(0x55, 0x1d, 0x11);

const nameOf = (common: string): Buffer => sequence(tlv(0x31, sequence(COMMON_NAME, text(0x0c, common))));
const timeOf = (ms: number): Buffer =>
  text(
    0x18,
    new Date(ms)
      .toISOString()
      .replace(/[-:T]/g, '')
      .replace(/\.\d+Z$/, 'Z'),
  );

interface Fields {
  readonly issuer: string;
  readonly subject: string;
  readonly from: number;
  readonly until: number;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certify(fields: Fields): string {
  const spki = fields.publicKey.export({ type: 'spki', format: 'der' });
  const serial = createHash('sha256').update(spki).digest().subarray(0, 8);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ECDSA_SHA256,
    nameOf(fields.issuer),
    sequence(timeOf(fields.from), timeOf(fields.until)),
    nameOf(fields.subject),
    spki,
    tlv(0xa3, sequence(...fields.extensions)),
  );
  const signature = sign('sha256', body, fields.signer);
  const der = sequence(body, ECDSA_SHA256, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const DAY = 24 * 3_600_000;

/** A fresh authority; nothing trusts it until a test says so. */
export function createAuthority(): TestAuthority {
  const issuer = 'Tokentray test authority';
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const now = Date.now();
  return {
    key: pem(privateKey),
    cert: certify({
      issuer,
      subject: issuer,
      from: now - DAY,
      until: now + DAY,
      publicKey,
      signer: privateKey,
      extensions: [sequence(BASIC_CONSTRAINTS, yes, tlv(0x04, sequence(yes)))],
    }),
    issue({ names, addresses = [], expired = false }) {
      const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternatives = [
        ...names.map((name) => text(0x82, name)),
        ...addresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number)))),
      ];
      return {
        key: pem(server.privateKey),
        cert: certify({
          issuer,
          subject: names[0] ?? 'test server',
          from: now - 2 * DAY,
          until: expired ? now - DAY : now + DAY,
          publicKey: server.publicKey,
          signer: privateKey,
          extensions: [sequence(SUBJECT_ALT_NAME, tlv(0x04, sequence(...alternatives)))],
        }),
      };
    },
  };
}
