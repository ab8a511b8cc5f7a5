// Files to import, good and hostile: what comes of each. Whole vectors lie in test/vectors/exports.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { TokentrayError } from '../../core/errors.ts';
import { documentIn } from '../../core/exchange/read-document.ts';
import { openExport, sealExport } from '../../core/exchange/sealed-export.ts';
import { systemRandom } from '../../host/random.ts';
import { withCode } from '../support/vault-fixture.ts';

const VECTORS = new URL('../vectors/exports/', import.meta.url);

const bytesOf = (text: string) => Buffer.from(text);

async function outcomeOf(bytes: Uint8Array, passphrase: string | undefined): Promise<string> {
  try {
    const { providers, connections } = await documentIn(bytes, passphrase);
    assert.deepEqual([providers.length, connections.length], [1, 1]);
    return 'success';
  } catch (error) {
    assert.ok(error instanceof TokentrayError, String(error));
    assert.match(error.message, /[Nn]othing was imported|Give that passphrase/);
    assert.doesNotMatch(error.message, /token"|a-refresh|a-client|shopping/);
    return error.code;
  }
}

test('promise 192: every vector of a good, changed, cut off or foreign export has exactly the outcome that it names', async () => {
  const names = readdirSync(VECTORS);
  assert.ok(names.length >= 30);
  for (const name of names) {
    const bytes = readFileSync(new URL(name, VECTORS));
    const end = bytes.indexOf('\n\n') + 2;
    const [, expect, passphrase] =
      /^expect: (\w+)\npassphrase: (.*)\n\n$/.exec(bytes.subarray(0, end).toString()) ?? [];
    assert.equal(await outcomeOf(bytes.subarray(end), passphrase || undefined), expect, name);
  }
});

test('promise 187: what is sealed opens with its passphrase, typed on any keyboard, and two exports of the same differ', async () => {
  const sealed = await sealExport('{"a":"é"}', 'pässphrase', systemRandom);
  assert.equal(Buffer.from(await openExport(bytesOf(sealed), 'pa\u0308ssphrase')).toString(), '{"a":"é"}');
  assert.notEqual(await sealExport('{"a":"é"}', 'pässphrase', systemRandom), sealed);
  await assert.rejects(sealExport('{}', 'short', systemRandom), withCode('invalid_field', /at least 8/));
});

const refusal = (bytes: Uint8Array, sentence: RegExp) =>
  assert.rejects(documentIn(bytes, undefined), withCode('import_refused', sentence));

test('promise 189: what two readers could understand in two ways is refused before anything of it is used', async () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  const cases: readonly (readonly [string | Uint8Array, RegExp])[] = [
    [new Uint8Array(5_000_001).fill(0x20), /larger than 5 MB/],
    [nested(33), /nested deeper than 32 levels/],
    [nested(100_000), /nested deeper than 32 levels/],
    ['\ufeff{}', /byte order mark/],
    ['{"a":"\0"}', /NUL byte/],
    [Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d), /not UTF-8/],
    [Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), /not UTF-8/],
    ['{"a":1,"a":2}', /twice/],
    ['{"a":1,"\\u0061":2}', /twice/],
    ['{"b":[{"c":{"a":1, "x":"{\\"a\\":1,", "a":2}}]}', /twice/],
    ['{"__proto__":{"admin":true}}', /a member named __proto__/],
    ['{"a":{"\\u005f_proto__":1}}', /a member named __proto__/],
    ['{"a":[{"constructor":{"prototype":{}}}]}', /a member named constructor/],
    ['{"a":1', /not JSON/],
    ['{"a":1} {}', /not JSON/],
    ["{'a':1}", /not JSON/],
    ['{"a":NaN}', /not JSON/],
    ['[]', /not a JSON object/],
    ['', /not JSON/],
  ];
  for (const [content, sentence] of cases)
    await refusal(typeof content === 'string' ? bytesOf(content) : content, sentence);
  assert.equal(({} as Record<string, unknown>).admin, undefined);
  // At the border, and what only looks like it: refused for what it is, an object that is no export.
  await refusal(bytesOf(nested(32)), /which no import may set|is missing/);
  await refusal(bytesOf('{"a":["a","a",{"a":1},{"a":1}],"b":"a\\\\"}'), /which no import may set|is missing/);
});

test('promise 191: a field that no import may set makes the whole file unsafe: nothing of it is imported', async () => {
  const bytes = readFileSync(new URL('plain-good.txt', VECTORS), 'utf8').split('\n\n')[1]!;
  const changed = (change: (document: Fields) => void): Buffer => {
    const document: Fields = JSON.parse(bytes);
    change(document);
    return bytesOf(JSON.stringify(document));
  };
  const cases: readonly (readonly [(document: Fields) => void, RegExp])[] = [
    [
      (document) => Object.assign(document.settings, { bind: '0.0.0.0' }),
      /settings\.bind, which no import may set/,
    ],
    [(document) => Object.assign(document.settings, { endpoint_port: 1 }), /settings\.endpoint_port/],
    [(document) => Object.assign(document, { keys: [{ name: 'x', rights: ['admin'] }] }), /has keys, which/],
    [(document) => Object.assign(document, { slots: [] }), /has slots, which/],
    [(document) => Object.assign(document, { approvals: { ask: false } }), /has approvals, which/],
    [
      (document) => Object.assign(document.providers[0], { command: 'rm -rf /' }),
      /providers\.0\.command, which/,
    ],
    [(document) => Object.assign(document.providers[0], { scheme: 'vscode' }), /providers\.0\.scheme, which/],
    [
      (document) => Object.assign(document.providers[0], { tls: { verify: false } }),
      /providers\.0\.tls, which/,
    ],
    [
      (document) => Object.assign(document.providers[0], { token_endpoint: 'http://evil.example/token' }),
      /https address/,
    ],
    [
      (document) => Object.assign(document.providers[0], { documentation_url: 'javascript:alert(1)' }),
      /https address/,
    ],
    [
      (document) => Object.assign(document.providers[0], { token_endpoint: 'file:///etc/passwd' }),
      /https address/,
    ],
    [
      (document) => Object.assign(document.providers[0].redirect, { host: '0.0.0.0' }),
      /redirect\.host must be one of/,
    ],
    [(document) => Object.assign(document.connections[0], { account: '../me' }), /not a usable name/],
    [(document) => Object.assign(document.connections[0], { grant: {} }), /connections\.0\.grant, which/],
    [
      (document) => Object.assign(document.connections[0], { id: 'c_AAAAAAAAAAAAAAAAAAAAAA' }),
      /connections\.0\.id, which/,
    ],
  ];
  for (const [change, sentence] of cases) {
    await refusal(changed(change), sentence);
    await refusal(changed(change), /The whole file is refused as unsafe; nothing was imported\./);
  }
  assert.equal(await outcomeOf(bytesOf(bytes), undefined), 'success');
});

// biome-ignore lint/suspicious/noExplicitAny: a document that the test takes apart.
type Fields = Record<string, any>;
