// Writes test/vectors/exports: one sealed or plain export each, with what must come of it (in the style of the age test
// vectors). `node scripts/write-export-vectors.ts`. Everything is fixed, so a second run writes the same bytes.
import { createCipheriv, createHash, scryptSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';

// Written out here, not imported: a format that is released is not what the program happens to write today.
const PASSPHRASE = 'correct horse battery staple';
const KDF = { name: 'scrypt', N: 131_072, r: 8, p: 1 };
const fixed = (name: string, bytes: number) => createHash('sha256').update(name).digest().subarray(0, bytes);
const FOLDER = new URL('../test/vectors/exports/', import.meta.url);

const provider = {
  authorization_endpoint: 'https://login.example.com/authorize',
  authorization_parameters: {},
  authorization_response_iss_parameter_supported: false,
  client_id: 'client',
  client_secret: 'a-client-secret',
  discovery: 'none',
  id: 'acme',
  name: 'Acme',
  pkce: 'S256',
  redirect: { host: '127.0.0.1', port: 'any' },
  scope_separator: ' ',
  scopes: ['read'],
  token_endpoint: 'https://login.example.com/token',
  token_endpoint_auth_method: 'client_secret_basic',
};

const tokens = {
  access_token: 'an-access-token',
  expires_at: 1_790_003_600_000,
  expires_source: 'expires_in',
  issued_at: 1_790_000_000_000,
  refresh_token: 'a-refresh-token',
  scope: ['read'],
  token_type: 'Bearer',
};

const grant = {
  consented_at: 1_780_000_000_000,
  created_at: 1_780_000_000_000,
  identity: { issuer: 'https://login.example.com', subject: 'sub-1' },
  label: 'me@example.com',
  refresh_token: 'a-refresh-token',
  refreshed_at: 1_790_000_000_000,
  rotates: true,
  tokens,
};

const document = {
  connections: [{ account: 'me', grant, provider: 'acme', scopes: ['read'] }],
  providers: [provider],
  settings: { redirect_port: 9_597 },
  tokentray_export: 1,
};

const { client_secret: _secret, ...withoutSecret } = provider;
const plain = {
  ...document,
  providers: [{ ...withoutSecret, token_endpoint_auth_method: 'none' }],
  connections: [{ account: 'me', provider: 'acme', scopes: ['read'] }],
};

interface Head {
  readonly kdf?: object;
  readonly version?: number;
  readonly spelling?: (head: string) => string;
}

function seal(text: string, { kdf = KDF, version = 1, spelling = (head) => head }: Head = {}): string {
  const salt = fixed('salt', 16);
  const nonce = fixed('nonce', 12);
  const { N, r, p } = { ...KDF, ...kdf };
  const facts = {
    tokentray_export: version,
    sealed: 'aes-256-gcm',
    kdf: { ...kdf, salt: salt.toString('base64url') },
    nonce: nonce.toString('base64url'),
  };
  const head = spelling(JSON.stringify(facts));
  const key = scryptSync(PASSPHRASE, salt, 32, { N, r, p, maxmem: 512 * 1_024 * 1_024 });
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  cipher.setAAD(Buffer.from(head));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${head}\n${body.toString('base64url')}\n`;
}

const whole = seal(JSON.stringify(document));
const [head = '', body = ''] = whole.split('\n');

/** One bit of the sealed bytes. */
function flipped(at: number): string {
  const bytes = Buffer.from(body, 'base64url');
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return `${head}\n${bytes.toString('base64url')}\n`;
}

const other = (text: string) => (text === 'A' ? 'B' : 'A');
const inHead = (field: string) => {
  const at = whole.indexOf(`"${field}":"`) + field.length + 4;
  return `${whole.slice(0, at)}${other(whole[at]!)}${whole.slice(at + 1)}`;
};

type Expected = 'success' | 'export_not_opened' | 'import_refused';
const VECTORS: Readonly<Record<string, readonly [Expected, string, string?]>> = {
  'sealed-good': ['success', whole],
  'sealed-spaces-in-head': [
    'success',
    seal(JSON.stringify(document), { spelling: (text) => text.replace(',', ', ') }),
  ],
  'sealed-other-passphrase': ['export_not_opened', whole, 'another passphrase'],
  'sealed-normalised-passphrase': ['export_not_opened', whole, PASSPHRASE.toUpperCase()],
  'sealed-half': ['export_not_opened', whole.slice(0, head.length + 1 + body.length / 2)],
  'sealed-one-character-short': ['export_not_opened', `${whole.slice(0, -2)}\n`],
  'sealed-without-last-newline': ['export_not_opened', whole.slice(0, -1)],
  'sealed-one-newline-more': ['export_not_opened', `${whole}\n`],
  'sealed-head-only': ['export_not_opened', `${head}\n`],
  'sealed-tag-only': ['export_not_opened', `${head}\n${body.slice(-22)}\n`],
  'sealed-first-bit': ['export_not_opened', flipped(0)],
  'sealed-middle-bit': ['export_not_opened', flipped(100)],
  'sealed-last-bit': ['export_not_opened', flipped(-1)],
  'sealed-padding-bits': ['export_not_opened', whole.replace(/.\n$/, (end) => `${other(end[0]!)}\n`)],
  'sealed-other-alphabet': [
    'export_not_opened',
    `${head}\n${body.replaceAll('-', '+').replaceAll('_', '/')}\n`,
  ],
  'sealed-salt': ['export_not_opened', inHead('salt')],
  'sealed-nonce': ['export_not_opened', inHead('nonce')],
  'sealed-space-added-to-head': ['export_not_opened', whole.replace(',', ', ')],
  'sealed-weak-kdf': ['export_not_opened', seal(JSON.stringify(document), { kdf: { ...KDF, N: 1_024 } })],
  'sealed-greedy-kdf': ['export_not_opened', whole.replace('"N":131072', '"N":1073741824')],
  'sealed-version-2': ['export_not_opened', seal(JSON.stringify(document), { version: 2 })],
  'sealed-not-json': ['import_refused', seal('my shopping list')],
  'sealed-duplicate': ['import_refused', seal('{"tokentray_export":1,"tokentray_export":1}')],
  'sealed-key-of-a-script': ['import_refused', seal(JSON.stringify({ ...document, keys: [] }))],
  'plain-good': ['success', JSON.stringify(plain), ''],
  'plain-passphrase-given': ['import_refused', JSON.stringify(plain)],
  'plain-with-secret': ['import_refused', JSON.stringify({ ...plain, providers: [provider] }), ''],
  'plain-with-grant': ['import_refused', JSON.stringify({ ...plain, connections: document.connections }), ''],
  'plain-cut-off': ['import_refused', JSON.stringify(plain).slice(0, 100), ''],
  'plain-version-2': ['import_refused', JSON.stringify({ ...plain, tokentray_export: 2 }), ''],
};

mkdirSync(FOLDER, { recursive: true });
for (const [name, [expect, content, passphrase = PASSPHRASE]] of Object.entries(VECTORS))
  writeFileSync(new URL(`${name}.txt`, FOLDER), `expect: ${expect}\npassphrase: ${passphrase}\n\n${content}`);
